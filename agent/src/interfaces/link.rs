//! The kernel's list of interfaces (rtnetlink(7); `rtnl_fill_ifinfo` in net/core/rtnetlink.c).

use crate::procfs::Name;

/// `ARPHRD_*` of the loopback (if_arp.h).
const ARP_LOOPBACK: u16 = 772;
/// `ARPHRD_IEEE80211*`: raw frames of a radio that has an ordinary interface too.
const ARP_MONITOR: std::ops::RangeInclusive<u16> = 801..=803;

const NEW_LINK: u16 = 16;
const DONE: u16 = 3;
const ERROR: u16 = 2;
const NESTED: u16 = 0xc000;
const HEADER: usize = 16;

/// What the kernel says about one interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Link {
    /// Its name.
    pub name: Name<32>,
    /// Its number in this namespace.
    pub index: u32,
    /// Whether it is the loopback.
    pub loopback: bool,
    /// Whether it shows the raw frames of a radio.
    pub monitor: bool,
    /// Whether it is up (`IFF_UP`).
    pub up: bool,
    /// The kind that virtual interfaces are made of, such as `veth`; real devices have none.
    pub kind: Option<Name<16>>,
    /// The bus of the device behind it (`pci`, `virtio`); kernels before 5.14 do not tell.
    pub bus: Option<Name<16>>,
    /// The interface that it sends through, or the other end of a pair.
    pub lower: Option<u32>,
    /// Whether that one is in another namespace.
    pub elsewhere: bool,
    /// The bridge, bond and so on that it belongs to.
    pub master: Option<u32>,
    /// Whether it stands for a port of a virtual machine on a switching network card.
    pub representor: bool,
}

/// One datagram of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// There is more.
    More,
    /// The answer is complete.
    End,
    /// The kernel refuses: its error number, positive.
    Refused(i32),
}

/// Appends the interfaces in one datagram to `links`. What is malformed is left out.
pub fn parse(mut datagram: &[u8], links: &mut Vec<Link>) -> Part {
    while let Some((length, kind)) = head(datagram) {
        let message = &datagram[HEADER..length];
        match kind {
            DONE => return Part::End,
            ERROR => {
                let code = message
                    .first_chunk()
                    .map_or(0, |code| i32::from_ne_bytes(*code));
                return if code == 0 {
                    Part::End
                } else {
                    Part::Refused(code.wrapping_neg())
                };
            }
            NEW_LINK => links.extend(link(message)),
            _ => {}
        }
        datagram = datagram
            .get(length.next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Part::More
}

/// Length, with its header, and type of the first message (`struct nlmsghdr`).
fn head(datagram: &[u8]) -> Option<(usize, u16)> {
    let length = u32::from_ne_bytes(*datagram.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*datagram.get(4..)?.first_chunk()?);
    (HEADER..=datagram.len())
        .contains(&length)
        .then_some((length, kind))
}

/// One `struct ifinfomsg` with its attributes.
fn link(message: &[u8]) -> Option<Link> {
    let (fixed, rest) = message.split_first_chunk::<16>()?;
    let arp = u16::from_ne_bytes([fixed[2], fixed[3]]);
    let flags = u32::from_ne_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]);
    let mut link = Link {
        index: u32::from_ne_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        loopback: arp == ARP_LOOPBACK || flags & 0x8 != 0,
        monitor: ARP_MONITOR.contains(&arp),
        up: flags & 1 != 0,
        ..Link::default()
    };
    for (kind, value) in attributes(rest) {
        let number = || value.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
        // The numbers are of if_link.h, in this order IFLA_IFNAME, LINK, MASTER, LINKINFO,
        // LINK_NETNSID, PHYS_PORT_NAME, PARENT_DEV_NAME, PARENT_DEV_BUS_NAME.
        match kind {
            3 => link.name = Name::shortened(word(value)),
            5 => link.lower = number().filter(|&lower| lower != 0 && lower != link.index),
            10 => link.master = number().filter(|&master| master != 0),
            18 => link.kind = info_kind(value),
            37 => link.elsewhere = true,
            38 => link.representor = is_representor(word(value)),
            56 => link.bus = link.bus.or(Some(Name::default())),
            57 => link.bus = Some(Name::shortened(word(value))),
            _ => {}
        }
    }
    (!link.name.as_bytes().is_empty()).then_some(link)
}

/// `IFLA_INFO_KIND` in `IFLA_LINKINFO`.
fn info_kind(nested: &[u8]) -> Option<Name<16>> {
    let kind = attributes(nested).find(|one| one.0 == 1)?.1;
    Some(Name::shortened(word(kind))).filter(|name| !name.as_bytes().is_empty())
}

/// The attributes (`struct rtattr`) up to the first malformed one.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [a, b, c, d] = *bytes.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([a, b]));
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([c, d]) & !NESTED, value))
    })
}

/// Text up to its final NUL.
fn word(value: &[u8]) -> &[u8] {
    value.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Names such as `pf0vf3`, `c1pf0sf2` (`devlink_nl_port...` in net/devlink/port.c).
fn is_representor(port: &[u8]) -> bool {
    let port = String::from_utf8_lossy(port);
    let pf = port.find("pf").map(|at| &port[at + 2..]);
    pf.is_some_and(|rest| rest.contains("vf") || rest.contains("sf"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = value.len() as u16 + 4;
        let mut bytes = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u32 + 16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend([0; 10]);
        bytes.extend(body);
        bytes
    }

    fn body(arp: u16, index: u32, flags: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![0, 0];
        body.extend(arp.to_ne_bytes());
        body.extend(index.to_ne_bytes());
        body.extend(flags.to_ne_bytes());
        body.extend([0; 4]);
        body.extend(attributes.concat());
        body
    }

    fn veth() -> Vec<u8> {
        let info = [attribute(1, b"veth\0"), attribute(3, b"x\0")].concat();
        message(
            16,
            &body(
                1,
                7,
                1,
                &[
                    attribute(3, b"veth7\0"),
                    attribute(5, &9u32.to_ne_bytes()),
                    attribute(10, &3u32.to_ne_bytes()),
                    attribute(18 | 0x8000, &info),
                    attribute(37, &0u32.to_ne_bytes()),
                ],
            ),
        )
    }

    fn parsed(datagram: &[u8]) -> (Vec<Link>, Part) {
        let mut links = Vec::new();
        let part = parse(datagram, &mut links);
        (links, part)
    }

    #[test]
    fn every_attribute_is_taken_from_its_place() {
        let device = message(
            16,
            &body(
                1,
                2,
                0,
                &[
                    attribute(3, b"eth0\0"),
                    attribute(5, &2u32.to_ne_bytes()),
                    attribute(38, b"pf0vf1\0"),
                    attribute(56, b"0000:01:00.0\0"),
                    attribute(57, b"pci\0"),
                ],
            ),
        );
        let (links, part) = parsed(&[veth(), device, message(3, &[0; 4])].concat());
        let expected = [
            Link {
                name: Name::shortened(b"veth7"),
                index: 7,
                up: true,
                kind: Some(Name::shortened(b"veth")),
                lower: Some(9),
                elsewhere: true,
                master: Some(3),
                ..Link::default()
            },
            Link {
                name: Name::shortened(b"eth0"),
                index: 2,
                bus: Some(Name::shortened(b"pci")),
                representor: true,
                ..Link::default()
            },
        ];
        assert_eq!((&links[..], part), (&expected[..], Part::End));
    }

    #[test]
    fn loopbacks_and_monitors_are_known_by_their_type() {
        let of = |arp| parsed(&message(16, &body(arp, 1, 0, &[attribute(3, b"x\0")]))).0[0];
        assert!(of(772).loopback && !of(772).monitor);
        assert!(of(803).monitor && !of(1).monitor && !of(1).loopback);
    }

    #[test]
    fn representors_are_told_by_the_name_of_their_port() {
        for name in ["pf0vf3", "c1pf0vf2", "pf1sf88"] {
            assert!(is_representor(name.as_bytes()), "{name}");
        }
        for name in ["p0", "1", "pf0", "", "vf1"] {
            assert!(!is_representor(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_refusal_has_its_number_and_an_open_end_means_more() {
        let refusal = message(2, &(-13i32).to_ne_bytes());
        assert_eq!(parsed(&refusal).1, Part::Refused(13));
        assert_eq!(parsed(&veth()), (parsed(&veth()).0, Part::More));
        assert_eq!(parsed(&veth()).0.len(), 1);
    }

    proptest! {
        #[test]
        fn no_input_panics(
            mut bytes in prop::collection::vec(any::<u8>(), 0..300),
            at in any::<prop::sample::Index>(),
            patch in any::<[u8; 6]>(),
        ) {
            parsed(&bytes);
            bytes = veth();
            let at = at.index(bytes.len() - 6);
            bytes[at..at + 6].copy_from_slice(&patch);
            parsed(&bytes);
            bytes.truncate(at);
            parsed(&bytes);
        }
    }
}
