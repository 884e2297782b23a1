//! Lines over TCP: to collectl's own client, to plain readers, to readers that misbehave.

use rustix::net::sockopt::{set_socket_linger, set_socket_recv_buffer_size};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use subjiffy_tests::collectl::{
    self, PATIENCE, PORT, Peer, Program, Run, connect, is_data, time_ms,
};
use subjiffy_tests::netns::Net;
use subjiffy_tests::process::Signal;

const CLIENT: &str = "/usr/share/collectl/util/client.pl";

fn ready(programs: &[&str]) -> bool {
    collectl::ready_with_net(programs)
}

/// collectl's own client, inside.
fn client(net: &Net) -> Run {
    assert!(Path::new(CLIENT).exists(), "{CLIENT}");
    let mut command = net.command("perl".as_ref());
    command.args([CLIENT, "127.0.0.1"]).stdin(Stdio::null());
    Run::start(&mut command)
}

fn start(net: &Net, words: &str) -> Run {
    Run::start(&mut Program::Ours.command_in(net, words))
}

fn local() -> String {
    format!("127.0.0.1:{PORT}")
}

/// Steps 3 and 4 of the way that a client goes: it comes first, and outlives the server.
#[test]
fn client_pl_reads_one_server_after_the_other() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let mut client = client(&net);
    client.until("another try", |line| line.contains("retrying"));
    for round in 0..2 {
        // It looks once a second, which is sooner than the first sample.
        let server = start(&net, "-A server --quiet -i2 -c3");
        client.until("a connection", |line| line.starts_with("Socket opened"));
        let begun = client.said.len();
        client.until("the end", |line| {
            line.starts_with("Socket closed on other end")
        });
        // What came together with the end is shown after it, before the next try.
        client.until("another try", |line| line.contains("retrying"));
        let lines = client.said[begun..].iter();
        let lines: Vec<_> = lines.filter(|line| !line.starts_with(['S', 'C'])).collect();
        let (data, headers): (Vec<&String>, Vec<&String>) =
            lines.iter().partition(|line| is_data(line));
        assert_eq!(headers.len(), 2, "round {round}: {lines:#?}");
        assert!(
            lines[0].starts_with('#') && lines[1].starts_with("#cpu"),
            "{lines:#?}"
        );
        assert_eq!(data.len(), 3, "round {round}: {lines:#?}");
        let ended = server.ended();
        assert!(ended.status.success(), "{}", ended.stderr);
        assert_eq!(ended.stdout, "", "a server says nothing on the terminal");
    }
    client.stop(Signal::KILL);
}

/// Step 5: each line begins with the host's name; the end is an end of file.
#[test]
fn lines_to_a_peer_begin_with_the_host() {
    if !ready(&["socat"]) {
        return;
    }
    let net = Net::loopback();
    let mut command = net.command("socat".as_ref());
    let listen = format!("TCP-LISTEN:{PORT},bind=127.0.0.1");
    command.args(["-u", &listen, "-"]);
    let socat = Run::start(&mut command);
    net.wait_for_listener(PORT);
    let ended = start(&net, &format!("-A {} -i1 -c3", local())).ended();
    assert!(ended.status.success(), "{}", ended.stderr);
    let received = socat.ended();
    assert!(received.status.success(), "{}", received.stderr);
    let host = format!("{} ", collectl::host());
    let lines: Vec<_> = received.stdout.lines().collect();
    assert!(
        lines.iter().all(|line| line.starts_with(&host)),
        "{lines:#?}"
    );
    let data = lines.iter().filter(|line| is_data(&line[host.len()..]));
    assert_eq!(data.count(), 3, "{lines:#?}");
}

/// Step 6.
#[test]
fn who_connects_out_ends_with_the_peer() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let listener = net.inside(|| TcpListener::bind(local()).expect("a port"));
    let run = start(&net, &format!("-A {} -i.2 --quiet", local()));
    let (stream, _) = listener.accept().expect("a connection");
    let mut peer = Peer::of(stream);
    peer.lines(3);
    drop(peer);
    let ended = run.ended();
    assert_eq!(
        ended.status.code(),
        Some(0),
        "{}{}",
        ended.stdout,
        ended.stderr
    );
}

/// Step 7.
#[test]
fn nobody_to_connect_to_is_told() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let ended = start(&net, "-A 127.0.0.1:1 -c1").ended();
    assert_eq!(ended.status.code(), Some(1));
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("127.0.0.1:1"), "{said}");
}

#[test]
fn a_port_that_is_taken_is_told() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let _taken = net.inside(|| TcpListener::bind(local()).expect("a port"));
    let ended = start(&net, "-A server -c1").ended();
    assert_eq!(ended.status.code(), Some(1));
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains(&PORT.to_string()), "{said}");
}

/// IPv6 both ways, a bind address, a name without a dot.
#[test]
fn addresses_of_both_kinds_and_names() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    net.run("ip address add 10.77.0.1/32 dev lo");
    for (address, reached, not) in [
        ("server", "10.77.0.1:2655", None),
        ("server:2701", "127.0.0.1:2701", Some("127.0.0.1:2655")),
        ("server:127.0.0.1", "127.0.0.1:2655", Some("10.77.0.1:2655")),
        (
            "server:10.77.0.1:2702",
            "10.77.0.1:2702",
            Some("127.0.0.1:2702"),
        ),
        ("server:[::1]", "[::1]:2655", Some("127.0.0.1:2655")),
        ("server:[::]:2703", "[::1]:2703", None),
    ] {
        let run = start(&net, &format!("-A {address} -sc -i.2 --quiet"));
        let mut peer = Peer::connect(&net, reached);
        let lines = peer.lines(3);
        assert!(
            lines[1].starts_with("#cpu") && is_data(&lines[2]),
            "{address}: {lines:#?}"
        );
        if let Some(not) = not {
            let not: SocketAddr = not.parse().expect("an address");
            let error = net.inside(|| TcpStream::connect(not));
            assert!(error.is_err(), "{address}: {not} answers, too");
        }
        assert!(run.stop(Signal::TERM).status.success());
    }
    for (address, listens) in [
        ("[::1]:2704", "[::1]:2704"),
        ("localhost:2705", "127.0.0.1:2705"),
        ("10.77.0.1::5", "10.77.0.1:2655"),
    ] {
        let listener = net.inside(|| TcpListener::bind(listens).expect(listens));
        let run = start(&net, &format!("-A {address} -sc -i.1 -c2 --quiet"));
        let (stream, _) = listener.accept().expect("a connection");
        let lines = Peer::of(stream).rest();
        let data = lines
            .iter()
            .filter(|line| !line.contains('#') && line.split_whitespace().count() > 1);
        assert_eq!(data.count(), 2, "{address}: {lines:#?}");
        assert!(run.ended().status.success());
    }
}

#[test]
fn a_server_has_the_host_in_front_if_it_is_to() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let host = format!("{} ", collectl::host());
    for (more, there) in [("", false), ("--prefix", true)] {
        let run = start(&net, &format!("-A server -scd -i.1 --quiet {more}"));
        let lines = Peer::connect(&net, &local()).lines(6);
        let with = lines.iter().filter(|line| line.starts_with(&host)).count();
        assert_eq!(with, if there { 6 } else { 0 }, "{lines:#?}");
        assert!(run.stop(Signal::TERM).status.success());
    }
}

/// Whoever comes, at whatever time: headers first, in every style that has some.
#[test]
fn each_client_is_shown_the_headers_at_once() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    for words in ["-scdn", "-scm -P", "-sD", "-sc --verbose"] {
        let run = start(&net, &format!("-A server {words} -i.5 --quiet"));
        let mut first = Peer::connect(&net, &local());
        first.data(2);
        let mut late = Peer::connect(&net, &local());
        let lines = std::iter::from_fn(|| late.line()).take_while(|line| !is_data(line));
        let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
        let last = lines.last().unwrap_or_else(|| panic!("{words}: no header"));
        assert!(last.starts_with('#'), "{words}: {lines:#?}");
        let shown = Program::Ours.said(&format!("{words} --showcolheaders"));
        assert_eq!(shown.lines().last(), Some(&**last), "{words}");
        // One that goes is nothing to the others.
        drop(late);
        first.data(3);
        assert!(run.stop(Signal::TERM).status.success(), "{words}");
    }
}

/// The times of samples in ms, which must be multiples of the interval from the first to the last one.
fn check_times(what: &str, lines: &[String], interval_ms: u64) {
    let times: Vec<u64> = lines.iter().filter_map(|line| time_ms(line)).collect();
    assert_eq!(times.len(), lines.len(), "{what}: {lines:#?}");
    for pair in times.windows(2) {
        let apart = pair[1].saturating_sub(pair[0]);
        // Late by less than half: the next one is where it belongs again.
        let steps = (apart + interval_ms / 2) / interval_ms;
        assert_eq!(steps, 1, "{what}: {apart} ms apart, {lines:#?}");
    }
}

/// Nobody's bad manners change the times of the others' samples.
#[test]
fn misbehaving_clients_harm_nobody() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let mut run = start(&net, "-A server -scdn -i.5 -oTm --quiet");
    let mut healthy = Peer::connect(&net, &local());
    let before = healthy.data(3);

    // Silent, with next to no room for what it is sent.
    let silent = connect(&net, &local());
    set_socket_recv_buffer_size(&silent, 1).expect("a small buffer");
    // One byte without the end of a line: the original waits for the rest.
    let mut byte = Peer::connect(&net, &local());
    byte.write(b"x").expect("a byte");
    // A lot of them.
    let mut talker = Peer::connect(&net, &local());
    for _ in 0..64 {
        if talker.write(&[b'y'; 16 << 10]).is_err() {
            break;
        }
    }
    // It will say nothing more, and one that will neither say nor hear.
    let mut half = Peer::connect(&net, &local());
    half.half_close();
    // Gone with a reset.
    let reset = connect(&net, &local());
    set_socket_linger(&reset, Some(Duration::ZERO)).expect("a reset");
    drop(reset);
    // There and gone, many times.
    for _ in 0..50 {
        drop(connect(&net, &local()));
    }
    // And one more good one.
    let mut late = Peer::connect(&net, &local());

    let mut lines = before;
    lines.extend(healthy.data(12));
    check_times("the first one", &lines, 500);
    check_times("the late one", &late.data(8), 500);
    check_times("the one with a byte", &byte.data(8), 500);
    check_times("the half-closed one", &half.data(8), 500);
    assert!(run.runs());
    drop((silent, talker));
    assert!(run.stop(Signal::TERM).status.success());
}

/// One that takes nothing for a while is told how much it has not got, and is given the present again.
#[test]
fn a_slow_client_is_told_what_it_missed() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let run = start(&net, "-A server -sCDNJ -oTm -i.002 --quiet");
    let mut healthy = Peer::connect(&net, &local());
    let slow = connect(&net, &local());
    set_socket_recv_buffer_size(&slow, 4 << 10).expect("a small buffer");
    // What the kernel takes for both ends, and the queue, are full at some time; the healthy one reads on.
    let end = Instant::now() + Duration::from_secs(8);
    while Instant::now() < end {
        healthy.lines(100);
    }
    let mut slow = Peer::of(slow);
    let end = Instant::now() + PATIENCE;
    let remark = loop {
        let line = slow.line().expect("more lines");
        if line.starts_with("# ") && line.ends_with(" skipped") {
            break line;
        }
        assert!(Instant::now() < end, "no word of what was skipped");
    };
    let count = remark.split(' ').nth(1).and_then(|word| word.parse().ok());
    assert!(count.is_some_and(|count: u64| count > 0), "{remark}");
    // It is served again.
    slow.data(10);
    healthy.data(10);
    assert!(run.stop(Signal::TERM).status.success());
}

/// All of them have every sample from the time on when the last one had come.
#[test]
fn two_hundred_clients_see_the_same_samples() {
    if !ready(&[]) {
        return;
    }
    const CLIENTS: usize = 200;
    let net = Net::loopback();
    let run = start(&net, "-A server -scdn -i.5 -oTm --quiet");
    let mut peers: Vec<_> = (0..CLIENTS)
        .map(|_| Peer::connect(&net, &local()))
        .collect();
    let last = peers.last_mut().expect("many").data(1);
    let last = time_ms(&last[0]).expect("a time");
    let mut seen: Option<Vec<String>> = None;
    for peer in &mut peers {
        let mut lines = std::iter::from_fn(|| peer.line()).filter(|line| is_data(line));
        let mut all: Vec<_> = lines
            .by_ref()
            .skip_while(|line| time_ms(line).is_some_and(|time| time <= last))
            .take(6)
            .collect();
        all.truncate(6);
        let first = seen.get_or_insert_with(|| all.clone());
        assert_eq!(*first, all, "two clients");
    }
    check_times("all", &seen.expect("many"), 500);
    drop(peers);
    assert!(run.stop(Signal::TERM).status.success());
}

/// A recording goes to a socket as a sample does, with the host in front.
#[test]
fn what_was_recorded_can_be_sent() {
    if !ready(&[]) {
        return;
    }
    let net = Net::loopback();
    let directory = tempfile::tempdir().expect("a directory");
    let at = directory.path().display();
    let record = format!("-f {at}/vm -scdn -i.1 -c5 -F0");
    let ended = Run::start(&mut Program::Ours.command_in(&net, &record)).ended();
    assert!(ended.status.success(), "{}", ended.stderr);
    let play = format!("-p {at}/vm* -scd -oTm");
    let shown = Program::Ours.said(&play);
    let listener = net.inside(|| TcpListener::bind(local()).expect("a port"));
    let run = start(&net, &format!("{play} -A {} --quiet", local()));
    let (stream, _) = listener.accept().expect("a connection");
    let host = format!("{} ", collectl::host());
    let lines = Peer::of(stream).rest();
    let without = lines
        .iter()
        .map(|line| line.strip_prefix(&host).unwrap_or("no host"));
    let without: Vec<_> = without.filter(|line| !line.is_empty()).collect();
    let shown: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(without, shown);
    assert!(shown.len() >= 6, "{shown:#?}");
    assert!(run.ended().status.success());
}
