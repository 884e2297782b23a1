//! The control socket: what an operator tells a running agent, and what it answers.
//!
//! * [`path`]: where its file is; [`socket`]: the file that only its owner can connect to
//! * [`operator`]: what commands do
//! * [`access`]: who may; [`server`]: the connections; [`lines`]: what arrives on them
//!
//! Every command has exactly one reply line, which begins with `ok` or `error`.

pub mod access;
pub mod lines;
pub mod operator;
pub mod path;
pub mod server;
pub mod socket;

use std::{ffi::OsString, path::Path};

use rustix::process::{Gid, geteuid};

use crate::settings::Told;

use access::Others;
use socket::ControlSocket;

/// The socket, and who may use it.
pub type Opened = (ControlSocket, Others);

/// Opens the control socket at `path`, or where it is by default, for the members of `group`, too. `None`
/// if nobody asked for it and there is no place for one: that is said in the log.
///
/// # Errors
/// What stands in the way of a path that was asked for.
pub fn open(
    path: Option<&Path>,
    group: Option<&Told<String>>,
    runtime_directory: Option<OsString>,
) -> Result<Option<Opened>, String> {
    let named = group.map(|group| {
        let found = path::group(&group.value, Path::new("/"));
        found.map_err(|error| format!("{}: {error}", group.whence))
    });
    let group = named.transpose()?;
    let others = group.map_or(Others::None, Others::Members);
    if let Some(path) = path {
        let socket = ControlSocket::open(path, group).map_err(|error| error.to_string())?;
        return Ok(Some((socket, others)));
    }
    match open_default(group, runtime_directory) {
        Ok(socket) => Ok(Some((socket, others))),
        // Another agent may be the one of this host: this one serves its clients all the same.
        Err(error) => {
            tracing::warn!("no control socket: {error}");
            Ok(None)
        }
    }
}

fn open_default(
    group: Option<Gid>,
    runtime_directory: Option<OsString>,
) -> Result<ControlSocket, String> {
    let path = path::default_path(geteuid().is_root(), runtime_directory);
    let path = path.map_err(|error| error.to_string())?;
    path::make_directory(&path, group).map_err(|error| error.to_string())?;
    ControlSocket::open(&path, group).map_err(|error| error.to_string())
}
