//! Lists of disks from mount tables.

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
    let automounted = "2 1 0:5 / /n rw - autofs systemd-1 rw\n3 2 8:1 / /n rw - ext4 /dev/b rw\n";
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
