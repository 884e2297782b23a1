//! An agent that nobody listens to does not run.

use std::time::Duration;
use subjiffy_tests::load::Load;
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn without_a_client_no_thread_of_the_agent_wakes_up() {
    let server = Server::start("");
    nothing_moves(&server, || std::thread::sleep(watch()));
}

#[test]
fn without_a_client_no_thread_wakes_up_when_processes_come_and_go() {
    let _alone = need::exclusive();
    let server = Server::start("");
    nothing_moves(&server, || {
        let mut load = Load::start(LOAD, "children --count 5000 --burn-us 20");
        load.run();
        load.finish();
        std::thread::sleep(Duration::from_secs(2));
    });
}

/// `SUBJIFFY_IDLE_SECONDS` makes the watch longer.
fn watch() -> Duration {
    let seconds = std::env::var("SUBJIFFY_IDLE_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|s| s.parse().ok()).unwrap_or(20))
}

fn nothing_moves(server: &Server, wait: impl FnOnce()) {
    // What follows the start, such as the end of helper threads, is no wakeup.
    std::thread::sleep(Duration::from_secs(3));
    let state = |pid| (truth::switches(pid), truth::run_ns(pid));
    let before = state(server.pid());
    wait();
    let after = state(server.pid());
    assert!(before.0.0 > 0, "no switches at all: {before:?}");
    assert_eq!(
        before, after,
        "((voluntary, involuntary) switches, CPU time) before and after"
    );
}
