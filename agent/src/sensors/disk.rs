//! Which sensors belong to a disk: those of the device that the disk is part of. Numbers in names
//! prove nothing: `nvme0n1` need not belong to the controller `nvme0`.

use std::fs;
use std::path::Path;

use super::hwmon::{Chip, numbered};

/// Drivers that measure a disk; others sit on devices above disks too (a controller card).
const DRIVERS: [&str; 3] = ["nvme", "drivetemp", "ufs"];

/// Disks made of disks made of disks: enough for encrypted volumes on RAID on multipath.
const DEPTH: usize = 6;

/// Places in `chips` of the sensors of a disk: its own, those of all its paths, or, if it is made
/// of other disks (RAID, LVM, encryption), theirs.
#[must_use]
pub fn chips(sys: &Path, disk: &str, chips: &[Chip]) -> Vec<usize> {
    let mut found = Vec::new();
    search(sys, disk, chips, DEPTH, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// The temperature that stands for the whole disk: the drivers put it first.
#[must_use]
pub fn celsius(chip: &Chip) -> Option<f32> {
    chip.inputs.first()?.celsius()
}

fn search(sys: &Path, disk: &str, chips: &[Chip], depth: usize, found: &mut Vec<usize>) {
    let Ok(place) = fs::canonicalize(sys.join("class/block").join(disk)) else {
        return;
    };
    if let Some(at) = owner(&place, chips) {
        found.push(at);
        return;
    }
    // An NVMe disk with several paths lies in its subsystem, which links to the controllers.
    let subsystem = place.parent().filter(|parent| {
        let name = parent.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("nvme-subsys"))
    });
    for (_, controller) in subsystem.map_or_else(Vec::new, |path| numbered(path, "nvme", "")) {
        if let Ok(controller) = fs::canonicalize(controller) {
            found.extend(owner(&controller, chips));
        }
    }
    if depth == 0 {
        return;
    }
    let slaves = fs::read_dir(place.join("slaves")).into_iter().flatten();
    for slave in slaves.flatten() {
        let Ok(slave) = fs::canonicalize(slave.path()) else {
            continue;
        };
        let partition = slave.join("partition").exists();
        let disk = if partition {
            slave.parent()
        } else {
            Some(&*slave)
        };
        let name = disk.and_then(|disk| disk.file_name()?.to_str());
        if let Some(name) = name {
            search(sys, name, chips, depth - 1, found);
        }
    }
}

/// The chip of the innermost device that `place` is in.
fn owner(place: &Path, chips: &[Chip]) -> Option<usize> {
    let depth = |chip: &Chip| {
        let device = chip.device.as_deref()?;
        let ours = DRIVERS.contains(&chip.driver.as_str()) && place.starts_with(device);
        ours.then(|| device.components().count())
    };
    let owners = chips.iter().enumerate();
    let owners = owners.filter_map(|(at, chip)| Some((depth(chip)?, at)));
    owners
        .max_by_key(|&(depth, at)| (depth, usize::MAX - at))
        .map(|owner| owner.1)
}
