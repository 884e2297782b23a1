//! Recordings of whoever wrote them, played back by ours and by collectl.

use std::{fs, process::Command};

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{
    super::{
        row::CpuTime,
        testing::{self, Files, Machine, has_collectl, letters, options, records},
        text::Rows,
    },
    tests::{machine, record},
    *,
};
use crate::{
    options::{Filter, ProcessOptions},
    record::Time,
};

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
fn collectl_plays_ours_back() {
    if !has_collectl() {
        return;
    }
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
