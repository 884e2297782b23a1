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
#[path = "disks_tests.rs"]
mod tests;
