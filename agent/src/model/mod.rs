//! What consumers see: computed from two samples, shared by all of them.
//!
//! * [`derive`](derive::derive): the one place where differences and shares are computed; pure
//! * [`events`]: what a sample tells only once
//! * [`network`]: the same for the network of the machine
//! * [`split`]: user and system time

pub mod derive;
pub mod events;
pub mod network;
pub mod split;

use crate::collect::{
    moment::Moment,
    process::ProcessSample,
    sample::{Disagreement, Known, Lost, Memory, Name, Precision},
    traffic::Traffic,
};
use crate::procfs::{Interface, MemInfo, Snmp};
use network::Network;
use subjiffy_common::net::Flow;

/// All processes over an interval.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Counts snapshots from 1.
    pub seq: u64,
    /// The end of the interval.
    pub at: Moment,
    /// Its length, ns.
    pub interval_ns: u64,
    /// How long the acquisition took, ns.
    pub window_ns: u64,
    /// CPUs online.
    pub cpus: u32,
    /// How CPU time was measured.
    pub precision: Precision,
    /// What is known of the following.
    pub known: Known,
    /// The machine's books.
    pub machine: Machine,
    /// Live processes and zombies in the order of their ids, then those that died in the interval.
    pub processes: Vec<Process>,
    /// Number of live processes and zombies among them.
    pub living: usize,
    /// Names that do not fit into a process; see [`Snapshot::name`].
    pub names: Vec<Name>,
    /// Whether bytes on sockets are counted.
    pub counts_traffic: bool,
    /// What processes did on sockets, of those that used one; see [`Snapshot::traffic`].
    pub traffic: Vec<Sockets>,
    /// All that died in the interval, listed or not.
    pub exited: Exited,
    /// What the kernel side could not keep in the interval.
    pub lost: Lost,
    /// Processes whose two accounts disagree.
    pub disagreements: Vec<Disagreement>,
    /// The network of the machine, if it was read in the interval.
    pub network: Option<Network>,
    /// The memory of the machine, if it was read in the interval.
    pub memory: Option<Memory>,
}

impl Snapshot {
    /// The name of a process, as `/proc/PID/stat` has it.
    #[must_use]
    pub fn name<'a>(&'a self, process: &'a Process) -> &'a [u8] {
        let long = self.long_name(process);
        long.map_or_else(|| process.sample.comm.as_bytes(), Name::as_bytes)
    }

    /// What a process did on sockets.
    #[must_use]
    pub fn traffic(&self, process: &Process) -> Option<&Sockets> {
        let place = (process.sample.traffic as usize).checked_sub(1)?;
        self.traffic.get(place)
    }

    /// Its name if that does not fit into the process.
    #[must_use]
    pub fn long_name(&self, process: &Process) -> Option<&Name> {
        let place = usize::from(process.sample.name).checked_sub(1)?;
        self.names.get(place)
    }
}

/// Where the CPU time of all CPUs went in the interval.
///
/// The books balance: idle + steal + unattributed + the CPU time of all listed processes + that of
/// exits which could not be listed = interval x CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// Neither idle nor stolen, ns.
    pub busy_ns: u64,
    /// Nothing to run, ns.
    pub idle_ns: u64,
    /// Given to others by the hypervisor, ns.
    pub steal_ns: u64,
    /// Busy but in no process's books, ns; negative if the books exceed the clock.
    pub unattributed_ns: i64,
}

/// Processes that died in the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exited {
    /// How many.
    pub count: u64,
    /// Their CPU time in the interval, ns. Of those that could not be listed: all their CPU time,
    /// since no snapshot has shown any of it.
    pub cpu_ns: u64,
    /// Bytes that those which could be listed received on sockets in the interval.
    pub rx_bytes: u64,
    /// Bytes that they sent.
    pub tx_bytes: u64,
}

/// One process over the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Process {
    /// Who it is and its totals.
    pub sample: ProcessSample,
    /// CPU time in the interval, ns.
    pub cpu_ns: u64,
    /// In user mode, ns; with `system_ns` exactly `cpu_ns`.
    pub user_ns: u64,
    /// In kernel mode, ns.
    pub system_ns: u64,
    /// Time its threads waited for a CPU, ns.
    pub run_delay_ns: u64,
    /// Switches it asked for.
    pub voluntary_switches: u64,
    /// Switches forced on it.
    pub involuntary_switches: u64,
    /// Bytes and calls on all its sockets.
    pub moved: Flow,
    /// Whether it died in the interval.
    pub exited: bool,
}

/// What a process did on sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sockets {
    /// In the interval.
    pub change: Traffic,
    /// Since the process began, or since we came.
    pub total: Traffic,
}

/// The machine without its processes over an interval.
#[derive(Debug, Clone, Default)]
pub struct MachineSnapshot {
    /// The end of the interval.
    pub at: Moment,
    /// All CPUs together: busy share, 0 to 1.
    pub busy: f64,
    /// Busy share of each CPU, 0 to 1, in the order of their numbers.
    pub busy_by_cpu: Vec<f64>,
    /// Memory and swap; `None` if nobody may read them.
    pub memory: Option<MemInfo>,
    /// How much memory and swap there is, also then; 0 if it was never read.
    pub memory_size: [u64; 2],
    /// Network interfaces, totals.
    pub interfaces: Vec<Interface>,
    /// TCP and UDP, totals; `None` if they cannot be read.
    pub snmp: Option<Snmp>,
}
