//! Trees as real machines have them.

use super::*;
use crate::procfs::testing::Tree;

const PCI: &str = "sys/devices/pci0000:00";

/// Makes `class/<class>/<name>` a link to a directory below `sys/devices`.
fn class(tree: &Tree, class: &str, name: &str, place: &str) {
    let target = format!("../../{}", place.strip_prefix("sys/").unwrap());
    tree.link(&format!("sys/class/{class}/{name}"), target);
}

/// A chip in `<device>/hwmon/<name>` or, as for NVMe since 5.16, right in `<device>/<name>`.
fn chip(tree: &Tree, name: &str, place: &str, device: &str, driver: &str, temps: &[(&str, &str)]) {
    tree.file(&format!("{place}/name"), format!("{driver}\n"))
        .link(&format!("{place}/device"), device);
    for (at, (label, text)) in temps.iter().enumerate() {
        tree.file(&format!("{place}/temp{}_input", at + 1), text);
        if !label.is_empty() {
            tree.file(
                &format!("{place}/temp{}_label", at + 1),
                format!("{label}\n"),
            );
        }
    }
    class(tree, "hwmon", name, place);
}

fn block(tree: &Tree, place: &str) {
    tree.file(&format!("{place}/size"), "9\n");
    class(tree, "block", place.rsplit('/').next().unwrap(), place);
}

fn cpu(tree: &Tree) -> Option<f32> {
    Sensors::new(tree.root.sys.clone()).cpu(Instant::now())
}

fn disks(tree: &Tree, names: &[&str]) -> Vec<Option<f32>> {
    let asked = names.iter().map(|&name| name.to_owned()).collect();
    let found = Sensors::new(tree.root.sys.clone()).disks(asked, Instant::now());
    names.iter().map(|&name| found.get(name).copied()).collect()
}

/// Two NVMe disks whose hwmon numbers are in the other order; the first has two namespaces.
fn two_nvmes() -> Tree {
    let tree = Tree::new();
    for (controller, slot, hwmon, text) in [
        ("nvme0", "0000:01:00.0", "hwmon3", "31850\n"),
        ("nvme1", "0000:02:00.0", "hwmon2", "47850\n"),
    ] {
        let place = format!("{PCI}/{slot}/nvme/{controller}");
        let temps = [("Composite", text), ("Sensor 1", "90000\n")];
        chip(
            &tree,
            hwmon,
            &format!("{place}/{hwmon}"),
            &format!("../../{controller}"),
            "nvme",
            &temps,
        );
        block(&tree, &format!("{place}/{controller}n1"));
    }
    block(&tree, &format!("{PCI}/0000:01:00.0/nvme/nvme0/nvme0n2"));
    tree
}

#[test]
fn each_nvme_disk_has_its_own_controllers_temperature() {
    let found = disks(&two_nvmes(), &["nvme0n1", "nvme0n2", "nvme1n1", "nvme2n1"]);
    assert_eq!(found, [Some(31.85), Some(31.85), Some(47.85), None]);
}

#[test]
fn older_kernels_put_the_sensor_on_the_pci_device() {
    let tree = Tree::new();
    let place = format!("{PCI}/0000:01:00.0");
    chip(
        &tree,
        "hwmon0",
        &format!("{place}/hwmon/hwmon0"),
        "../../../0000:01:00.0",
        "nvme",
        &[("Composite", "40000\n")],
    );
    block(&tree, &format!("{place}/nvme/nvme0/nvme0n1"));
    assert_eq!(disks(&tree, &["nvme0n1"]), [Some(40.0)]);
}

#[test]
fn a_disk_with_several_paths_is_as_hot_as_the_hottest() {
    let tree = two_nvmes();
    // Number 5 is the subsystem's and says nothing about controllers.
    let place = "sys/devices/virtual/nvme-subsystem/nvme-subsys5";
    block(&tree, &format!("{place}/nvme5n1"));
    for (controller, slot) in [("nvme0", "0000:01:00.0"), ("nvme1", "0000:02:00.0")] {
        let target = format!("../../../pci0000:00/{slot}/nvme/{controller}");
        tree.link(&format!("{place}/{controller}"), target);
    }
    assert_eq!(disks(&tree, &["nvme5n1"]), [Some(47.85)]);
}

#[test]
fn sata_disks_are_found_by_their_scsi_device() {
    let tree = Tree::new();
    for (host, disk, hwmon, text) in [
        ("0", "sda", "hwmon7", "29000\n"),
        ("1", "sdb", "hwmon4", "35000\n"),
    ] {
        let scsi = format!("{host}:0:0:0");
        let place = format!("{PCI}/0000:00:17.0/ata1/host{host}/target{host}:0:0/{scsi}");
        chip(
            &tree,
            hwmon,
            &format!("{place}/hwmon/{hwmon}"),
            &format!("../../../{scsi}"),
            "drivetemp",
            &[("", text)],
        );
        block(&tree, &format!("{place}/block/{disk}"));
    }
    // A sensor of the controller card is no disk's.
    chip(
        &tree,
        "hwmon9",
        &format!("{PCI}/0000:00:17.0/hwmon/hwmon9"),
        "../../../0000:00:17.0",
        "hba",
        &[("", "80000\n")],
    );
    block(
        &tree,
        &format!("{PCI}/0000:00:17.0/ata3/host3/target3:0:0/3:0:0:0/block/sdc"),
    );
    assert_eq!(
        disks(&tree, &["sda", "sdb", "sdc"]),
        [Some(29.0), Some(35.0), None]
    );
}

#[test]
fn a_volume_on_several_disks_is_as_hot_as_the_hottest() {
    let tree = two_nvmes();
    let place = "sys/devices/virtual/block";
    block(&tree, &format!("{place}/md0"));
    block(&tree, &format!("{place}/dm-0"));
    for (controller, slot) in [("nvme0", "0000:01:00.0"), ("nvme1", "0000:02:00.0")] {
        let disk = format!("pci0000:00/{slot}/nvme/{controller}/{controller}n1");
        let partition = format!("{controller}n1p1");
        tree.file(&format!("sys/devices/{disk}/{partition}/partition"), "1\n")
            .link(
                &format!("{place}/md0/slaves/{partition}"),
                format!("../../../../{disk}/{partition}"),
            );
    }
    tree.link(&format!("{place}/dm-0/slaves/md0"), "../../md0");
    // Numbers that go round in a circle.
    tree.link(&format!("{place}/md0/slaves/dm-0"), "../../dm-0");
    assert_eq!(disks(&tree, &["dm-0", "md0"]), [Some(47.85), Some(47.85)]);
}

#[test]
fn the_hottest_package_is_the_cpu() {
    let tree = Tree::new();
    let cores = [("Package id 0", "55000\n"), ("Core 0", "99000\n")];
    chip(
        &tree,
        "hwmon0",
        "sys/devices/platform/coretemp.0/hwmon/hwmon0",
        "../../../coretemp.0",
        "coretemp",
        &cores,
    );
    chip(
        &tree,
        "hwmon1",
        "sys/devices/platform/coretemp.1/hwmon/hwmon1",
        "../../../coretemp.1",
        "coretemp",
        &[("Package id 1", "61000\n")],
    );
    chip(
        &tree,
        "hwmon2",
        "sys/devices/virtual/hwmon/hwmon2",
        "..",
        "nct6798",
        &[("CPUTIN", "120000\n")],
    );
    assert_eq!(cpu(&tree), Some(61.0));
}

#[test]
fn amd_has_tdie_or_tctl() {
    let tree = Tree::new();
    let place = format!("{PCI}/0000:00:18.3/hwmon/hwmon2");
    let temps = [
        ("Tctl", "72000\n"),
        ("Tdie", "62000\n"),
        ("Tccd1", "65000\n"),
    ];
    chip(
        &tree,
        "hwmon2",
        &place,
        "../../../0000:00:18.3",
        "k10temp",
        &temps,
    );
    assert_eq!(cpu(&tree), Some(62.0));
    tree.file(&format!("{place}/temp2_input"), "-128000\n");
    assert_eq!(cpu(&tree), Some(72.0), "a nonsense value is none");
}

#[test]
fn thermal_zones_are_the_last_resort() {
    let tree = Tree::new();
    for (zone, kind, text) in [("0", "acpitz", "27800\n"), ("1", "cpu-thermal", "48312\n")] {
        let place = format!("sys/devices/virtual/thermal/thermal_zone{zone}");
        tree.file(&format!("{place}/type"), format!("{kind}\n"))
            .file(&format!("{place}/temp"), text);
        class(&tree, "thermal", &format!("thermal_zone{zone}"), &place);
    }
    assert_eq!(cpu(&tree), Some(48.312));
    let place = "sys/devices/platform/coretemp.0/hwmon/hwmon0";
    chip(
        &tree,
        "hwmon0",
        place,
        "../../../coretemp.0",
        "coretemp",
        &[("Package id 0", "50000\n")],
    );
    assert_eq!(cpu(&tree), Some(50.0));
}

#[test]
fn no_sensors_no_temperature() {
    assert_eq!(cpu(&Tree::new()), None);
    let tree = Tree::new();
    chip(
        &tree,
        "hwmon0",
        "sys/devices/x/hwmon/hwmon0",
        "../..",
        "coretemp",
        &[("Package id 0", "\n")],
    );
    tree.file("sys/class/hwmon/hwmonX/name", "coretemp\n");
    assert_eq!(cpu(&tree), None);
}

#[test]
fn sensors_that_come_later_are_found() {
    let tree = Tree::new();
    let mut sensors = Sensors::new(tree.root.sys.clone());
    let now = Instant::now();
    assert_eq!(sensors.cpu(now), None);
    chip(
        &tree,
        "hwmon0",
        "sys/devices/x/hwmon/hwmon0",
        "../..",
        "coretemp",
        &[("Package id 0", "50000\n")],
    );
    assert_eq!(
        sensors.cpu(now + RESCAN / 2),
        None,
        "not looked for every time"
    );
    assert_eq!(sensors.cpu(now + RESCAN), Some(50.0));
    std::fs::remove_file(tree.root.sys.join("class/hwmon/hwmon0")).unwrap();
    assert_eq!(sensors.cpu(now + RESCAN * 2), None);
}
