use super::support::{Server, head};
use crate::serve::Limits;

async fn answer(line: &str) -> String {
    Server::start(Limits::default())
        .await
        .exchange(&head(line, ""))
        .await
}

#[tokio::test]
async fn healthz_is_empty() {
    for method in ["GET", "HEAD"] {
        let answer = answer(&format!("{method} /healthz HTTP/1.1")).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn other_paths_name_the_right_ones() {
    for path in ["/", "/ws/", "/WS", "/wss", "/metrics"] {
        let answer = answer(&format!("GET {path} HTTP/1.1")).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        assert!(
            answer.contains("/ws, /stream ") && answer.contains("/healthz"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    for path in ["/ws", "/healthz"] {
        let answer = answer(&format!("POST {path} HTTP/1.1")).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
        assert!(
            answer.to_lowercase().contains("allow: get,head\r\n"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_plain_request_to_ws_is_told_what_to_do() {
    for method in ["GET", "HEAD"] {
        let answer = answer(&format!("{method} /ws HTTP/1.1")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert_eq!(
            answer.contains("WebSocket client"),
            method == "GET",
            "{answer}"
        );
    }
}

#[tokio::test]
async fn garbage_is_a_bad_request() {
    let server = Server::start(Limits::default()).await;
    for garbage in [
        "\u{16}\u{3}\u{1}\0\u{5}tls\r\n\r\n",
        "GET\r\n\r\n",
        "get_metrics\n\n",
    ] {
        let answer = server.exchange(garbage).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{garbage:?}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_takes_one_request() {
    let server = Server::start(Limits::default()).await;
    let twice = head("GET /healthz HTTP/1.1", "").repeat(2);
    let answer = server.exchange(&twice).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 1, "{answer}");
    assert!(
        answer.to_lowercase().contains("connection: close\r\n"),
        "{answer}"
    );
}
