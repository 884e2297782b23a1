//! The network of the machine: its interfaces, TCP and UDP. All of it is of the network namespace
//! that this process is in.

use std::sync::Arc;

use super::moment::Moment;
use crate::{
    interfaces::Interfaces,
    procfs::{Error, Interface, Reader, Snmp, Tcp, Udp},
};

/// Counters of the network at one moment, totals.
#[derive(Debug, Clone, Default)]
pub struct NetworkSample {
    /// When they were read.
    pub at: Moment,
    /// All interfaces, in the kernel's order, with their classes.
    pub interfaces: Vec<Interface>,
    /// TCP, both IP versions.
    pub tcp: Tcp,
    /// UDP, both IP versions.
    pub udp: Udp,
}

/// Reads them, into memory that is used again once no sample holds it.
#[derive(Debug, Default)]
pub struct Networks {
    newest: Option<Arc<NetworkSample>>,
    memory: Vec<Arc<NetworkSample>>,
    failed: bool,
}

impl Networks {
    /// The counters as they were read last. `None` before that, or if they cannot be read.
    #[must_use]
    pub fn newest(&self) -> Option<Arc<NetworkSample>> {
        self.newest.clone()
    }

    /// Reads them. If they cannot be read, that is said once, in the log.
    pub fn read(&mut self, procfs: &mut Reader, interfaces: &mut Interfaces) {
        let unused = |one: &mut Arc<NetworkSample>| Arc::get_mut(one).is_some();
        let place = self.memory.iter_mut().position(unused);
        let mut sample = place.map_or_else(Arc::default, |place| self.memory.swap_remove(place));
        let read = Arc::get_mut(&mut sample).map_or(Ok(()), |to| read(procfs, interfaces, to));
        // Others that nobody needs are let go; this one is needed or free by the next time.
        self.memory.retain(|one| Arc::strong_count(one) > 1);
        self.memory.push(Arc::clone(&sample));
        match read {
            Ok(()) => self.newest = Some(sample),
            Err(error) => self.complain(&error),
        }
    }

    fn complain(&mut self, error: &Error) {
        if !std::mem::replace(&mut self.failed, true) {
            tracing::warn!("samples are without the network, as it cannot be read: {error}");
        }
    }
}

fn read(
    procfs: &mut Reader,
    interfaces: &mut Interfaces,
    to: &mut NetworkSample,
) -> Result<(), Error> {
    procfs.net_dev(&mut to.interfaces)?;
    Snmp {
        tcp: to.tcp,
        udp: to.udp,
    } = protocols(procfs)?;
    to.at = Moment::now();
    interfaces.classify(&mut to.interfaces, to.at.monotonic_ns);
    Ok(())
}

/// Whether all of it can be read.
///
/// # Errors
/// What cannot be read, and why.
pub fn try_out(procfs: &mut Reader) -> Result<(), Error> {
    procfs.net_dev(&mut Vec::new())?;
    protocols(procfs).map(drop)
}

/// TCP and UDP, both IP versions, totals.
///
/// # Errors
/// If they cannot be read. Without IPv6 there is IPv4.
pub fn protocols(procfs: &mut Reader) -> Result<Snmp, Error> {
    let snmp = procfs.snmp()?;
    match procfs.snmp6() {
        Ok(udp6) => Ok(Snmp {
            udp: snmp.udp.plus(udp6),
            ..snmp
        }),
        Err(error) if error.is_not_found() => Ok(snmp),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::testing::Tree;

    const SNMP: &[u8] = include_bytes!("../procfs/fixtures/5.10/net_snmp");
    const SNMP6: &[u8] = include_bytes!("../procfs/fixtures/5.10/net_snmp6");
    const DEV: &[u8] = include_bytes!("../procfs/fixtures/5.10/net_dev");

    fn tree() -> Tree {
        let tree = Tree::new();
        tree.file("proc/self/net/dev", DEV)
            .file("proc/self/net/snmp", SNMP);
        tree
    }

    #[test]
    fn udp_is_the_sum_of_both_ip_versions_and_ipv6_may_be_missing() {
        let tree = tree();
        let mut reader = tree.reader();
        let old = protocols(&mut reader).unwrap();
        assert_eq!((old.udp.in_datagrams, old.tcp.in_segments), (2101, 70_006));
        tree.file("proc/self/net/snmp6", SNMP6);
        let both = protocols(&mut reader).unwrap();
        assert_eq!((both.udp.in_datagrams, both.tcp), (2101 + 31, old.tcp));
        try_out(&mut reader).unwrap();
        tree.file("proc/self/net/snmp6", "nonsense\n");
        protocols(&mut reader).unwrap_err();
        try_out(&mut reader).unwrap_err();
    }

    #[test]
    fn they_are_read_into_memory_that_is_free() {
        let tree = tree();
        let (mut reader, mut interfaces) = (tree.reader(), Interfaces::default());
        let mut networks = Networks::default();
        assert!(networks.newest().is_none());
        let mut read = || {
            networks.read(&mut reader, &mut interfaces);
            networks.newest().unwrap()
        };
        let first = read();
        assert_eq!((first.interfaces.len(), first.tcp.in_errors), (3, 9));
        let second = read();
        assert!(second.at.since(&first.at) > 0);
        let memory = [Arc::as_ptr(&first), Arc::as_ptr(&second)];
        drop(first);
        let mut held = second;
        for _ in 0..9 {
            held = read();
            assert!(memory.contains(&Arc::as_ptr(&held)));
        }
        assert_eq!(held.interfaces.len(), 3);
    }

    #[test]
    fn what_cannot_be_read_now_leaves_what_was_read_before() {
        let tree = Tree::new();
        let (mut reader, mut interfaces) = (tree.reader(), Interfaces::default());
        let mut networks = Networks::default();
        let mut read = || {
            networks.read(&mut reader, &mut interfaces);
            networks.newest()
        };
        assert!(read().is_none());
        tree.file("proc/self/net/dev", DEV)
            .file("proc/self/net/snmp", SNMP);
        let known = read().unwrap();
        tree.file("proc/self/net/snmp", "nonsense\n");
        assert!(Arc::ptr_eq(&known, &read().unwrap()));
    }
}
