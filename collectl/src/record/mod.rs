//! Records: what one sample found, as text in the form of collectl's raw files, and as numbers.
//!
//! * [`Counters`]: the numbers, totals as the kernel has them; [`Counters::parse`] reads them from text
//! * [`raw`]: raw files; [`plot`]: plot files; [`Recording`]: either
//! * [`devices`]: which disks and interfaces make up the totals, by their names

pub mod devices;
mod input;
mod parse;
pub mod plot;
pub mod raw;
mod recording;

pub use input::Error;
pub use recording::Recording;

/// When a sample was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Wall clock, ns since the epoch: what is shown.
    pub wall_ns: u64,
    /// A clock that does not jump, ns: what intervals are computed with. In recordings it is the wall clock.
    pub steady_ns: u64,
}

impl Time {
    /// So much later, by both clocks.
    #[must_use]
    pub fn later(self, time: std::time::Duration) -> Self {
        let ns = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        Self {
            wall_ns: self.wall_ns.saturating_add(ns),
            steady_ns: self.steady_ns.saturating_add(ns),
        }
    }
}

/// Totals and levels of the machine at one moment. What was not wanted or is not to be had is `None` or
/// empty.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counters {
    /// When.
    pub time: Time,
    /// All CPUs together.
    pub cpu: Option<CpuTimes>,
    /// Each CPU that is online.
    pub cpus: Vec<(u32, CpuTimes)>,
    /// `intr`, `ctxt`, `processes`, `procs_*` of `/proc/stat`.
    pub activity: Option<Activity>,
    /// `/proc/loadavg`.
    pub load: Option<Load>,
    /// `/proc/meminfo`, KB.
    pub memory: Option<Memory>,
    /// `/proc/vmstat`.
    pub paging: Option<Paging>,
    /// `/proc/diskstats`.
    pub disks: Vec<Disk>,
    /// `/proc/net/dev`.
    pub interfaces: Vec<Interface>,
    /// `/proc/net/sockstat`.
    pub sockets: Option<Sockets>,
    /// `/proc/sys/fs`.
    pub files: Option<Files>,
    /// `/proc/net/snmp` and `/proc/net/netstat`.
    pub protocols: Option<Protocols>,
    /// `/proc/buddyinfo`.
    pub buddies: Vec<Zone>,
    /// `/proc/interrupts`.
    pub interrupts: Vec<Interrupt>,
    /// `/proc/net/rpc/nfs` and `nfsd`.
    pub nfs: Option<Nfs>,
}

/// CPU time, ticks, in the order of `/proc/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names of proc_stat(5)")]
pub struct CpuTimes {
    pub user: u64,
    pub nice: u64,
    pub system: u64,
    pub idle: u64,
    pub iowait: u64,
    pub irq: u64,
    pub softirq: u64,
    pub steal: u64,
    pub guest: u64,
    pub guest_nice: u64,
}

/// The rest of `/proc/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Interrupts since boot.
    pub interrupts: u64,
    /// Context switches since boot.
    pub switches: u64,
    /// Forks since boot.
    pub forks: u64,
    /// Tasks running or waiting for a CPU.
    pub running: u64,
    /// Tasks waiting for a device.
    pub blocked: u64,
}

/// `/proc/loadavg`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Over 1, 5 and 15 minutes.
    pub averages: [f64; 3],
    /// Tasks running.
    pub running: u64,
    /// Tasks.
    pub tasks: u64,
}

/// `/proc/meminfo`, KB (pages for the huge ones).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names of proc_meminfo(5)")]
pub struct Memory {
    pub total: u64,
    pub free: u64,
    pub available: u64,
    pub buffers: u64,
    pub cached: u64,
    pub active: u64,
    pub inactive: u64,
    pub locked: u64,
    pub swap_total: u64,
    pub swap_free: u64,
    pub dirty: u64,
    pub anonymous: u64,
    pub anonymous_huge: u64,
    pub mapped: u64,
    pub shared: u64,
    pub slab: u64,
    pub slab_unreclaimable: u64,
    pub committed: u64,
    pub huge_total: u64,
    pub huge_free: u64,
    pub huge_reserved: u64,
}

/// `/proc/vmstat`, totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paging {
    /// KB read from block devices.
    pub paged_in: u64,
    /// KB written to them.
    pub paged_out: u64,
    /// Pages swapped in.
    pub swapped_in: u64,
    /// Pages swapped out.
    pub swapped_out: u64,
    /// Page faults.
    pub faults: u64,
    /// Those that needed a device.
    pub major_faults: u64,
}

/// A line of `/proc/diskstats`, totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(
    missing_docs,
    reason = "the names of iostats.rst in the kernel's documentation"
)]
pub struct Disk {
    pub major: u32,
    pub minor: u32,
    pub name: String,
    pub reads: u64,
    pub reads_merged: u64,
    pub sectors_read: u64,
    pub read_ms: u64,
    pub writes: u64,
    pub writes_merged: u64,
    pub sectors_written: u64,
    pub write_ms: u64,
    pub in_flight: u64,
    pub busy_ms: u64,
    pub weighted_ms: u64,
    /// What it does is that of other disks, or nothing of a disk: totals leave it out.
    pub outside_totals: bool,
}

/// A line of `/proc/net/dev`, totals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Received: bytes, packets, errors, drops, fifo, frame, compressed, multicast.
    pub received: [u64; 8],
    /// Sent: bytes, packets, errors, drops, fifo, collisions, carrier, compressed.
    pub sent: [u64; 8],
    /// What it carries is that of other interfaces, or stays on the machine: totals leave it out.
    pub outside_totals: bool,
}

/// `/proc/net/sockstat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names of the file")]
pub struct Sockets {
    pub used: u64,
    pub tcp: u64,
    pub orphan: u64,
    pub time_wait: u64,
    pub allocated: u64,
    pub memory: u64,
    pub udp: u64,
    pub raw: u64,
    pub fragments: u64,
    pub fragment_memory: u64,
}

/// `/proc/sys/fs`: `dentry-state`, `inode-nr`, `file-nr`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Files {
    /// Directory entries in the cache.
    pub entries: u64,
    /// Those that nobody uses.
    pub unused_entries: u64,
    /// Inodes.
    pub inodes: u64,
    /// Those that nobody uses.
    pub unused_inodes: u64,
    /// Open files.
    pub open: u64,
    /// The most there may be.
    pub most: u64,
}

/// Errors by protocol, totals, and whatever else a file of name and number lines has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Protocols {
    /// Group and name, such as `Tcp` and `RetransSegs`, in the order of the files, with the total; -1 is a
    /// value of `MaxConn`.
    pub totals: Vec<(String, String, i64)>,
}

/// A line of `/proc/buddyinfo`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zone {
    /// NUMA node.
    pub node: u32,
    /// Zone.
    pub name: String,
    /// Free blocks by order.
    pub free: Vec<u64>,
}

/// A line of `/proc/interrupts`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interrupt {
    /// Number or name, without its colon.
    pub label: String,
    /// Totals by CPU, in the order of the file.
    pub totals: Vec<u64>,
    /// Kind and devices, one blank between words.
    pub text: String,
}

/// Calls of NFS, totals, by the kernel's names of procedures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nfs {
    /// Of this machine as a client: `rpc` line.
    pub client_rpc: Vec<u64>,
    /// `proc2`, `proc3`, `proc4` lines: version and calls by number.
    pub client: Vec<(u8, Vec<u64>)>,
    /// Of this machine as a server: `net` and `rpc` lines.
    pub server_net: Vec<u64>,
    /// The `rpc` line.
    pub server_rpc: Vec<u64>,
    /// `proc2`, `proc3`, `proc4ops` lines.
    pub server: Vec<(u8, Vec<u64>)>,
}
