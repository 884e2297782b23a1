use super::*;
use crate::record::{Activity as Counts, CpuTimes, Disk as DiskTotals, Interface as Totals};

fn at(ms: u64) -> Counters {
    let ns = ms * 1_000_000;
    Counters {
        time: Time {
            wall_ns: 1_000_000_000_000 + ns,
            steady_ns: ns,
        },
        ..Counters::default()
    }
}

fn disk(name: &str, reads: u64) -> DiskTotals {
    DiskTotals {
        name: name.to_owned(),
        reads,
        sectors_read: 8 * reads,
        ..DiskTotals::default()
    }
}

fn interface(name: &str, bytes: u64, outside_totals: bool) -> Totals {
    Totals {
        name: name.to_owned(),
        received: [bytes; 8],
        sent: [2 * bytes; 8],
        outside_totals,
    }
}

#[test]
fn rates_are_of_the_time_that_passed() {
    let switches = |ms, switches| Counters {
        activity: Some(Counts {
            switches,
            running: 3,
            ..Counts::default()
        }),
        ..at(ms)
    };
    let (old, new) = (switches(1000, 500), switches(1250, 600));
    let interval = Interval::between(&old, &new, false);
    assert_eq!(interval.seconds, 0.25);
    let activity = interval.activity.unwrap();
    assert_eq!(interval.rate(activity.switches), 400.0);
    assert_eq!(activity.running, 2, "who asks is not counted");
    let totals = Interval::between(&old, &new, true);
    assert_eq!(totals.rate(totals.activity.unwrap().switches), 100.0);
    let none = Interval::between(&new, &new, false);
    assert_eq!((none.seconds, none.rate(7.0)), (0.0, 7.0));
}

#[test]
fn devices_come_and_go_without_giants() {
    let with = |ms, disks: &[(&str, u64)]| Counters {
        disks: disks
            .iter()
            .map(|&(name, reads)| disk(name, reads))
            .collect(),
        ..at(ms)
    };
    let readings = [
        with(0, &[("sda", 1_000_000), ("sdb", 5)]),
        with(1000, &[("sdb", 9)]),
        with(2000, &[("sda", 7), ("sdb", 10)]),
        with(3000, &[("sda", 8), ("sdb", 2)]),
    ];
    let mut interval = Interval::default();
    let mut seen = Vec::new();
    for pair in readings.windows(2) {
        interval.set(&pair[0], &pair[1], false);
        let reads: Vec<_> = interval.disks.iter().map(|one| one.reads).collect();
        seen.push((reads, interval.disk_total.reads));
    }
    let expected = [
        (vec![4.0], 4.0),
        (vec![0.0, 1.0], 1.0),
        (vec![1.0, 0.0], 1.0),
    ];
    assert_eq!(seen, expected);
    assert_eq!(interval.disks[0].read_size(), 4.0);
    assert_eq!(interval.disks[1].read_size(), 0.0);
}

#[test]
fn totals_leave_out_what_is_outside() {
    let with = |ms, bytes| Counters {
        interfaces: vec![
            interface("lo", bytes, true),
            interface("eth0", 2 * bytes, false),
            interface("eth1", 4 * bytes, false),
        ],
        ..at(ms)
    };
    let interval = Interval::between(&with(0, 1024), &with(1000, 2048), false);
    let total = &interval.network_total;
    assert_eq!((total.kb_in(), total.kb_out()), (6.0, 12.0));
    assert_eq!(
        (total.errors_in(), total.errors_out()),
        (6.0 * 4096.0, 12.0 * 5120.0)
    );
    assert_eq!(total.size_in(), 1.0);
}

#[test]
fn a_cpu_that_is_offline_has_no_share() {
    let times = |user| CpuTimes {
        user,
        idle: user,
        ..CpuTimes::default()
    };
    let interrupt = |totals: &[u64]| record::Interrupt {
        label: "LOC".to_owned(),
        totals: totals.to_vec(),
        text: String::new(),
    };
    let all = Counters {
        cpus: vec![(0, times(100)), (1, times(200)), (2, times(300))],
        interrupts: vec![interrupt(&[10, 20, 30])],
        ..at(0)
    };
    let without = Counters {
        cpus: vec![(0, times(110)), (2, times(320))],
        interrupts: vec![interrupt(&[11, 33])],
        ..at(1000)
    };
    let gone = Interval::between(&all, &without, false);
    assert_eq!(gone.online(), 2);
    assert_eq!(gone.cpus.len(), 3);
    assert!(!gone.cpus[1].online);
    assert_eq!(gone.cpus[2].shares.user, 50.0);
    let interrupts: Vec<_> = gone.cpus.iter().map(|cpu| cpu.interrupts).collect();
    assert_eq!(interrupts, [1.0, 0.0, 3.0]);

    let again = Interval::between(&without, &all, false);
    assert_eq!(again.online(), 3);
    assert_eq!(
        again.cpus[1],
        Cpu {
            online: true,
            ..Cpu::default()
        }
    );
}

#[test]
fn what_is_missing_stays_missing() {
    let mut interval = Interval::between(&at(0), &at(1000), false);
    assert!(interval.cpu.is_none() && interval.memory.is_none() && interval.nfs.is_none());
    assert!(interval.buddies.is_none() && interval.disks.is_empty());

    let with = Counters {
        disks: vec![disk("sda", 1)],
        protocols: Some(record::Protocols {
            totals: vec![("Tcp".to_owned(), "CurrEstab".to_owned(), 7)],
        }),
        ..at(2000)
    };
    interval.set(&at(1000), &with, false);
    assert_eq!(
        interval.protocols.as_ref().unwrap().get("Tcp", "CurrEstab"),
        0.0
    );
    interval.set(&with, &at(3000), false);
    assert!(interval.disks.is_empty() && interval.protocols.is_none());
    assert_eq!(interval.disk_total, Disk::default());
}

#[test]
fn the_level_among_the_totals_goes_down() {
    let with = |established, segments| Counters {
        protocols: Some(record::Protocols {
            totals: vec![
                ("Tcp".to_owned(), "CurrEstab".to_owned(), established),
                ("Tcp".to_owned(), "InSegs".to_owned(), segments),
                ("Tcp".to_owned(), "MaxConn".to_owned(), -1),
            ],
        }),
        ..at(0)
    };
    let interval = Interval::between(&with(9, 9_000_000_000), &with(7, 5), false);
    let protocols = interval.protocols.unwrap();
    assert_eq!(protocols.get("Tcp", "CurrEstab"), -2.0);
    assert_eq!(protocols.get("Tcp", "InSegs"), 0.0);
    assert_eq!(protocols.get("Tcp", "MaxConn"), 0.0);
    assert_eq!(protocols.iter().count(), 3);
}
