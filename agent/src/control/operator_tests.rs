//! Commands to a sampler of this machine's `/proc`.

use super::*;
use crate::{
    collect::collector::{Collector, Setup},
    elements::Catalog,
    sampler::Sampler,
};
use subjiffy_proto::control::parse;

struct Agent {
    catalog: Catalog,
    controller: Controller,
    stop: CancellationToken,
    runtime: tokio::runtime::Runtime,
    _sampler: Sampler,
}

impl Agent {
    fn start() -> Self {
        let setup = Setup::default();
        let sampler = Sampler::start(Collector::open(&setup).unwrap()).unwrap();
        let (elements, stop) = (setup.catalog.elements(), CancellationToken::new());
        let controller = Controller::new(elements, sampler.handle(), None, stop.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        Self {
            catalog: setup.catalog,
            controller,
            stop,
            runtime: runtime.unwrap(),
            _sampler: sampler,
        }
    }

    fn say(&self, line: &str) -> String {
        let command = parse(line.as_bytes()).unwrap().unwrap();
        self.runtime.block_on(self.controller.obey(command))
    }

    fn pass(&self, seconds: u64) {
        self.runtime.block_on(async {
            // Otherwise the clock stands while the sampler's thread is waited for, and jumps.
            tokio::time::pause();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
            // The tasks whose time has come.
            tokio::task::yield_now().await;
            tokio::time::resume();
        });
    }
}

#[test]
fn a_reply_says_what_was_done_and_what_was_not() {
    let agent = Agent::start();
    let memory = "control source/procfs/memory";
    for (line, reply) in [
        (format!("{memory} pause"), "ok matched=1 applied=1"),
        (
            format!("{memory} pause"),
            "ok matched=1 applied=0 source/procfs/memory: paused already",
        ),
        (
            format!("{memory} trigger-now"),
            "error matched=1 applied=0 source/procfs/memory: is paused",
        ),
        (format!("{memory} resume"), "ok matched=1 applied=1"),
        (format!("{memory} stop"), "ok matched=1 applied=1"),
        (
            format!("{memory} resume"),
            "error matched=1 applied=0 source/procfs/memory: stopped for good; start the agent again",
        ),
        (
            format!("{memory} set-period 1s"),
            "error matched=1 applied=0 source/procfs/memory: stopped for good; start the agent again",
        ),
        (
            "control source/x/y pause".into(),
            "error matched=0 no element matches source/x/y; list tells them",
        ),
        (
            "control source/procfs/disks set-period 1s".into(),
            "error matched=1 applied=0 source/procfs/disks: has no period of its own",
        ),
        (
            "control source/procfs/processes set-period 1ms".into(),
            "ok matched=1 applied=1 source/procfs/processes: books are kept in jiffies, which allow \
             200ms at least",
        ),
        (
            "control source/ebpf/* resume".into(),
            "error matched=2 applied=0 source/ebpf/net: is unsupported: BPF is switched off; \
             source/ebpf/sched: is unsupported: BPF is switched off",
        ),
        (
            "control source/*/ne* get-period".into(),
            "ok matched=2 source/ebpf/net=- source/procfs/network=100ms",
        ),
        (
            "reload".into(),
            "error there is no configuration file; start with --config",
        ),
    ] {
        assert_eq!(agent.say(&line), reply, "{line}");
    }
    assert!(agent.say("help").starts_with("ok control PATTERN pause"));
    assert!(
        agent
            .say("list out")
            .ends_with("output/socktop/ws output/stream/ws")
    );
}

#[test]
fn a_period_comes_back_unless_somebody_says_another_one() {
    let agent = Agent::start();
    let period = || agent.catalog.memory.period().unwrap().as_millis();
    let set = |words: &str| {
        let reply = agent.say(&format!("control source/procfs/memory set-period {words}"));
        assert_eq!(reply, "ok matched=1 applied=1");
    };
    set("5ms for 10s");
    agent.pass(9);
    assert_eq!(period(), 5);
    // A profile on top of it goes back to what was before both.
    set("7ms for 10s");
    agent.pass(9);
    assert_eq!(period(), 7);
    agent.pass(2);
    assert_eq!((period(), agent.catalog.memory.back()), (100, None));
    set("5ms for 10s");
    set("9ms");
    agent.pass(11);
    assert_eq!(period(), 9);
    // Longer than any clock.
    set("8ms for 500years");
    assert_eq!(period(), 8);
    let left = agent.controller.coming.lock().unwrap().len();
    assert!(left <= 1, "{left} tasks");
}

#[test]
fn a_trigger_is_obeyed_although_nobody_looks() {
    let agent = Agent::start();
    let polls = || agent.catalog.memory.figures.show().polls;
    let before = polls();
    agent.say("control source/procfs/memory trigger-now wait");
    assert_eq!(polls(), before + 1);
    // Without a look nothing is read.
    agent.say("control source/procfs/memory resume");
    agent.say("status");
    assert_eq!(polls(), before + 1);
}

#[test]
fn a_status_is_one_line_and_as_json_it_is_read_again() {
    let agent = Agent::start();
    agent
        .catalog
        .sched
        .set_state(State::Failed, "first\nsecond");
    let text = agent.say("status source/ebpf/sched");
    assert!(
        text.contains("state=failed reason=\"first\\nsecond\""),
        "{text}"
    );
    let json = agent.say("status json source/procfs/memory");
    let reply: StatusReply = serde_json::from_str(json.strip_prefix("ok ").unwrap()).unwrap();
    assert_eq!(reply.elements.len(), 1);
    assert_eq!(reply.elements[0].period_ns, Some(100_000_000));
    assert!(reply.at_ns > 0);
}

#[test]
fn the_end_is_asked_for() {
    let agent = Agent::start();
    assert!(!agent.stop.is_cancelled());
    assert_eq!(agent.say("shutdown"), "ok shutting down");
    assert!(agent.stop.is_cancelled());
}
