//! Why a command has not been obeyed, or nobody knows.

use std::{io, path::PathBuf, time::Duration};

use subjiffy_proto::control::period::word;
use thiserror::Error;

use super::{connection::LONGEST, request::RequestError};
use crate::control::path::PathError;

/// What `subjiffy ctl` complains about.
#[derive(Debug, Error)]
pub enum CtlError {
    /// The words make no command.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It is not known where the socket would be.
    #[error(transparent)]
    Path(#[from] PathError),
    /// Nothing is there.
    #[error(
        "{0}: there is no such socket: is the agent running? --socket says where else its control \
         socket is"
    )]
    Absent(PathBuf),
    /// Nobody listens.
    #[error("{0}: nobody is listening there: its agent is gone and has left the socket behind")]
    Stale(PathBuf),
    /// Something else is there.
    #[error("{0}: that is no socket; --socket says where the agent's control socket is")]
    NoSocket(PathBuf),
    /// The file's mode, or that of a directory above it.
    #[error("{0}: permission denied: run this as root or as the agent's user")]
    Denied(PathBuf),
    /// The kernel's limit.
    #[error("{0}: this path is too long for a socket, whose address has 108 bytes at most")]
    TooLong(PathBuf),
    /// All places in the queue are taken.
    #[error("{path}: not connected within {}: the agent does not accept connections", word(*.waited))]
    Busy {
        /// The socket.
        path: PathBuf,
        /// `--timeout`
        waited: Duration,
    },
    /// Nothing said.
    #[error(
        "{path}: no reply within {}: the agent is held up, or that is another program's socket; \
         --timeout waits longer",
        word(*.waited)
    )]
    Silent {
        /// The socket.
        path: PathBuf,
        /// `--timeout`
        waited: Duration,
    },
    /// Closed instead of a reply.
    #[error("{0}: the agent has closed the connection without a reply")]
    Closed(PathBuf),
    /// Closed within a reply.
    #[error("{0}: the agent has closed the connection in the middle of its reply")]
    Broken(PathBuf),
    /// A line without an end.
    #[error("{0}: a reply of more than {mib} MiB; that is no subjiffy agent", mib = LONGEST >> 20)]
    Endless(PathBuf),
    /// A line that is no reply.
    #[error("that is no reply of a subjiffy agent: {0}")]
    Foreign(String),
    /// The agent has said no.
    #[error("{0}")]
    Refused(String),
    /// The system says no.
    #[error("{path}: {what}: {source}")]
    System {
        /// The socket.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Standard output.
    #[error("cannot write: {0}")]
    Output(#[source] io::Error),
    /// Somebody has asked to end.
    #[error("ended")]
    Ended,
}
