//! What processes move through sockets: as workloads count it themselves, and as the agent says.

use crate::sample::Sample;
use serde::{Deserialize, Serialize};
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

/// What a process moved in these samples, dead or alive.
pub fn of(samples: &[Sample], pid: u32) -> Traffic {
    let rows = samples.iter().flat_map(|sample| &sample.processes);
    rows.filter(|row| row.pid == pid)
        .fold(Traffic::default(), |sum, row| sum + row.traffic())
}
