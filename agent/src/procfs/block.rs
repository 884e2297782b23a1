//! Which disk a file system is on, from sysfs (sysfs-block in Documentation/ABI/stable;
//! `dev_attr_partition` in block/partitions/core.c).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::mounts::Mount;

/// What a file system is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The kernel's name of the disk, such as `sda`; of a partition the disk that it lies on.
    pub disk: String,
    /// Whether it is a partition.
    pub partition: bool,
}

impl Device {
    /// The disk's device, such as `/dev/sda`: names with a slash have `!` instead (`cciss!c0d0`).
    #[must_use]
    pub fn path(&self) -> String {
        format!("/dev/{}", self.disk.replace('!', "/"))
    }
}

/// What a mounted file system is on. `None` for a file system over many devices, and for one that
/// sysfs does not know.
pub(super) fn device(sys: &Path, mount: &Mount<'_>) -> Option<Device> {
    let device = if mount.major != 0 {
        sys.join(format!("dev/block/{}:{}", mount.major, mount.minor))
    } else {
        // btrfs shows a number of its own, so go by the name.
        sys.join("class/block")
            .join(Path::new(OsStr::from_bytes(&mount.source)).file_name()?)
    };
    // The link ends in `<disk>` or `<disk>/<partition>`.
    let target = fs::read_link(&device).ok()?;
    let partition = device.join("partition").exists();
    let disk = if partition { target.parent()? } else { &target };
    Some(Device {
        disk: disk.file_name()?.to_str()?.to_owned(),
        partition,
    })
}

#[cfg(test)]
mod tests {
    use super::super::mounts::parse;
    use super::super::testing::Tree;
    use super::*;

    fn device_of(tree: &Tree, mount: &str) -> Option<Device> {
        let text = format!("1 0 {mount} rw\n");
        device(&tree.root.sys, &parse(text.as_bytes()).unwrap()[0])
    }

    fn parent_of(tree: &Tree, mount: &str) -> Option<String> {
        let device = device_of(tree, mount).filter(|device| device.partition);
        device.map(|device| device.path())
    }

    fn tree() -> Tree {
        let tree = Tree::new();
        for (number, name, place) in [
            ("259:2", "nvme0n1p2", "pci/nvme0n1/nvme0n1p2"),
            ("104:1", "cciss!c0d0p1", "pci/cciss!c0d0/cciss!c0d0p1"),
        ] {
            tree.file(&format!("sys/devices/{place}/partition"), "2\n")
                .link(
                    &format!("sys/dev/block/{number}"),
                    format!("../../devices/{place}"),
                )
                .link(
                    &format!("sys/class/block/{name}"),
                    format!("../../devices/{place}"),
                );
        }
        tree.file("sys/devices/virtual/block/dm-0/size", "9\n")
            .link("sys/dev/block/253:0", "../../devices/virtual/block/dm-0");
        tree
    }

    #[test]
    fn partitions_are_found_by_number_and_else_by_name() {
        let tree = tree();
        assert_eq!(
            parent_of(&tree, "259:2 / / rw - ext4 /dev/root").as_deref(),
            Some("/dev/nvme0n1")
        );
        assert_eq!(
            parent_of(&tree, "0:33 / / rw - btrfs /dev/nvme0n1p2").as_deref(),
            Some("/dev/nvme0n1")
        );
        assert_eq!(
            parent_of(&tree, "104:1 / / rw - ext4 /dev/cciss/c0d0p1").as_deref(),
            Some("/dev/cciss/c0d0")
        );
    }

    #[test]
    fn everything_else_has_no_parent() {
        let tree = tree();
        let volume = "253:0 / / rw - ext4 /dev/mapper/vg-home";
        assert_eq!(parent_of(&tree, volume), None, "device mapper");
        assert_eq!(device_of(&tree, volume).unwrap().disk, "dm-0");
        assert_eq!(
            device_of(&tree, "8:1 / / rw - ext4 /dev/sda1"),
            None,
            "not in sysfs"
        );
        assert_eq!(parent_of(&tree, "0:40 / / rw - zfs tank/data"), None);
        assert_eq!(parent_of(&tree, "0:40 / / rw - overlay .."), None);
        assert_eq!(parent_of(&tree, "0:40 / / rw - overlay "), None);
    }
}
