//! Processes: exact numbers from a [`Source`], what only `/proc` knows, filters, columns.
//!
//! * [`Processes`]: those of the running machine; [`raw::Replay`]: those of recordings
//! * [`Table`], [`Row`]: what they were in an interval
//! * [`text`]: lines of columns and plot lines; [`raw`]: lines of recordings

pub mod raw;
pub mod text;

mod command;
mod facts;
mod files;
mod filter;
mod kept;
mod live;
mod neutral;
mod row;
mod table;
#[cfg(test)]
mod testing;
mod users;

pub use live::{Error, Processes};
pub use row::{CpuTime, Faults, Io, Memory, Row, Switches};
pub use table::Table;

/// What one process did since a source was asked before, and what it is.
#[derive(Debug, Clone, Copy)]
pub struct Exact<'a> {
    /// Process id.
    pub pid: u32,
    /// When it began, ns since boot. With the id it names a process for good.
    pub start_ns: u64,
    /// Parent's process id.
    pub ppid: u32,
    /// Effective user id.
    pub uid: u32,
    /// Threads alive.
    pub threads: u32,
    /// The state letter of `ps`.
    pub state: char,
    /// Command name, any bytes.
    pub name: &'a [u8],
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// CPU time in the interval, ns, in user mode.
    pub user_ns: u64,
    /// In kernel mode.
    pub system_ns: u64,
    /// CPU time since it began, ns.
    pub total_ns: u64,
    /// Time its threads waited for a CPU in the interval, ns.
    pub run_delay_ns: u64,
    /// Switches that it asked for in the interval.
    pub voluntary_switches: u64,
    /// Switches forced on it.
    pub involuntary_switches: u64,
    /// Bytes received and sent on sockets in the interval; `None` where they are not counted.
    pub network: Option<(u64, u64)>,
    /// It died in the interval.
    pub exited: bool,
}

/// What a source says of all processes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Wall clock at the end of the interval, ns since the epoch.
    pub wall_ns: u64,
    /// Its length, ns.
    pub interval_ns: u64,
    /// Whether the numbers are the scheduler's own, not ticks.
    pub exact: bool,
    /// Processes that died in the interval but could not be listed.
    pub unlisted: u64,
}

/// Where process numbers come from.
pub trait Source: Send {
    /// Calls `each` for every process there is or was since the call before, in the order of ids, the dead
    /// at the end. The first call only marks the beginning: intervals are of length 0.
    ///
    /// # Errors
    /// In words, if there are none to be had any more.
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String>;

    /// Nobody looks for a while: nothing needs to be kept, and the next call is a first one.
    fn rest(&mut self) {}
}
