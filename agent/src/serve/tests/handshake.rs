use tokio::io::AsyncWriteExt;

use super::support::{HANDSHAKE, Server, head, read_head};
use crate::serve::Limits;

async fn refusal(line: &str, headers: &str) -> String {
    Server::start(Limits::default())
        .await
        .exchange(&head(line, headers))
        .await
}

/// The response head to `headers`, in lower case.
async fn accepted(headers: &str) -> String {
    let server = Server::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let request = head("GET /ws?token=any HTTP/1.1", headers);
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_head(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    // The key of RFC 6455, section 1.3.
    assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{answer}");
    answer.to_lowercase()
}

#[tokio::test]
async fn a_valid_handshake_is_accepted() {
    let answer = accepted(HANDSHAKE).await;
    assert!(answer.contains("upgrade: websocket\r\n"), "{answer}");
    assert!(answer.contains("connection: upgrade\r\n"), "{answer}");
    assert!(!answer.contains("sec-websocket-protocol"), "{answer}");
}

#[tokio::test]
async fn header_lists_may_take_many_forms() {
    let lines = HANDSHAKE
        .replace(
            "Connection: Upgrade",
            "Connection: keep-alive\nconnection:  x , UPGRADE",
        )
        .replace("Upgrade: websocket", "upgrade: h2c,WebSocket");
    accepted(&lines).await;
}

#[tokio::test]
async fn compression_is_not_negotiated() {
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\n";
    let answer = accepted(&[HANDSHAKE, offer].concat()).await;
    assert!(!answer.contains("sec-websocket-extensions"), "{answer}");
}

#[tokio::test]
async fn a_single_subprotocol_comes_back() {
    for (offer, echo) in [
        ("Sec-WebSocket-Protocol: socktop\n", true),
        ("Sec-WebSocket-Protocol: socktop, other\n", false),
        (
            "Sec-WebSocket-Protocol: socktop\nSec-WebSocket-Protocol: other\n",
            false,
        ),
        ("Sec-WebSocket-Protocol: ,\n", false),
    ] {
        let answer = accepted(&[HANDSHAKE, offer].concat()).await;
        assert_eq!(
            answer.contains("sec-websocket-protocol: socktop\r\n"),
            echo,
            "{answer}"
        );
        assert_eq!(answer.contains("sec-websocket-protocol"), echo, "{answer}");
    }
}

#[tokio::test]
async fn an_invalid_handshake_is_a_bad_request_that_says_why() {
    for (from, to, why) in [
        ("Connection: Upgrade\n", "", "Upgrade: websocket"),
        (
            "Connection: Upgrade",
            "Connection: upgraded",
            "Upgrade: websocket",
        ),
        ("Upgrade: websocket\n", "", "Upgrade: websocket"),
        ("Upgrade: websocket", "Upgrade: h2c", "Upgrade: websocket"),
        ("Version: 13", "Version: 12", "use 13"),
        ("Version: 13", "Version: 13, 8", "use 13"),
        ("Sec-WebSocket-Version: 13\n", "", "use 13"),
        (
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n",
            "",
            "Sec-WebSocket-Key",
        ),
        ("dGhlIHNhbXBsZSBub25jZQ==", "", "Sec-WebSocket-Key"),
        (
            "dGhlIHNhbXBsZSBub25jZQ==",
            "dGhlIHNhbXBsZQ==",
            "Sec-WebSocket-Key",
        ),
        (
            "dGhlIHNhbXBsZSBub25jZQ==",
            "dGhlIHNhbXBsZSBub25j_w==",
            "Sec-WebSocket-Key",
        ),
        (
            "Sec-WebSocket-Version",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version",
            "Sec-WebSocket-Key",
        ),
    ] {
        let headers = HANDSHAKE.replacen(from, to, 1);
        let answer = refusal("GET /ws HTTP/1.1", &headers).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{headers}: {answer}");
        assert!(answer.contains(why), "{headers}: {answer}");
    }
}

#[tokio::test]
async fn http_1_0_cannot_be_upgraded() {
    let answer = refusal("GET /ws HTTP/1.0", HANDSHAKE).await;
    assert!(answer.starts_with("HTTP/1.0 400 "), "{answer}");
    assert!(answer.contains("HTTP/1.1"), "{answer}");
}

#[tokio::test]
async fn only_get_can_be_upgraded() {
    let answer = refusal("HEAD /ws HTTP/1.1", HANDSHAKE).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    let answer = refusal("POST /ws HTTP/1.1", HANDSHAKE).await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}
