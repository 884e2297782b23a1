//! Bytes are the bytes of the right process, however many there are and however short they live.

use std::time::Duration;
use subjiffy_tests::agent::Top;
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::operations::{self, all_exact};
use subjiffy_tests::traffic::{self, Step};
use subjiffy_tests::{need, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Operations of `load sockets --many true`.
const OPERATIONS: usize = 16;

#[test]
fn crowds_threads_short_lives_and_servers_are_exact_at_20_ms() {
    crowds_threads_short_lives_and_servers("-i 20ms");
}

#[test]
fn crowds_threads_short_lives_and_servers_are_exact_at_1_s() {
    crowds_threads_short_lives_and_servers("-i 1s");
}

fn crowds_threads_short_lives_and_servers(period: &str) {
    if !need::bpf() || !need::root() {
        return;
    }
    let _alone = need::exclusive();
    let mut top = Top::start(period);
    let load = Load::start(LOAD, "sockets --many true");
    let done = operations::run(&mut top, load, Duration::from_secs(5), |_| true);
    all_exact(&done, OPERATIONS);
    traffic::check_totals(&top.samples);
}

#[test]
fn a_pid_used_again_within_a_sample_keeps_both_processes_apart() {
    if !need::bpf() || !need::root() {
        return;
    }
    let _alone = need::exclusive();
    let mut top = Top::start("-i 3s");
    let load = Load::start(LOAD, "sockets --many true --only one");
    let one = |op: &str| op.ends_with("one pid, two processes");
    let done = operations::run(&mut top, load, Duration::from_secs(10), one);
    all_exact(&done, 3);
}

#[test]
fn a_storm_that_uses_every_pid_again_loses_no_byte() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    for period in ["-i 100ms", "-i 8s"] {
        let mut top = Top::start(period);
        let mut load = Load::start(LOAD, "sockets-storm --count 40000");
        let sent = number(&load.run(), "bytes");
        let pid = load.pid();
        top.fresh();
        top.read();
        let rows = top.samples.iter().flat_map(|sample| &sample.processes);
        let children = rows.filter(|row| row.ppid == pid);
        let listed: u64 = children.map(|row| row.udp_tx_bytes).sum();
        let lost = window::lost(&top.samples).net_bytes;
        eprintln!("{period}: {listed} bytes in rows, {lost} in none");
        // Nobody can tell whose the bytes in no row are: some may be other processes'.
        assert!(
            listed <= sent && sent <= listed + lost,
            "{period}: {listed} in rows and {lost} in none, {sent} sent"
        );
        load.finish();
    }
}

#[test]
fn a_process_keeps_its_bytes_over_an_exec_from_a_thread() {
    if !need::bpf() {
        return;
    }
    let mut top = Top::start("-i 50ms");
    let mut load = Load::start(LOAD, "sockets-exec");
    let result = load.run();
    let (bytes, calls) = (number(&result, "bytes"), number(&result, "calls"));
    let sample = top.fresh();
    let row = sample.row(load.pid()).expect("a row");
    let totals = [row.rx_total_bytes, row.tx_total_bytes];
    assert_eq!(totals, [bytes; 2], "totals in {row:?}");
    let sum = traffic::of(&top.samples, load.pid()).udp;
    assert_eq!(
        (sum.rx_bytes, sum.tx_bytes),
        (bytes, bytes),
        "sums of intervals"
    );
    assert_eq!((sum.rx_calls, sum.tx_calls), (calls, calls), "calls");
    traffic::check_totals(&top.samples);
    load.finish();
}

#[test]
fn a_process_older_than_the_agent_counts_from_when_the_agent_came() {
    if !need::bpf() {
        return;
    }
    let mut load = Load::start(LOAD, "sockets --only tcp4");
    let step = |load: &mut Load| -> Step { serde_json::from_value(load.run()).expect("a step") };
    step(&mut load);
    step(&mut load);
    let mut top = Top::start("-i 50ms");
    let moved = step(&mut load).moved;
    let sample = top.fresh();
    assert_eq!(traffic::of(&top.samples, load.pid()), moved);
    let row = sample.row(load.pid()).expect("a row");
    assert_eq!(
        (row.rx_total_bytes, row.tx_total_bytes),
        (moved.tcp.rx_bytes, moved.tcp.tx_bytes),
        "totals"
    );
    load.finish();
}

#[test]
fn two_agents_count_the_same_bytes() {
    if !need::bpf() {
        return;
    }
    let mut tops = [Top::start("-i 50ms"), Top::start("-i 130ms")];
    let mut load = Load::start(LOAD, "sockets --only tcp4");
    let step: Step = serde_json::from_value(load.run()).expect("a step");
    for top in &mut tops {
        top.fresh();
        assert_eq!(traffic::of(&top.samples, load.pid()), step.moved);
    }
    load.finish();
}

#[test]
fn nothing_is_known_without_bpf() {
    let mut top = Top::start("-i 50ms --no-bpf");
    let mut load = Load::start(LOAD, "sockets --only udp4");
    load.run();
    let sample = top.fresh();
    let row = sample.row(load.pid()).expect("a row");
    let told = [row.rx_bytes, row.tx_bytes, row.rx_calls, row.tx_calls];
    assert_eq!(told, [None; 4], "{row:?}");
    load.finish();
}
