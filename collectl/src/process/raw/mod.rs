//! Processes in raw files: `proc:PID stat ...` lines.

use std::path::Path;

use super::Table;
use crate::{options::ProcessOptions, record::Time};

/// Writes lines of recordings and keeps the text of processes that do not change.
#[derive(Default)]
pub struct Writer {}

impl Writer {
    /// Appends the lines of one record, from a table of
    /// [`Processes::with_records`](super::Processes::with_records).
    pub fn write(&mut self, table: &Table, to: &mut String) {
        let _ = (table, to);
    }
}

/// Plays processes of recordings back.
pub struct Replay {
    table: Table,
}

impl Replay {
    /// Names of users come from `etc/passwd` below `root`; `boot_wall_ns` is from the file's header, 0 if
    /// unknown.
    #[must_use]
    pub fn new(options: &ProcessOptions, root: &Path, boot_wall_ns: u64) -> Self {
        let _ = (options, root, boot_wall_ns);
        Self {
            table: Table::default(),
        }
    }

    /// The processes of the next record; `None` if it has none. The first has only totals: its interval
    /// is of length 0.
    pub fn take(&mut self, time: Time, text: &str) -> Option<&Table> {
        let _ = (time, text);
        Some(&self.table)
    }
}
