//! Processes of the running machine.
//!
//! `/proc` is only asked about processes that ran, are new, or have another name: what it says of the
//! others cannot have changed. All is kept by process id and start.

mod read;
#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod selection_tests;
mod slots;
#[cfg(test)]
mod tests;
mod threads;
#[cfg(test)]
mod threads_tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Source, Table, Taken, files::Files, filter, users::Users};
use crate::options::{Columns, Filter, ProcessOptions};
use slots::Slots;

pub(super) use slots::version;

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

/// What is asked of `/proc`, and of which processes.
#[derive(Debug)]
struct Want {
    /// All sizes of memory and totals of context switches.
    status: bool,
    /// What lines of recordings have.
    records: bool,
    threads: bool,
    /// No processes but those of the beginning.
    fixed: bool,
    /// None but those that did something.
    active: bool,
    /// None but those in one of these states; empty is any.
    states: String,
    /// Input and output.
    io: bool,
    filters: Vec<Filter>,
    /// Command lines decide who is selected.
    by_command: bool,
    /// Our own process id.
    own: u32,
}

/// Processes of the running machine: a [`Source`]'s numbers with what only `/proc` knows.
pub struct Processes {
    source: Box<dyn Source>,
    books: Books,
}

/// All but the source.
struct Books {
    want: Want,
    files: Files,
    users: Users,
    table: Table,
    slots: Slots,
    /// The file of the time since boot, and what it said before the first sample.
    uptime: PathBuf,
    up_ns: Option<u64>,
    /// Thread ids of one process; its memory is used again.
    tids: Vec<u32>,
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
        let proc = root.join("proc");
        let files = Files::open(&proc).map_err(|errno| Error::Open {
            path: proc.display().to_string(),
            errno,
        })?;
        let want = Want {
            status: options.columns == Columns::Memory,
            records: false,
            threads: options.threads,
            fixed: options.fixed,
            active: options.active,
            states: options.states.clone(),
            io: !options.without_io,
            by_command: filter::needs_command(&options.filters),
            filters: options.filters.clone(),
            own: std::process::id(),
        };
        let books = Books {
            want,
            files,
            users: Users::of(root.join("etc/passwd")),
            table: Table::default(),
            slots: Slots::default(),
            uptime: proc.join("uptime"),
            up_ns: None,
            tids: Vec::new(),
        };
        Ok(Self { source, books })
    }

    /// With all sizes of memory, which cost a file more: for plot lines, recordings and the columns of
    /// memory (these imply it).
    #[must_use]
    pub fn with_status(mut self) -> Self {
        self.books.want.status = true;
        self
    }

    /// With all that lines of recordings have; implies [`Processes::with_status`].
    #[must_use]
    pub fn with_records(mut self) -> Self {
        self.books.want.records = true;
        self.with_status()
    }

    /// Nobody looks for a while: the next call marks a beginning again.
    pub fn rest(&mut self) {
        self.source.rest();
        let books = &mut self.books;
        books.slots = Slots::default();
        books.table = Table {
            boot_wall_ns: books.table.boot_wall_ns,
            ..Table::default()
        };
    }

    /// What all did since the call before. The first call only marks the beginning.
    ///
    /// # Errors
    /// The source has no numbers.
    pub fn take(&mut self) -> Result<&Table, Error> {
        let books = &mut self.books;
        books.begin();
        let taken = self.source.take(&mut |exact| books.note(exact));
        books.finish(taken.map_err(Error::Source)?);
        Ok(&self.books.table)
    }
}

impl Books {
    fn begin(&mut self) {
        if self.up_ns.is_none() {
            self.up_ns = uptime_ns(&self.uptime);
        }
        self.table.all.clear();
        self.slots.begin();
    }

    fn finish(&mut self, taken: Taken) {
        let mut stirred = std::mem::take(&mut self.slots.stirred);
        for slot in stirred.drain(..) {
            self.look(slot as usize);
        }
        self.slots.stirred = stirred;
        self.slots.sweep(&self.table);
        let table = &mut self.table;
        table.wall_ns = taken.wall_ns;
        table.interval_ns = taken.interval_ns;
        table.exact = taken.exact;
        table.unlisted = taken.unlisted;
        if table.boot_wall_ns == 0 {
            table.boot_wall_ns = self
                .up_ns
                .and_then(|up| taken.wall_ns.checked_sub(up))
                .unwrap_or(0);
        }
        let (rows, notes) = (&table.slots, &self.slots.notes);
        table.all.retain(|&slot| notes[slot as usize].selected);
        let id = |slot: &u32| {
            let row = &rows[*slot as usize];
            (row.pid, row.start_ns)
        };
        if !table.all.is_sorted_by_key(id) {
            table.all.sort_unstable_by_key(id);
        }
        table.show(&self.want.states, self.want.active);
    }
}

/// The first number of the file, seconds with decimals.
fn uptime_ns(path: &Path) -> Option<u64> {
    let text = fs::read_to_string(path).ok()?;
    let seconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    (seconds >= 0.0).then_some((seconds * 1e9) as u64)
}
