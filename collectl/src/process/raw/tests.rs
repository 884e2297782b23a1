use std::{fs, process::Command};

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{
    super::{
        Exact, Row, Table,
        row::{CpuTime, TICK_NS},
        testing::{self, Files, Machine, letters, options, ran, records, rests},
        text::Rows,
    },
    *,
};
use crate::{
    options::{Filter, ProcessOptions},
    record::Time,
};

/// Takes samples of a machine and keeps their rows and a recording.
struct Recording {
    processes: super::super::Processes,
    writer: Writer,
    text: String,
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

fn machine() -> Machine {
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

fn record(machine: &Machine) -> Recording {
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

#[test]
fn records_without_processes_are_passed_over() {
    let machine = machine();
    let recording = record(&machine);
    let mut replay = Replay::new(&ProcessOptions::default(), machine.root.path(), 0);
    let mut seconds = Vec::new();
    for (time, text) in records(&recording.text) {
        let between = Time {
            wall_ns: time.wall_ns - 1,
            steady_ns: time.steady_ns - 1,
        };
        assert!(replay.take(between, "cpu 1 2 3\nproc:x stat\n").is_none());
        seconds.push(replay.take(time, text).unwrap().interval_ns);
    }
    assert_eq!(seconds, [0, 1_000_000_000, 1_000_000_000, 1_000_000_000]);
}

#[test]
fn of_collectls_own_lines_rates_are_per_real_time() {
    let file = |ticks: u64, more: u64| {
        let files = Files {
            ticks: [ticks, 0, 0, 0],
            faults: [more, 0],
            ..Files::default()
        };
        format!(
            "proc:7 stat {}proc:7 Uid:\t1000\t0\t0\t0\nproc:7 io rchar: {more}\n",
            testing::stat(7, &files)
        )
    };
    let machine = Machine::new();
    let mut replay = Replay::new(&ProcessOptions::default(), machine.root.path(), 0);
    let at = |millis: u64| Time {
        wall_ns: millis * 1_000_000,
        steady_ns: millis * 1_000_000,
    };
    replay.take(at(1000), &file(5, 100));
    let table = replay.take(at(1500), &file(30, 160)).unwrap();
    let row = table.rows().next().unwrap();
    assert_eq!((table.interval_ns, table.exact), (500_000_000, false));
    assert_eq!(
        row.time,
        CpuTime {
            user_ns: 250_000_000,
            system_ns: 0
        }
    );
    assert_eq!(
        (row.faults.minor, row.io.unwrap().read_chars, &*row.user),
        (60, 60, "user")
    );
    assert_eq!(
        (row.run_delay_ns, row.network, row.exited),
        (None, None, false)
    );
    let mut text = String::new();
    Rows::of_columns(&options(ProcessOptions::default()), TimeZone::UTC)
        .write(table, "", &mut text);
    assert!(text.contains("  0.00  0.25  50  00:00.30 "), "{text}");
}

/// The header of a file, as collectl wants it.
const HEADER: &str = "\
################################################################################
# Collectl:   V4.3.1-1  HiRes: 1  Options: -sZ -i1:1
# Host:       machine  DaemonOpts:
# Booted:     1795149000.0 [20261120-04:30:00]
# Distro:     debian  Platform: Unknown
# Date:       20261120-043000  Secs: 1795149999 TZ: +0000
# SubSys:     Z Options:  Interval: 1:1 NumCPUs: 2  NumBud: 0 Flags: ix
# Filters:    NfsFilt:  EnvFilt:  TcpFilt: ituc
# HZ:         100  Arch: x86_64-linux-gnu-thread-multi PageSize: 4096
# Cpu:        AuthenticAMD Speed(MHz): 2596.120 Cores: 2  Siblings: 2 Nodes: 1
# Kernel:     6.18.0  Memory: 24684092 kB  Swap: 0 kB
# NumDisks:   0 DiskNames:
# NumNets:    0 NetNames:
################################################################################
";

#[test]
#[ignore = "needs collectl"]
fn collectl_plays_ours_back() {
    let machine = machine();
    let recording = record(&machine);
    let file = machine.root.path().join("machine-20261120-043000.raw");
    let end = ">>> 1795150004.000 <<<\n";
    fs::write(&file, format!("{HEADER}{}{end}", recording.text)).unwrap();
    for words in ["", "i", "m", "x", "f", "w", "c"] {
        let mut command = Command::new("collectl");
        command.env("TZ", "UTC").arg("-p").arg(&file).arg("-sZ");
        if !words.is_empty() {
            command.args(["--procopts", words]);
        }
        let out = command.output().unwrap();
        let theirs = String::from_utf8(out.stdout).unwrap();
        let theirs: Vec<_> = theirs
            .lines()
            .filter(|line| line.starts_with(' '))
            .collect();
        // Our own lines are exact, so look at what collectl can know.
        let known: String = recording
            .text
            .lines()
            .filter(|line| !line.contains("subjiffy"))
            .flat_map(|line| [line, "\n"])
            .collect();
        let options = options(letters(words));
        let mut replay = Replay::new(&options.processes, machine.root.path(), 0);
        let mut rows = Rows::of_columns(&options, TimeZone::UTC);
        let mut ours = String::new();
        for (time, record) in records(&known) {
            let table = replay.take(time, record).unwrap();
            if table.interval_ns > 0 {
                rows.write(table, "", &mut ours);
            }
        }
        assert_eq!(
            ours.lines().collect::<Vec<_>>(),
            theirs,
            "{words}: {:?}",
            out.stderr
        );
        assert!(
            theirs.iter().any(|line| line.contains("program")),
            "{words}"
        );
    }
}

/// Lines like those of recordings, mixed up.
fn any_record() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(proc|procT):[0-9]{1,3} (stat|Uid:|Tgid:|VmRSS:|cmd|io rchar:|subjiffy user|subjiffy) [0-9 ()a-z-]{0,20}",
        (0_u32..9, "[a-z() ]{0,9}", any::<[u64; 4]>(), any::<bool>()).prop_map(
            |(pid, _, ticks, thread)| {
                let files = Files {
                    ticks,
                    ..Files::default()
                };
                let kind = if thread { "procT" } else { "proc" };
                format!(
                    "{kind}:{pid} stat {}",
                    testing::stat(pid, &files).trim_end()
                )
            }
        ),
        Just("subjiffy interval 5 exact 1".to_owned()),
        ".{0,30}",
    ];
    prop::collection::vec(line, 0..30).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn nothing_that_is_played_back_panics(texts in prop::collection::vec(any_record(), 1..5)) {
        let mut options = options(letters("enS"));
        options.processes.filters = vec![Filter::Uids(0, 1000)];
        let mut replay = Replay::new(&options.processes, std::path::Path::new("/nowhere"), 0);
        let mut rows = Rows::of_columns(&options, TimeZone::UTC);
        let mut text = String::new();
        for (at, record) in texts.iter().enumerate() {
            let time = Time { wall_ns: at as u64 * 7, steady_ns: at as u64 * 7 };
            if let Some(table) = replay.take(time, record) {
                rows.write(table, "", &mut text);
                Writer::default().write(table, &mut text);
            }
        }
    }
}
