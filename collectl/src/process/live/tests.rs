use super::super::{
    Exact, Row, Table,
    row::{CpuTime, Faults},
    testing::{Files, Machine, ran, rests},
};
use super::*;
use proptest::prelude::*;

fn one(table: &Table, pid: u32) -> &Row {
    let mut rows = table.rows().filter(|row| row.pid == pid);
    let row = rows.next().unwrap_or_else(|| panic!("no row of {pid}"));
    assert!(rows.next().is_none(), "more than one row of {pid}");
    row
}

fn pids(table: &Table) -> Vec<u32> {
    table.rows().map(|row| row.pid).collect()
}

fn faults(minor: u64, major: u64) -> Files {
    Files {
        faults: [minor, major],
        ..Files::default()
    }
}

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
fn filters_select_and_follow_changes() {
    let machine = Machine::new();
    for pid in [7, 8, 9] {
        machine.process(pid, Files::default());
    }
    machine.process(
        8,
        Files {
            command: b"/bin/cat\0a b\0",
            ..Files::default()
        },
    );
    let with = |filters: &[Filter]| ProcessOptions {
        filters: filters.to_vec(),
        ..ProcessOptions::default()
    };
    let all = [
        rests(7),
        rests(8),
        Exact {
            uid: 1000,
            name: b"cat",
            ..rests(9)
        },
    ];
    for (filter, expected) in [
        (Filter::Pid(7), vec![7]),
        (Filter::Arguments("cat a b".to_owned()), vec![8]),
        (Filter::User("user".to_owned()), vec![9]),
        (Filter::CommandStart("cat".to_owned()), vec![9]),
        (Filter::Parent(1), vec![7, 8, 9]),
        (Filter::Uids(1, 2), vec![]),
    ] {
        let mut processes = machine.processes(&with(std::slice::from_ref(&filter)));
        machine.says(&all);
        assert_eq!(pids(processes.take().unwrap()), expected, "{filter:?}");
        machine.says(&all);
        assert_eq!(pids(processes.take().unwrap()), expected, "{filter:?}");
    }
    let mut processes = machine.processes(&with(&[Filter::User("user".to_owned())]));
    machine.says(&all);
    processes.take().unwrap();
    let mut changed = all;
    changed[0].uid = 1000;
    machine.process(7, faults(3, 0));
    machine.says(&changed);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 9]);
    assert_eq!(one(table, 7).total_faults.minor, 3);
}

#[test]
fn none_but_the_first_or_the_active_if_wanted() {
    let machine = Machine::new();
    let fixed = ProcessOptions {
        fixed: true,
        ..ProcessOptions::default()
    };
    let mut processes = machine.processes(&fixed);
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    machine.says(&[rests(7), rests(8)]);
    assert_eq!(pids(processes.take().unwrap()), [7]);
    let active = ProcessOptions {
        active: true,
        ..ProcessOptions::default()
    };
    let mut processes = machine.processes(&active);
    machine.says(&[rests(7), rests(8)]);
    assert_eq!(processes.take().unwrap().rows().len(), 0);
    machine.says(&[rests(7), ran(8, 1, 1, 40_000_002)]);
    assert_eq!(pids(processes.take().unwrap()), [8]);
}

#[test]
fn states_are_selected_and_io_is_left_out_if_wanted() {
    let machine = Machine::new();
    machine.process(7, Files::default());
    let options = ProcessOptions {
        states: "R".to_owned(),
        without_io: true,
        ..ProcessOptions::default()
    };
    let mut processes = machine.processes(&options);
    machine.says(&[rests(7), rests(8)]);
    assert_eq!(processes.take().unwrap().rows().len(), 0);
    machine.says(&[ran(7, 1, 1, 40_000_002), rests(8)]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7]);
    assert_eq!(one(table, 7).io, None);
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

#[test]
fn threads_have_rows_of_their_own() {
    let machine = Machine::new();
    let options = ProcessOptions {
        threads: true,
        ..ProcessOptions::default()
    };
    let thread = |run: u64, wait: u64, ticks: [u64; 2], minor: u64| Files {
        name: "worker",
        threads: 3,
        schedule: [run, wait],
        ticks: [ticks[0], ticks[1], 5, 5],
        faults: [minor, 0],
        switches: [run / 1000, 0],
        ..Files::default()
    };
    let process = |total, ns| Exact {
        threads: 3,
        ..ran(7, ns, 0, total)
    };
    machine.process(7, thread(0, 0, [9, 9], 900));
    machine.thread(7, 7, thread(1000, 10, [1, 0], 1));
    machine.thread(7, 20, thread(3000, 30, [1, 1], 2));
    machine.process(10, Files::default());
    let mut processes = machine.processes(&options);
    machine.says(&[
        Exact {
            threads: 3,
            ..rests(7)
        },
        rests(10),
    ]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 10, 20]);
    assert!(table.rows().all(|row| !row.is_active()));
    let row = one(table, 20);
    assert_eq!((row.thread_of, row.name.as_str()), (Some(7), "worker"));
    assert_eq!((row.command.as_str(), row.memory.resident), ("", 4096));
    assert_eq!(
        row.total,
        CpuTime {
            user_ns: 1500,
            system_ns: 1500
        }
    );
    // The main thread rests, one goes on, one is new.
    machine.thread(7, 20, thread(8000, 70, [2, 2], 7));
    machine.thread(7, 21, thread(600, 6, [0, 0], 3));
    machine.says(&[process(40_005_600, 5600), rests(10)]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 10, 20, 21]);
    assert_eq!(
        (one(table, 7).time, one(table, 7).total.sum_ns()),
        (CpuTime::default(), 1000)
    );
    let row = one(table, 20);
    assert_eq!(
        (row.time.sum_ns(), row.run_delay_ns, row.faults.minor),
        (5000, Some(40), 5)
    );
    assert_eq!(
        (row.switches.voluntary, row.children),
        (5, CpuTime::default())
    );
    let row = one(table, 21);
    assert_eq!(
        (row.time.user_ns, row.run_delay_ns, row.faults.minor),
        (600, Some(6), 3)
    );
    // All rest, then one is gone.
    machine.says(&[
        Exact {
            threads: 3,
            ..rests(7)
        },
        rests(10),
    ]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 10, 20, 21]);
    assert!(table.rows().all(|row| !row.is_active()));
    machine.removes("7/task/20");
    machine.says(&[process(40_006_000, 400), rests(10)]);
    assert_eq!(pids(processes.take().unwrap()), [7, 10, 21]);
    // At its end the process is one.
    machine.removes("7");
    machine.says(&[
        rests(10),
        Exact {
            exited: true,
            ..process(40_007_000, 1000)
        },
    ]);
    let table = processes.take().unwrap();
    assert_eq!(pids(table), [7, 10]);
    let row = one(table, 7);
    assert_eq!((row.time.sum_ns(), row.total.sum_ns()), (1000, 40_007_000));
}

#[test]
fn a_process_may_get_threads_later() {
    let machine = Machine::new();
    let options = ProcessOptions {
        threads: true,
        ..ProcessOptions::default()
    };
    machine.process(7, faults(10, 0));
    let mut processes = machine.processes(&options);
    machine.says(&[rests(7)]);
    processes.take().unwrap();
    let run = |ns| Files {
        schedule: [ns, 0],
        ..Files::default()
    };
    machine.thread(7, 7, run(40_000_300));
    machine.thread(7, 8, run(50));
    machine.says(&[Exact {
        threads: 2,
        ..ran(7, 350, 0, 40_000_350)
    }]);
    let table = processes.take().unwrap();
    assert_eq!(
        (one(table, 7).time.sum_ns(), one(table, 8).time.sum_ns()),
        (300, 50)
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
