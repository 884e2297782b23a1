//! What processes move through sockets: as workloads count it themselves, and as the agent says.

use crate::sample::Sample;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Formatter};
use std::ops::{Add, AddAssign};

/// Through sockets of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Flow {
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_calls: u64,
    pub tx_calls: u64,
}

/// Through all sockets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Traffic {
    pub tcp: Flow,
    pub udp: Flow,
    pub unix: Flow,
    pub opened: u64,
    pub accepted: u64,
    pub retransmits: u64,
}

/// What one operation of `load sockets` moved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Step {
    /// Its name.
    pub op: String,
    /// What the workload itself moved.
    pub moved: Traffic,
    /// What its children moved.
    pub others: Vec<Other>,
    /// The kernel itself made several calls of one: there are at least as many as counted here.
    pub split: bool,
    /// Why it could not be done.
    pub failed: Option<String>,
    /// The kernel does not have what it needs.
    pub missing: bool,
    /// There is no further one.
    pub last: bool,
}

/// What another process moved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Other {
    /// The other process.
    pub pid: u32,
    /// What it moved.
    pub moved: Traffic,
}

impl Traffic {
    /// All kinds of sockets.
    pub fn sum(&self) -> Flow {
        self.tcp + self.udp + self.unix
    }

    /// Without what cannot be told from the outside when a call was split.
    pub fn without_calls(mut self) -> Self {
        for flow in [&mut self.tcp, &mut self.udp, &mut self.unix] {
            (flow.rx_calls, flow.tx_calls) = (0, 0);
        }
        self
    }
}

/// Short: sent bytes/calls, received bytes/calls of the kinds that moved something.
impl Display for Traffic {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for (name, flow) in [("tcp", self.tcp), ("udp", self.udp), ("unix", self.unix)] {
            if flow != Flow::default() {
                let (tx, tx_calls) = (flow.tx_bytes, flow.tx_calls);
                let (rx, rx_calls) = (flow.rx_bytes, flow.rx_calls);
                write!(f, "{name} tx {tx}/{tx_calls} rx {rx}/{rx_calls}, ")?;
            }
        }
        let (opened, accepted) = (self.opened, self.accepted);
        let again = self.retransmits;
        write!(f, "opened {opened} accepted {accepted} retransmits {again}")
    }
}

impl Add for Flow {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rx_bytes: self.rx_bytes + other.rx_bytes,
            tx_bytes: self.tx_bytes + other.tx_bytes,
            rx_calls: self.rx_calls + other.rx_calls,
            tx_calls: self.tx_calls + other.tx_calls,
        }
    }
}

impl Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            tcp: self.tcp + other.tcp,
            udp: self.udp + other.udp,
            unix: self.unix + other.unix,
            opened: self.opened + other.opened,
            accepted: self.accepted + other.accepted,
            retransmits: self.retransmits + other.retransmits,
        }
    }
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// What processes moved in these samples, dead or alive; of every pid its lives in their order.
pub fn lives(samples: &[Sample]) -> HashMap<u32, BTreeMap<u64, Traffic>> {
    let mut lives: HashMap<u32, BTreeMap<u64, Traffic>> = HashMap::new();
    for row in samples.iter().flat_map(|sample| &sample.processes) {
        let traffic = row.traffic();
        if traffic != Traffic::default() {
            let starts = lives.entry(row.pid).or_default();
            *starts.entry(row.start_ns).or_default() += traffic;
        }
    }
    lives
}

/// What a process moved in these samples, dead or alive.
pub fn of(samples: &[Sample], pid: u32) -> Traffic {
    let rows = samples.iter().flat_map(|sample| &sample.processes);
    rows.filter(|row| row.pid == pid)
        .fold(Traffic::default(), |sum, row| sum + row.traffic())
}

/// Totals never go back, and grow by what the interval says.
///
/// # Panics
/// When one does not.
pub fn check_totals(samples: &[Sample]) {
    let mut seen: HashMap<(u32, u64), [u64; 2]> = HashMap::new();
    for sample in samples {
        for row in &sample.processes {
            let totals = [row.rx_total_bytes, row.tx_total_bytes];
            let interval = [row.rx_bytes.unwrap_or(0), row.tx_bytes.unwrap_or(0)];
            let last = seen.insert((row.pid, row.start_ns), totals);
            for i in 0..2 {
                let grown = match last {
                    Some(last) => totals[i] == last[i] + interval[i],
                    None => totals[i] >= interval[i],
                };
                assert!(
                    grown,
                    "sample {}: total after {last:?} and this interval in {row:?}",
                    sample.seq
                );
            }
        }
    }
}
