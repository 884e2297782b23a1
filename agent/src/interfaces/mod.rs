//! What kind of network interface each one is, and whether its traffic is counted elsewhere too.
//!
//! * [`link`]: the kernel's answer (rtnetlink) to plain values; pure
//! * [`kind`]: the rule, from these values to a [`Class`] each; pure
//! * `socket`: asks the kernel
//! * here: the answers, asked for again only when the kernel tells that something changed
//!
//! The kernel is asked by netlink and not by sysfs because a sysfs shows the network namespace that
//! it was mounted in, which need not be this process's, and because it does not tell the kind of
//! many interfaces (`veth`, `dummy`, `ifb`).

pub mod kind;
pub mod link;
mod socket;

pub use kind::Class;

use crate::procfs::{Interface, Name};
use socket::{News, Socket};

/// The kernel is asked again this long after the last time, at the earliest, ns: asking costs a few
/// microseconds an interface, and on hosts with many containers something changes all the time.
const PAUSE_NS: u64 = 1_000_000_000;

/// The same when there is an interface that was never asked for.
const PAUSE_FOR_NEW_NS: u64 = 100_000_000;

/// The classes of the interfaces of this process's network namespace.
#[derive(Debug, Default)]
pub struct Interfaces {
    socket: Option<Socket>,
    classes: Vec<(Name<32>, Class)>,
    asked_ns: Option<u64>,
    /// Whether something changed since the kernel was asked.
    changed: bool,
    refused: bool,
}

impl Interfaces {
    /// Writes its class into each interface. `now_ns` is of `CLOCK_MONOTONIC`.
    ///
    /// Where the kernel does not answer, every interface but the loopback counts.
    pub fn classify(&mut self, interfaces: &mut [Interface], now_ns: u64) {
        self.listen();
        let age = self.asked_ns.map(|asked| now_ns.saturating_sub(asked));
        let unknown = interfaces.len() != self.classes.len()
            || interfaces
                .iter()
                .zip(&self.classes)
                .any(|(one, known)| one.name != known.0);
        let pause = if unknown { PAUSE_FOR_NEW_NS } else { PAUSE_NS };
        if (unknown || self.changed) && age.is_none_or(|age| age >= pause) {
            self.asked_ns = Some(now_ns);
            self.changed = false;
            self.ask(interfaces);
        }
        for (at, interface) in interfaces.iter_mut().enumerate() {
            let same = self.classes.get(at).filter(|one| one.0 == interface.name);
            let known = same.or_else(|| self.classes.iter().find(|one| one.0 == interface.name));
            interface.class = match known {
                Some((_, class)) => *class,
                None => Class::unknown(interface.is_loopback()),
            };
        }
    }

    fn listen(&mut self) {
        if self.socket.is_none() && !self.refused {
            match Socket::open() {
                Ok(socket) => self.socket = Some(socket),
                Err(errno) => {
                    self.refused = true;
                    tracing::warn!(
                        "cannot ask the kernel for the kinds of network interfaces: {errno} \
                         (is AF_NETLINK forbidden?). All but the loopback are counted"
                    );
                }
            }
        }
        if let Some(socket) = &mut self.socket
            && socket.news() == News::Some
        {
            self.changed = true;
        }
    }

    /// Asks for all, and keeps the answers in the order of `interfaces`.
    fn ask(&mut self, interfaces: &[Interface]) {
        let Some(socket) = &mut self.socket else {
            return;
        };
        let links = match socket.links() {
            Ok(links) => links,
            Err(error) => {
                tracing::debug!("cannot ask for the network interfaces: {error}");
                self.changed = true;
                return;
            }
        };
        let classes = kind::classify(&links);
        self.classes.clear();
        for interface in interfaces {
            let at = links.iter().position(|link| link.name == interface.name);
            // One that came or went between the two readings is asked for next time.
            if let Some(at) = at {
                self.classes.push((interface.name, classes[at]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::{Reader, Root};

    #[test]
    fn the_interfaces_of_this_namespace_have_a_kind() {
        let mut reader = Reader::open(&Root::default()).unwrap();
        let (mut known, mut interfaces) = (Interfaces::default(), Vec::new());
        reader.net_dev(&mut interfaces).unwrap();
        known.classify(&mut interfaces, 1);
        assert!(known.socket.is_some(), "no netlink");
        for interface in &interfaces {
            let kind = interface.class.kind.lossy().into_owned();
            assert_eq!(kind == "loopback", interface.is_loopback(), "{interface:?}");
            assert!(!kind.is_empty(), "{interface:?}");
            assert!(!(interface.is_loopback() && interface.class.counted));
        }
        let asked = known.asked_ns;
        known.classify(&mut interfaces, 2);
        assert_eq!(
            known.asked_ns, asked,
            "asked again although nothing changed"
        );
    }

    #[test]
    fn an_interface_that_nobody_knows_counts_unless_it_is_the_loopback() {
        let mut known = Interfaces {
            refused: true,
            ..Interfaces::default()
        };
        let named = |name: &[u8]| Interface {
            name: Name::shortened(name),
            ..Interface::default()
        };
        let mut interfaces = [named(b"lo"), named(b"eth0")];
        known.classify(&mut interfaces, 1);
        let counted = interfaces.map(|one| one.class.counted);
        assert_eq!(counted, [false, true]);
    }
}
