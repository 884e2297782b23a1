//! Which processes have rows.

use super::{
    super::{
        Exact,
        testing::{Files, Machine, faults, one, pids, ran, rests},
    },
    *,
};

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
