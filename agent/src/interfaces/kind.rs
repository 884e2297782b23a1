//! The rule which interfaces are summed up.
//!
//! A byte that enters or leaves the machine (or container) must count once, whatever it passes on
//! its way. So the interfaces are sorted into groups, and the first group that has a member is
//! counted:
//!
//! 1. Real devices. Bonds, bridges, VLANs, tunnels, VPNs, containers and virtual machines all send
//!    through one of them or do not leave the machine. Not counted of them: a device under another
//!    real one, whose counters hold its traffic (SR-IOV failover pairs of virtual machines); one
//!    that is stacked on another (DSA switch ports); what stands for a guest's port on a switching
//!    card or for a Xen guest; raw radio frames.
//! 2. Interfaces of no kind: real devices on kernels that do not tell the device (before 5.14).
//! 3. In containers: interfaces whose other end or lower interface is in another namespace
//!    (`veth`, `macvlan`, VLANs, ...), unless they are ports of a bridge here.
//! 4. Whatever else is up and neither stacked nor a port: the `tun` of a rootless container.
//! 5. Bridges that are up.
//!
//! Never counted: loopback, `dummy`, `ifb`, pairs with both ends in this namespace (groups 1-4).
//! What the rule cannot know: a container that routes, without a bridge, to containers of its own
//! has their traffic in group 3 twice; where a container has a real device *and* a `veth`, or a
//! machine a modem behind `ppp`, only the real devices count.

use super::link::Link;
use crate::procfs::Name;

/// What an interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Class {
    /// `physical`, `loopback`, the kernel's word for a virtual kind (`bridge`, `veth`, ...), or
    /// `virtual`.
    pub kind: Name<16>,
    /// Whether its traffic counts: it is not that of another interface that counts.
    pub counted: bool,
}

impl Class {
    /// Of an interface that the kernel was not asked for.
    #[must_use]
    pub fn unknown(loopback: bool) -> Self {
        Self {
            kind: Name::shortened(if loopback { b"loopback" } else { b"unknown" }),
            counted: !loopback,
        }
    }
}

/// Kinds that carry nothing off the machine.
const IDLE: [&[u8]; 5] = [b"dummy", b"ifb", b"nlmon", b"vcan", b"vxcan"];

/// Kinds whose members are ports: what passes a port passes another port or the kind itself.
const SWITCHES: [&[u8]; 3] = [b"bridge", b"openvswitch", b"batadv"];

/// Kinds on real devices whose traffic the lower interface does not count.
const OWN_BOOKS: [&[u8]; 2] = [b"ipoib", b"wwan"];

/// The class of each link, by the rule above. `links` are all of one namespace.
#[must_use]
pub fn classify(links: &[Link]) -> Vec<Class> {
    let groups: Vec<u8> = links.iter().map(|link| group(link, links)).collect();
    let best = groups.iter().copied().min().unwrap_or(NEVER).min(NEVER - 1);
    links
        .iter()
        .zip(groups)
        .map(|(link, group)| Class {
            kind: word(link, group == best),
            counted: group == best,
        })
        .collect()
}

const NEVER: u8 = 6;

fn group(link: &Link, links: &[Link]) -> u8 {
    let is = |kinds: &[&[u8]]| {
        link.kind
            .is_some_and(|kind| kinds.contains(&kind.as_bytes()))
    };
    let master = link
        .master
        .and_then(|master| links.iter().find(|other| other.index == master));
    if link.loopback || link.monitor || is(&IDLE) {
        return NEVER;
    }
    if is_physical(link) {
        return if master.is_some_and(is_physical) {
            NEVER
        } else {
            1
        };
    }
    let port = master.is_some_and(|master| {
        let kind = master.kind.unwrap_or_default();
        SWITCHES.contains(&kind.as_bytes())
    });
    if is(&SWITCHES) {
        return if link.up { 5 } else { NEVER };
    }
    if port
        || link.representor
        || (link.lower.is_some() && !link.elsewhere)
        || is(&[b"bond", b"team"])
    {
        return NEVER;
    }
    match (link.kind, link.elsewhere, link.up) {
        _ if link.bus.is_some() => NEVER,
        (None, false, _) => 2,
        (_, true, _) => 3,
        (_, false, true) => 4,
        (_, false, false) => NEVER,
    }
}

fn is_physical(link: &Link) -> bool {
    let own_books = (link.kind).is_some_and(|kind| OWN_BOOKS.contains(&kind.as_bytes()));
    let stacked = link.lower.is_some() && !link.elsewhere && !own_books;
    let guest = |bus: Name<16>| bus.as_bytes() == b"xen-backend";
    link.bus.is_some_and(|bus| !guest(bus)) && !stacked && !link.representor && !link.loopback
}

fn word(link: &Link, counted: bool) -> Name<16> {
    match link.kind {
        _ if link.loopback => Name::shortened(b"loopback"),
        _ if is_physical(link) => Name::shortened(b"physical"),
        Some(kind) => kind,
        // Of group 2.
        None if counted => Name::shortened(b"physical"),
        None => Name::shortened(b"virtual"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(index: u32, name: &str, kind: &str) -> Link {
        Link {
            name: Name::shortened(name.as_bytes()),
            index,
            loopback: name == "lo",
            up: true,
            kind: (!kind.is_empty()).then(|| Name::shortened(kind.as_bytes())),
            ..Link::default()
        }
    }

    fn card(index: u32, name: &str) -> Link {
        Link {
            bus: Some(Name::shortened(b"pci")),
            ..link(index, name, "")
        }
    }

    fn on(lower: u32, link: Link) -> Link {
        Link {
            lower: Some(lower),
            ..link
        }
    }

    fn away(lower: u32, link: Link) -> Link {
        Link {
            elsewhere: true,
            ..on(lower, link)
        }
    }

    fn in_(master: u32, link: Link) -> Link {
        Link {
            master: Some(master),
            ..link
        }
    }

    /// The names of those that count.
    fn counted(links: &[Link]) -> Vec<String> {
        let classes = classify(links);
        let both = links.iter().zip(classes);
        both.filter(|(_, class)| class.counted)
            .map(|(link, _)| link.name.lossy().into_owned())
            .collect()
    }

    #[test]
    fn on_a_host_only_real_devices_count() {
        let links = [
            link(1, "lo", ""),
            in_(4, card(2, "eth0")),
            in_(4, card(3, "eth1")),
            link(4, "bond0", "bond"),
            on(4, link(5, "bond0.7", "vlan")),
            link(6, "docker0", "bridge"),
            away(2, in_(6, link(7, "veth1", "veth"))),
            in_(6, link(8, "tap0", "tun")),
            link(9, "wg0", "wireguard"),
            on(2, link(10, "mac0", "macvlan")),
            link(11, "ifb0", "ifb"),
            link(12, "dummy0", "dummy"),
            away(3, link(13, "cali1", "veth")),
            link(14, "vboxnet0", ""),
        ];
        assert_eq!(counted(&links), ["eth0", "eth1"]);
    }

    #[test]
    fn a_card_that_is_a_port_of_a_bridge_still_counts() {
        let links = [in_(3, card(2, "eth0")), link(3, "br0", "bridge")];
        assert_eq!(counted(&links), ["eth0"]);
    }

    #[test]
    fn a_card_counts_once_where_another_holds_its_traffic() {
        let failover = [card(2, "eth0"), in_(2, card(3, "enP1s1"))];
        assert_eq!(
            counted(&failover),
            ["eth0"],
            "its counters are in the upper one's"
        );
        let dsa = [card(2, "eth0"), on(2, card(3, "lan1"))];
        assert_eq!(counted(&dsa), ["eth0"], "a port of a switch behind eth0");
        let representor = Link {
            representor: true,
            ..card(3, "eth0_0")
        };
        assert_eq!(counted(&[card(2, "eth0"), representor]), ["eth0"]);
        let guest = Link {
            bus: Some(Name::shortened(b"xen-backend")),
            ..card(3, "vif1.0")
        };
        assert_eq!(counted(&[card(2, "eth0"), guest]), ["eth0"]);
        let monitor = Link {
            monitor: true,
            ..card(3, "mon0")
        };
        assert_eq!(counted(&[card(2, "wlan0"), monitor]), ["wlan0"]);
        let child = [
            card(2, "ib0"),
            on(
                2,
                Link {
                    bus: card(0, "").bus,
                    ..link(3, "ib0.1", "ipoib")
                },
            ),
        ];
        assert_eq!(
            counted(&child),
            ["ib0", "ib0.1"],
            "these keep their own books"
        );
    }

    #[test]
    fn a_card_that_is_down_keeps_its_place() {
        let down = Link {
            up: false,
            ..card(2, "eth0")
        };
        assert_eq!(
            counted(&[link(1, "lo", ""), down, link(3, "tun0", "tun")]),
            ["eth0"]
        );
    }

    #[test]
    fn in_a_container_the_ends_of_links_out_of_it_count() {
        let lo = link(1, "lo", "");
        let veth = away(9, link(2, "eth0", "veth"));
        assert_eq!(counted(&[lo, veth]), ["eth0"]);
        let second = away(9, link(3, "eth1", "macvlan"));
        assert_eq!(counted(&[lo, veth, second]), ["eth0", "eth1"]);
        let vpn = link(4, "tun0", "tun");
        assert_eq!(
            counted(&[lo, veth, vpn]),
            ["eth0"],
            "what it carries passes eth0"
        );
        let inner = [
            link(5, "docker0", "bridge"),
            away(7, in_(5, link(6, "veth1", "veth"))),
        ];
        assert_eq!(counted(&[lo, veth, inner[0], inner[1]]), ["eth0"]);
        let vlan = on(2, link(8, "eth0.5", "vlan"));
        assert_eq!(counted(&[lo, veth, vlan]), ["eth0"]);
    }

    #[test]
    fn a_rootless_container_has_a_tap_only() {
        assert_eq!(
            counted(&[link(1, "lo", ""), link(2, "tap0", "tun")]),
            ["tap0"]
        );
        let ends = [
            link(1, "lo", ""),
            Link {
                up: false,
                ..link(2, "sit0", "sit")
            },
            link(3, "tap0", "tun"),
        ];
        assert_eq!(counted(&ends), ["tap0"]);
    }

    #[test]
    fn a_bridge_counts_where_all_else_are_its_ports() {
        let links = [
            away(9, in_(3, link(2, "eth0", "veth"))),
            link(3, "br0", "bridge"),
        ];
        assert_eq!(counted(&links), ["br0"]);
    }

    #[test]
    fn old_kernels_do_not_tell_the_device() {
        let links = [
            link(1, "lo", ""),
            link(2, "eth0", ""),
            away(5, link(3, "cali1", "veth")),
            link(4, "wg0", "wireguard"),
        ];
        assert_eq!(counted(&links), ["eth0"]);
        assert_eq!(classify(&links)[1].kind.as_bytes(), b"physical");
    }

    #[test]
    fn traffic_inside_a_namespace_does_not_count() {
        let pair = [on(3, link(2, "a", "veth")), on(2, link(3, "b", "veth"))];
        assert!(counted(&pair).is_empty());
        assert!(counted(&[link(1, "lo", ""), link(2, "ifb0", "ifb")]).is_empty());
        assert!(counted(&[]).is_empty());
    }

    #[test]
    fn the_kind_is_the_kernels_word() {
        let links = [
            link(1, "lo", ""),
            card(2, "eth0"),
            link(3, "br0", "bridge"),
            link(4, "odd0", ""),
        ];
        let kinds: Vec<_> = classify(&links)
            .iter()
            .map(|one| one.kind.to_string())
            .collect();
        assert_eq!(kinds, ["loopback", "physical", "bridge", "virtual"]);
    }
}
