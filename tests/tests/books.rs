//! The books of the machine balance.

use subjiffy_tests::agent::Top;
use subjiffy_tests::load::Load;
use subjiffy_tests::sample::Sample;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn processes_exits_idle_and_steal_fill_the_wall_clock() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut top = Top::start("-i 1s");
    let mut load = Load::start(LOAD, "mixed --seconds 12");
    load.go();
    top.read();
    let (idle_before, from) = (truth::idle_ns(), top.samples.len());
    for _ in 0..10 {
        let sample = top.read();
        identity(sample);
    }
    let idle_truth = truth::idle_ns() - idle_before;
    load.line();
    load.finish();

    let seen = &top.samples[from..];
    let wall: u64 = seen.iter().map(|s| s.interval_ns * s.cpus).sum();
    let unattributed: i64 = seen.iter().map(|s| s.machine.unattributed_ns).sum();
    let busy: u64 = seen.iter().map(|s| s.machine.busy_ns).sum();
    let idle: u64 = seen.iter().map(|s| s.machine.idle_ns).sum();
    let steal: u64 = seen.iter().map(|s| s.machine.steal_ns).sum();
    println!("wall {wall}: busy {busy}, idle {idle}, steal {steal}, unattributed {unattributed}");
    let limit = wall / 200;
    assert!(
        unattributed.unsigned_abs() <= limit,
        "{unattributed} ns of {wall} ns unattributed, at most {limit} ns"
    );
    assert!(
        (busy + idle + steal).abs_diff(wall) <= limit,
        "busy {busy} + idle {idle} + steal {steal}, wall clock {wall}"
    );
    // Both ends of the comparison are apart by the time it takes to read a line.
    assert!(
        idle.abs_diff(idle_truth) <= wall / 100,
        "idle {idle} ns, /proc/stat {idle_truth} ns"
    );
}

fn identity(sample: &Sample) {
    let rows: u64 = sample.processes.iter().map(|r| r.cpu_ns).sum();
    let known =
        rows + sample.exited_unlisted_ns() + sample.machine.idle_ns + sample.machine.steal_ns;
    let wall = sample.cpus * sample.interval_ns;
    let rest = wall as i64 - known as i64;
    assert!(
        rest.abs_diff(sample.machine.unattributed_ns) <= 1_000,
        "sample {}: {wall} ns of wall clock less {known} ns is {rest} ns, unattributed_ns says {}",
        sample.seq,
        sample.machine.unattributed_ns
    );
}
