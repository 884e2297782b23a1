//! Rows of threads.

use super::{
    super::{
        Exact,
        row::CpuTime,
        testing::{Files, Machine, faults, one, pids, ran, rests},
    },
    *,
};

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
