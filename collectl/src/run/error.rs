//! Why a run cannot begin, or go on.

use std::io;

use thiserror::Error;

use crate::{
    output::{ConnectError, FileError, ListenError},
    process, reading, record,
};

/// What a run ends with if something is wrong.
#[derive(Debug, Error)]
pub enum Error {
    /// A server cannot be one.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The peer is not there.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// A recording cannot be begun.
    #[error(transparent)]
    File(#[from] FileError),
    /// The machine cannot be read.
    #[error(transparent)]
    Machine(#[from] reading::Error),
    /// Processes cannot be had.
    #[error(transparent)]
    Processes(#[from] process::Error),
    /// There is no source of process numbers.
    #[error("processes were asked for, but there is no source of their numbers")]
    NoSource,
    /// What is to be played back cannot be read.
    #[error(transparent)]
    Recording(#[from] record::Error),
    /// What is to be played back has nothing of what was asked for.
    #[error("{0}")]
    Nothing(String),
    /// Standard output takes nothing.
    #[error("could not write to standard output: {0}")]
    Output(io::Error),
}
