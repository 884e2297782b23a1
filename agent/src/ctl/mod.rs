//! `subjiffy ctl`: tells a running agent what to do, through its control socket.
//!
//! * [`request`]: the words, as a line that an agent understands
//! * [`connection`]: one line there, one line back
//! * [`reply`]: what is shown of it; [`table`]: the status of elements in columns
//! * [`watch`]: the same table again and again, on a [`screen`], until somebody asks for the
//!   [`ending`]
//! * [`error`]: what goes wrong, and what would help

pub mod connection;
pub mod ending;
pub mod error;
pub mod reply;
pub mod request;
pub mod screen;
pub mod table;
pub mod watch;

#[cfg(test)]
mod tests;

use std::{
    io::{self, ErrorKind, IsTerminal, Write},
    path::Path,
    time::Duration,
};

use rustix::{process::geteuid, termios::tcgetwinsize};

use crate::{cli::CtlArgs, control::path::default_path};
use connection::{Connection, Patience};
use request::Request;
use watch::Watch;

pub use ending::Ending;
pub use error::CtlError;

/// Does what the command line says, on standard output. With `ending` it can be ended early.
///
/// # Errors
/// [`CtlError`]
pub fn run(args: &CtlArgs, ending: Option<&Ending>) -> Result<(), CtlError> {
    let request = Request::new(&args.words, args.json, args.watch)?;
    let path = match &args.socket {
        Some(path) => path.clone(),
        None => default_path(geteuid().is_root(), std::env::var_os("XDG_RUNTIME_DIR"))?,
    };
    let mut out = io::stdout().lock();
    if args.watch {
        let watch = Watch {
            path: &path,
            line: &request.line,
            timeout: args.timeout,
            interval: args.interval,
        };
        let terminal = out.is_terminal();
        let size = || terminal.then(size);
        return watch.run(out, size, ending.unwrap_or(&Ending::default()));
    }
    let text = ask(&path, &request, args.timeout)?;
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(CtlError::Output),
    }
}

/// Sends a request and returns what to print.
///
/// # Errors
/// [`CtlError`]
pub fn ask(path: &Path, request: &Request, timeout: Duration) -> Result<String, CtlError> {
    let mut connection = Connection::open(path, timeout)?;
    connection.say(&request.line)?;
    connection.finish();
    let reply = connection.reply(Patience {
        timeout: (!request.patient).then_some(timeout),
        ending: None,
    })?;
    reply::shown(&reply, request.shape)
}

/// Columns and lines of the terminal; some do not know theirs.
fn size() -> (usize, usize) {
    let of = |number: u16, usual| match number {
        0 => usual,
        number => usize::from(number),
    };
    tcgetwinsize(io::stdout()).map_or((80, 24), |size| (of(size.ws_col, 80), of(size.ws_row, 24)))
}
