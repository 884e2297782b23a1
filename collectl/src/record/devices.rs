//! Which devices count, by their names alone: numbers may come from a recording of another machine. On the
//! machine at hand [`reading`](crate::reading) knows better, and its records say so where names would tell
//! otherwise.
//!
//! Disks are in our records unless they are parts of others or memory and files in the shape of a disk. One is
//! counted in totals unless it is made of other disks, whose requests are counted there already. An
//! interface is counted unless what it carries is carried by another one, too, or never leaves the machine.

/// A record's line of ours that names those of its disks that totals leave out.
pub const DISKS_OUTSIDE: &str = "subjiffy-disks-outside";

/// The same of interfaces.
pub const INTERFACES_OUTSIDE: &str = "subjiffy-nets-outside";

/// Disks that are memory or files.
const NO_DISKS: [&str; 5] = ["loop", "ram", "zram", "fd", "mtdblock"];

/// Disks that are made of other disks.
const MADE_OF_DISKS: [&str; 5] = ["dm-", "md", "drbd", "bcache", "psv"];

/// Interfaces that are known by these names with a number behind them, or anything after a dash or an
/// underscore.
const VIRTUAL: [&str; 29] = [
    "bond",
    "br",
    "cilium",
    "docker",
    "dummy",
    "erspan",
    "geneve",
    "gre",
    "gretap",
    "ifb",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ip6_vti",
    "ip_vti",
    "ipvlan",
    "lo",
    "macvlan",
    "macvtap",
    "nlmon",
    "sit",
    "team",
    "tun",
    "tunl",
    "vcan",
    "vlan",
    "vxlan",
    "wg",
    "virbr",
];

/// Interfaces of containers and virtual machines: anything may follow.
const GUESTS: [&str; 8] = [
    "cali", "cni", "flannel", "lxc", "ovs", "tap", "veth", "vnet",
];

/// Whether it is a disk as a whole. `known` says whether there is a disk of a name.
#[must_use]
pub fn is_whole_disk(name: &str, known: impl Fn(&str) -> bool) -> bool {
    is_disk(name) && !is_part(name, known)
}

/// Whether a disk, or a part of one, is neither memory nor a file, nor one of several ways to a disk.
#[must_use]
pub fn is_disk(name: &str) -> bool {
    let made_up = NO_DISKS
        .iter()
        .any(|kind| name.strip_prefix(kind).is_some_and(is_number));
    !made_up && !is_path(name)
}

/// Whether a whole disk counts in totals.
#[must_use]
pub fn is_counted_disk(name: &str) -> bool {
    let stacked = |kind: &&str| {
        let rest = name.strip_prefix(*kind);
        rest.is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit() || next == '_'))
    };
    !MADE_OF_DISKS.iter().any(stacked)
}

/// Whether an interface counts in totals.
#[must_use]
pub fn is_counted_interface(name: &str) -> bool {
    let virtual_kind = |kind: &&str| {
        let rest = name.strip_prefix(*kind);
        rest.is_some_and(|rest| {
            rest.is_empty()
                || rest.starts_with(|next: char| next.is_ascii_digit() || matches!(next, '-' | '_'))
        })
    };
    // VLANs and aliases: their bytes are those of the interface in front.
    !name.contains(['.', ':', '@'])
        && !VIRTUAL.iter().any(virtual_kind)
        && !GUESTS.iter().any(|kind| name.starts_with(kind))
}

/// A partition has the name of its disk, and a number; with a `p` between if the disk's name ends with a
/// digit.
fn is_part(name: &str, known: impl Fn(&str) -> bool) -> bool {
    let disk = name.trim_end_matches(|last: char| last.is_ascii_digit());
    if disk.len() == name.len() || disk.is_empty() {
        return false;
    }
    let ends_with_digit = |disk: &str| disk.ends_with(|last: char| last.is_ascii_digit());
    match disk.strip_suffix('p') {
        Some(long) if ends_with_digit(long) && known(long) => true,
        _ => !ends_with_digit(disk) && known(disk),
    }
}

/// One of several ways to an NVMe disk: `nvme0c1n1` is a part of `nvme0n1`.
fn is_path(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("nvme") else {
        return false;
    };
    let rest = rest.trim_start_matches(|next: char| next.is_ascii_digit());
    rest.starts_with('c')
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(names: &str) -> String {
        let all: Vec<_> = names.split(' ').collect();
        let whole = all
            .iter()
            .filter(|name| is_whole_disk(name, |other| all.contains(&other)));
        whole.copied().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn whole_disks_are_told_from_their_parts() {
        assert_eq!(whole("sda sda1 sda2 sdb sdab sdab10"), "sda sdb sdab");
        assert_eq!(
            whole("nvme0n1 nvme0n1p1 nvme0c0n1 nvme10n2"),
            "nvme0n1 nvme10n2"
        );
        assert_eq!(
            whole("mmcblk0 mmcblk0p1 mmcblk0boot0"),
            "mmcblk0 mmcblk0boot0"
        );
        assert_eq!(
            whole("xvda1"),
            "xvda1",
            "there is no disk of which it is a part"
        );
        assert_eq!(
            whole("loop0 ram0 zram0 vda dm-0 md127 md127p1"),
            "vda dm-0 md127"
        );
        assert_eq!(whole("sr0 nbd0 rbd1 rbd1p1"), "sr0 nbd0 rbd1");
        assert_eq!(whole(""), "");
    }

    #[test]
    fn disks_made_of_disks_are_not_counted_twice() {
        for name in ["vda", "sda", "nvme0n1", "mmcblk0", "fioa", "mdisk", "rbd0"] {
            assert!(is_counted_disk(name), "{name}");
        }
        for name in ["dm-0", "md0", "md_d0", "drbd1", "bcache0", "psv1"] {
            assert!(!is_counted_disk(name), "{name}");
        }
    }

    #[test]
    fn real_interfaces_are_counted() {
        for name in [
            "eth0", "enp0s3", "eno1", "ens192", "em1", "p1p2", "ib0", "wlan0", "wlp2s0", "hsn0",
            "brocade0", "lowpan0", "usb0",
        ] {
            assert!(is_counted_interface(name), "{name}");
        }
        for name in [
            "lo", "bond0", "br0", "br-12ab", "docker0", "veth12ab", "virbr0", "eth0.100", "eth0:1",
            "vlan7", "tun0", "tap0", "ifb1", "sit0", "ip6tnl0", "wg0", "cni0", "cali12ef", "team0",
            "dummy0",
        ] {
            assert!(!is_counted_interface(name), "{name}");
        }
    }
}
