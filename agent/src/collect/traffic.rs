//! What a process did on sockets.

use subjiffy_common::net::{Flow, NetSlot, kind};

/// Calls, bytes and connections: totals since the process began or the hooks came, or what was added
/// in an interval. Calls that fail, would block or only look count nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// On TCP sockets.
    pub tcp: Flow,
    /// On UDP sockets.
    pub udp: Flow,
    /// On unix sockets.
    pub unix: Flow,
    /// TCP connections opened (SYN sent).
    pub opened: u64,
    /// TCP connections accepted.
    pub accepted: u64,
    /// Segments that TCP sent again.
    pub retransmits: u64,
}

impl Traffic {
    /// From a slot.
    #[must_use]
    pub fn of(slot: &NetSlot) -> Self {
        Self {
            tcp: slot.flows[kind::TCP],
            udp: slot.flows[kind::UDP],
            unix: slot.flows[kind::UNIX],
            opened: slot.opened.into(),
            accepted: slot.accepted.into(),
            retransmits: slot.retransmits.into(),
        }
    }

    /// All sockets together.
    #[must_use]
    pub fn all(&self) -> Flow {
        plus(self.tcp, plus(self.udp, self.unix))
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, more: &Self) -> Self {
        self.zip(more, u64::saturating_add)
    }

    /// What was added since `older`; 0 where a value went back.
    #[must_use]
    pub fn since(&self, older: &Self) -> Self {
        self.zip(older, u64::saturating_sub)
    }

    /// The larger of each.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        self.zip(other, u64::max)
    }

    fn zip(&self, other: &Self, join: fn(u64, u64) -> u64) -> Self {
        Self {
            tcp: zip(self.tcp, other.tcp, join),
            udp: zip(self.udp, other.udp, join),
            unix: zip(self.unix, other.unix, join),
            opened: join(self.opened, other.opened),
            accepted: join(self.accepted, other.accepted),
            retransmits: join(self.retransmits, other.retransmits),
        }
    }
}

fn plus(one: Flow, other: Flow) -> Flow {
    zip(one, other, u64::wrapping_add)
}

fn zip(one: Flow, other: Flow, join: fn(u64, u64) -> u64) -> Flow {
    Flow {
        rx_bytes: join(one.rx_bytes, other.rx_bytes),
        tx_bytes: join(one.tx_bytes, other.tx_bytes),
        rx_calls: join(one.rx_calls, other.rx_calls),
        tx_calls: join(one.tx_calls, other.tx_calls),
    }
}
