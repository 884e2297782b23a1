//! Every way to move bytes through a socket is counted to the byte and to the call.

use std::process::Command;
use std::time::Duration;
use subjiffy_tests::agent::{self, Top};
use subjiffy_tests::load::Load;
use subjiffy_tests::need;
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::operations::{self, Operation, all_exact};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// How long the agent may take until its sums are right.
const PATIENCE: Duration = Duration::from_secs(3);

/// Not seen on every kernel, see [`splice_out_of_a_unix_socket_is_counted_or_said_to_be_missing`].
const SPLICED_UNIX: &[&str] = &["unix stream splice out", "unix stream splice through"];
/// In a table of its own because it may become the same limit.
const SPLICED_TCP: &[&str] = &[
    "tcp4 splice out",
    "tcp6 splice out",
    "tcp4 splice through",
    "tcp6 splice through",
];

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
fn splice_out_of_a_tcp_socket_is_exact() {
    if !need::bpf() {
        return;
    }
    let rows = run("tcp", None, |op| SPLICED_TCP.contains(&op));
    all_exact(&rows, SPLICED_TCP.len());
}

#[test]
fn splice_out_of_a_unix_socket_is_counted_or_said_to_be_missing() {
    if !need::bpf() {
        return;
    }
    let doctor = agent::run("doctor --json").stdout;
    let mut rows = run("unix", None, |op| SPLICED_UNIX.contains(&op));
    if doctor.contains("splice") {
        for row in &mut rows {
            // One of the receiving calls, of this many bytes, is the splice.
            row.truth[0].1.unix.rx_bytes -= 6000;
            row.truth[0].1.unix.rx_calls -= 1;
        }
    }
    all_exact(&rows, SPLICED_UNIX.len());
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
        let rows = run(kind, Some((&near, &far)), |op| !SPLICED_TCP.contains(&op));
        all_exact(&rows, 60);
    }
}

fn everywhere_here(kind: &str) {
    if !need::bpf() {
        return;
    }
    let rows = run(kind, None, |op| {
        !SPLICED_TCP.contains(&op) && !SPLICED_UNIX.contains(&op)
    });
    all_exact(&rows, 60);
}

/// Runs all operations on this kind of sockets and keeps those that are wanted.
fn run(kind: &str, nets: Option<(&Net, &Net)>, wanted: impl Fn(&str) -> bool) -> Vec<Operation> {
    let _alone = need::exclusive();
    let mut top = Top::start("-i 20ms");
    let load = Load::spawn(&mut workload(kind, nets));
    operations::run(&mut top, load, PATIENCE, wanted)
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
