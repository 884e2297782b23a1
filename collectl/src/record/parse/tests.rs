use proptest::prelude::*;

use super::*;
use crate::record::Memory;

/// A record of collectl 4.3.1, a little shortened.
const RECORD: &str = include_str!("fixture.txt");

fn parsed(text: &str) -> Counters {
    Counters::parse(text, Time::default())
}

#[test]
fn a_record_of_collectl_is_understood() {
    let counters = parsed(RECORD);
    let cpu = counters.cpu.unwrap();
    assert_eq!(
        (cpu.user, cpu.idle, cpu.steal, cpu.guest),
        (3991959, 4280561, 5862, 0)
    );
    assert_eq!(counters.cpus.len(), 2);
    assert_eq!((counters.cpus[1].0, counters.cpus[1].1.softirq), (1, 9271));
    let activity = Activity {
        interrupts: 46096143,
        switches: 362284349,
        forks: 10573869,
        running: 1,
        blocked: 0,
    };
    assert_eq!(counters.activity, Some(activity));
    let load = counters.load.unwrap();
    assert_eq!(
        (load.averages, load.running, load.tasks),
        ([0.05, 0.21, 0.56], 1, 91)
    );
    assert_eq!(counters.disks.len(), 1);
    let disk = &counters.disks[0];
    assert_eq!(
        (disk.major, disk.name.as_str(), disk.outside_totals),
        (254, "vda", false)
    );
    assert_eq!(
        (disk.reads, disk.sectors_written, disk.weighted_ms),
        (4597381, 443908640, 15016618)
    );
    let names: Vec<_> = counters
        .interfaces
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["lo", "ifb0", "eth0"]);
    assert_eq!(counters.interfaces[2].received[..2], [3051324466, 157894]);
    assert_eq!(counters.interfaces[2].sent[..2], [9685480, 104049]);
    let sockets = counters.sockets.unwrap();
    assert_eq!(
        (sockets.used, sockets.tcp, sockets.memory, sockets.udp),
        (14, 1, 90, 3)
    );
    let files = counters.files.unwrap();
    assert_eq!(
        (files.entries, files.unused_entries, files.inodes),
        (607446, 602968, 359804)
    );
    assert_eq!((files.open, files.most), (517, 2466177));
    let zones: Vec<_> = counters
        .buddies
        .iter()
        .map(|one| (one.node, one.name.as_str(), one.free[10]))
        .collect();
    assert_eq!(zones, [(0, "DMA", 3), (0, "Normal", 2534)]);
    let interrupt = &counters.interrupts[0];
    assert_eq!(
        (interrupt.label.as_str(), &interrupt.totals[..]),
        ("24", &[1, 0][..])
    );
    assert_eq!(interrupt.text, "IO-APIC 5-edge ACPI:Ged");
    assert_eq!(
        (
            counters.interrupts[2].label.as_str(),
            counters.interrupts[2].totals.len()
        ),
        ("ERR", 1)
    );
    let memory = Memory {
        total: 24684092,
        free: 20568368,
        available: 24052024,
        buffers: 32296,
        cached: 2959376,
        active: 1265692,
        inactive: 1747556,
        shared: 8856,
        anonymous: 38588,
        huge_total: 5,
        ..Memory::default()
    };
    assert_eq!(counters.memory, Some(memory));
    let paging = counters.paging.unwrap();
    assert_eq!(
        (paging.paged_in, paging.faults, paging.major_faults),
        (80480385, 1407098031, 162791)
    );
    let totals = counters.protocols.unwrap().totals;
    let of = |group: &str, name: &str| {
        totals
            .iter()
            .find(|one| one.0 == group && one.1 == name)
            .unwrap()
            .2
    };
    assert_eq!(
        (
            of("Tcp", "MaxConn"),
            of("Udp", "InErrors"),
            of("Udp", "MemErrors")
        ),
        (-1, 1741347, 0)
    );
    let nfs = counters.nfs.unwrap();
    assert_eq!(nfs.client_rpc, [7, 0, 7]);
    assert_eq!(nfs.client, [(3, vec![0, 4, 2])]);
    assert_eq!(
        (nfs.server_net, nfs.server),
        (vec![1, 0, 1, 1], vec![(4, vec![9, 8])])
    );
}

#[test]
fn memory_is_used_again_and_nothing_is_left_of_the_record_before() {
    let mut counters = parsed(RECORD);
    let place = counters.disks[0].name.as_ptr();
    counters.update(
        RECORD,
        Time {
            wall_ns: 1,
            steady_ns: 2,
        },
    );
    assert_eq!(counters.disks[0].name.as_ptr(), place);
    assert_eq!(
        counters.time,
        Time {
            wall_ns: 1,
            steady_ns: 2
        }
    );
    let mut expected = parsed(RECORD);
    expected.time = counters.time;
    assert_eq!(counters, expected);
    counters.update("", Time::default());
    assert_eq!(counters, Counters::default());
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*", lines in proptest::collection::vec("(cpu|cpu0|int|Net|disk|sock|tcp-Tcp:|nfss-proc4ops|buddy|load|fs-ds|intr|pgfault|Mem[A-Z]:)[ :a-z0-9.-]{0,60}", 0..20)) {
        parsed(&text);
        parsed(&lines.join("\n"));
    }

    #[test]
    fn no_cut_and_no_damage_panics(at in 0..RECORD.len(), length in 0..40usize, patch in "[ -~\n]{0,20}") {
        // The fixture is ASCII.
        parsed(&RECORD[..at]);
        let end = (at + length).min(RECORD.len());
        parsed(&format!("{}{patch}{}", &RECORD[..at], &RECORD[end..]));
    }

    #[test]
    fn a_cut_between_lines_changes_nothing_before_it(count in 0usize..60) {
        let head: String = RECORD.lines().take(count).flat_map(|line| [line, "\n"]).collect();
        let (cut, whole) = (parsed(&head), parsed(RECORD));
        prop_assert!(cut.cpu.is_none() || cut.cpu == whole.cpu);
        prop_assert!(whole.disks.starts_with(&cut.disks));
        prop_assert!(whole.interfaces.starts_with(&cut.interfaces));
        prop_assert!(whole.buddies.starts_with(&cut.buddies));
        prop_assert!(whole.interrupts.starts_with(&cut.interrupts));
    }
}
