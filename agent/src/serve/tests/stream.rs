//! Samples that come by themselves, and nothing that does not.

use futures_util::{SinkExt, StreamExt};
use tokio::{io::AsyncWriteExt, time::timeout};
use tokio_tungstenite::{
    client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};

use super::support::{HUGE, PATIENCE, SHORT, Server, WebSocket, close_of, next};
use crate::serve::Limits;

async fn stream(server: &Server) -> WebSocket {
    let url = format!("ws://{}/stream", server.address);
    client_async(url, server.connect().await).await.unwrap().0
}

async fn number(socket: &mut WebSocket) -> u64 {
    next(socket).await.to_text().unwrap().parse().unwrap()
}

#[tokio::test]
async fn samples_follow_a_request_and_nothing_precedes_it() {
    let server = Server::start(Limits::default()).await;
    let mut socket = stream(&server).await;
    assert!(timeout(SHORT, socket.next()).await.is_err());
    socket.send(Message::text("2")).await.unwrap();
    let first = number(&mut socket).await;
    assert_eq!((first, number(&mut socket).await), (2, 4));
}

#[tokio::test]
async fn a_further_request_takes_the_place_of_the_one_before() {
    let server = Server::start(Limits::default()).await;
    let mut socket = stream(&server).await;
    socket.send(Message::text("2")).await.unwrap();
    number(&mut socket).await;
    socket.send(Message::text("1001")).await.unwrap();
    while number(&mut socket).await != 1001 {}
    assert_eq!(number(&mut socket).await, 2002);
    assert_eq!(server.attached(), 1, "the one before has ended");
}

#[tokio::test]
async fn a_bad_request_costs_only_itself() {
    let server = Server::start(Limits::default()).await;
    let mut socket = stream(&server).await;
    for bad in [Message::text("two"), Message::binary(&b"2"[..])] {
        socket.send(bad).await.unwrap();
        let answer = next(&mut socket).await;
        assert!(answer.to_text().unwrap().contains(r#""request":"stream""#));
    }
    socket.send(Message::text("2")).await.unwrap();
    number(&mut socket).await;
    socket.send(Message::text("two")).await.unwrap();
    let mut errors = 0;
    let mut last = 0;
    for _ in 0..20 {
        match next(&mut socket).await.to_text().unwrap().parse() {
            Ok(number) => last = number,
            Err(_) => errors += 1,
        }
    }
    assert_eq!(errors, 1);
    assert!(last > 30, "the stream goes on: {last}");
}

#[tokio::test]
async fn who_asks_for_nothing_is_sent_away() {
    let limits = Limits {
        handshake: SHORT,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = stream(&server).await;
    assert_eq!(close_of(&mut socket).await, CloseCode::Policy);
}

#[tokio::test]
async fn who_only_pings_is_sent_away_too() {
    let limits = Limits {
        handshake: 3 * SHORT,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut socket = stream(&server).await;
    let end = tokio::time::Instant::now() + PATIENCE;
    let code = loop {
        // Once it has ended, pings fail.
        let _ = socket.send(Message::Ping("still here".into())).await;
        match timeout(SHORT, socket.next()).await {
            Ok(Some(Ok(Message::Close(frame)))) => break frame.unwrap().code,
            _ => assert!(tokio::time::Instant::now() < end, "it stays for ever"),
        }
        tokio::time::sleep(SHORT / 4).await;
    };
    assert_eq!(code, CloseCode::Policy);
}

#[tokio::test]
async fn the_end_of_the_samples_and_of_the_server_is_told() {
    let server = Server::start(Limits::default()).await;
    let mut socket = stream(&server).await;
    socket.send(Message::text("0")).await.unwrap();
    assert_eq!(close_of(&mut socket).await, CloseCode::Away);

    let mut socket = stream(&server).await;
    socket.send(Message::text("1")).await.unwrap();
    number(&mut socket).await;
    server.shutdown.cancel();
    assert_eq!(close_of(&mut socket).await, CloseCode::Away);
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go_and_its_samples_with_it() {
    let limits = Limits {
        write: SHORT,
        ..Limits::default()
    };
    let server = Server::start(limits).await;
    let mut silent = stream(&server).await;
    silent.send(Message::text(HUGE.to_string())).await.unwrap();
    server.until_attached(1).await;
    server.until_attached(0).await;
    drop(silent);
}

#[tokio::test]
async fn a_client_that_leaves_in_any_way_ends_its_samples() {
    let server = Server::start(Limits::default()).await;
    for way in 0..3 {
        let mut socket = stream(&server).await;
        socket.send(Message::text("1")).await.unwrap();
        number(&mut socket).await;
        match way {
            0 => socket.close(None).await.unwrap(),
            1 => socket.get_mut().shutdown().await.unwrap(),
            _ => drop(socket),
        }
        timeout(PATIENCE, server.until_attached(0)).await.unwrap();
    }
}
