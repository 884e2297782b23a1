//! Which disks and interfaces make up the totals, as far as their names tell. On a machine at hand
//! [`reading`](crate::reading) knows better, and its records say so where it matters.

/// How far back among the names a partition's disk is looked for: the kernel lists it just before them.
const NEAR: usize = 256;

/// Names of what is made of other disks or of memory, or is none; what follows has to be a number.
const NO_DISKS: [&str; 8] = ["dm-", "fd", "loop", "md", "psv", "ram", "sr", "zram"];

/// Beginnings of names of interfaces that lead out of the machine.
const WIRES: [&str; 8] = ["em", "en", "eth", "hed", "ib", "usb", "wl", "ww"];

/// A record's line of ours that says which of its disks totals leave out.
pub const DISKS_OUTSIDE: &str = "subjiffy-disks-outside";

/// The same of interfaces.
pub const INTERFACES_OUTSIDE: &str = "subjiffy-nets-outside";

/// Whether totals leave out the disk `name`. `before` are the names listed before it: a partition is one
/// whose disk is among them.
pub fn is_disk_outside<'a>(
    name: &str,
    before: impl DoubleEndedIterator<Item = &'a str> + Clone,
) -> bool {
    let of_kind = |kind: &&str| name.strip_prefix(*kind).is_some_and(is_number);
    NO_DISKS.iter().any(of_kind) || is_partition(name, before)
}

/// Whether the disk of a partition of this name is among the names before it.
pub fn is_partition<'a>(
    name: &str,
    before: impl DoubleEndedIterator<Item = &'a str> + Clone,
) -> bool {
    let base = name.trim_end_matches(|one: char| one.is_ascii_digit());
    if base.len() == name.len() {
        return false;
    }
    // Where a disk's name ends in a digit, a `p` is between it and the number.
    let base = match base.strip_suffix('p') {
        Some(disk) if disk.ends_with(|one: char| one.is_ascii_digit()) => disk,
        _ if base.is_empty() => return false,
        _ => base,
    };
    before.rev().take(NEAR).any(|one| one == base)
}

/// Whether totals leave out the interface `name`.
#[must_use]
pub fn is_interface_outside(name: &str) -> bool {
    let wire = WIRES.iter().any(|wire| name.starts_with(wire)) || is_slot(name);
    // With a dot it is a part of another.
    !wire || name.contains('.')
}

/// `p1p1`: a port of a card in a slot.
fn is_slot(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next() == Some(b'p')
        && bytes.next().is_some_and(|one| one.is_ascii_digit())
        && bytes.find(|one| !one.is_ascii_digit()) == Some(b'p')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside<'a>(names: &[&'a str]) -> Vec<&'a str> {
        let all = names.iter().enumerate();
        all.filter(|(at, name)| is_disk_outside(name, names[..*at].iter().copied()))
            .map(|(_, &name)| name)
            .collect()
    }

    #[test]
    fn partitions_and_what_is_made_of_other_disks_are_outside() {
        let names = [
            "sda",
            "sda1",
            "sdaa",
            "sdaa12",
            "sdb",
            "nvme0n1",
            "nvme0n1p1",
            "nvme10n1",
            "mmcblk0",
            "mmcblk0p2",
            "vda",
            "dm-0",
            "md127",
            "loop3",
            "zram0",
            "sr0",
            "psv1",
            "rbd0",
            "rbd0p1",
        ];
        assert_eq!(
            outside(&names),
            [
                "sda1",
                "sdaa12",
                "nvme0n1p1",
                "mmcblk0p2",
                "dm-0",
                "md127",
                "loop3",
                "zram0",
                "sr0",
                "psv1",
                "rbd0p1"
            ]
        );
    }

    #[test]
    fn a_disk_that_looks_like_a_partition_is_one_of_its_own() {
        assert_eq!(outside(&["xvda1", "xvdb", "xvdb1"]), ["xvdb1"]);
        assert_eq!(outside(&["1", "p1", "", "nvme0n2"]), [""; 0]);
    }

    #[test]
    fn wires_count_and_what_runs_over_them_does_not() {
        for wire in [
            "eth0", "enp3s0", "eno1", "em2", "ib0", "p1p2", "p12p1", "wlan0", "wwp0s1",
        ] {
            assert!(!is_interface_outside(wire), "{wire}");
        }
        for other in [
            "lo", "ifb0", "docker0", "br-1a2b", "veth12", "bond0", "eth0.7", "tun0", "ppp0", "p",
            "",
        ] {
            assert!(is_interface_outside(other), "{other}");
        }
    }
}
