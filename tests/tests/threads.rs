//! Threads that die take none of the CPU time of their process with them.

use subjiffy_tests::agent::Top;
use subjiffy_tests::cgroup::Group;
use subjiffy_tests::load::Load;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// The coarser kind of control group counts in microseconds.
const ROUNDING_NS: u64 = 2_000;

#[test]
fn threads_that_came_and_went_stay_in_the_total() {
    let name = "threads --count 800 --burn-us 300 --keep 10";
    let pair = total_and_truth(name);
    same(name, pair);
}

#[test]
fn a_process_that_another_thread_replaced_by_exec_keeps_its_total() {
    let name = "exec-from-thread --burn-us 30000";
    let pair = total_and_truth(name);
    same(name, pair);
}

/// What the agent counted and what the control group counted, between two rests of the process.
fn total_and_truth(command: &str) -> Option<(u64, u64)> {
    if !need::bpf() || !need::root() {
        return None;
    }
    // Before the load, so that it is dropped after it: a group with members cannot be removed.
    let group = Group::new()?;
    let mut top = Top::start("-i 100ms");
    let mut load = Load::start(LOAD, command);
    group.add(load.pid()).expect("a member");
    let (before, used) = (total(&mut top, load.pid()), group.usage_ns());
    load.run();
    let after = total(&mut top, load.pid());
    let used = group.usage_ns() - used;
    let clock = truth::process_clock_ns(load.pid());
    // The kernel reaps a thread a moment before the end of its run, so its own clock may lag.
    assert!(
        after >= clock,
        "agent {after}, clock of the process {clock}"
    );
    let comm = std::fs::read_to_string(format!("/proc/{}/comm", load.pid())).expect("a name");
    let row = top.samples.last().and_then(|s| s.row(load.pid())).cloned();
    assert_eq!(
        row.map(|r| r.comm).as_deref(),
        Some(comm.trim_end()),
        "names"
    );
    load.finish();
    Some((after - before, used))
}

fn total(top: &mut Top, pid: u32) -> u64 {
    truth::settled_run_ns(pid);
    let sample = top.fresh();
    sample.row(pid).expect("a row").cpu_total_ns
}

fn same(name: &str, pair: Option<(u64, u64)>) {
    let Some((counted, used)) = pair else {
        return eprintln!("skipped: no control group to be had");
    };
    println!("{name}: agent {counted} ns, control group {used} ns");
    assert!(
        counted.abs_diff(used) <= ROUNDING_NS,
        "{name}: agent {counted} ns, control group {used} ns"
    );
}
