//! What is known of one process at the end of an interval.

use std::sync::Arc;

/// The unit of times in `/proc`: `USER_HZ` is 100 on all machines that collectl runs on.
pub(super) const TICK_NS: u64 = 10_000_000;

/// A process, or one of its threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its place among all of a [`Table`](super::Table), the same for as long as it lives.
    pub slot: usize,
    /// A number that no other row ever had: as long as it stays the same, so does all that the row says.
    pub version: u64,
    /// Process id; of a thread its own.
    pub pid: u32,
    /// The process that a thread is of; `None` for a process.
    pub thread_of: Option<u32>,
    /// Parent's process id; of a thread its process's parent.
    pub ppid: u32,
    /// User id.
    pub uid: u32,
    /// The user's name, or the id where it has none: at least one character, no blanks or control
    /// characters.
    pub user: Arc<str>,
    /// The kernel's priority; `None` for a process that was never met alive.
    pub priority: Option<i32>,
    /// Nice value.
    pub nice: i32,
    /// Threads alive, itself included.
    pub threads: u32,
    /// The state letter of `ps`; `X` if it died in the interval.
    pub state: char,
    /// CPU it last ran on; `None` for a process that was never met alive.
    pub cpu: Option<u32>,
    /// When it began, ns since boot.
    pub start_ns: u64,
    /// Sizes of its memory; all 0 for threads of the kernel.
    pub memory: Memory,
    /// CPU time in the interval.
    pub time: CpuTime,
    /// CPU time since it began.
    pub total: CpuTime,
    /// CPU time of dead children that it learned of in the interval.
    pub children: CpuTime,
    /// Those since it began, in ticks as the kernel has them.
    pub total_children: CpuTime,
    /// Time it waited for a CPU in the interval, ns; `None` where it is not known.
    pub run_delay_ns: Option<u64>,
    /// Context switches in the interval.
    pub switches: Switches,
    /// Those since it began.
    pub total_switches: Switches,
    /// Page faults in the interval.
    pub faults: Faults,
    /// Those since it began.
    pub total_faults: Faults,
    /// Input and output in the interval; `None` where it may not be seen.
    pub io: Option<Io>,
    /// That since it began.
    pub total_io: Option<Io>,
    /// Bytes received and sent on sockets in the interval; `None` where they are not counted.
    pub network: Option<(u64, u64)>,
    /// Command name, without control characters.
    pub name: String,
    /// Command line with its arguments, without control characters; empty if it has none.
    pub command: String,
    /// It died in the interval.
    pub exited: bool,
    /// For recordings: what follows the parent in its `stat` file.
    pub(super) stat: String,
}

/// CPU time, ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTime {
    /// In user mode.
    pub user_ns: u64,
    /// In kernel mode.
    pub system_ns: u64,
}

impl CpuTime {
    /// With that of another.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_add(other.user_ns),
            system_ns: self.system_ns.saturating_add(other.system_ns),
        }
    }

    /// What came since it was `old`; nothing goes back.
    #[must_use]
    pub const fn since(self, old: Self) -> Self {
        Self {
            user_ns: self.user_ns.saturating_sub(old.user_ns),
            system_ns: self.system_ns.saturating_sub(old.system_ns),
        }
    }

    /// From what the kernel counts in ticks.
    pub(super) const fn of_ticks(user: u64, system: u64) -> Self {
        Self {
            user_ns: user.saturating_mul(TICK_NS),
            system_ns: system.saturating_mul(TICK_NS),
        }
    }
    /// Both together.
    #[must_use]
    pub const fn sum_ns(self) -> u64 {
        self.user_ns.saturating_add(self.system_ns)
    }
}

/// Sizes of memory, KB, by the names of `/proc/PID/status`. Of a live machine, only size and resident
/// are known unless [`Processes::with_status`](super::Processes::with_status) asked for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// `VmPeak`
    pub peak: u64,
    /// `VmSize`
    pub size: u64,
    /// `VmLck`
    pub locked: u64,
    /// `VmPin`
    pub pinned: u64,
    /// `VmHWM`
    pub high_water: u64,
    /// `VmRSS`
    pub resident: u64,
    /// `VmData`
    pub data: u64,
    /// `VmStk`
    pub stack: u64,
    /// `VmExe`
    pub code: u64,
    /// `VmLib`
    pub library: u64,
    /// `VmPTE`
    pub tables: u64,
    /// `VmSwap`
    pub swap: u64,
}

/// Context switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Switches {
    /// It asked for them.
    pub voluntary: u64,
    /// They were forced on it.
    pub involuntary: u64,
}

impl Switches {
    /// What came since they were `old`.
    #[must_use]
    pub const fn since(self, old: Self) -> Self {
        Self {
            voluntary: self.voluntary.saturating_sub(old.voluntary),
            involuntary: self.involuntary.saturating_sub(old.involuntary),
        }
    }
}

/// Page faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// That needed no device.
    pub minor: u64,
    /// That needed one.
    pub major: u64,
}

impl Faults {
    /// What came since they were `old`.
    #[must_use]
    pub const fn since(self, old: Self) -> Self {
        Self {
            minor: self.minor.saturating_sub(old.minor),
            major: self.major.saturating_sub(old.major),
        }
    }
}

/// Input and output, by the names of `/proc/PID/io`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Io {
    /// `rchar`: bytes that it read, from whatever.
    pub read_chars: u64,
    /// `wchar`: bytes that it wrote.
    pub written_chars: u64,
    /// `syscr`: calls that read.
    pub read_calls: u64,
    /// `syscw`: calls that wrote.
    pub write_calls: u64,
    /// `read_bytes`: bytes that came from devices.
    pub read_bytes: u64,
    /// `write_bytes`: bytes for devices.
    pub written_bytes: u64,
    /// `cancelled_write_bytes`: bytes that never got there, as their file was cut.
    pub cancelled_bytes: u64,
}

impl Io {
    /// What came since it was `old`.
    #[must_use]
    pub const fn since(self, old: Self) -> Self {
        Self {
            read_chars: self.read_chars.saturating_sub(old.read_chars),
            written_chars: self.written_chars.saturating_sub(old.written_chars),
            read_calls: self.read_calls.saturating_sub(old.read_calls),
            write_calls: self.write_calls.saturating_sub(old.write_calls),
            read_bytes: self.read_bytes.saturating_sub(old.read_bytes),
            written_bytes: self.written_bytes.saturating_sub(old.written_bytes),
            cancelled_bytes: self.cancelled_bytes.saturating_sub(old.cancelled_bytes),
        }
    }
}

impl Row {
    /// One of which nothing is known yet.
    pub(super) fn new(pid: u32) -> Self {
        Self {
            slot: 0,
            version: 0,
            pid,
            thread_of: None,
            ppid: 0,
            uid: 0,
            user: Arc::from("0"),
            priority: None,
            nice: 0,
            threads: 0,
            state: '?',
            cpu: None,
            start_ns: 0,
            memory: Memory::default(),
            time: CpuTime::default(),
            total: CpuTime::default(),
            children: CpuTime::default(),
            total_children: CpuTime::default(),
            run_delay_ns: None,
            switches: Switches::default(),
            total_switches: Switches::default(),
            faults: Faults::default(),
            total_faults: Faults::default(),
            io: None,
            total_io: None,
            network: None,
            name: String::new(),
            command: String::new(),
            exited: false,
            stat: String::new(),
        }
    }

    /// Whether it did anything in the interval, its end included.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.exited
            || self.time != CpuTime::default()
            || self.children != CpuTime::default()
            || self.run_delay_ns.is_some_and(|ns| ns > 0)
            || self.switches != Switches::default()
            || self.faults != Faults::default()
            || self.io.is_some_and(|io| io != Io::default())
            || self.network.is_some_and(|bytes| bytes != (0, 0))
    }
}
