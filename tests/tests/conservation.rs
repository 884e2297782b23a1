//! No CPU time of processes that die between two samples is lost or counted twice.

use subjiffy_tests::agent::Top;
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::process::Signal;
use subjiffy_tests::{need, truth, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// 1 000 x 0.3 ms, 300 x 5 ms and 20 000 x 50 us.
const SIZES: [(u64, u64); 3] = [(1_000, 300), (300, 5_000), (20_000, 50)];

#[test]
fn children_are_counted_in_full_at_100_ms() {
    children_are_counted_in_full("-i 100ms");
}

#[test]
fn children_are_counted_in_full_at_1_s() {
    children_are_counted_in_full("-i 1s");
}

#[test]
fn children_are_counted_in_full_at_5_s() {
    children_are_counted_in_full("-i 5s");
}

#[test]
fn a_fork_storm_inside_one_sample_loses_detail_but_no_cpu_time() {
    a_fork_storm_is_counted_in_full("-i 10s", false);
}

#[test]
fn a_fork_storm_while_the_agent_is_stopped_loses_detail_but_no_cpu_time() {
    a_fork_storm_is_counted_in_full("-i 1s", true);
}

/// More processes than the pid space of small machines holds, and than any table should.
const STORM: u64 = 40_000;

fn a_fork_storm_is_counted_in_full(period: &str, stopped: bool) {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut top = Top::start(period);
    let command = format!("storm --count {STORM} --parallel 8");
    let from = check(&mut top, &command, STORM, stopped);
    let seen = &top.samples[from..];
    let (exits, lost) = (window::exits(seen), window::lost(seen));
    assert!(
        exits + lost.slots + lost.records >= STORM,
        "{STORM} processes died, but {exits} exits and {lost:?} are reported"
    );
    assert!(top.stop(Signal::TERM).status.success());
}

fn children_are_counted_in_full(period: &str) {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut top = Top::start(period);
    for (count, burn_us) in SIZES {
        let command = format!("children --count {count} --burn-us {burn_us}");
        check(&mut top, &command, count, false);
    }
    assert!(top.stop(Signal::TERM).status.success());
}

/// Runs the load and compares; returns the index of the first sample that may hold any of it.
fn check(top: &mut Top, command: &str, count: u64, stopped: bool) -> usize {
    let mut load = Load::start(LOAD, command);
    top.fresh();
    let from = top.samples.len();
    let forks = truth::forks();
    if stopped {
        top.signal(Signal::STOP);
    }
    let result = load.run();
    if stopped {
        top.signal(Signal::CONT);
    }
    let foreign = (truth::forks() - forks).saturating_sub(count);
    top.fresh();
    let counted = window::children_cpu_ns(&top.samples[from..], load.pid());
    load.finish();

    let used = number(&result, "user_ns") + number(&result, "system_ns");
    let share = counted as f64 / used as f64;
    println!("{command}: getrusage {used} ns, counted {counted} ns: {share:.5}");
    assert!(
        share >= 0.999,
        "{command}: counted {counted} ns of {used} ns: {share:.5}"
    );
    // What dies unlisted has no parent to tell it by: with other processes about, more is right.
    if foreign * 100 <= count {
        assert!(
            share <= 1.005,
            "{command}: counted {counted} ns of {used} ns: {share:.5}, with {foreign} other forks"
        );
    }
    from
}
