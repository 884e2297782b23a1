use futures_util::{SinkExt, StreamExt};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::tungstenite::Message;

use super::support::{PATIENCE, SHORT, Server, close_code, raw_frame, raw_websocket, read_to_end};
use crate::serve::Limits;

/// A server that has an hour for its shutdown, so that only politeness ends it.
async fn patient() -> Server {
    Server::start(Limits {
        drain: PATIENCE * 180,
        close: PATIENCE * 180,
        ..Limits::default()
    })
    .await
}

async fn ended(server: Server) {
    server.shutdown.cancel();
    timeout(PATIENCE, server.task)
        .await
        .expect("serve returns")
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn without_clients_it_ends_at_once() {
    ended(patient().await).await;
}

#[tokio::test]
async fn clients_get_1001() {
    let server = patient().await;
    let sockets = [server.websocket().await, server.websocket().await];
    server.until_attached(2).await;
    let ended = tokio::spawn(ended(server));
    for mut socket in sockets {
        assert_eq!(close_code(&mut socket).await, 1001);
        assert!(socket.next().await.is_none());
    }
    ended.await.unwrap();
}

#[tokio::test]
async fn a_handshake_in_progress_is_dropped() {
    let server = patient().await;
    let mut silent = server.connect().await;
    silent.write_all(b"GET /ws HTT").await.unwrap();
    tokio::time::sleep(SHORT).await;
    let ended = tokio::spawn(ended(server));
    assert_eq!(read_to_end(&mut silent).await, b"");
    ended.await.unwrap();
}

#[tokio::test]
async fn the_deadline_ends_an_answer_that_never_comes() {
    let server = Server::start(Limits {
        drain: SHORT,
        ..Limits::default()
    })
    .await;
    let mut socket = server.websocket().await;
    socket
        .send(Message::text("get_process_metrics:0"))
        .await
        .unwrap();
    tokio::time::sleep(SHORT).await;
    ended(server).await;
    assert!(!matches!(socket.next().await, Some(Ok(_))));
}

#[tokio::test]
async fn the_deadline_ends_clients_that_do_not_listen() {
    let server = Server::start(Limits {
        drain: SHORT,
        ..Limits::default()
    })
    .await;
    let mut deaf = raw_websocket(&server).await;
    let mut greedy = raw_websocket(&server).await;
    greedy
        .write_all(&raw_frame(0x81, b"get_processes").repeat(3))
        .await
        .unwrap();
    deaf.write_all(&raw_frame(0x01, b"get_")).await.unwrap();
    server.until_attached(2).await;
    ended(server).await;
}
