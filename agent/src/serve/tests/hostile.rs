use futures_util::{SinkExt, future::join_all};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use super::support::{
    HANDSHAKE, SHORT, Server, close_code, head, next, raw_frame, raw_websocket, read_head,
    read_to_end,
};
use crate::serve::Limits;

/// A close frame with `code`, from a server.
fn closes_with(bytes: &[u8], code: u16) -> bool {
    bytes.starts_with(&[0x88]) && bytes.get(2..4) == Some(&code.to_be_bytes()[..])
}

#[tokio::test]
async fn a_message_too_large_closes_with_1009() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    let _ = socket.send(Message::text("x".repeat(1 << 20))).await;
    assert_eq!(close_code(&mut socket).await, 1009);
    server.until_attached(0).await;
}

#[tokio::test]
async fn a_frame_that_claims_to_be_huge_closes_with_1009() {
    let server = Server::start(Limits::default()).await;
    let mut stream = raw_websocket(&server).await;
    let huge = [&[0x81, 0xff][..], &(u64::MAX >> 1).to_be_bytes(), &[0; 4]].concat();
    stream.write_all(&huge).await.unwrap();
    assert!(closes_with(&read_to_end(&mut stream).await, 1009));
}

#[tokio::test]
async fn endless_fragments_close_with_1009() {
    let server = Server::start(Limits::default()).await;
    let mut stream = raw_websocket(&server).await;
    stream.write_all(&raw_frame(0x01, b"x")).await.unwrap();
    let _ = stream
        .write_all(&raw_frame(0x00, &[b'x'; 1000]).repeat(100))
        .await;
    assert!(closes_with(&read_to_end(&mut stream).await, 1009));
}

#[tokio::test]
async fn frames_against_the_rules_are_closed_with_their_code() {
    let server = Server::start(Limits::default()).await;
    for (frame, code) in [
        (raw_frame(0x81, b"\xff\xfe"), 1007),
        (b"\x81\x02{}".to_vec(), 1002),
        (raw_frame(0xf1, b"reserved bits"), 1002),
        (raw_frame(0x83, b"reserved opcode"), 1002),
        (raw_frame(0x80, b"continues nothing"), 1002),
        (raw_frame(0x89, &[b'p'; 126]), 1002),
    ] {
        let mut stream = raw_websocket(&server).await;
        stream.write_all(&frame).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(closes_with(&answer, code), "{frame:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off() {
    let server = Server::start(Limits {
        handshake: SHORT,
        ..Limits::default()
    })
    .await;
    let mut silent = server.connect().await;
    let mut slow = server.connect().await;
    let drip = async {
        for byte in head("GET /ws HTTP/1.1", HANDSHAKE).bytes() {
            tokio::time::sleep(SHORT / 10).await;
            slow.write_all(&[byte]).await?;
        }
        std::io::Result::Ok(())
    };
    assert!(drip.await.is_err());
    assert_eq!(read_to_end(&mut silent).await, b"");
    assert_eq!(server.attached(), 0);
}

#[tokio::test]
async fn the_handshake_limit_ends_with_the_handshake() {
    let server = Server::start(Limits {
        handshake: SHORT,
        ..Limits::default()
    })
    .await;
    let mut socket = server.websocket().await;
    tokio::time::sleep(SHORT * 3).await;
    socket.send(Message::text("get_metrics")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("{}"));
}

#[tokio::test]
async fn large_headers_are_refused() {
    let server = Server::start(Limits::default()).await;
    let filler = format!("X-Filler: {}\n", "x".repeat(20_000));
    let answer = server.exchange(&head("GET /ws HTTP/1.1", &filler)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

#[tokio::test]
async fn two_hundred_clients_are_served() {
    let server = Server::start(Limits::default()).await;
    let mut sockets = join_all((0..200).map(|_| server.websocket())).await;
    server.until_attached(200).await;
    let asked = join_all(sockets.iter_mut().map(async |socket| {
        socket.send(Message::text("get_metrics")).await.unwrap();
        next(socket).await
    }));
    assert!(
        asked
            .await
            .iter()
            .all(|answer| *answer == Message::text("{}"))
    );
    drop(sockets);
    server.until_attached(0).await;
}

#[tokio::test]
async fn a_client_too_many_is_told_so_until_there_is_room() {
    let server = Server::start(Limits {
        connections: 2,
        ..Limits::default()
    })
    .await;
    let first = server.websocket().await;
    let _second = server.websocket().await;
    let request = head("GET /healthz HTTP/1.1", "");
    let answer = server.exchange(&request).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("too many connections"), "{answer}");

    drop(first);
    server.until_attached(1).await;
    let mut answer = server.exchange(&request).await;
    while answer.starts_with("HTTP/1.1 503 ") {
        answer = server.exchange(&request).await;
    }
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_holds_up_nobody() {
    let server = Server::start(Limits {
        write: SHORT * 5,
        ..Limits::default()
    })
    .await;
    let mut greedy = raw_websocket(&server).await;
    let mut fair = server.websocket().await;
    greedy
        .write_all(&raw_frame(0x81, b"get_processes").repeat(50))
        .await
        .unwrap();
    let mut asked = 0;
    while server.attached() == 2 {
        fair.send(Message::text("get_metrics")).await.unwrap();
        assert_eq!(next(&mut fair).await, Message::text("{}"));
        asked += 1;
    }
    assert!(asked > 1);
    server.until_attached(1).await;
}

#[tokio::test]
async fn a_reset_ends_only_its_connection() {
    let server = Server::start(Limits::default()).await;
    let mut other = server.websocket().await;
    for request in ["get_metrics", "get_processes", "get_process_metrics:0"] {
        let mut stream = raw_websocket(&server).await;
        stream
            .write_all(&raw_frame(0x81, request.as_bytes()))
            .await
            .unwrap();
        stream.set_zero_linger().unwrap();
    }
    let half = server.connect().await;
    half.set_zero_linger().unwrap();
    drop(half);
    other.send(Message::text("get_metrics")).await.unwrap();
    assert_eq!(next(&mut other).await, Message::text("{}"));
}

#[tokio::test]
async fn a_client_that_answers_no_close_is_left() {
    let server = Server::start(Limits {
        close: SHORT,
        connections: 1,
        ..Limits::default()
    })
    .await;
    let mut stream = raw_websocket(&server).await;
    stream.write_all(b"\x81\x00").await.unwrap();
    server.until_attached(0).await;
    loop {
        let mut next = server.connect().await;
        next.write_all(head("GET /healthz HTTP/1.1", "").as_bytes())
            .await
            .unwrap();
        if read_head(&mut next).await.starts_with("HTTP/1.1 200 ") {
            break;
        }
    }
}

/// Bytes that follow no rule, the same in every run.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let length = next() % 600;
    (0..length).map(|_| next() as u8).collect()
}

#[tokio::test]
async fn no_bytes_break_it() {
    let server = Server::start(Limits {
        handshake: SHORT,
        close: SHORT,
        ..Limits::default()
    })
    .await;
    let starts = [
        String::new(),
        "GET /ws HTTP/1.1\r\n".into(),
        "GET /ws?token=%".into(),
        head("GET /ws HTTP/1.1", HANDSHAKE),
        head("GET /stream HTTP/1.1", HANDSHAKE),
    ];
    let clients = (0..400_u64).map(async |seed| {
        let mut stream = server.connect().await;
        let mut bytes = starts[seed as usize % starts.len()].clone().into_bytes();
        bytes.extend(noise(seed));
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        read_to_end(&mut stream).await;
    });
    join_all(clients).await;
    let mut socket = server.websocket().await;
    socket.send(Message::text("get_metrics")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("{}"));
    let counted = server.counters.snapshot();
    assert_eq!(counted.accepted, 401, "{counted:?}");
    drop(socket);
    server.until_attached(0).await;
}
