//! What one acquisition found: raw totals, no rates.

use std::sync::Arc;

use subjiffy_common::sched::TICK_NS;

use super::{
    moment::Moment,
    network::NetworkSample,
    process::{Identity, ProcessSample},
    tracker::Unlisted,
    traffic::Traffic,
};
use crate::procfs::{self, Interface, MemInfo, Snmp};

/// A name as `/proc/PID/stat` has it: of a kernel thread it may be longer than its `comm`.
pub type Name = procfs::Comm;

/// How CPU time was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// By the scheduler's own books, in nanoseconds.
    Scheduler,
    /// By `/proc`, in ticks of 10 ms.
    #[default]
    Jiffy,
}

impl Precision {
    /// As it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scheduler => "scheduler",
            Self::Jiffy => "jiffy",
        }
    }
}

/// The books of one CPU, totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuSample {
    /// The kernel's number for it.
    pub id: u32,
    /// Time it had nothing to run, ns.
    pub idle_ns: u64,
    /// Time the hypervisor gave to others although it had something to run, ns.
    pub steal_ns: u64,
}

/// What the kernel side could not keep, totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// Threads born without a slot.
    pub slots: u64,
    /// Ends of threads whose slot went to another before they were read.
    pub records: u64,
    /// Events a hook missed because it would have interrupted itself.
    pub misses: u64,
    /// Bytes on sockets that are in no process's numbers.
    pub net_bytes: u64,
    /// Segments sent again on sockets whose process is not known.
    pub net_retransmits: u64,
}

impl Lost {
    /// What was added since `older`.
    #[must_use]
    pub fn since(self, older: Self) -> Self {
        Self {
            slots: self.slots.saturating_sub(older.slots),
            records: self.records.saturating_sub(older.records),
            misses: self.misses.saturating_sub(older.misses),
            net_bytes: self.net_bytes.saturating_sub(older.net_bytes),
            net_retransmits: self.net_retransmits.saturating_sub(older.net_retransmits),
        }
    }
}

/// A process whose two accounts disagree by more than the tick error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disagreement {
    /// The process.
    pub id: Identity,
    /// Its CPU time by the scheduler's books, ns.
    pub exact_ns: u64,
    /// Its CPU time by `/proc/PID/stat`, ns.
    pub jiffies_ns: u64,
}

/// What is known at all: an operator may have paused the source of the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Processes.
    pub books: bool,
    /// Where the CPU time of the machine went.
    pub machine: bool,
    /// Memory of processes.
    pub resident: bool,
    /// User and system time apart.
    pub split: bool,
}

impl Default for Known {
    /// Everything.
    fn default() -> Self {
        Self {
            books: true,
            machine: true,
            resident: true,
            split: true,
        }
    }
}

/// Memory of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Memory {
    /// When it was read.
    pub at: Moment,
    /// What was read.
    pub info: MemInfo,
}

/// All processes at one moment.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// When: the end of the acquisition.
    pub at: Moment,
    /// How long the acquisition took, ns.
    pub window_ns: u64,
    /// How CPU time was measured.
    pub precision: Precision,
    /// What is known of the following.
    pub known: Known,
    /// Books of the CPUs that are online.
    pub cpus: Vec<CpuSample>,
    /// Live processes and zombies, in the order of their ids.
    pub processes: Vec<ProcessSample>,
    /// Names that are longer than a `comm`, as `/proc/PID/stat` has them.
    pub names: Vec<Name>,
    /// Whether bytes on sockets are counted.
    pub counts_traffic: bool,
    /// What processes did on sockets, of those that used one; see [`ProcessSample::traffic`].
    pub traffic: Vec<Traffic>,
    /// Processes that died since the sample before, with their final totals.
    pub exited: Vec<ProcessSample>,
    /// Processes that died but could not be listed; totals.
    pub unlisted: Unlisted,
    /// What the kernel side could not keep; totals.
    pub lost: Lost,
    /// Found since the sample before.
    pub disagreements: Vec<Disagreement>,
    /// The network of the machine as it was read last; shared, as it is read less often. `None` in
    /// a sample of [`Scope::Processes`](super::collector::Scope::Processes).
    pub network: Option<Arc<NetworkSample>>,
    /// The memory of the machine as it was read last; `None` as `network`.
    pub memory: Option<Memory>,
}

impl Sample {
    /// Makes room for the next acquisition, keeping the memory.
    pub fn clear(&mut self) {
        self.cpus.clear();
        self.processes.clear();
        self.names.clear();
        self.traffic.clear();
        self.exited.clear();
        self.disagreements.clear();
        self.counts_traffic = false;
        self.unlisted = Unlisted::default();
        self.lost = Lost::default();
        self.network = None;
        self.memory = None;
    }

    /// What a process of this sample did on sockets, if it used one.
    #[must_use]
    pub fn traffic(&self, process: &ProcessSample) -> Option<&Traffic> {
        let place = (process.traffic as usize).checked_sub(1)?;
        self.traffic.get(place)
    }

    /// A live process or zombie, called by an id of the other kind of books: in jiffies, starts are
    /// rounded down to a tick.
    #[must_use]
    pub fn process_near(&self, id: Identity) -> Option<&ProcessSample> {
        let of_pid = self.processes.partition_point(|one| one.id.pid < id.pid);
        let all = self.processes[of_pid..].iter();
        all.take_while(|one| one.id.pid == id.pid)
            .find(|one| one.id.start_ns.abs_diff(id.start_ns) < TICK_NS)
    }

    /// A live process or zombie.
    #[must_use]
    pub fn process(&self, id: Identity) -> Option<&ProcessSample> {
        let at = self
            .processes
            .binary_search_by_key(&id, |one| one.id)
            .ok()?;
        self.processes.get(at)
    }
}

/// The machine without its processes at one moment.
#[derive(Debug, Clone, Default)]
pub struct MachineSample {
    /// When.
    pub at: Moment,
    /// Books of the CPUs that are online.
    pub cpus: Vec<CpuSample>,
    /// Memory and swap; `None` if nobody may read them.
    pub memory: Option<MemInfo>,
    /// How much memory and swap there is, also then; 0 if it was never read.
    pub memory_size: [u64; 2],
    /// Network interfaces, totals.
    pub interfaces: Vec<Interface>,
    /// TCP and UDP, totals; `None` if they cannot be read.
    pub snmp: Option<Snmp>,
}
