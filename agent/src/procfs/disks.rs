//! The mounted disks and their space, in the order a person reads them.
//!
//! Listed is local storage: file systems on a device below `/dev`, the pooled ones of `POOLED`,
//! and whatever the root is. Left out are the ones that could block for ever when asked for their
//! size (network file systems, FUSE, automounts, and all that is mounted in them or hidden by
//! them), read-only images, and mount points of the system.

use std::collections::{BTreeMap, BTreeSet};

use super::mounts::{Mount, is_within};

/// One disk, partition or file system. Names are unique in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Disk {
    /// Device as in the mount table, `/dev/sda1`; invalid UTF-8 becomes U+FFFD.
    pub name: String,
    /// Size in bytes.
    pub total: u64,
    /// Bytes left for users without privilege.
    pub available: u64,
    /// Whether this lies on the disk listed before it.
    pub is_partition: bool,
    /// Degrees Celsius; not measured yet.
    pub temperature: Option<f32>,
}

/// Size of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size.
    pub total: u64,
    /// Left for users without privilege.
    pub available: u64,
}

/// Local file systems whose source is not one device.
const POOLED: [&[u8]; 3] = [b"zfs", b"bcachefs", b"ubifs"];

/// File systems that may wait for a peer.
const REMOTE: [&[u8]; 15] = [
    b"afs",
    b"autofs",
    b"beegfs",
    b"ceph",
    b"cifs",
    b"coda",
    b"gpfs",
    b"lustre",
    b"ncpfs",
    b"nfs",
    b"nfs4",
    b"orangefs",
    b"pvfs2",
    b"smb3",
    b"smbfs",
];

/// No storage, or images that are always full.
const NO_DISK: [&[u8]; 6] = [
    b"tmpfs",
    b"ramfs",
    b"rootfs",
    b"devtmpfs",
    b"squashfs",
    b"iso9660",
];

/// The disks behind `mounts`: each disk with mounted partitions (its space is their sum), followed
/// by them, then file systems that are on no partition. `parent` tells the disk of a partition;
/// `space` the size at a mount point, and is asked once per device, at its shortest mount point.
pub fn list(
    mounts: &[Mount<'_>],
    parent: impl Fn(&Mount<'_>) -> Option<String>,
    space: impl Fn(&[u8]) -> Option<Space>,
) -> Vec<Disk> {
    let mut parted: Vec<(String, Vec<Disk>)> = Vec::new();
    let mut whole = Vec::new();
    for (name, mount) in devices(mounts) {
        let Some(Space { total, available }) =
            space(&mount.mount_point).filter(|space| space.total > 0)
        else {
            continue;
        };
        let parent = parent(mount);
        let disk = Disk {
            name,
            total,
            available,
            is_partition: parent.is_some(),
            temperature: None,
        };
        match parent {
            None => whole.push(disk),
            Some(parent) => match parted.iter_mut().find(|(name, _)| *name == parent) {
                Some((_, partitions)) => partitions.push(disk),
                None => parted.push((parent, vec![disk])),
            },
        }
    }
    let mut seen = BTreeSet::new();
    parted
        .into_iter()
        .flat_map(|(name, partitions)| with_disk(name, partitions))
        .chain(whole)
        .filter(|disk| seen.insert(disk.name.clone()))
        .collect()
}

fn with_disk(name: String, partitions: Vec<Disk>) -> impl Iterator<Item = Disk> {
    let sum = |part: fn(&Disk) -> u64| partitions.iter().map(part).fold(0, u64::saturating_add);
    let (total, available) = (sum(|disk| disk.total), sum(|disk| disk.available));
    let disk = Disk {
        name,
        total,
        available,
        is_partition: false,
        temperature: None,
    };
    std::iter::once(disk).chain(partitions)
}

/// One mount per device name, in the order of the mount table: the one with the shortest mount
/// point.
fn devices<'m, 'a>(mounts: &'m [Mount<'a>]) -> Vec<(String, &'m Mount<'a>)> {
    let mut places = BTreeMap::new();
    let mut devices: Vec<(String, &Mount<'a>)> = Vec::new();
    for mount in mounts
        .iter()
        .filter(|mount| is_disk(mount) && is_safe(mount, mounts))
    {
        let name = String::from_utf8_lossy(&mount.source).into_owned();
        let place = *places.entry(name.clone()).or_insert(devices.len());
        match devices.get_mut(place) {
            None => devices.push((name, mount)),
            Some((_, kept)) if mount.mount_point.len() < kept.mount_point.len() => *kept = mount,
            Some(_) => {}
        }
    }
    devices
}

fn is_disk(mount: &Mount<'_>) -> bool {
    let local = mount.source.starts_with(b"/dev/")
        || POOLED.contains(&mount.fs_type)
        || *mount.mount_point == *b"/";
    let at = |directory| is_within(&mount.mount_point, directory);
    let of_the_system = at(b"/sys") || at(b"/proc") || (at(b"/run") && !at(b"/run/media"));
    local && !of_the_system && !NO_DISK.contains(&mount.fs_type)
}

/// Whether nothing on the way to the mount point can block.
fn is_safe(mount: &Mount<'_>, mounts: &[Mount<'_>]) -> bool {
    // A mount in an automount's directory is reached without waking the automounter.
    let blocks = |step: &Mount<'_>| {
        is_remote(step.fs_type) && (step.id == mount.id || step.fs_type != b"autofs")
    };
    !mount.chain(mounts).any(blocks) && mount.is_visible(mounts)
}

fn is_remote(fs_type: &[u8]) -> bool {
    REMOTE.contains(&fs_type) || (fs_type.starts_with(b"fuse") && fs_type != b"fuseblk")
}

#[cfg(test)]
mod tests {
    use super::super::mounts::parse;
    use super::*;
    use std::cell::RefCell;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/mountinfo");

    /// Name, total, is_partition of each disk, and the mount points that were asked for their size.
    /// Each file system is 100 bytes; names that end in a digit after `nvme.*p` or `sd?` are
    /// partitions.
    fn listed(text: &[u8]) -> (Vec<(String, u64, bool)>, Vec<String>) {
        let mounts = parse(text).unwrap();
        let asked = RefCell::new(Vec::new());
        let parent = |mount: &Mount<'_>| {
            let name = String::from_utf8_lossy(&mount.source);
            let disk = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
            let disk = disk.strip_suffix('p').unwrap_or(disk);
            (disk != name && name.starts_with("/dev/")).then(|| disk.to_owned())
        };
        let space = |point: &[u8]| {
            asked
                .borrow_mut()
                .push(String::from_utf8_lossy(point).into_owned());
            (point != b"/broken").then_some(Space {
                total: u64::from(point != b"/empty") * 100,
                available: 30,
            })
        };
        let disks = list(&mounts, parent, space);
        let rows = disks
            .into_iter()
            .map(|disk| (disk.name, disk.total, disk.is_partition))
            .collect();
        (rows, asked.into_inner())
    }

    fn names(text: &[u8]) -> Vec<String> {
        listed(text).0.into_iter().map(|row| row.0).collect()
    }

    #[test]
    fn a_typical_machine() {
        let (rows, asked) = listed(PLAIN);
        let rows: Vec<_> = rows
            .iter()
            .map(|row| (row.0.as_str(), row.1, row.2))
            .collect();
        let expected = [
            ("/dev/nvme0n1", 200, false),
            ("/dev/nvme0n1p2", 100, true),
            ("/dev/nvme0n1p1", 100, true),
            ("/dev/sdb", 100, false),
            ("/dev/sdb1", 100, true),
            ("/dev/sdc", 100, false),
            ("/dev/sdc1", 100, true),
            ("/dev/mapper/vg0-home", 100, false),
            ("tank/data", 100, false),
            ("/dev/sde", 100, false),
        ];
        assert_eq!(rows, expected);
        let points = [
            "/",
            "/boot/efi",
            "/home",
            "/srv/bound",
            "/run/media/user/STICK",
            "/tank",
            "/data",
        ];
        assert_eq!(
            asked, points,
            "each device once, at its shortest mount point, and nothing remote"
        );
    }

    #[test]
    fn available_is_summed_too() {
        let mounts = parse(PLAIN).unwrap();
        let space = |_: &[u8]| {
            Some(Space {
                total: u64::MAX,
                available: 30,
            })
        };
        let disks = list(&mounts, |_| Some("/dev/all".to_owned()), space);
        assert_eq!((disks[0].total, disks[0].available), (u64::MAX, 7 * 30));
    }

    #[test]
    fn sizes_that_cannot_be_had_or_are_zero_are_left_out() {
        let text = b"1 0 8:0 / / rw - ext4 /dev/a rw\n\
            2 1 8:1 / /broken rw - ext4 /dev/b rw\n\
            3 1 8:2 / /empty rw - ext4 /dev/c rw\n";
        assert_eq!(names(text), ["/dev/a"]);
    }

    #[test]
    fn in_a_container_the_root_is_a_disk() {
        assert_eq!(
            names(b"1 0 0:9 / / rw - overlay overlay rw\n2 1 0:8 / /x rw - overlay overlay2 rw\n"),
            ["overlay"]
        );
        assert!(names(b"1 0 0:9 / / rw - rootfs rootfs rw\n").is_empty());
        assert!(names(b"1 0 0:9 / / rw - nfs server:/root rw\n").is_empty());
    }

    #[test]
    fn nothing_remote_is_asked_even_by_a_detour() {
        let root = "1 0 8:0 / / rw - ext4 /dev/a rw\n";
        for rest in [
            "2 1 0:5 / /n rw - nfs4 s:/ rw\n3 2 8:1 / /n/disk rw - ext4 /dev/b rw\n",
            "2 1 8:1 / /n rw - ext4 /dev/b rw\n3 2 0:5 / /n rw - cifs //s/x rw\n",
            "2 1 0:5 / /n rw - autofs /dev/b rw\n",
            "2 1 0:5 / /n rw - fuse /dev/fuse rw\n",
            "2 1 0:5 / /n rw - fuse.sshfs /dev/odd rw\n",
        ] {
            let (rows, asked) = listed(format!("{root}{rest}").as_bytes());
            assert_eq!((rows.len(), asked), (1, vec!["/".to_owned()]), "{rest}");
        }
        let automounted =
            "2 1 0:5 / /n rw - autofs systemd-1 rw\n3 2 8:1 / /n rw - ext4 /dev/b rw\n";
        assert_eq!(
            names(format!("{root}{automounted}").as_bytes()),
            ["/dev/a", "/dev/b"]
        );
        assert_eq!(
            names(format!("{root}2 1 8:1 / /n rw - fuseblk /dev/b rw\n").as_bytes()),
            ["/dev/a", "/dev/b"]
        );
    }

    #[test]
    fn names_are_unique() {
        // The disk itself mounted beside its partition.
        let text = b"1 0 8:0 / / rw - ext4 /dev/sda rw\n\
            2 1 8:1 / /b rw - ext4 /dev/sda1 rw\n\
            3 1 8:1 / /c rw - ext4 /dev/sda1 rw\n";
        assert_eq!(names(text), ["/dev/sda", "/dev/sda1"]);
        assert_eq!(
            listed(text).1,
            ["/", "/b"],
            "of two mount points of the same length the first"
        );
    }
}
