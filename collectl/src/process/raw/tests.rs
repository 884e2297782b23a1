//! What is recorded of a machine.

use super::{
    super::{
        Exact, Row, Table,
        row::TICK_NS,
        testing::{Files, Machine, ran, records, rests},
    },
    *,
};
use crate::options::{Filter, ProcessOptions};

/// Takes samples of a machine and keeps their rows and a recording.
pub(super) struct Recording {
    processes: super::super::Processes,
    writer: Writer,
    pub(super) text: String,
    tables: Vec<Table>,
}

impl Recording {
    fn of(machine: &Machine, options: &ProcessOptions) -> Self {
        Self {
            processes: machine.processes(options).with_records(),
            writer: Writer::default(),
            text: String::new(),
            tables: Vec::new(),
        }
    }

    fn take(&mut self) {
        let table = self.processes.take().unwrap();
        let millis = table.wall_ns / 1_000_000;
        let mark = format!(">>> {}.{:03} <<<\n", millis / 1000, millis % 1000);
        self.text.push_str(&mark);
        self.writer.write(table, &mut self.text);
        self.tables.push(table.clone());
    }

    fn replayed(&self, machine: &Machine) -> Vec<Table> {
        let boot_ns = self.tables[0].boot_wall_ns;
        let mut replay = Replay::new(&ProcessOptions::default(), machine.root.path(), boot_ns);
        let tables = records(&self.text);
        tables
            .map(|(time, text)| replay.take(time, text).unwrap().clone())
            .collect()
    }
}

/// A row as far as its text is concerned, besides what a recording has in ticks.
fn essence(row: &Row) -> Row {
    Row {
        slot: 0,
        version: 0,
        stat: String::new(),
        start_ns: row.start_ns / TICK_NS * TICK_NS,
        ..row.clone()
    }
}

pub(super) fn machine() -> Machine {
    let machine = Machine::new();
    machine.process(
        7,
        Files {
            ticks: [3, 1, 20, 10],
            switches: [5, 6],
            ..Files::default()
        },
    );
    machine.process(
        8,
        Files {
            io: [10, 20, 30, 40, 50, 60, 70],
            ..Files::default()
        },
    );
    machine.process(
        90,
        Files {
            name: "tmux: server",
            command: b"",
            priority: -3,
            ..Files::default()
        },
    );
    machine
}

pub(super) fn record(machine: &Machine) -> Recording {
    let mut recording = Recording::of(machine, &ProcessOptions::default());
    let odd = Exact {
        name: b"tmux: server",
        ..rests(90)
    };
    machine.says(&[rests(7), rests(8), odd]);
    recording.take();
    let io = [2000, 4096, 31, 42, 51, 8192, 70];
    machine.process(
        8,
        Files {
            io,
            faults: [9, 2],
            switches: [3, 2],
            ..Files::default()
        },
    );
    let busy = Exact {
        network: Some((5, 6)),
        ..ran(8, 15_123_456, 9_999_999, 65_123_455)
    };
    let flash = Exact {
        exited: true,
        name: b"a) b",
        start_ns: 999_123_456_789,
        ..ran(9, 5, 6, 11)
    };
    let quiet = Exact {
        network: Some((0, 0)),
        ..rests(7)
    };
    machine.says(&[
        quiet,
        busy,
        Exact {
            network: Some((0, 0)),
            ..odd
        },
        flash,
    ]);
    recording.take();
    let rested = Exact {
        total_ns: 65_123_455,
        network: Some((0, 0)),
        ..rests(8)
    };
    machine.says(&[
        Exact {
            rss_bytes: 8192,
            ..quiet
        },
        rested,
    ]);
    recording.take();
    let again = Exact {
        network: Some((7, 8)),
        ..ran(8, 4_876_544, 10_000_001, 80_000_000)
    };
    machine.process(
        8,
        Files {
            io,
            faults: [19, 2],
            switches: [6, 4],
            ..Files::default()
        },
    );
    machine.says(&[
        Exact {
            rss_bytes: 8192,
            ..quiet
        },
        again,
    ]);
    recording.take();
    recording
}

#[test]
fn what_is_recorded_is_played_back_exactly() {
    let machine = machine();
    let recording = record(&machine);
    let replayed = recording.replayed(&machine);
    assert_eq!(replayed.len(), 4);
    for (live, replayed) in recording.tables.iter().zip(&replayed) {
        assert_eq!(
            (
                live.wall_ns,
                live.interval_ns,
                live.exact,
                live.unlisted,
                live.boot_wall_ns
            ),
            (
                replayed.wall_ns,
                replayed.interval_ns,
                replayed.exact,
                replayed.unlisted,
                replayed.boot_wall_ns
            )
        );
        let live: Vec<_> = live.rows().map(essence).collect();
        let mut replayed: Vec<_> = replayed.rows().map(essence).collect();
        // A blank behind a parenthesis would end the name.
        if let Some(flash) = replayed.iter_mut().find(|row| row.pid == 9) {
            assert_eq!(
                std::mem::replace(&mut flash.name, "a) b".to_owned()),
                "a)_b"
            );
            assert_eq!(flash.total_io, None);
        }
        assert_eq!(live, replayed);
    }
}

#[test]
fn ticks_lose_nothing() {
    let machine = machine();
    let recording = record(&machine);
    let ticks: Vec<[u64; 2]> = recording
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("proc:8 stat "))
        .map(|stat| {
            let fields: Vec<_> = stat.split(' ').collect();
            assert_eq!(fields.len(), 52);
            [13, 14].map(|at| fields[at].parse().unwrap())
        })
        .collect();
    // 40 ms of user time and 15.123456, 0, 4.876544; of system time 9.999999, 0, 10.000001.
    assert_eq!(ticks, [[4, 0], [5, 0], [5, 0], [6, 2]]);
}

#[test]
fn lines_of_ours_have_no_interval_of_those_at_rest() {
    let machine = machine();
    let recording = record(&machine);
    let ours = |record: &str| {
        record
            .lines()
            .filter(|line| line.contains(" user "))
            .count()
    };
    let counts: Vec<_> = records(&recording.text)
        .map(|(_, record)| ours(record))
        .collect();
    assert_eq!(counts, [0, 2, 0, 1]);
    assert_eq!(
        recording
            .text
            .matches("subjiffy interval 1000000000 exact 1")
            .count(),
        3
    );
    // A file may begin at any record: totals are exact in each.
    let rest: Vec<_> = recording
        .text
        .match_indices(">>> ")
        .map(|at| at.0)
        .collect();
    let tail = &recording.text[rest[2]..];
    let mut replay = Replay::new(&ProcessOptions::default(), machine.root.path(), 0);
    let (time, text) = records(tail).next().unwrap();
    let row = replay.take(time, text).unwrap().rows().nth(1).unwrap();
    assert_eq!(row.total.sum_ns(), 65_123_455);
}

#[test]
fn those_that_are_not_shown_are_recorded() {
    let machine = machine();
    let hidden = ProcessOptions {
        active: true,
        ..ProcessOptions::default()
    };
    let mut recording = Recording::of(&machine, &hidden);
    machine.says(&[rests(7), rests(8)]);
    recording.take();
    machine.says(&[rests(7), ran(8, 5, 5, 40_000_010)]);
    recording.take();
    let rows: Vec<_> = recording
        .tables
        .iter()
        .map(|table| table.rows().len())
        .collect();
    assert_eq!(rows, [0, 1]);
    let rows: Vec<_> = recording
        .replayed(&machine)
        .iter()
        .map(|table| table.rows().len())
        .collect();
    assert_eq!(rows, [2, 2]);
}

#[test]
fn filters_work_on_recordings_too() {
    let machine = machine();
    let recording = record(&machine);
    let filters = vec![Filter::Arguments("program -x".to_owned()), Filter::Pid(9)];
    let options = ProcessOptions {
        filters,
        ..ProcessOptions::default()
    };
    let mut replay = Replay::new(&options, machine.root.path(), 0);
    let pids: Vec<Vec<u32>> = records(&recording.text)
        .map(|(time, text)| {
            replay
                .take(time, text)
                .unwrap()
                .rows()
                .map(|row| row.pid)
                .collect()
        })
        .collect();
    assert_eq!(pids, [vec![7, 8], vec![7, 8, 9], vec![7, 8], vec![7, 8]]);
}
