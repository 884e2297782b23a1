//! The mounted disks and their space, in the order a person reads them.
//!
//! First local storage: file systems on a device below `/dev`, the pooled ones of `POOLED`, and
//! whatever the root is. Then those that may block for ever when asked for their size (network file
//! systems, FUSE), then memory that is used as storage (tmpfs). Left out are read-only images,
//! automounts that wait, mount points of the system, and what another mount hides.

use std::collections::{BTreeMap, BTreeSet};

use super::block::Device;
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
    /// Degrees Celsius, of a partition its disk's.
    pub temperature: Option<f32>,
    /// Where it is mounted; none for a disk that is listed for its partitions.
    pub mount_point: Option<String>,
    /// Its file system.
    pub fs_type: Option<String>,
}

/// Size of a file system, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Size.
    pub total: u64,
    /// Left for users without privilege.
    pub available: u64,
}

/// How a file system's size is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The kernel knows it.
    Local,
    /// A peer is asked, which may never answer.
    Remote,
    /// The kernel knows it, and it is no disk.
    Memory,
}

/// A file system to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Name in the list.
    pub name: String,
    /// Where it is mounted, as bytes.
    pub mount_point: Vec<u8>,
    /// Number of the mount.
    pub id: u32,
    /// File system.
    pub fs_type: String,
    /// What it is on, if that is a device.
    pub device: Option<Device>,
    /// How its size is had.
    pub reach: Reach,
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

/// The file systems to list, those of one [`Reach`] together. `device` tells what a mount is on.
pub fn plan(mounts: &[Mount<'_>], device: impl Fn(&Mount<'_>) -> Option<Device>) -> Vec<Planned> {
    let mut places = BTreeMap::new();
    let mut planned: Vec<Planned> = Vec::new();
    for mount in mounts {
        let Some(reach) = reach(mount, mounts) else {
            continue;
        };
        let name = name(mount, reach);
        let place = *places.entry((reach, name.clone())).or_insert(planned.len());
        let shorter = |kept: &Planned| mount.mount_point.len() < kept.mount_point.len();
        if planned.get(place).is_some_and(|kept| !shorter(kept)) {
            continue;
        }
        let new = Planned {
            name,
            mount_point: mount.mount_point.to_vec(),
            id: mount.id,
            fs_type: String::from_utf8_lossy(mount.fs_type).into_owned(),
            device: if reach == Reach::Local {
                device(mount)
            } else {
                None
            },
            reach,
        };
        match planned.get_mut(place) {
            Some(kept) => *kept = new,
            None => planned.push(new),
        }
    }
    planned.sort_by_key(|one| one.reach);
    planned
}

/// The list: each disk with mounted partitions (its space is their sum), followed by them, then
/// file systems that are on no partition, then those that are on no disk. `space` tells the size of
/// each, `temperature` that of a disk by the kernel's name.
pub fn list(
    planned: &[Planned],
    space: impl Fn(&Planned) -> Option<Space>,
    temperature: impl Fn(&str) -> Option<f32>,
) -> Vec<Disk> {
    let mut parted: Vec<(String, Vec<Disk>)> = Vec::new();
    let mut whole = Vec::new();
    for one in planned {
        let Some(Space { total, available }) = space(one).filter(|space| space.total > 0) else {
            continue;
        };
        let device = one.device.as_ref();
        let parent = device.filter(|device| device.partition).map(Device::path);
        let disk = Disk {
            name: one.name.clone(),
            total,
            available,
            is_partition: parent.is_some(),
            temperature: device.and_then(|device| temperature(&device.disk)),
            mount_point: Some(String::from_utf8_lossy(&one.mount_point).into_owned()),
            fs_type: Some(one.fs_type.clone()),
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
        temperature: partitions.first().and_then(|disk| disk.temperature),
        mount_point: None,
        fs_type: None,
    };
    std::iter::once(disk).chain(partitions)
}

/// How to have the size of a mount that is worth listing.
fn reach(mount: &Mount<'_>, mounts: &[Mount<'_>]) -> Option<Reach> {
    let at = |directory| is_within(&mount.mount_point, directory);
    if at(b"/sys") || at(b"/proc") || (at(b"/run") && !at(b"/run/media")) {
        return None;
    }
    let reach = if mount.fs_type == b"autofs" {
        return None;
    } else if is_remote(mount.fs_type) {
        // Read-only FUSE mounts are images, which are always full.
        let image = mount.read_only && mount.fs_type.starts_with(b"fuse");
        (!image).then_some(Reach::Remote)?
    } else if mount.fs_type == b"tmpfs" {
        // In `/var/lib` are those of containers, one or more each; what is read-only is a lid.
        let private = at(b"/var/lib") || (at(b"/dev") && !at(b"/dev/shm"));
        (!private && !mount.read_only).then_some(Reach::Memory)?
    } else {
        let local = mount.source.starts_with(b"/dev/")
            || POOLED.contains(&mount.fs_type)
            || *mount.mount_point == *b"/";
        (local && !NO_DISK.contains(&mount.fs_type)).then_some(Reach::Local)?
    };
    let reachable = reach == Reach::Remote || is_safe(mount, mounts);
    (reachable && mount.is_visible(mounts)).then_some(reach)
}

/// Devices have the name in the mount table. So have remote file systems, if it says where from.
fn name(mount: &Mount<'_>, reach: Reach) -> String {
    let source = String::from_utf8_lossy(&mount.source);
    let tells = source.contains(['/', ':', '@']) && source != "/dev/fuse";
    if reach == Reach::Local || (reach == Reach::Remote && tells) {
        return source.into_owned();
    }
    let [kind, point] = [mount.fs_type, &mount.mount_point].map(String::from_utf8_lossy);
    format!("{kind}:{point}")
}

/// Whether nothing on the way to the mount point can block.
fn is_safe(mount: &Mount<'_>, mounts: &[Mount<'_>]) -> bool {
    // A mount in an automount's directory is reached without waking the automounter.
    let blocks = |step: &Mount<'_>| {
        is_remote(step.fs_type) && (step.id == mount.id || step.fs_type != b"autofs")
    };
    !mount.chain(mounts).any(blocks)
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

    fn by_name(mount: &Mount<'_>) -> Option<Device> {
        let name = String::from_utf8_lossy(&mount.source);
        let name = name.strip_prefix("/dev/")?;
        let disk = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let partition = disk != name;
        let disk = disk.strip_suffix('p').filter(|_| partition).unwrap_or(disk);
        Some(Device {
            disk: disk.to_owned(),
            partition,
        })
    }

    /// Name, total, is_partition of each local disk, and the mount points that were asked for their size.
    /// Each file system is 100 bytes; names that end in a digit after `nvme.*p` or `sd?` are
    /// partitions.
    fn listed(text: &[u8]) -> (Vec<(String, u64, bool)>, Vec<String>) {
        let mounts = parse(text).unwrap();
        let asked = RefCell::new(Vec::new());
        let space = |one: &Planned| {
            let point = String::from_utf8_lossy(&one.mount_point).into_owned();
            if one.reach == Reach::Local {
                asked.borrow_mut().push(point.clone());
            }
            (one.reach == Reach::Local && point != "/broken").then_some(Space {
                total: u64::from(point != "/empty") * 100,
                available: 30,
            })
        };
        let disks = list(&plan(&mounts, by_name), space, |_| None);
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
        let space = |one: &Planned| {
            (one.reach == Reach::Local).then_some(Space {
                total: u64::MAX,
                available: 30,
            })
        };
        let device = |_: &Mount<'_>| {
            Some(Device {
                disk: "all".to_owned(),
                partition: true,
            })
        };
        let disks = list(&plan(&mounts, device), space, |_| None);
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

    /// Name, mount point and file system of all that are listed.
    fn all(text: &str) -> Vec<(String, String, String)> {
        let mounts = parse(text.as_bytes()).unwrap();
        let space = |_: &Planned| {
            Some(Space {
                total: 2,
                available: 1,
            })
        };
        let disks = list(&plan(&mounts, by_name), space, |_| None);
        let rows = disks.into_iter().map(|disk| {
            let point = disk.mount_point.unwrap_or_default();
            (disk.name, point, disk.fs_type.unwrap_or_default())
        });
        rows.collect()
    }

    #[test]
    fn what_is_no_disk_comes_last_and_has_a_name_of_its_own() {
        let rows = all("1 0 0:3 / / rw - ext4 /dev/a rw\n\
            2 1 0:4 / /tmp rw,nosuid - tmpfs tmpfs rw\n\
            3 1 0:5 / /n rw - nfs4 server:/export rw\n\
            4 1 0:6 / /ssh rw - fuse.sshfs me@host: rw\n\
            5 1 0:7 / /odd rw - fuse.odd odd rw\n\
            6 1 0:8 / /dev/shm rw - tmpfs tmpfs rw\n\
            7 1 8:2 / /data rw - ext4 /dev/b rw\n");
        let rows: Vec<_> = rows.iter().map(|row| (&*row.0, &*row.1, &*row.2)).collect();
        let expected = [
            ("/dev/a", "/", "ext4"),
            ("/dev/b", "/data", "ext4"),
            ("server:/export", "/n", "nfs4"),
            ("me@host:", "/ssh", "fuse.sshfs"),
            ("fuse.odd:/odd", "/odd", "fuse.odd"),
            ("tmpfs:/tmp", "/tmp", "tmpfs"),
            ("tmpfs:/dev/shm", "/dev/shm", "tmpfs"),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn pseudo_mounts_and_memory_of_the_system_are_left_out() {
        for rest in [
            "2 1 0:5 / /sys/fs/bpf rw - bpf bpf rw",
            "2 1 0:5 / /x rw - cgroup2 cgroup2 rw",
            "2 1 0:5 / /dev rw - devtmpfs udev rw",
            "2 1 0:5 / /dev/lock rw - tmpfs tmpfs rw",
            "2 1 0:5 / /run rw - tmpfs tmpfs rw",
            "2 1 0:5 / /run/user/1000 rw - tmpfs tmpfs rw",
            "2 1 0:5 / /run/user/1000/gvfs rw - fuse.gvfsd-fuse gvfsd-fuse rw",
            "2 1 0:5 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
            "2 1 0:5 / /var/lib/docker/containers/a/mounts/shm rw - tmpfs shm rw",
            "2 1 0:5 / /lid ro - tmpfs tmpfs ro",
            "2 1 0:5 / /snap/x ro - fuse.snapfuse snapfuse ro",
            "2 1 0:5 / /auto rw - autofs systemd-1 rw",
            "2 1 0:5 / /snap rw - squashfs /dev/loop0 ro",
        ] {
            let rows = all(&format!("1 0 8:0 / / rw - ext4 /dev/a rw\n{rest}\n"));
            assert_eq!(rows.len(), 1, "{rest}");
        }
    }

    #[test]
    fn a_hidden_remote_mount_is_not_asked() {
        let rows = all("1 0 8:0 / / rw - ext4 /dev/a rw\n\
            2 1 0:5 / /n rw - nfs4 old:/ rw\n3 2 0:6 / /n rw - nfs4 new:/ rw\n");
        assert_eq!(rows[1].0, "new:/");
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_partition_is_as_warm_as_its_disk() {
        let text = "1 0 259:2 / / rw - ext4 /dev/nvme0n1p2 rw\n\
            2 1 259:3 / /data rw - ext4 /dev/nvme1n1 rw\n\
            3 1 0:7 / /tmp rw - tmpfs tmpfs rw\n";
        let mounts = parse(text.as_bytes()).unwrap();
        let warm = |disk: &str| match disk {
            "nvme0n" | "nvme0n1" => Some(40.0),
            _ => None,
        };
        let device = |mount: &Mount<'_>| {
            let name = String::from_utf8_lossy(&mount.source).into_owned();
            let name = name.strip_prefix("/dev/")?;
            Some(Device {
                disk: name[..7].to_owned(),
                partition: name.len() > 7,
            })
        };
        let space = |_: &Planned| {
            Some(Space {
                total: 2,
                available: 1,
            })
        };
        let disks = list(&plan(&mounts, device), space, warm);
        let rows: Vec<_> = disks
            .iter()
            .map(|disk| (&*disk.name, disk.temperature))
            .collect();
        let expected = [
            ("/dev/nvme0n1", Some(40.0)),
            ("/dev/nvme0n1p2", Some(40.0)),
            ("/dev/nvme1n1", None),
            ("tmpfs:/tmp", None),
        ];
        assert_eq!(rows, expected);
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
