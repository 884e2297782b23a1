//! Processes of the running machine.

use std::path::Path;

use super::{Source, Table};
use crate::options::ProcessOptions;

/// Why there are no processes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The root has no `/proc`.
    #[error("cannot open {path}: {errno}")]
    Open {
        /// The directory.
        path: String,
        /// Why.
        errno: rustix::io::Errno,
    },
    /// The source has no numbers.
    #[error("no process numbers: {0}")]
    Source(String),
}

/// Processes of the running machine: a [`Source`]'s numbers with what only `/proc` knows.
pub struct Processes {
    table: Table,
}

impl Processes {
    /// Below `root` (`/` for this machine) are `proc` and `etc/passwd`.
    ///
    /// # Errors
    /// There is no `proc`.
    pub fn new(
        options: &ProcessOptions,
        root: &Path,
        source: Box<dyn Source>,
    ) -> Result<Self, Error> {
        let _ = (options, root, source);
        Ok(Self {
            table: Table::default(),
        })
    }

    /// With all sizes of memory, which cost a file more: for plot lines, recordings and the columns of
    /// memory (these imply it).
    #[must_use]
    pub fn with_status(self) -> Self {
        self
    }

    /// With all that lines of recordings have; implies [`Processes::with_status`].
    #[must_use]
    pub fn with_records(self) -> Self {
        self
    }

    /// What all did since the call before. The first call only marks the beginning.
    ///
    /// # Errors
    /// The source has no numbers.
    pub fn take(&mut self) -> Result<&Table, Error> {
        Ok(&self.table)
    }
}
