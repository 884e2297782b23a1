//! Pausing `source/ebpf/sched` takes its hooks out of the kernel; numbers go on by jiffies, and are
//! exact again when it is resumed.

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use subjiffy_tests::control::{Agent, SCHED, until};
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::sample::Sample;
use subjiffy_tests::sample::row_in;
use subjiffy_tests::stream::Stream;
use subjiffy_tests::{bpf, need, truth, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// All fields of all processes, as often as jiffies can tell them.
const ALL: &str = r#"{"period":"250ms"}"#;

/// The tracepoints that exact books need.
const HOOKS: [&str; 4] = [
    "sched_process_exec",
    "sched_process_fork",
    "sched_switch",
    "task_rename",
];

#[test]
fn a_pause_detaches_the_hooks_and_a_resume_attaches_them_again() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let pid = agent.server.pid();
    let mut stream = Stream::open(&agent.server.url, ALL);
    stream.json();
    let before = (bpf::hooks(pid), bpf::programs(pid));
    assert!(
        HOOKS.iter().all(|hook| before.0.contains(*hook)),
        "{before:?}"
    );

    agent.applied(&format!("control {SCHED} pause"));
    until("its hooks are gone", || {
        let now = bpf::hooks(pid);
        !HOOKS.iter().any(|hook| now.contains(*hook))
    });
    assert_eq!(agent.state(SCHED), "paused");
    // With the bytes on sockets paused, too, there is nothing of it in the kernel's way any more.
    agent.applied("control source/ebpf/net pause");
    until("all hooks are gone", || bpf::hooks(pid).is_empty());

    agent.applied("control source/ebpf/* resume");
    until("all hooks are back", || bpf::hooks(pid) == before.0);
    assert_eq!(agent.state(SCHED), "running");
    assert_eq!(agent.state("source/ebpf/net"), "running");
    for _ in 0..10 {
        agent.applied("control source/ebpf/* pause");
        agent.applied("control source/ebpf/* resume");
    }
    until("nothing is left over", || {
        (bpf::hooks(pid), bpf::programs(pid)) == before
    });
    stream.json();
}

#[test]
fn numbers_go_on_in_jiffies_and_are_exact_again_afterwards() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let mut old = Load::start(LOAD, "spin --seconds 6");
    let mut threads = Load::start(LOAD, "threads --count 40 --burn-us 2000 --keep 4");
    stream.json();
    old.go();
    agent.applied(&format!("control {SCHED} pause"));
    let begun = truth::wall_ns();
    let paused: Vec<_> = (0..8).map(|_| stream.text()).collect();
    let paused: Vec<Value> = paused
        .iter()
        .map(|text| serde_json::from_str(text).expect("JSON"))
        .collect();
    let began = |line: &Value| number(line, "at_ns") - number(line, "window_ns");
    let paused: Vec<_> = paused
        .into_iter()
        .filter(|line| began(line) > begun)
        .collect();
    assert!(paused.len() >= 4, "{} samples", paused.len());
    let mut used = 0;
    for line in &paused {
        assert_eq!(line["precision"], "jiffy", "{line}");
        let row = row_in(line, old.pid());
        for unknown in ["run_delay_ns", "voluntary_switches", "involuntary_switches"] {
            assert!(row[unknown].is_null(), "{unknown}: {row}");
        }
        used += number(row, "cpu_ns");
    }
    assert!(
        used > 100_000_000,
        "{used} ns of a spinning process in jiffies"
    );
    // What comes and goes in threads that die meanwhile is not lost either.
    threads.run();

    agent.applied(&format!("control {SCHED} resume"));
    let resumed = truth::wall_ns();
    let mut lines = Vec::new();
    // The sample in which they change may lack what is a difference.
    let exact = |line: &Value| line["precision"] == "scheduler" && line["machine"].is_object();
    while !lines.last().is_some_and(exact) {
        let line = stream.json();
        no_spike(&line);
        lines.push(line);
        assert!(lines.len() < 40, "never exact again");
    }
    let mut samples: Vec<Sample> = Vec::new();
    let mut new = Load::start(LOAD, "spin --seconds 0.5");
    new.run();
    old.line();
    let (mut settled, mut last_ns) = (None, 0);
    while settled.is_none_or(|settled| last_ns <= settled) {
        let line = stream.json();
        no_spike(&line);
        last_ns = began(&line);
        samples.push(Sample::parse(&line.to_string()));
        if settled.is_none() {
            truth::settled_run_ns(old.pid());
            settled = Some(truth::wall_ns());
        }
    }
    assert!(samples.iter().all(|one| one.precision == "scheduler"));
    let last = samples.last().expect("a sample");
    assert!(last.at_ns > resumed);
    let total = |pid| last.row(pid).map(|row| row.cpu_total_ns);
    assert_eq!(
        total(new.pid()),
        Some(truth::run_ns(new.pid())),
        "new process: agent, schedstat"
    );
    assert_eq!(
        total(old.pid()),
        Some(truth::run_ns(old.pid())),
        "old process: agent, schedstat"
    );
    let clock = truth::process_clock_ns(threads.pid());
    assert_eq!(
        total(threads.pid()),
        Some(clock),
        "threads that died: agent, clock of the process"
    );
    // A process that was born after it has everything in its intervals, too.
    let sum = window::cpu_ns(&samples, new.pid());
    assert_eq!(sum, truth::run_ns(new.pid()), "intervals, schedstat");
    let delays: u64 = samples
        .iter()
        .filter_map(|one| one.row(new.pid()))
        .map(|row| row.run_delay_ns)
        .sum();
    assert_eq!(delays, truth::run_delay_ns(new.pid()), "delays, schedstat");
    let switches = window::switches(&samples, new.pid());
    assert_eq!(switches, truth::switches(new.pid()), "switches, status");
    for load in [old, new, threads] {
        load.finish();
    }
}

/// Exits while it is paused are no ghosts afterwards.
#[test]
fn those_who_died_in_the_pause_are_not_there_afterwards() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let mut load = Load::start(LOAD, "children --count 200 --burn-us 300");
    let idle: Vec<_> = (0..5)
        .map(|_| Load::start(LOAD, "spin --us 20000"))
        .collect();
    stream.json();
    agent.applied(&format!("control {SCHED} pause"));
    stream.json();
    let dead: BTreeSet<_> = idle.iter().map(Load::pid).collect();
    drop(idle);
    load.run();
    agent.applied(&format!("control {SCHED} resume"));
    for _ in 0..8 {
        let line = stream.json();
        no_spike(&line);
        let rows = line["processes"].as_array().expect("processes");
        let keys: BTreeSet<_> = rows
            .iter()
            .map(|row| (number(row, "pid"), number(row, "start_ns")))
            .collect();
        assert_eq!(keys.len(), rows.len(), "two rows of one process: {line}");
    }
    let line = stream.json();
    let rows = line["processes"].as_array().expect("processes");
    let ghosts: Vec<_> = rows
        .iter()
        .filter(|row| dead.iter().any(|pid| row["pid"] == *pid))
        .collect();
    assert!(ghosts.is_empty(), "{ghosts:?}");
    load.finish();
}

/// Each death is told by the books of its time, and by no later ones.
#[test]
fn a_death_is_told_once_however_often_the_books_change() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    // It waits for its parent until the end of the test.
    let mut zombie = Command::new("true").spawn().expect("a process");
    let seen = Load::start(LOAD, "spin --us 20000");
    let pids = [zombie.id(), seen.pid()];
    stream.json();
    agent.applied(&format!("control {SCHED} pause"));
    for _ in 0..2 {
        stream.json();
    }
    agent.applied(&format!("control {SCHED} resume"));
    stream.json();
    drop(seen);
    let mut told = Vec::new();
    for action in ["pause", "resume", "pause", "resume"] {
        for _ in 0..3 {
            let line = stream.json();
            let rows = line["processes"].as_array().expect("processes");
            let dead = rows.iter().filter(|row| row["exited"] == true);
            told.extend(dead.map(|row| number(row, "pid") as u32));
        }
        agent.applied(&format!("control {SCHED} {action}"));
    }
    let told: Vec<_> = told.into_iter().filter(|pid| pids.contains(pid)).collect();
    assert_eq!(
        told,
        [pids[1]],
        "the zombie died before, the other one once"
    );
    zombie.wait().expect("its end");
}

/// Some machines hide their first process from BPF: who follows it on a processor is known there at its
/// next switch only, and then has all the time since.
const LATE: u64 = 600_000_000;

/// No process used more than its threads could in the interval; a tick is 10 ms.
fn no_spike(line: &Value) {
    let interval = number(line, "interval_ns");
    let cpus = number(line, "cpus");
    for row in line["processes"].as_array().expect("processes") {
        let used = number(row, "cpu_ns");
        let at_once = number(row, "threads").clamp(1, cpus);
        // Threads that ended in the interval had a processor, too.
        let there = interval * if row["threads"] == 1 { at_once } else { cpus } + 20_000_000;
        let late = used <= there + LATE && row["exited"] == false && {
            let pid = u32::try_from(number(row, "pid")).expect("a process id");
            number(row, "cpu_total_ns") <= truth::run_ns(pid) + 10_000_000
        };
        assert!(
            used <= there || late,
            "{used} ns of {there} ns in {row} at {}",
            line["precision"]
        );
    }
}
