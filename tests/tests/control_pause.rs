//! What is paused is not told, neither as it was nor as 0; what is resumed begins without a spike.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};
use subjiffy_tests::control::{Agent, SCHED};
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::sample::row_in;
use subjiffy_tests::stream::Stream;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// All fields of all processes.
const ALL: &str = r#"{"period":"100ms"}"#;

/// Moved while a source is paused.
const MUCH: u64 = 64 << 20;

#[test]
fn memory_of_the_machine() {
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let told = |line: &Value| line["memory"].is_object();
    comes_and_goes(&agent, &mut stream, "source/procfs/memory", told);
}

#[test]
fn memory_of_processes() {
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let mut load = Load::start(LOAD, "spin --seconds 30");
    load.go();
    let pid = load.pid();
    let told = move |line: &Value| row_in(line, pid)["rss_bytes"].is_u64();
    comes_and_goes(&agent, &mut stream, "source/procfs/processes", told);
    some(&mut stream, |line| {
        number(row_in(line, pid), "rss_bytes") > 0
    });
}

#[test]
fn processor_times_of_the_machine() {
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let mut load = Load::start(LOAD, "spin --seconds 30");
    load.go();
    let told = |line: &Value| {
        let machine = &line["machine"];
        if machine.is_object() {
            // Not more than there was in this interval, whatever was burned before it.
            let all: u64 = ["busy_ns", "idle_ns", "steal_ns"]
                .iter()
                .map(|key| number(machine, key))
                .sum();
            let there = number(line, "interval_ns") * number(line, "cpus");
            assert!(
                all < 2 * there + 100_000_000,
                "{all} ns of {there} ns: {machine}"
            );
        }
        machine.is_object()
    };
    comes_and_goes(&agent, &mut stream, "source/procfs/kernel", told);
}

#[test]
fn user_and_system_time() {
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let mut load = Load::start(LOAD, "spin --seconds 30");
    load.go();
    let pid = load.pid();
    let told = move |line: &Value| {
        let row = row_in(line, pid);
        assert!(row["cpu_ns"].is_u64(), "{row}");
        if row["user_ns"].is_u64() {
            let parts = number(row, "user_ns") + number(row, "system_ns");
            assert_eq!(parts, number(row, "cpu_ns"), "{row}");
        }
        assert_eq!(row["user_ns"].is_u64(), row["system_ns"].is_u64(), "{row}");
        row["user_ns"].is_u64()
    };
    comes_and_goes(&agent, &mut stream, "transform/attribution/cpu", told);
}

#[test]
fn traffic_of_the_machine() {
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let told = |line: &Value| line["network"].is_object();
    comes_and_goes(&agent, &mut stream, "source/procfs/network", told);

    agent.applied("control source/procfs/network pause");
    beyond(&mut stream);
    move_bytes(MUCH);
    agent.applied("control source/procfs/network resume");
    let mut moved = 0;
    for line in beyond(&mut stream).iter().filter(|line| told(line)) {
        let all = line["network"]["interfaces"]
            .as_array()
            .expect("interfaces");
        let counted: u64 = all.iter().map(|one| number(one, "rx_bytes")).sum();
        moved += counted;
        let interval = number(&line["network"], "interval_ns");
        assert!(interval < 10_000_000_000, "{interval} ns");
    }
    assert!(
        moved < MUCH / 2,
        "{moved} bytes after a pause in which {MUCH} were moved"
    );
}

#[test]
fn traffic_of_processes() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let own = std::process::id();
    let told = move |line: &Value| {
        let row = row_in(line, own);
        let keys = ["rx_bytes", "tx_bytes", "rx_calls", "tx_calls"];
        let told = keys.map(|key| row[key].is_u64());
        assert!(told.iter().all(|&one| one == told[0]), "{row}");
        assert!(told[0] || row["tcp_tx_bytes"].is_null(), "{row}");
        told[0]
    };
    comes_and_goes(&agent, &mut stream, "source/ebpf/net", told);

    agent.applied("control source/ebpf/net pause");
    beyond(&mut stream);
    move_bytes(MUCH);
    agent.applied("control source/ebpf/net resume");
    let sent = |lines: &[Value]| -> u64 {
        let rows = lines.iter().map(|line| row_in(line, own));
        rows.filter_map(|row| row["tcp_tx_bytes"].as_u64()).sum()
    };
    let first = sent(&beyond(&mut stream));
    assert!(
        first < 1 << 16,
        "{first} bytes after a pause in which {MUCH} were moved"
    );
    // And then it counts each byte again, and once.
    move_bytes(1 << 20);
    let after = sent(&beyond(&mut stream));
    assert!(
        (1 << 20..(1 << 20) + (1 << 16)).contains(&after),
        "{after} of {} bytes",
        1 << 20
    );
}

#[test]
fn stopping_is_for_good() {
    let mut agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, ALL);
    let told = |line: &Value| line["memory"].is_object();
    some(&mut stream, told);
    agent.applied("control source/procfs/memory stop");
    assert_eq!(agent.state("source/procfs/memory"), "stopped");
    for vain in [
        "resume",
        "pause",
        "set-period 100ms",
        "trigger-now",
        "trigger-now wait",
    ] {
        let reply = agent.reply(&format!("control source/procfs/memory {vain}"));
        let says = reply.contains("stopped") && !reply.contains("applied=1");
        assert!(says, "{vain}: {reply}");
    }
    let reply = agent.error("control source/procfs/memory resume");
    assert!(reply.contains("source/procfs/memory"), "{reply}");
    assert_eq!(agent.state("source/procfs/memory"), "stopped");
    none(&mut stream, told);
    agent.check_alive();
}

/// What is said twice says so, and changes nothing.
#[test]
fn a_reply_tells_how_many_were_meant_and_how_many_changed() {
    let agent = Agent::start("");
    let first = agent.ok("control source/procfs/m* pause");
    assert_eq!(first, "ok matched=1 applied=1");
    let again = agent.ok("control source/procfs/m* pause");
    assert!(
        again.starts_with("ok matched=1 applied=0 ") && again.contains("paused"),
        "{again}"
    );
    let all = agent.ok("control source/procfs/* pause");
    let others = agent.status("source/procfs/*").len();
    assert!(
        all.starts_with(&format!("ok matched={others} applied={} ", others - 1)),
        "{all}"
    );
    let nothing = agent.error("control source/procfs/nothing pause");
    assert!(
        nothing.starts_with("error matched=0 ") && nothing.contains("list"),
        "{nothing}"
    );
}

#[test]
fn a_trigger_adds_one_sample_at_once_and_can_be_waited_for() {
    let agent = Agent::start("--period 1h");
    let polls = || agent.figure(SCHED, "polls");
    let mut stream = Stream::open(&agent.server.url, r#"{"limit":0}"#);
    std::thread::sleep(Duration::from_millis(300));
    let mut seq = None;
    for round in 0..5 {
        let (asked, before) = (truth::wall_ns(), polls());
        let wait = round % 2 == 1;
        let reply = agent.ok(&format!(
            "control {SCHED} trigger-now{}",
            if wait { " wait" } else { "" }
        ));
        if wait {
            assert!(polls() > before, "{before} polls before and after: {reply}");
        }
        let line = stream.json();
        assert!(number(&line, "at_ns") > asked, "{line}");
        let last = seq.replace(number(&line, "seq"));
        assert!(
            last.is_none_or(|last| last + 1 == number(&line, "seq")),
            "{last:?}: {line}"
        );
        // One, not two.
        let further = stream.text_within(Duration::from_millis(200));
        assert!(further.is_none(), "after {reply}: {further:?}");
    }
    // Still after a period was set.
    agent.applied(&format!("control {SCHED} set-period 30m"));
    agent.ok(&format!("control {SCHED} trigger-now wait"));
    stream.json();
    // What is paused takes none.
    agent.applied(&format!("control {SCHED} pause"));
    let reply = agent.reply(&format!("control {SCHED} trigger-now wait"));
    assert!(reply.contains("paused"), "{reply}");
}

/// The source is there, gone as long as it is paused, and there again.
fn comes_and_goes(agent: &Agent, stream: &mut Stream, source: &str, told: impl Fn(&Value) -> bool) {
    some(stream, &told);
    agent.applied(&format!("control {source} pause"));
    assert_eq!(agent.state(source), "paused");
    let polls = agent.figure(source, "polls");
    none(stream, &told);
    assert_eq!(
        agent.figure(source, "polls"),
        polls,
        "polls of {source} while it is paused"
    );
    agent.applied(&format!("control {source} resume"));
    some(stream, &told);
    assert_eq!(agent.state(source), "running");
}

/// Waits until a sample tells.
fn some(stream: &mut Stream, told: impl Fn(&Value) -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !told(&stream.json()) {
        assert!(Instant::now() < end, "not told in ten seconds");
    }
}

/// No sample that began from now on tells, over 1.5 s, which is longer than any source waits.
fn none(stream: &mut Stream, told: impl Fn(&Value) -> bool) {
    let begun = truth::wall_ns();
    let mut seen = 0;
    loop {
        let line = stream.json();
        let at_ns = number(&line, "at_ns");
        if at_ns - number(&line, "window_ns") > begun {
            assert!(!told(&line), "{line}");
            seen += 1;
        }
        if at_ns > begun + 1_500_000_000 {
            break;
        }
    }
    assert!(seen >= 3, "{seen} samples in 1.5 s");
}

/// All samples up to the second one that began from now on.
fn beyond(stream: &mut Stream) -> Vec<Value> {
    let mut begun = truth::wall_ns();
    let mut lines = Vec::new();
    for _ in 0..2 {
        loop {
            let line = stream.json();
            let is_new = number(&line, "at_ns") - number(&line, "window_ns") > begun;
            lines.push(line);
            if is_new {
                break;
            }
        }
        begun = truth::wall_ns();
    }
    lines
}

/// Through a TCP connection of this process to itself.
fn move_bytes(count: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = listener.local_addr().expect("an address");
    let reader = std::thread::spawn(move || {
        let (mut from, _) = listener.accept().expect("a connection");
        let (mut buffer, mut all) = (vec![0; 1 << 18], 0);
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            all += read as u64;
        }
        all
    });
    let mut to = TcpStream::connect(address).expect("a connection");
    let buffer = vec![0; 1 << 16];
    for _ in 0..count / buffer.len() as u64 {
        to.write_all(&buffer).expect("a reader");
    }
    drop(to);
    assert_eq!(reader.join().expect("a reader"), count);
}
