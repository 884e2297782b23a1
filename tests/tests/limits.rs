//! What many clients, and bad ones, cannot do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use subjiffy_tests::agent::command;
use subjiffy_tests::build::binary;
use subjiffy_tests::flood::Holdings;
use subjiffy_tests::http::{self, HANDSHAKE, status};
use subjiffy_tests::process::Signal;
use subjiffy_tests::raw::Raw;
use subjiffy_tests::server::Server;
use subjiffy_tests::wire;

/// A WebSocket, opened by hand.
fn websocket(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("a timeout");
    let request = format!("GET /ws HTTP/1.1\nHost: localhost\n{HANDSHAKE}\n");
    let request = request.replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("an answer");
        head.push(byte[0]);
    }
    assert!(
        head.starts_with(b"HTTP/1.1 101"),
        "{}",
        String::from_utf8_lossy(&head)
    );
    stream
}

/// A masked text frame.
fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short text");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

#[test]
fn a_thousand_clients_are_served_and_one_more_is_told() {
    let mut command = command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0", "--max-connections", "1000"]);
    // A soft limit that is too low by far: the agent raises it.
    let limited = format!("ulimit -Sn 256; exec \"$0\" {}", arguments(&command));
    let mut shell = subjiffy_tests::agent::command("sh".as_ref());
    let server = Server::spawn(shell.args(["-c", &limited]).arg(binary()));
    let port = server.port();
    let mut clients: Vec<_> = (0..1000).map(|_| websocket(port)).collect();
    assert_eq!(status(&http::get(port, "/ws", HANDSHAKE)), 503);
    for client in &mut clients {
        client.write_all(&text("get_metrics")).expect("a request");
    }
    for client in &mut clients {
        let mut header = [0; 2];
        client.read_exact(&mut header).expect("an answer");
        assert!(matches!(header[0], 0x81 | 0x82), "{header:?}");
    }
    drop(clients);
    let end = Instant::now() + Duration::from_secs(20);
    while status(&http::get(port, "/healthz", "")) != 200 {
        assert!(Instant::now() < end, "still full");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("too many connections: "),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("1000 requests"), "{}", ended.stderr);
}

fn arguments(command: &std::process::Command) -> String {
    let words: Vec<_> = command
        .get_args()
        .map(|word| word.to_string_lossy())
        .collect();
    words.join(" ")
}

#[test]
fn a_hard_limit_that_is_too_low_is_a_warning() {
    let mut shell = command("sh".as_ref());
    let limited = "ulimit -n 300; exec \"$0\" --listen 127.0.0.1:0 --no-bpf";
    let server = Server::spawn(shell.args(["-c", limited]).arg(binary()));
    let port = server.port();
    let clients: Vec<_> = (0..44).map(|_| websocket(port)).collect();
    assert_eq!(status(&http::get(port, "/ws", HANDSHAKE)), 503);
    drop(clients);
    let ended = server.stop(Signal::TERM);
    for part in ["only 44 instead of 1024", "LimitNOFILE"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

#[test]
fn what_is_refused_is_counted_for_clients_to_see() {
    let server = Server::start("--max-connections-per-address 2");
    let port = server.port();
    let mut first = Raw::connect(&server.url);
    let second = Raw::connect(&server.url);
    assert_eq!(status(&http::get(port, "/ws", HANDSHAKE)), 503);
    drop(second);
    let end = Instant::now() + Duration::from_secs(20);
    while status(&http::get(port, "/nothing", "")) != 404 {
        assert!(Instant::now() < end, "still full");
    }
    let refused = wire::json(&first.ask("nonsense")).expect("JSON");
    assert!(refused["error"].is_string(), "{refused}");
    let metrics = wire::json(&first.ask("get_metrics")).expect("JSON");
    let server_counts = &metrics["server"];
    assert_eq!(server_counts["bad_requests"], 1, "{metrics}");
    assert_eq!(server_counts["bad_handshakes"], 1, "{metrics}");
    assert_eq!(server_counts["requests"], 1, "{metrics}");
    let refused = server_counts["refused_per_address"].as_u64();
    assert!(refused.is_some_and(|n| n >= 1), "{metrics}");
    let accepted = server_counts["accepted"].as_u64();
    assert_eq!(accepted, refused.map(|n| n + 3), "{metrics}");
}

#[test]
fn a_client_that_asks_much_and_reads_nothing_costs_no_memory() {
    let server = Server::start("");
    let port = server.port();
    let mut probe = websocket(port);
    probe.write_all(&text("get_processes")).expect("a request");
    probe.read_exact(&mut [0; 2]).expect("an answer");
    let before = Holdings::of(server.pid()).memory;
    let requests = text("get_processes").repeat(20_000);
    let greedy: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = websocket(port);
            let soon = Some(Duration::from_millis(300));
            stream.set_write_timeout(soon).expect("a timeout");
            let _ = stream.write_all(&requests);
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let grown = Holdings::of(server.pid()).memory.saturating_sub(before);
    assert!(grown < 8 << 20, "grown by {grown} bytes");
    // Others are served meanwhile.
    let mut fair = websocket(port);
    fair.write_all(&text("get_metrics")).expect("a request");
    fair.read_exact(&mut [0; 2]).expect("an answer");
    drop(greedy);
}
