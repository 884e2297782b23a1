//! Every way to move bytes through a socket is counted to the byte and to the call.

use std::process::Command;
use std::time::{Duration, Instant};
use subjiffy_tests::agent::{self, Top};
use subjiffy_tests::load::Load;
use subjiffy_tests::netns::{self, FAR, NEAR, Net};
use subjiffy_tests::traffic::{self, Step, Traffic};
use subjiffy_tests::{need, truth};

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
    let possible = need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
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

/// An operation, and what became of it.
struct Row {
    step: Step,
    /// Processes and what they moved.
    truth: Vec<(u32, Traffic)>,
    /// What the agent said in the end, in the same order.
    told: Vec<Traffic>,
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
fn run(kind: &str, nets: Option<(&Net, &Net)>, wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let _alone = need::exclusive();
    let mut top = Top::start("-i 20ms");
    let mut load = Load::spawn(&mut workload(kind, nets));
    let pid = load.pid();
    let mut rows = Vec::new();
    loop {
        top.samples.clear();
        let step: Step = serde_json::from_value(load.run()).expect("a step");
        if step.last {
            break;
        }
        let mut truth = vec![(pid, step.moved)];
        truth.extend(step.others.iter().map(|other| (other.pid, other.moved)));
        if wanted(&step.op) {
            let told = settled(&mut top, &step, &truth);
            rows.push(Row { step, truth, told });
        } else {
            top.fresh();
        }
    }
    load.finish();
    rows
}

fn workload(kind: &str, nets: Option<(&Net, &Net)>) -> Command {
    let mut command = match nets {
        Some((near, _)) => near.command(LOAD.as_ref()),
        None => Command::new(LOAD),
    };
    command.args(["sockets", "--only", kind]);
    if let Some((_, far)) = nets {
        command.args(["--near", &NEAR.join(","), "--far", &FAR.join(",")]);
        command.args(["--far-net", &far.path()]);
    }
    command
}

/// The sums once they are right, or else after some time; and one sample more, in which nothing may
/// come.
fn settled(top: &mut Top, step: &Step, truth: &[(u32, Traffic)]) -> Vec<Traffic> {
    let told = |top: &Top| -> Vec<Traffic> {
        let pids = truth.iter().map(|(pid, _)| *pid);
        pids.map(|pid| traffic::of(&top.samples, pid)).collect()
    };
    let now = truth::wall_ns();
    let end = Instant::now() + PATIENCE;
    while !agrees(step, truth, &told(top)) && Instant::now() < end {
        top.read();
    }
    top.after(now);
    top.read();
    told(top)
}

fn agrees(step: &Step, truth: &[(u32, Traffic)], told: &[Traffic]) -> bool {
    truth.iter().zip(told).all(|((_, truth), told)| {
        if !step.split {
            return truth == told;
        }
        let (few, many) = (truth.sum(), told.sum());
        truth.without_calls() == told.without_calls()
            && few.rx_calls <= many.rx_calls
            && few.tx_calls <= many.tx_calls
    })
}

fn all_exact(rows: &[Row], at_least: usize) {
    let mut wrong = Vec::new();
    for row in rows {
        let op = &row.step.op;
        match &row.step.failed {
            Some(why) if row.step.missing && no_rings(op) => {
                eprintln!("NOT TESTED, the kernel has no io_uring: {op}: {why}");
            }
            Some(why) => wrong.push(format!("{op}: could not be done: {why}")),
            None if agrees(&row.step, &row.truth, &row.told) => {}
            None => {
                for ((pid, truth), told) in row.truth.iter().zip(&row.told) {
                    wrong.push(format!("{op}, {pid}:\n    truth {truth:?}\n    agent {told:?}"));
                }
            }
        }
    }
    assert!(
        rows.len() >= at_least,
        "only {} of {at_least} operations",
        rows.len()
    );
    let operations = rows.len();
    assert!(
        wrong.is_empty(),
        "of {operations} operations:\n{}",
        wrong.join("\n")
    );
}

/// The kernel was built without it; a host that forbids it is no excuse.
fn no_rings(op: &str) -> bool {
    op.contains("io_uring") && !std::path::Path::new("/proc/sys/kernel/io_uring_disabled").exists()
}
