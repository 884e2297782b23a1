//! Cards in trees as real machines have them.

use super::*;
use crate::procfs::testing::Tree;

const SECOND: Duration = Duration::from_secs(1);

/// A card at a PCI address; gives the directory of its device.
fn card(tree: &Tree, name: &str, address: &str, vendor: &str) -> String {
    let device = format!("sys/devices/pci0000:00/{address}");
    tree.file(&format!("{device}/vendor"), format!("{vendor}\n"))
        .file(&format!("{device}/device"), "0x744c\n")
        .link(
            &format!("{device}/drm/{name}/device"),
            format!("../../../{address}"),
        )
        .file(&format!("{device}/drm/{name}-DP-1/status"), "connected\n")
        .link(
            &format!("sys/class/drm/{name}"),
            format!("../../devices/pci0000:00/{address}/drm/{name}"),
        )
        .link(
            &format!("sys/class/drm/{name}-DP-1"),
            format!("../../devices/pci0000:00/{address}/drm/{name}-DP-1"),
        );
    device
}

fn amd(tree: &Tree, name: &str, address: &str) -> String {
    let device = card(tree, name, address, "0x1002");
    tree.file(&format!("{device}/gpu_busy_percent"), "37\n")
        .file(&format!("{device}/mem_info_vram_total"), "8589934592\n")
        .file(&format!("{device}/mem_info_vram_used"), "1073741824\n")
        .file(&format!("{device}/hwmon/hwmon4/name"), "amdgpu\n")
        .file(&format!("{device}/hwmon/hwmon4/temp1_input"), "66000\n")
        .file(&format!("{device}/hwmon/hwmon4/temp1_label"), "junction\n")
        .file(&format!("{device}/hwmon/hwmon4/temp2_input"), "58000\n")
        .file(&format!("{device}/hwmon/hwmon4/temp2_label"), "edge\n");
    device
}

fn gpus(tree: &Tree) -> Gpus {
    Gpus::new(tree.root.sys.clone())
}

#[test]
fn an_amd_card_says_all() {
    let tree = Tree::new();
    let device = amd(&tree, "card1", "0000:03:00.0");
    let expected = Gpu {
        address: "0000:03:00.0".to_owned(),
        vendor: "AMD",
        name: "AMD GPU 1002:744c".to_owned(),
        busy_percent: Some(37.0),
        memory: Some(Memory {
            used: 1 << 30,
            total: 8 << 30,
        }),
        celsius: Some(58.0),
    };
    let read = gpus(&tree).read(Instant::now());
    assert_eq!(read, [expected], "and its screens are no cards");
    tree.file(&format!("{device}/product_name"), "Radeon RX 7900 XTX\n");
    assert_eq!(
        gpus(&tree).read(Instant::now())[0].name,
        "Radeon RX 7900 XTX"
    );
}

#[test]
fn what_a_card_does_not_say_is_not_made_up() {
    let tree = Tree::new();
    let device = card(&tree, "card0", "0000:03:00.0", "0x1002");
    tree.file(&format!("{device}/mem_info_vram_total"), "0\n")
        .file(&format!("{device}/mem_info_vram_used"), "5\n")
        .file(&format!("{device}/gpu_busy_percent"), "\n");
    let read = &gpus(&tree).read(Instant::now())[0];
    assert_eq!(
        (read.busy_percent, read.memory, read.celsius),
        (None, None, None)
    );
    tree.file(&format!("{device}/mem_info_vram_total"), "4\n")
        .file(&format!("{device}/gpu_busy_percent"), "65535\n");
    let read = &gpus(&tree).read(Instant::now())[0];
    assert_eq!(read.memory, Some(Memory { used: 4, total: 4 }));
    assert_eq!(read.busy_percent, None);
}

#[test]
fn cards_are_in_the_order_of_their_addresses_and_screens_of_machines_are_none() {
    let tree = Tree::new();
    amd(&tree, "card0", "0000:43:00.0");
    card(&tree, "card1", "0000:00:02.0", "0x8086");
    card(&tree, "card10", "0000:0a:00.0", "0x10de");
    card(&tree, "card2", "0000:05:00.0", "0x1a03");
    let read = gpus(&tree).read(Instant::now());
    let read: Vec<_> = read.iter().map(|gpu| (&*gpu.address, gpu.vendor)).collect();
    let expected = [
        ("0000:00:02.0", "Intel"),
        ("0000:0a:00.0", "NVIDIA"),
        ("0000:43:00.0", "AMD"),
    ];
    assert_eq!(read, expected);
}

#[test]
fn intels_use_is_the_time_not_asleep() {
    for counter in [
        "device/tile0/gt0/gtidle/idle_residency_ms",
        "gt/gt0/rc6_residency_ms",
        "power/rc6_residency_ms",
    ] {
        let tree = Tree::new();
        card(&tree, "card0", "0000:00:02.0", "0x8086");
        let path = format!("sys/class/drm/card0/{counter}");
        let (mut gpus, now) = (gpus(&tree), Instant::now());
        tree.file(&path, "100000\n");
        assert_eq!(gpus.read(now)[0].busy_percent, None, "no difference yet");
        tree.file(&path, "100750\n");
        assert_eq!(
            gpus.read(now + SECOND)[0].busy_percent,
            Some(25.0),
            "{counter}"
        );
        tree.file(&path, "105000\n");
        assert_eq!(gpus.read(now + SECOND * 2)[0].busy_percent, Some(0.0));
        tree.file(&path, "1\n");
        assert_eq!(
            gpus.read(now + SECOND * 3)[0].busy_percent,
            None,
            "loaded anew"
        );
        assert_eq!(
            gpus.read(now + SECOND * 3)[0].busy_percent,
            None,
            "no time passed"
        );
        assert_eq!(gpus.read(now + SECOND * 4)[0].memory, None);
    }
}

#[test]
fn the_busiest_part_of_a_card_counts() {
    let tree = Tree::new();
    card(&tree, "card0", "0000:00:02.0", "0x8086");
    let path = |part| format!("sys/class/drm/card0/gt/gt{part}/rc6_residency_ms");
    let (mut gpus, now) = (gpus(&tree), Instant::now());
    tree.file(&path(0), "0\n").file(&path(1), "0\n");
    gpus.read(now);
    tree.file(&path(0), "1000\n").file(&path(1), "500\n");
    assert_eq!(gpus.read(now + SECOND)[0].busy_percent, Some(50.0));
}

#[test]
fn a_card_that_sleeps_is_let_sleep() {
    let tree = Tree::new();
    let device = amd(&tree, "card0", "0000:03:00.0");
    tree.file(&format!("{device}/power/runtime_status"), "suspended\n");
    let read = &gpus(&tree).read(Instant::now())[0];
    assert_eq!(
        (read.busy_percent, read.memory, read.celsius),
        (Some(0.0), None, None)
    );
}

#[test]
fn a_driver_that_is_loaded_later_is_found() {
    let tree = Tree::new();
    let (mut gpus, now) = (gpus(&tree), Instant::now());
    assert_eq!(gpus.read(now), []);
    amd(&tree, "card0", "0000:03:00.0");
    assert_eq!(
        gpus.read(now + LOOK_AGAIN / 2),
        [],
        "not looked for every time"
    );
    assert_eq!(gpus.read(now + LOOK_AGAIN).len(), 1);
    std::fs::remove_file(tree.root.sys.join("class/drm/card0")).unwrap();
    assert_eq!(gpus.read(now + LOOK_AGAIN * 2), []);
}
