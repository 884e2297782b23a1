use tokio::io::AsyncWriteExt;

use super::support::{HANDSHAKE, Server, head, read_head};
use crate::serve::{Access, Origins, Setup, Token, own_names};

async fn guarded() -> Server {
    let access = Access {
        token: Some(Token::new(b"s3cret").unwrap()),
        origins: Origins {
            allowed: vec!["https://dash.example.org".parse().unwrap()],
            own_names: own_names("web1"),
            ..Origins::default()
        },
    };
    Server::with(Setup {
        access,
        ..Setup::default()
    })
    .await
}

/// The head of the answer to a handshake.
async fn answer(server: &Server, path: &str, headers: &str) -> String {
    let mut stream = server.connect().await;
    let request = head(
        &format!("GET {path} HTTP/1.1"),
        &[HANDSHAKE, headers].concat(),
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    read_head(&mut stream).await
}

#[tokio::test]
async fn the_right_token_opens_in_both_forms() {
    let server = guarded().await;
    for (path, headers) in [
        ("/ws?token=s3cret", ""),
        ("/ws?x&token=no&token=s%33cret", ""),
        ("/ws", "Authorization: Bearer s3cret\n"),
        ("/ws?token=no", "authorization: bearer s3cret\n"),
    ] {
        let answer = answer(&server, path, headers).await;
        assert!(
            answer.starts_with("HTTP/1.1 101 "),
            "{path} {headers}: {answer}"
        );
    }
    server.counted(|all| all.accepted = 4).await;
}

#[tokio::test]
async fn without_it_there_is_401_before_the_upgrade() {
    let server = guarded().await;
    for (path, headers) in [
        ("/ws", ""),
        ("/ws?token", ""),
        ("/ws?token=", ""),
        ("/ws?token=s3cre", ""),
        ("/ws?token=s3crett", ""),
        ("/ws?token=s3cret&token=", ""),
        ("/ws", "Authorization: Bearer no\n"),
        ("/ws", "Authorization: Basic s3cret\n"),
        ("/ws", "X-Token: s3cret\n"),
    ] {
        let answer = answer(&server, path, headers).await;
        assert!(
            answer.starts_with("HTTP/1.1 401 "),
            "{path} {headers}: {answer}"
        );
        let answer = answer.to_lowercase();
        assert!(answer.contains("www-authenticate: bearer"), "{answer}");
        assert!(!answer.contains("s3cret"), "{answer}");
    }
    server
        .counted(|all| {
            all.accepted = 9;
            all.unauthorized = 9;
        })
        .await;
}

#[tokio::test]
async fn a_request_that_is_no_handshake_needs_the_token_first() {
    let server = guarded().await;
    let answer = server.exchange(&head("GET /ws HTTP/1.1", "")).await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("token=TOKEN"), "{answer}");
    let answer = server
        .exchange(&head("GET /ws?token=s3cret HTTP/1.1", ""))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn healthz_needs_nothing() {
    let server = guarded().await;
    let foreign = "Origin: http://evil.example\n";
    let answer = server
        .exchange(&head("GET /healthz HTTP/1.1", foreign))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    server.counted(|all| all.accepted = 1).await;
}

#[tokio::test]
async fn pages_of_other_origins_are_refused_whatever_they_know() {
    let server = guarded().await;
    for headers in [
        "Origin: http://evil.example\n",
        "Origin: null\n",
        "Origin: \n",
        "Origin: http://localhost\nOrigin: http://localhost\n",
        "Sec-Fetch-Site: cross-site\n",
    ] {
        let request = head(
            "GET /ws?token=s3cret HTTP/1.1",
            &[HANDSHAKE, headers].concat(),
        );
        let answer = server.exchange(&request).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{headers}: {answer}");
        assert!(answer.contains("--allow-origin"), "{answer}");
    }
    // A wrong token makes no difference: there is nothing to learn.
    let request = head(
        "GET /ws?token=no HTTP/1.1",
        &[HANDSHAKE, "Origin: null\n"].concat(),
    );
    assert!(server.exchange(&request).await.starts_with("HTTP/1.1 403 "));
    server
        .counted(|all| {
            all.accepted = 6;
            all.foreign_origin = 6;
        })
        .await;
}

#[tokio::test]
async fn pages_of_this_host_and_allowed_ones_connect() {
    let server = guarded().await;
    for origin in [
        "http://localhost",
        "https://dash.example.org",
        "https://DASH.example.org:443",
    ] {
        let origin = format!("Origin: {origin}\n");
        let answer = answer(&server, "/ws?token=s3cret", &origin).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{origin}: {answer}");
    }
}
