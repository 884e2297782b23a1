//! What interfaces carried.

use super::{change, disks::each};
use crate::record;

/// What an interface carried between two readings; numbers are changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interface {
    /// Its name; none if it is all of them together.
    pub name: String,
    /// Received: bytes, packets, errors, drops, fifo, frame, compressed, multicast.
    pub received: [f64; 8],
    /// Sent: bytes, packets, errors, drops, fifo, collisions, carrier, compressed.
    pub sent: [f64; 8],
}

impl Interface {
    /// KB received.
    #[must_use]
    pub fn kb_in(&self) -> f64 {
        self.received[0] / 1024.0
    }

    /// KB sent.
    #[must_use]
    pub fn kb_out(&self) -> f64 {
        self.sent[0] / 1024.0
    }

    /// Mean bytes of a packet received.
    #[must_use]
    pub fn size_in(&self) -> f64 {
        each(self.received[0], self.received[1])
    }

    /// Mean bytes of a packet sent.
    #[must_use]
    pub fn size_out(&self) -> f64 {
        each(self.sent[0], self.sent[1])
    }

    /// Packets that did not come in: errors, drops, fifo, frame.
    #[must_use]
    pub fn errors_in(&self) -> f64 {
        self.received[2..6].iter().sum()
    }

    /// Packets that did not go out: errors, drops, fifo, collisions, carrier.
    #[must_use]
    pub fn errors_out(&self) -> f64 {
        self.sent[2..7].iter().sum()
    }

    fn add(&mut self, other: &Self) {
        for (sum, one) in self.received.iter_mut().zip(other.received) {
            *sum += one;
        }
        for (sum, one) in self.sent.iter_mut().zip(other.sent) {
            *sum += one;
        }
    }

    fn set(&mut self, old: Option<&record::Interface>, new: &record::Interface) {
        let old = old.unwrap_or(new);
        super::name(&mut self.name, &new.name);
        for at in 0..8 {
            self.received[at] = change(old.received[at], new.received[at]) as f64;
            self.sent[at] = change(old.sent[at], new.sent[at]) as f64;
        }
    }
}

/// Fills in the interfaces and their sum.
pub(super) fn set(
    interfaces: &mut Vec<Interface>,
    total: &mut Interface,
    old: &[record::Interface],
    new: &[record::Interface],
) {
    interfaces.resize_with(new.len(), Interface::default);
    *total = Interface::default();
    for (at, (interface, new)) in interfaces.iter_mut().zip(new).enumerate() {
        interface.set(super::same(old, at, |other| other.name == new.name), new);
        if !new.outside_totals {
            total.add(interface);
        }
    }
}
