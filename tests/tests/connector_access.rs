//! Who may connect and how: tokens, TLS, other web pages, both loopback addresses.

#[macro_use]
mod connector;

use connector::{Client, How, Version};
use std::fs::read_to_string;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;
use subjiffy_tests::agent;
use subjiffy_tests::raw::{Raw, address};
use subjiffy_tests::server::Server;
use subjiffy_tests::{build, need, network, tls};

versions! {
    the_right_token_opens_and_any_other_is_refused_by_its_status,
    tls_is_trusted_by_its_certificate,
}

fn the_right_token_opens_and_any_other_is_refused_by_its_status(version: Version) {
    for variable in ["SOCKTOP_TOKEN", "SUBJIFFY_TOKEN"] {
        let server = Server::with("", |command| {
            command.env(variable, "s3cret /?&=%");
        });
        let connect = |query: &str| {
            let how = How {
                url: format!("{}{query}", server.url),
                ..How::default()
            };
            Client::connect(version, &how)
        };
        let right = "token=s3cret%20%2F%3F%26%3D%25";
        for query in [format!("?{right}"), format!("?token=no&{right}")] {
            let client = connect(&query);
            let mut client = client.unwrap_or_else(|error| panic!("{variable}, {query}: {error}"));
            client.ask("metrics");
            assert!(!client.processes().is_empty());
        }
        for query in [
            "",
            "?token=",
            "?token=s3cret",
            "?other=1",
            "?token=x&token=y",
        ] {
            let error = connect(query).err();
            let error = error.unwrap_or_else(|| panic!("{query} is let in"));
            assert!(error.contains("401"), "{query}: {error}");
        }
        // Who only asks whether it lives needs none.
        assert!(http(&server.url, "GET /healthz").starts_with("HTTP/1.1 200"));
    }
}

fn tls_is_trusted_by_its_certificate(version: Version) {
    let (directory, other) = (directory(), directory());
    let server = tls::server(directory.path(), None);
    let pem = tls::certificate(directory.path());
    assert!(server.url.starts_with("wss://"), "{}", server.url);
    let connect = |url: &str, pem: &Path, verify: bool| {
        let how = How {
            url: url.to_owned(),
            tls: Some((pem.to_string_lossy().into_owned(), verify)),
            ..How::default()
        };
        Client::connect(version, &how)
    };
    let by_name = server.url.replace("127.0.0.1", "localhost");
    let plain = server.url.replace("wss://", "ws://");
    for (url, verify) in [
        (&server.url, false),
        (&server.url, true),
        (&by_name, true),
        (&plain, false),
    ] {
        let client = connect(url, &pem, verify);
        let mut client = client.unwrap_or_else(|error| panic!("{url}, {verify}: {error}"));
        client.ask("metrics");
        assert!(!client.processes().is_empty());
    }

    drop(tls::server(other.path(), None));
    let foreign = tls::certificate(other.path());
    assert_ne!(
        read_to_string(&pem).expect("a certificate"),
        read_to_string(&foreign).expect("another")
    );
    // The older connectors look at nothing unless they verify.
    let careful = version == Version::V1_60_1;
    for verify in [false, true].into_iter().filter(|&v| v || careful) {
        let refused = connect(&server.url, &foreign, verify).is_err();
        assert!(refused, "another certificate is trusted, verify: {verify}");
    }

    // The certificate is kept.
    let before = read_to_string(&pem).expect("a certificate");
    drop(server);
    let again = tls::server(directory.path(), None);
    assert_eq!(before, read_to_string(&pem).expect("a certificate"));
    connect(&again.url, &pem, true)
        .map(drop)
        .expect("the kept certificate");
}

#[test]
fn the_private_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let _server = tls::server(directory.path(), None);
    let keys = tls::find(directory.path(), "PRIVATE KEY");
    assert!(
        !keys.is_empty(),
        "no key below {}",
        directory.path().display()
    );
    for key in keys {
        let mode = key.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", key.display());
    }
}

/// Any page in a browser could read the machine otherwise.
#[test]
fn a_foreign_web_page_is_refused() {
    let server = Server::start("");
    let upgrade = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\
        \r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==";
    let answer = |headers: &str| {
        let answer = raw_http(&server.url, &format!("{upgrade}{headers}\r\n\r\n"));
        answer.lines().next().unwrap_or_default().to_owned()
    };
    let accepted = answer("");
    assert!(accepted.contains("101"), "{accepted}");
    let refused = answer("\r\nOrigin: https://example.org");
    assert!(refused.contains("403"), "{refused}");
}

#[test]
fn the_agent_is_reached_by_both_loopback_addresses_on_its_default_port() {
    if !need::root() {
        return;
    }
    let binary = build::binary();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            network::leave().expect("a network");
            let server = Server::spawn(&mut agent::command(binary.as_os_str()));
            for url in ["ws://127.0.0.1:3000/ws", "ws://[::1]:3000/ws"] {
                Raw::connect(url).ask("get_metrics");
            }
            drop(server);
        });
        thread.join().expect("the thread in the other network");
    });
}

/// With `--port` and the variables of the reference agent.
#[test]
fn the_words_and_variables_of_the_reference_agent_are_understood() {
    if !need::root() {
        return;
    }
    let binary = build::binary();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            network::leave().expect("a network");
            let mut by_word = agent::command(binary.as_os_str());
            by_word.args(["--port", "3231"]);
            by_word.env("SOCKTOP_ENABLE_SSL", "0");
            let _one = Server::spawn(&mut by_word);
            Raw::connect("ws://127.0.0.1:3231/ws").ask("get_metrics");
            let mut by_variable = agent::command(binary.as_os_str());
            let _two = Server::spawn(by_variable.env("SOCKTOP_PORT", "3232"));
            Raw::connect("ws://127.0.0.1:3232/ws").ask("get_metrics");
        });
        thread.join().expect("the thread in the other network");
    });
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

fn http(url: &str, request: &str) -> String {
    let request = format!("{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    raw_http(url, &request)
}

/// What comes back, up to the end of the headers.
fn raw_http(url: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address(url)).expect("a connection");
    let limit = stream.set_read_timeout(Some(Duration::from_secs(5)));
    limit
        .and_then(|()| stream.write_all(request.as_bytes()))
        .expect("a request");
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n == 1) {
        answer.push(byte[0]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
