//! Every way to move bytes through a socket is counted to the byte and to the call.

use serde_json::Value;
use std::process::Command;
use std::time::Duration;
use subjiffy_tests::agent::{self, Top};
use subjiffy_tests::load::Load;
use subjiffy_tests::need;
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::operations::{self, Operation, all_exact};
use subjiffy_tests::traffic;

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// How long the agent may take until its sums are right.
const PATIENCE: Duration = Duration::from_secs(3);

/// Out of a socket into a pipe: not seen on every kernel, see [`splice_out`].
fn spliced(op: &str) -> bool {
    op.ends_with("splice out") || op.ends_with("splice through")
}

#[test]
fn every_operation_on_tcp_sockets_is_exact() {
    everywhere_here("tcp");
}

#[test]
fn every_operation_on_udp_sockets_is_exact() {
    everywhere_here("udp");
}

#[test]
fn every_operation_on_unix_sockets_is_exact() {
    everywhere_here("unix");
}

#[test]
fn splice_out_of_tcp_sockets_is_exact_or_said_to_be_missing() {
    splice_out("tcp", "tcp_splice_read", 4);
}

#[test]
fn splice_out_of_unix_sockets_is_exact_or_said_to_be_missing() {
    splice_out("unix", "unix_stream_splice_read", 2);
}

/// Where the kernel does not let the agent see them, the doctor says so.
fn splice_out(kind: &str, hook: &str, operations: usize) {
    if !need::bpf() {
        return;
    }
    let doctor = agent::run("doctor --json").stdout;
    let doctor: Value = serde_json::from_str(&doctor).expect("what the doctor says");
    let hooks = doctor["hooks"].as_array().expect("hooks");
    let missing = !(hooks.iter()).any(|one| one["name"] == hook && one["state"] == "on");
    let named = doctor["sources"].to_string().contains("splice out of");
    assert!(named || !missing, "the limit is not named: {doctor}");
    let mut rows = run(kind, None, spliced);
    if missing {
        for (_, truth) in rows.iter_mut().flat_map(|row| &mut row.truth) {
            // One of the calls that receive, of this many bytes, is the splice.
            let flow = match kind {
                "tcp" => &mut truth.tcp,
                _ => &mut truth.unix,
            };
            flow.rx_bytes -= 6000;
            flow.rx_calls -= 1;
        }
    }
    all_exact(&rows, operations);
}

#[test]
fn bytes_between_two_network_namespaces_are_exact() {
    let possible =
        need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
    if !need::bpf() || !possible {
        return;
    }
    let (near, far) = Net::pair();
    // Data with the first segment, to who has been here before.
    for net in [&near, &far] {
        net.run("echo 3 > /proc/sys/net/ipv4/tcp_fastopen");
    }
    for kind in ["tcp", "udp"] {
        let rows = run(kind, Some((&near, &far)), |op| !spliced(op));
        all_exact(&rows, 60);
    }
}

fn everywhere_here(kind: &str) {
    if !need::bpf() {
        return;
    }
    let rows = run(kind, None, |op| !spliced(op));
    all_exact(&rows, 60);
}

/// Runs all operations on this kind of sockets and keeps those that are wanted.
fn run(kind: &str, nets: Option<(&Net, &Net)>, wanted: impl Fn(&str) -> bool) -> Vec<Operation> {
    let _alone = need::exclusive();
    let mut top = Top::start("-i 20ms");
    let load = Load::spawn(&mut workload(kind, nets));
    let done = operations::run(&mut top, load, PATIENCE, wanted);
    traffic::check_totals(&top.samples);
    done
}

fn workload(kind: &str, nets: Option<(&Net, &Net)>) -> Command {
    let mut command = match nets {
        Some((near, _)) => near.command(LOAD.as_ref()),
        None => Command::new(LOAD),
    };
    command.args(["sockets", "--only", kind]);
    if let Some((_, far)) = nets {
        command.args(netns::ends(far));
    }
    command
}
