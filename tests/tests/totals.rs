//! Totals of living processes equal the kernel's own books once they sleep.

use subjiffy_tests::agent::Top;
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::{need, truth, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn a_process_born_under_observation_has_exact_time_delay_and_switches() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(LOAD, "spin --seconds 1");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    let row = rested(&mut top, load.pid());
    assert_eq!(row.cpu_total_ns, run, "agent, schedstat");
    let samples = &top.samples;
    assert_eq!(
        window::cpu_ns(samples, load.pid()),
        run,
        "sum of intervals, schedstat"
    );
    let delay: u64 = rows(samples, load.pid()).map(|r| r.run_delay_ns).sum();
    assert_eq!(
        delay,
        truth::run_delay_ns(load.pid()),
        "sum of delays, schedstat"
    );
    assert_eq!(
        window::switches(samples, load.pid()),
        truth::switches(load.pid()),
        "sums of switches (voluntary, involuntary), status"
    );
    load.finish();
}

#[test]
fn a_process_older_than_the_agent_has_its_whole_time() {
    if !need::bpf() {
        return;
    }
    let mut load = Load::start(LOAD, "threads --count 40 --burn-us 500 --keep 4");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    let clock = truth::process_clock_ns(load.pid());
    assert!(
        clock > run,
        "no thread died: clock {clock}, living threads {run}"
    );
    let mut top = Top::start("-i 100ms");
    let row = rested(&mut top, load.pid());
    assert_eq!(row.cpu_total_ns, clock, "agent, clock of the process");
    assert_eq!(
        window::cpu_ns(&top.samples, load.pid()),
        0,
        "history in the interval"
    );
    load.finish();
}

#[test]
fn pairs_of_switching_processes_have_exact_switch_counts() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(LOAD, "pingpong --rounds 20000");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    assert_eq!(
        rested(&mut top, load.pid()).cpu_total_ns,
        run,
        "agent, schedstat"
    );
    assert_eq!(
        window::switches(&top.samples, load.pid()),
        truth::switches(load.pid()),
        "sums of switches (voluntary, involuntary), status"
    );
    load.finish();
}

#[test]
fn five_thousand_threads_are_one_process_with_the_sum_of_their_times() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 200ms");
    let mut load = Load::start(LOAD, "threads --count 5000 --burn-us 20 --keep 5000");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    let row = rested(&mut top, load.pid());
    assert_eq!(row.cpu_total_ns, run, "agent, schedstat");
    assert_eq!(row.threads, 5001, "threads");
    load.finish();
}

#[test]
fn a_process_whose_first_thread_exited_lives_on() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(LOAD, "leader-exits-first --burn-us 30000");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    let row = rested(&mut top, load.pid());
    assert_eq!(row.cpu_total_ns, run, "agent, schedstat");
    assert!(run > 60_000_000, "both threads burned, {run} ns");
    let exited = rows(&top.samples, load.pid()).any(|r| r.exited);
    assert!(!exited, "marked as exited while a thread lives");
    load.finish();
}

#[test]
fn a_process_that_was_renamed_has_its_new_name_in_the_next_sample() {
    if !need::bpf() {
        return;
    }
    let names: [&[u8]; 3] = [b"a b) S (c", b"\xff\xfenon-utf8", b"last\n\"\\"];
    let hex = names.map(|n| n.iter().map(|b| format!("{b:02x}")).collect::<String>());
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(
        LOAD,
        &format!("rename --every-ms 400 --names {}", hex.join(",")),
    );
    top.fresh();
    load.run();
    top.fresh();
    let mut seen: Vec<_> = rows(&top.samples, load.pid())
        .map(|r| r.comm.clone())
        .collect();
    seen.dedup();
    let mut expected = vec!["load".to_owned()];
    expected.extend(names.map(|n| String::from_utf8_lossy(n).into_owned()));
    assert_eq!(seen, expected, "names in the samples, names given");
    load.finish();
}

#[test]
fn a_zombie_is_counted_once() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(LOAD, "zombie --burn-us 250000");
    let zombie = u32::try_from(number(&load.run(), "zombie")).expect("a pid");
    let run = truth::settled_run_ns(zombie);
    let sample = top.fresh();
    let listed = sample.processes.iter().find(|r| r.pid == zombie);
    let state = listed.map(|r| r.state.as_str());
    assert_eq!(state, Some("Z"), "state of the row");
    assert_eq!(truth::state(zombie), Some('Z'), "state in /proc");
    assert_eq!(
        window::cpu_ns(&top.samples, zombie),
        run,
        "sum of intervals, schedstat"
    );
    load.run();
    top.fresh();
    let gone = top.fresh().processes.iter().all(|r| r.pid != zombie);
    assert!(gone, "still listed after it was reaped");
    assert_eq!(
        window::cpu_ns(&top.samples, zombie),
        run,
        "sum of intervals, schedstat"
    );
    let ends = rows(&top.samples, zombie).filter(|r| r.exited).count();
    assert!(ends <= 1, "marked as exited {ends} times");
    load.finish();
}

#[test]
fn a_reused_pid_is_another_process() {
    if !need::bpf() || !need::root() {
        return;
    }
    let mut top = Top::start("-i 1s");
    let mut load = Load::start(LOAD, "reuse --burn-us 20000");
    let pid = u32::try_from(load.first("child")).expect("a pid");
    let old = top.fresh();
    let old = old.row(pid).expect("a row of the first process").start_ns;
    let result = load.run();
    let run = truth::settled_run_ns(pid);
    let new = rested(&mut top, pid);
    assert_ne!(
        new.start_ns, old,
        "start of the second process, of the first"
    );
    assert_eq!(new.cpu_total_ns, run, "second process: agent, schedstat");
    let ends: Vec<_> = rows(&top.samples, pid).filter(|r| r.exited).collect();
    assert_eq!(ends.len(), 1, "rows marked as exited: {ends:?}");
    assert_eq!(
        ends[0].start_ns, old,
        "start of the process that exited, of the first"
    );
    let (first, total) = (number(&result, "first_ns"), ends[0].cpu_total_ns);
    assert!(
        (first..first + 2_000_000).contains(&total),
        "the first process said {first} ns before it died, the agent says {total} ns"
    );
    load.finish();
}

/// The row in a sample that began now.
fn rested(top: &mut Top, pid: u32) -> subjiffy_tests::sample::Row {
    let sample = top.fresh();
    let row = sample.row(pid);
    row.unwrap_or_else(|| panic!("no row of {pid} in sample {}", sample.seq))
        .clone()
}

fn rows(
    samples: &[subjiffy_tests::sample::Sample],
    pid: u32,
) -> impl Iterator<Item = &subjiffy_tests::sample::Row> {
    let all = samples.iter().flat_map(|s| &s.processes);
    all.filter(move |r| r.pid == pid)
}
