use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use subjiffy_proto::socktop::ErrorObject;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use super::support::{HANDSHAKE, LARGE, Server, head, next, raw_frame, raw_websocket, read_head};
use crate::serve::Limits;

const TEXT: u8 = 0x81;

/// What a server sends for an unmasked text of up to 125 bytes.
fn text_frame(text: &str) -> Vec<u8> {
    [&[TEXT, text.len() as u8], text.as_bytes()].concat()
}

#[tokio::test]
async fn every_request_has_its_answer() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    for (request, answer) in [
        ("get_metrics", "{}"),
        (" get_disks\n", "[]"),
        (r#"{"type":"metrics"}"#, "{}"),
        ("get_process_metrics:7", "7"),
        (r#"{"type":"process_metrics","pid":8}"#, "8"),
    ] {
        socket.send(Message::text(request)).await.unwrap();
        assert_eq!(next(&mut socket).await, Message::text(answer), "{request}");
    }
    socket.send(Message::text("get_processes")).await.unwrap();
    assert_eq!(next(&mut socket).await.len(), LARGE);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = Server::start(Limits::default()).await;
    let mut stream = raw_websocket(&server).await;
    let pids = 1..=200;
    let requests = pids.clone().map(|pid| format!("get_process_metrics:{pid}"));
    let bytes: Vec<u8> = requests
        .flat_map(|text| raw_frame(TEXT, text.as_bytes()))
        .collect();
    stream.write_all(&bytes).await.unwrap();

    let expected: Vec<u8> = pids.flat_map(|pid| text_frame(&pid.to_string())).collect();
    let mut answers = vec![0; expected.len()];
    stream.read_exact(&mut answers).await.unwrap();
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn a_request_may_follow_the_handshake_at_once() {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let mut bytes = head("GET /ws HTTP/1.1", HANDSHAKE).into_bytes();
    bytes.extend(raw_frame(TEXT, b"get_metrics"));
    stream.write_all(&bytes).await.unwrap();
    read_head(&mut stream).await;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..], text_frame("{}"));
}

#[tokio::test]
async fn a_request_may_be_fragmented() {
    let server = Server::start(Limits::default()).await;
    let mut stream = raw_websocket(&server).await;
    for (first, part) in [(0x01, "get_"), (0x00, ""), (0x80, "metrics")] {
        stream
            .write_all(&raw_frame(first, part.as_bytes()))
            .await
            .unwrap();
    }
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..], text_frame("{}"));
}

#[tokio::test]
async fn garbage_gets_one_error_object_each() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    let garbage = [
        Message::text(""),
        Message::text("GET_METRICS"),
        Message::text("get_process_metrics:x"),
        Message::text(r#"{"type":"#),
        Message::text("x".repeat(60_000)),
        Message::binary(Vec::new()),
        Message::binary(&b"get_metrics"[..]),
        Message::binary(vec![0xff; 1000]),
    ];
    for message in garbage {
        socket.send(message).await.unwrap();
        socket.send(Message::text("get_metrics")).await.unwrap();
        let answer = next(&mut socket).await;
        assert!(answer.is_text(), "{answer:?}");
        let error: ErrorObject = serde_json::from_slice(&answer.into_data()).unwrap();
        assert!(
            error.error.contains("get_") || error.error.contains("metrics"),
            "{error:?}"
        );
        assert_eq!(next(&mut socket).await, Message::text("{}"));
    }
}

#[tokio::test]
async fn an_error_of_the_agent_is_passed_on() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    socket
        .send(Message::text("get_journal_entries:5"))
        .await
        .unwrap();
    let expected = r#"{"error":"no journal","pid":5,"request":"get_journal_entries"}"#;
    assert_eq!(next(&mut socket).await, Message::text(expected));
}

#[tokio::test]
async fn a_ping_gets_its_pong_and_a_pong_nothing() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    socket.send(Message::Pong("x".into())).await.unwrap();
    socket.send(Message::Ping("y".into())).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Pong("y".into()));
}

#[tokio::test]
async fn nothing_comes_without_a_request() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    let unsolicited = timeout(Duration::from_secs(3), socket.next()).await;
    assert!(unsolicited.is_err(), "{unsolicited:?}");
    socket.send(Message::text("get_metrics")).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::text("{}"));
    let unsolicited = timeout(Duration::from_secs(1), socket.next()).await;
    assert!(unsolicited.is_err(), "{unsolicited:?}");
}

#[tokio::test]
async fn a_close_is_answered_and_the_client_detached() {
    let server = Server::start(Limits::default()).await;
    let mut socket = server.websocket().await;
    server.until_attached(1).await;
    socket.close(None).await.unwrap();
    assert_eq!(next(&mut socket).await, Message::Close(None));
    assert!(socket.next().await.is_none());
    server.until_attached(0).await;
}

#[tokio::test]
async fn a_client_that_half_closes_gets_its_answers() {
    let server = Server::start(Limits::default()).await;
    let mut stream = raw_websocket(&server).await;
    stream
        .write_all(&raw_frame(TEXT, b"get_metrics").repeat(3))
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    let mut answers = Vec::new();
    stream.read_to_end(&mut answers).await.unwrap();
    assert_eq!(answers, text_frame("{}").repeat(3));
    server.until_attached(0).await;
}
