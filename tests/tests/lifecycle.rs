//! The agent starts beside others, ends when it is told to and leaves nothing behind.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use subjiffy_tests::agent::{Ended, Top};
use subjiffy_tests::load::Load;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::{bpf, need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn the_server_ends_within_a_second_of_sigterm_and_sigint() {
    let _alone = need::exclusive();
    for signal in [Signal::TERM, Signal::INT] {
        orderly(&Server::start("").stop(signal));
    }
}

#[test]
fn top_ends_within_a_second_of_sigterm_and_sigint_even_at_a_long_period() {
    let _alone = need::exclusive();
    for signal in [Signal::TERM, Signal::INT] {
        orderly(&Top::start("-i 3s").stop(signal));
    }
}

#[test]
fn a_killed_agent_leaves_nothing_in_the_kernel() {
    if !need::bpf() || !need::root() {
        return;
    }
    let _alone = need::exclusive();
    for signal in [Signal::KILL, Signal::TERM] {
        let before = bpf::objects();
        let top = Top::start("-i 100ms");
        let server = Server::start("");
        let ours: BTreeSet<_> = bpf::objects().difference(&before).copied().collect();
        let programs = ours.iter().filter(|(kind, _)| *kind == "program").count();
        assert!(programs > 0, "no program loaded: {ours:?}");
        top.stop(signal);
        server.stop(signal);
        gone(&ours);
    }
}

#[test]
fn two_agents_count_the_same() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let _servers = (Server::start(""), Server::start(""));
    let mut tops = [Top::start("-i 100ms"), Top::start("-i 250ms")];
    let mut load = Load::start(LOAD, "spin --seconds 0.5");
    load.run();
    let run = truth::settled_run_ns(load.pid());
    for top in &mut tops {
        let sample = top.fresh();
        let total = sample.row(load.pid()).map(|r| r.cpu_total_ns);
        assert_eq!(total, Some(run), "agent, schedstat");
        assert_eq!(sample.precision, "scheduler");
    }
    load.finish();
}

fn orderly(ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

fn gone(ours: &BTreeSet<(&'static str, u32)>) {
    // The kernel frees programs and maps a grace period after the last reference.
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        let left: Vec<_> = bpf::objects().intersection(ours).copied().collect();
        if left.is_empty() {
            return;
        }
        assert!(
            Instant::now() < end,
            "left in the kernel: {left:?} of {ours:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
