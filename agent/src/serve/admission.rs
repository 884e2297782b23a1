//! How many connections there are, in all and by address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Counters, Limits};

/// Who may be one client: an IPv4 address, or the /64 that one IPv6 customer usually has whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Address {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    /// Too many connections.
    Server,
    /// Too many connections from this address.
    Address,
}

/// From so many connections at the same time on it is a crowd.
const CROWD: usize = 32;

#[derive(Debug, Default)]
struct Present {
    all: usize,
    /// The most there were since nobody was there.
    most: usize,
    by_address: HashMap<Address, usize>,
}

/// Lets connections in.
#[derive(Debug)]
pub(super) struct Admission {
    all: usize,
    per_address: usize,
    counters: Arc<Counters>,
    present: Mutex<Present>,
    after_crowd: Option<fn()>,
}

impl Admission {
    /// Calls `after_crowd` when the last one of many has left.
    pub(super) fn new(
        limits: &Limits,
        counters: Arc<Counters>,
        after_crowd: Option<fn()>,
    ) -> Arc<Self> {
        Arc::new(Self {
            all: limits.connections,
            per_address: limits.connections_per_address,
            counters,
            present: Mutex::default(),
            after_crowd,
        })
    }

    /// Admits one connection until the permit is dropped.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Result<Permit, Full> {
        let address = Address::from(peer);
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if present.all >= self.all {
            return Err(Full::Server);
        }
        let here = present.by_address.get(&address).copied().unwrap_or(0);
        if here >= self.per_address {
            return Err(Full::Address);
        }
        present.by_address.insert(address, here + 1);
        present.all += 1;
        present.most = present.most.max(present.all);
        self.counters.set_connections(present.all);
        Ok(Permit {
            admission: Arc::clone(self),
            address,
        })
    }

    fn leave(&self, address: Address) {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(here) = present.by_address.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                present.by_address.remove(&address);
            }
        }
        present.all -= 1;
        self.counters.set_connections(present.all);
        let crowd = present.all == 0 && std::mem::take(&mut present.most) >= CROWD;
        drop(present);
        if let Some(act) = self.after_crowd.filter(|_| crowd) {
            act();
        }
    }
}

/// One connection's place.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    address: Address,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.leave(self.address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    static CALLS: AtomicU32 = AtomicU32::new(0);

    fn admission(connections: usize, connections_per_address: usize) -> Arc<Admission> {
        let limits = Limits {
            connections,
            connections_per_address,
            ..Limits::default()
        };
        let count: fn() = || {
            CALLS.fetch_add(1, Ordering::Relaxed);
        };
        Admission::new(&limits, Arc::default(), Some(count))
    }

    fn admit(admission: &Arc<Admission>, peer: &str) -> Result<Permit, Full> {
        admission.admit(peer.parse().unwrap())
    }

    #[test]
    fn one_address_cannot_take_everything() {
        let admission = admission(3, 2);
        let first = admit(&admission, "192.0.2.1").unwrap();
        let _second = admit(&admission, "::ffff:192.0.2.1").unwrap();
        assert_eq!(admit(&admission, "192.0.2.1").unwrap_err(), Full::Address);
        let _third = admit(&admission, "192.0.2.2").unwrap();
        assert_eq!(admit(&admission, "192.0.2.3").unwrap_err(), Full::Server);
        assert_eq!(admission.counters.snapshot().connections, 3);
        drop(first);
        assert_eq!(admission.counters.snapshot().connections, 2);
        let _again = admit(&admission, "192.0.2.1").unwrap();
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let admission = admission(9, 1);
        let first = admit(&admission, "2001:db8:0:1::1").unwrap();
        let same = admit(&admission, "2001:db8:0:1:ffff::2");
        assert_eq!(same.unwrap_err(), Full::Address);
        let _other = admit(&admission, "2001:db8:0:2::1").unwrap();
        drop(first);
        let _again = admit(&admission, "2001:db8:0:1::7").unwrap();
    }

    #[test]
    fn the_end_of_a_crowd_is_told_once() {
        let admission = admission(100, 100);
        let some = |count| -> Vec<_> {
            (0..count)
                .map(|_| admit(&admission, "192.0.2.1").unwrap())
                .collect()
        };
        drop(some(CROWD - 1));
        assert_eq!(CALLS.load(Ordering::Relaxed), 0);
        let (few, many) = (some(2), some(CROWD));
        drop(many);
        assert_eq!(CALLS.load(Ordering::Relaxed), 0);
        drop(few);
        drop(some(CROWD - 1));
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn who_is_gone_leaves_nothing_behind() {
        let admission = admission(1, 1);
        for last in 0..=255 {
            drop(admission.admit([192, 0, 2, last].into()).unwrap());
        }
        let present = admission.present.lock().unwrap();
        assert_eq!((present.all, present.by_address.len()), (0, 0));
    }
}
