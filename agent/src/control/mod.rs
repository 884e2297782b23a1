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

use rustix::process::geteuid;

use crate::settings::Told;

use access::Others;
use path::PathError;
use socket::ControlSocket;

/// Opens the control socket at `path`, or where it is by default, for the members of `group`, too. `None`
/// if there is no default for this user, and nobody asked for another path.
///
/// # Errors
/// What stands in the way.
pub fn open(
    path: Option<&Path>,
    group: Option<&Told<String>>,
    runtime_directory: Option<OsString>,
) -> Result<Option<(ControlSocket, Others)>, String> {
    let named = group.map(|group| {
        let found = path::group(&group.value, Path::new("/"));
        found.map_err(|error| format!("{}: {error}", group.whence))
    });
    let group = named.transpose()?;
    let others = group.map_or(Others::None, Others::Members);
    let path = match path {
        Some(path) => path.to_owned(),
        None => match path::default_path(geteuid().is_root(), runtime_directory) {
            Ok(path) => {
                path::make_directory(&path, group).map_err(|error| error.to_string())?;
                path
            }
            Err(error @ PathError::NoRuntimeDirectory) => {
                tracing::warn!("{error}. Until then: no control socket");
                return Ok(None);
            }
            Err(error) => return Err(error.to_string()),
        },
    };
    let socket = ControlSocket::open(&path, group).map_err(|error| error.to_string())?;
    Ok(Some((socket, others)))
}
