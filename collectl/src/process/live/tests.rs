//! What is taken, and when.

use proptest::prelude::*;

use super::{
    super::{
        Exact,
        row::{CpuTime, Faults},
        testing::{Files, Machine, faults, one, pids, ran, rests},
    },
    *,
};

#[test]
fn the_first_sample_has_totals_only() {
    let machine = Machine::new();
    machine.process(
        7,
        Files {
            ticks: [3, 1, 20, 10],
            faults: [50, 4],
            io: [1, 2, 3, 4, 5, 6, 7],
            switches: [11, 12],
            ..Files::default()
        },
    );
    let mut processes = machine.processes(&ProcessOptions::default()).with_status();
    machine.says(&[rests(7)]);
    let table = processes.take().unwrap();
    assert_eq!((table.interval_ns, table.exact), (0, true));
    assert_eq!(table.boot_wall_ns, table.wall_ns - 1_000_500_000_000);
    let row = one(table, 7);
    assert!(!row.is_active());
    assert_eq!(
        (&*row.user, row.priority, row.cpu),
        ("root", Some(20), Some(1))
    );
    assert_eq!(
        (row.name.as_str(), row.command.as_str()),
        ("program", "/usr/bin/program -x")
    );
    let exact = CpuTime {
        user_ns: 30_000_000,
        system_ns: 10_000_000,
    };
    assert_eq!(row.total, exact, "40 ms, split as the ticks are");
    assert_eq!(row.total_children, CpuTime::of_ticks(20, 10));
    assert_eq!(
        row.total_faults,
        Faults {
            minor: 50,
            major: 4
        }
    );
    assert_eq!(row.total_io.unwrap().cancelled_bytes, 7);
    assert_eq!(
        (row.total_switches.voluntary, row.total_switches.involuntary),
        (11, 12)
    );
    assert_eq!(
        (row.memory.size, row.memory.resident, row.memory.locked),
        (5004, 4084, 16)
    );
}

#[test]
fn only_who_ran_is_read_again() {
    let machine = Machine::new();
    machine.process(7, faults(50, 4));
    machine.process(8, faults(50, 4));
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7), rests(8)]);
    let table = processes.take().unwrap();
    let versions = [7, 8].map(|pid| one(table, pid).version);
    let changed = Files {
        faults: [60, 5],
        io: [10, 20, 30, 40, 50, 60, 70],
        command: b"renamed itself",
        ..Files::default()
    };
    machine.process(7, changed);
    machine.process(8, changed);
    machine.says(&[rests(7), ran(8, 300, 100, 40_000_400)]);
    let table = processes.take().unwrap();
    let rested = one(table, 7);
    assert_eq!(
        (rested.version, rested.total_faults.minor),
        (versions[0], 50)
    );
    assert_eq!(rested.command, "/usr/bin/program -x");
    let ran_now = one(table, 8);
    assert_ne!(ran_now.version, versions[1]);
    assert_eq!(
        ran_now.faults,
        Faults {
            minor: 10,
            major: 1
        }
    );
    assert_eq!(ran_now.io.unwrap().written_chars, 20);
    assert_eq!(
        ran_now.time,
        CpuTime {
            user_ns: 300,
            system_ns: 100
        }
    );
    assert_eq!(ran_now.total.sum_ns(), 40_000_400);
    assert_eq!(
        (ran_now.switches.voluntary, ran_now.run_delay_ns),
        (3, Some(5000))
    );
    assert_eq!(ran_now.command, "renamed itself");
    // When it rests again, its interval is empty; then nothing changes any more.
    let mut versions = Vec::new();
    for _ in 0..3 {
        machine.says(&[
            rests(7),
            Exact {
                total_ns: 40_000_400,
                ..rests(8)
            },
        ]);
        let row = one(processes.take().unwrap(), 8);
        assert!(!row.is_active());
        assert_eq!(row.total_faults.minor, 60);
        versions.push(row.version);
    }
    assert_eq!(versions[1..], [versions[0]; 2]);
}

#[test]
fn memory_is_the_sources() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7)]);
    let version = one(processes.take().unwrap(), 7).version;
    machine.says(&[Exact {
        rss_bytes: 2048,
        ..rests(7)
    }]);
    let row = one(processes.take().unwrap(), 7);
    assert_eq!((row.memory.resident, row.memory.size), (2, 5004));
    assert_ne!(row.version, version);
}

#[test]
fn a_sum_of_memory_is_better_than_an_estimate() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let mut processes = machine.processes(&ProcessOptions::default()).with_status();
    let with = |rss_kb: u64| Exact {
        rss_bytes: rss_kb << 10,
        ..rests(7)
    };
    // `VmRSS` is 4084 when it is read, at the first sample and when it ran.
    for (says, resident) in [
        (with(4096), 4084),
        (with(4196), 4184),
        (with(0), 0),
        (ran(7, 1, 0, 40_000_001), 4084),
    ] {
        machine.says(&[says]);
        assert_eq!(one(processes.take().unwrap(), 7).memory.resident, resident);
    }
    machine.says(&[with(4100)]);
    assert_eq!(one(processes.take().unwrap(), 7).memory.resident, 4088);
}

#[test]
fn new_ones_begin_at_nothing_if_they_were_born_in_the_interval() {
    let machine = Machine::new();
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[]);
    assert_eq!(processes.take().unwrap().rows().len(), 0);
    machine.process(7, faults(50, 4));
    machine.process(8, faults(50, 4));
    let late = ran(8, 1000, 0, 90_000);
    machine.says(&[ran(7, 1000, 500, 1500), late]);
    let table = processes.take().unwrap();
    assert_eq!(
        one(table, 7).faults,
        Faults {
            minor: 50,
            major: 4
        }
    );
    assert_eq!(
        one(table, 8).faults,
        Faults::default(),
        "nobody knows since when"
    );
    assert_eq!(one(table, 8).total.sum_ns(), 90_000);
}

#[test]
fn the_dead_are_shown_once() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7), rests(90)]);
    processes.take().unwrap();
    machine.removes("7");
    let dead = Exact {
        exited: true,
        ..ran(7, 1, 2, 40_000_003)
    };
    let never_seen = Exact {
        exited: true,
        name: b"flash\x1b",
        uid: 1000,
        ..ran(9, 5, 6, 11)
    };
    machine.says(&[rests(90), dead, never_seen]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 9, 90]);
    let row = one(table, 7);
    assert_eq!((row.state, row.exited), ('X', true));
    assert_eq!(
        (row.command.as_str(), row.memory.size),
        ("/usr/bin/program -x", 5004)
    );
    let row = one(table, 9);
    assert_eq!(
        (row.state, row.name.as_str(), &*row.user),
        ('X', "flash?", "user")
    );
    assert_eq!((row.priority, row.cpu, row.io), (None, None, None));
    assert_eq!(
        (row.time, row.total),
        (
            row.total,
            CpuTime {
                user_ns: 5,
                system_ns: 6
            }
        )
    );
    machine.says(&[rests(90)]);
    assert_eq!(pids(processes.take().unwrap()), [90]);
    // Their places are used again.
    machine.process(10, Files::default());
    machine.says(&[rests(10), rests(90)]);
    let table = processes.take().unwrap();
    assert!(table.slots.len() <= 3);
    assert_eq!(one(table, 10).command, "/usr/bin/program -x");
}

#[test]
fn an_id_may_be_used_again_at_once() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    machine.process(
        7,
        Files {
            start_ticks: 300,
            ..faults(9, 0)
        },
    );
    let second = Exact {
        start_ns: 3_000_000_000,
        ..ran(7, 10, 0, 10)
    };
    let dead = Exact {
        exited: true,
        ..ran(7, 1, 2, 40_000_003)
    };
    machine.says(&[second, dead]);
    let table = processes.take().unwrap();
    let rows: Vec<_> = table
        .rows()
        .map(|row| (row.exited, row.faults.minor))
        .collect();
    assert_eq!(rows, [(true, 0), (false, 9)]);
}

#[test]
fn files_of_another_with_the_same_id_are_not_taken() {
    let machine = Machine::new();
    machine.process(7, faults(1, 0));
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    machine.process(
        7,
        Files {
            start_ticks: 300,
            priority: 5,
            ..faults(900, 0)
        },
    );
    machine.says(&[ran(7, 10, 0, 40_000_010)]);
    let row = one(processes.take().unwrap(), 7);
    assert_eq!(
        (row.priority, row.faults.minor, row.time.user_ns),
        (Some(20), 0, 10)
    );
}

#[test]
fn a_new_program_in_a_process_is_noticed() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    machine.process(
        7,
        Files {
            command: b"/bin/other\0",
            ..Files::default()
        },
    );
    machine.says(&[Exact {
        name: b"other",
        ..rests(7)
    }]);
    let row = one(processes.take().unwrap(), 7);
    assert_eq!(
        (row.name.as_str(), row.command.as_str()),
        ("other", "/bin/other")
    );
}

#[test]
fn what_may_not_be_read_is_unknown() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    machine.removes("7/io");
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7), rests(8)]);
    let table = processes.take().unwrap();
    assert_eq!(one(table, 7).io, None);
    assert_eq!(one(table, 8).priority, None);
    machine.breaks();
    let error = processes.take().unwrap_err().to_string();
    assert_eq!(error, "no process numbers: the agent is gone");
    let nowhere = machine.root.path().join("nowhere");
    let source = Box::new(Nothing);
    let error = Processes::new(&ProcessOptions::default(), &nowhere, source)
        .err()
        .unwrap();
    assert!(
        error.to_string().contains("nowhere/proc: No such file"),
        "{error}"
    );
}

struct Nothing;

impl Source for Nothing {
    fn take(&mut self, _: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        Ok(Taken::default())
    }
}

#[test]
fn children_are_told_apart() {
    let machine = Machine::new();
    machine.process(
        7,
        Files {
            ticks: [1, 1, 10, 20],
            ..Files::default()
        },
    );
    let mut processes = machine.processes(&ProcessOptions::default());
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    machine.process(
        7,
        Files {
            ticks: [1, 1, 13, 21],
            ..Files::default()
        },
    );
    machine.says(&[ran(7, 5, 0, 40_000_005)]);
    let row = one(processes.take().unwrap(), 7);
    assert_eq!(row.children, CpuTime::of_ticks(3, 1));
    assert_eq!(
        row.time,
        CpuTime {
            user_ns: 5,
            system_ns: 0
        }
    );
}

proptest! {
    // Each writes files.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes, intervals add up to totals.
    #[test]
    fn intervals_make_totals(steps in prop::collection::vec(
        (0..3_u8, 0_u64..1 << 40, 0_u64..1 << 40, 0_u64..100), 1..12
    )) {
        let machine = Machine::new();
        let mut processes = machine.processes(&ProcessOptions::default()).with_status();
        machine.process(7, Files { ticks: [2, 2, 0, 0], ..Files::default() });
        machine.says(&[rests(7)]);
        let first = one(processes.take().unwrap(), 7).clone();
        let (mut time, mut fault, mut switches, mut total_ns) = (CpuTime::default(), 0, 0, 40_000_000);
        let mut in_file = 0;
        for (what, user_ns, system_ns, more) in steps {
            in_file += more;
            machine.process(7, faults(in_file, 0));
            let mut says = match what {
                0 => rests(7),
                _ => ran(7, user_ns, system_ns, 0),
            };
            total_ns += says.user_ns + says.system_ns;
            says.total_ns = total_ns;
            machine.says(&[says]);
            let row = one(processes.take().unwrap(), 7);
            time = time.plus(row.time);
            fault += row.faults.minor;
            switches += row.switches.voluntary;
            prop_assert_eq!(row.total, first.total.plus(time));
            prop_assert_eq!(row.total.sum_ns(), total_ns);
            prop_assert_eq!(row.total_faults.minor, fault);
            prop_assert_eq!(row.total_switches.voluntary, switches);
        }
    }
}
