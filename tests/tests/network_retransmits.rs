//! What was sent again is counted for the process whose socket it is, whoever runs when its time is
//! over.

use std::process::Command;
use std::time::Duration;
use subjiffy_tests::agent::Top;
use subjiffy_tests::load::Load;
use subjiffy_tests::netns::{self, FAR, Net};
use subjiffy_tests::traffic::{self, Step};
use subjiffy_tests::{need, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// How long nothing arrives: a few retransmission time-outs.
const SILENCE: Duration = Duration::from_millis(1200);

fn ready() -> bool {
    let possible =
        need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
    need::bpf() && possible
}

/// A program at the near end that talks to the far one.
fn across(near: &Net, far: &Net) -> Command {
    let mut command = near.command(LOAD.as_ref());
    command.arg("sockets-retransmit").args(netns::ends(far));
    command
}

#[test]
fn segments_that_nobody_answers_are_sent_again_by_their_own_process() {
    let address = format!("{}/24 dev eth0", FAR[0]);
    interrupted(
        &format!("ip address del {address}"),
        &format!("ip address add {address}"),
        2,
    );
}

#[test]
fn segments_that_find_no_cable_are_sent_again_by_their_own_process() {
    // What does not even leave the interface here may not count as sent again, as TCP_INFO says.
    interrupted("ip link set eth0 down", "ip link set eth0 up", 0);
}

/// The far end is not there, and later it is again; so often at least is something sent again.
fn interrupted(gone: &str, there: &str, at_least: u64) {
    if !ready() {
        return;
    }
    let _alone = need::exclusive();
    let (near, far) = Net::pair();
    let mut top = Top::start("-i 100ms");
    let mut sender = Load::spawn(&mut across(&near, &far));
    // The same on a loopback, where nothing is ever in the way.
    let mut innocent = Load::start(LOAD, "sockets-retransmit");
    for load in [&mut sender, &mut innocent] {
        load.run();
    }
    far.run(gone);
    sender.run();
    innocent.run();
    std::thread::sleep(SILENCE);
    far.run(there);
    let result = |load: &mut Load| -> Step { serde_json::from_value(load.run()).expect("a step") };
    let steps = [result(&mut sender), result(&mut innocent)];
    top.fresh();
    for (step, load) in steps.iter().zip([&sender, &innocent]) {
        assert_eq!(step.failed, None);
        let told = traffic::of(&top.samples, load.pid());
        let lost = window::lost(&top.samples);
        assert_eq!(told, step.moved, "agent (lost: {lost:?}), own counts");
    }
    assert!(
        steps[0].moved.retransmits >= at_least,
        "nothing was sent again: {}",
        steps[0].moved
    );
    assert_eq!(steps[1].moved.retransmits, 0, "of the innocent one");
    sender.finish();
    innocent.finish();
}

#[test]
fn a_connect_into_the_void_is_one_attempt_sent_again_and_again() {
    if !ready() {
        return;
    }
    let _alone = need::exclusive();
    let (near, _far) = Net::pair();
    // There is a neighbour that never answers.
    near.run("ip neighbour add 10.77.0.99 lladdr 02:00:00:00:00:99 nud permanent dev eth0");
    let mut top = Top::start("-i 100ms");
    let mut command = near.command(LOAD.as_ref());
    command.args([
        "sockets-void",
        "--address",
        "10.77.0.99:7",
        "--seconds",
        "4",
    ]);
    let mut load = Load::spawn(&mut command);
    let step: Step = serde_json::from_value(load.run()).expect("a step");
    assert_eq!(step.failed, None);
    top.fresh();
    let told = traffic::of(&top.samples, load.pid());
    assert_eq!(told, step.moved, "agent, TCP_INFO");
    assert_eq!((told.opened, told.accepted), (1, 0));
    assert!(told.retransmits >= 2, "SYNs sent again: {told}");
    load.finish();
}
