//! A process that never leaves its CPU has its exact CPU time at the instant of the sample.

use std::collections::HashMap;
use std::fs::{File, read_to_string};
use std::process::Stdio;
use subjiffy_tests::agent::{command, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::load::Load;
use subjiffy_tests::need;
use subjiffy_tests::sample::Sample;

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Between two log entries further apart than this, the process was not running all the time.
const GAP_LIMIT_NS: u64 = 500_000;

/// Between two entries it was running all the time unless it got less CPU time than so.
const OFF_LIMIT_NS: u64 = 1_000;

#[test]
fn a_spinning_thread_is_exact_to_5_us_at_1_khz_and_no_total_goes_backwards() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let binary = binary();
    let directory = tempfile::tempdir().expect("a directory");
    let (log, out) = (directory.path().join("log"), directory.path().join("out"));
    let mut load = Load::start(LOAD, &format!("spin --seconds 6 --log {}", log.display()));
    load.go();
    // A file, because a reader of a pipe would take part in the race for the CPUs.
    let file = File::create(&out).expect("a file");
    let mut top = command(binary.as_os_str());
    top.args(["top", "--json", "-i", "1ms", "-n", "4000"]);
    let ended = to_the_end(top.stdout(Stdio::from(file)));
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    load.line();
    let pid = load.pid();
    load.finish();

    let text = read_to_string(out).expect("samples");
    let samples: Vec<_> = text.lines().map(Sample::parse).collect();
    assert_eq!(samples.len(), 4000, "number of samples");
    nothing_goes_backwards(&samples);

    let log = parse_log(&read_to_string(log).expect("a log"));
    let mut errors: Vec<i64> = samples
        .iter()
        .filter_map(|s| {
            let seen = s.row(pid)?.cpu_total_ns as i64;
            let (least, most) = at(&log, s.at_ns)?;
            Some(seen - seen.clamp(least as i64, most as i64))
        })
        .collect();
    assert!(errors.len() >= 1000, "only {} comparisons", errors.len());
    errors.sort_unstable();
    let quantile = |q: usize| errors[(errors.len() - 1) * q / 100];
    println!(
        "error of {} samples: 1% {} ns, median {} ns, 99% {} ns",
        errors.len(),
        quantile(1),
        quantile(50),
        quantile(99)
    );
    errors.sort_unstable_by_key(|e| e.abs());
    let median = errors[errors.len() / 2].abs();
    assert!(
        median <= 5_000,
        "median error {median} ns of at most 5000 ns"
    );
}

fn nothing_goes_backwards(samples: &[Sample]) {
    let mut totals = HashMap::new();
    for sample in samples {
        for row in &sample.processes {
            let before = totals.insert((row.pid, row.start_ns), row.cpu_total_ns);
            let Some(before) = before else { continue };
            assert_eq!(
                before + row.cpu_ns,
                row.cpu_total_ns,
                "sample {}: total before plus interval, and total now, of {row:?}",
                sample.seq
            );
        }
    }
}

fn parse_log(text: &str) -> Vec<(u64, u64)> {
    let pair = |line: &str| {
        let (wall, cpu) = line.split_once(' ')?;
        Some((wall.parse().ok()?, cpu.parse().ok()?))
    };
    text.lines().filter_map(pair).collect()
}

/// The least and the most CPU time at a wall clock time, where the log is dense enough to tell. They are
/// apart only where something else had the CPU for a moment: where in the gap that was nobody knows.
fn at(log: &[(u64, u64)], wall: u64) -> Option<(u64, u64)> {
    let next = log.partition_point(|&(w, _)| w < wall);
    let (w0, c0) = *log.get(next.checked_sub(1)?)?;
    let (w1, c1) = *log.get(next)?;
    let gap = w1 - w0;
    if gap.saturating_sub(c1 - c0) <= OFF_LIMIT_NS {
        let then = c0 + (c1 - c0) * (wall - w0) / gap.max(1);
        return Some((then, then));
    }
    (gap <= GAP_LIMIT_NS).then_some((c0, c1))
}
