//! What clients do wrong is counted, each thing once and where it belongs.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::support::{
    HANDSHAKE, LARGE, PATIENCE, SHORT, Server, close_code, head, next, raw_frame, raw_websocket,
    read_to_end,
};
use crate::serve::Limits;

#[tokio::test]
async fn requests_and_connections() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    for request in ["get_metrics", "get_disks", "nonsense", ""] {
        socket.send(Message::text(request)).await.unwrap();
        next(&mut socket).await;
    }
    socket.send(Message::binary(vec![1])).await.unwrap();
    next(&mut socket).await;
    server
        .counted(|all| {
            (all.accepted, all.connections) = (1, 1);
            (all.requests, all.bad_requests) = (2, 3);
        })
        .await;
    socket.close(None).await.unwrap();
    while socket.next().await.is_some() {}
    server
        .counted(|all| {
            all.accepted = 1;
            (all.requests, all.bad_requests) = (2, 3);
        })
        .await;
}

#[tokio::test]
async fn bad_handshakes() {
    let server = Server::start(Limits::default()).await;
    let filler = format!("X-Filler: {}\n", "x".repeat(20_000));
    let all = [
        head("GET / HTTP/1.1", ""),
        head("POST /ws HTTP/1.1", ""),
        head("GET /ws HTTP/1.1", ""),
        head("HEAD /ws HTTP/1.1", HANDSHAKE),
        head("GET /ws HTTP/1.1", &filler),
        "garbage\r\n\r\n".to_owned(),
    ];
    for request in &all {
        server.exchange(request).await;
    }
    server
        .counted(|counted| {
            counted.accepted = all.len() as u64;
            counted.bad_handshakes = all.len() as u64;
        })
        .await;
}

#[tokio::test]
async fn clients_that_leave_are_no_trouble() {
    let server = Server::start(Limits::default()).await;
    drop(server.connect().await);
    let mut half = server.connect().await;
    half.write_all(b"GET /ws HTT").await.unwrap();
    drop(half);
    let reset = server.connect().await;
    reset.set_zero_linger().unwrap();
    drop(reset);
    drop(raw_websocket(&server).await);
    server.counted(|all| all.accepted = 4).await;
}

#[tokio::test]
async fn slow_handshakes() {
    let server = Server::start(Limits {
        handshake: SHORT,
        ..Limits::default()
    })
    .await;
    let mut silent = server.connect().await;
    assert_eq!(read_to_end(&mut silent).await, b"");
    server
        .counted(|all| {
            all.accepted = 1;
            all.handshake_timeouts = 1;
        })
        .await;
}

#[tokio::test]
async fn messages_too_large_and_frames_against_the_rules() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    let _ = socket.send(Message::text("x".repeat(100_000))).await;
    assert_eq!(close_code(&mut socket).await, 1009);
    for frame in [raw_frame(0x81, b"\xff"), raw_frame(0xf1, b"x")] {
        let mut stream = raw_websocket(&server).await;
        stream.write_all(&frame).await.unwrap();
        read_to_end(&mut stream).await;
    }
    drop(socket);
    server
        .counted(|all| {
            all.accepted = 3;
            (all.too_large, all.bad_requests) = (1, 2);
        })
        .await;
}

#[tokio::test]
async fn too_many_clients() {
    let server = Server::start(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = server.websocket().await;
    server.until_attached(1).await;
    let answer = server.exchange(&head("GET /ws HTTP/1.1", HANDSHAKE)).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    server
        .counted(|all| (all.accepted, all.connections, all.refused_full) = (2, 1, 1))
        .await;
    drop(first);
}

#[tokio::test]
async fn too_many_clients_of_one_address() {
    let server = Server::start(Limits {
        connections_per_address: 2,
        ..Limits::default()
    })
    .await;
    let from = async |address: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(address.parse().unwrap()).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        let request = head("GET /ws HTTP/1.1", HANDSHAKE);
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        (stream, String::from_utf8(answer.to_vec()).unwrap())
    };
    let first = [from("127.0.0.2:0").await, from("127.0.0.2:0").await];
    assert!(first.iter().all(|(_, answer)| answer == "HTTP/1.1 101"));
    let (mut refused, answer) = from("127.0.0.2:0").await;
    assert_eq!(answer, "HTTP/1.1 503");
    let why = String::from_utf8(read_to_end(&mut refused).await).unwrap();
    assert!(why.contains("from your address"), "{why}");
    let other = from("127.0.0.3:0").await;
    assert_eq!(other.1, "HTTP/1.1 101");
    server
        .counted(|all| {
            (all.accepted, all.connections) = (4, 3);
            all.refused_per_address = 1;
        })
        .await;
    drop((first, other));
    server
        .counted(|all| (all.accepted, all.refused_per_address) = (4, 1))
        .await;
}

#[tokio::test]
async fn ten_thousand_that_come_and_go() {
    let server = Server::start(Limits::default()).await;
    for number in 0..10_000_u32 {
        let stream = server.connect().await;
        if number % 3 == 0 {
            // A reset also leaves no waiting socket behind.
            stream.set_zero_linger().unwrap();
        }
    }
    let served = async {
        // A connection that was reset before it was taken may never be seen.
        while server.counters.snapshot().connections > 0 {
            tokio::time::sleep(SHORT / 10).await;
        }
        let mut socket = server.websocket().await;
        socket.send(Message::text("get_metrics")).await.unwrap();
        next(&mut socket).await
    };
    assert_eq!(
        timeout(PATIENCE, served).await.unwrap(),
        Message::text("{}")
    );
    let counted = server.counters.snapshot();
    assert!(counted.accepted > 6_000, "{counted:?}");
    assert_eq!(counted.bad_handshakes + counted.handshake_timeouts, 0);
    server.until_attached(0).await;
}

/// Memory of this process, in bytes. Other tests run beside this one, so only much counts.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test]
async fn who_asks_much_and_reads_nothing_is_closed_and_costs_no_memory() {
    let server = Server::start(Limits {
        write: SHORT * 5,
        ..Limits::default()
    })
    .await;
    let before = resident();
    let mut greedy = Vec::new();
    for _ in 0..20 {
        let mut stream = raw_websocket(&server).await;
        let many = raw_frame(0x81, b"get_processes").repeat(5_000);
        // The server stops to read, so that not all of it may find room.
        let _ = timeout(SHORT, stream.write_all(&many)).await;
        greedy.push(stream);
    }
    // One answer for each, and they share its bytes: had all been made there were terabytes.
    let grown = resident().saturating_sub(before);
    assert!(grown < 20 * LARGE * 2, "grown by {grown} bytes");
    server.until_attached(0).await;
    let counted = server.counters.snapshot();
    assert_eq!(counted.slow_closed, 20, "{counted:?}");
    assert!(counted.requests <= 20 * 2, "{counted:?}");
}

#[tokio::test]
async fn who_pings_and_reads_nothing_is_closed() {
    let server = Server::start(Limits {
        write: SHORT,
        ..Limits::default()
    })
    .await;
    let mut stream: TcpStream = raw_websocket(&server).await;
    let pings = raw_frame(0x89, &[b'p'; 125]).repeat(1_000);
    let flood = async { while stream.write_all(&pings).await.is_ok() {} };
    timeout(PATIENCE, flood).await.expect("the server closes");
    server
        .counted(|all| (all.accepted, all.slow_closed) = (1, 1))
        .await;
    // The other way round, pings that are answered harm nobody.
    let mut socket = server.websocket().await;
    for _ in 0..1_000 {
        socket.send(Message::Ping("x".into())).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::Pong("x".into()));
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
}
