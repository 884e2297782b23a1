//! Who may connect: addresses, tokens, web pages.

use socktop_connector::{AgentRequest, connect_to_socktop_agent};
use std::net::{Ipv6Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use subjiffy_tests::agent::{command, run, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::http::{self, HANDSHAKE, status};
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

const SECRET: &str = "s3cret/+=&%x";

fn connect(url: &str) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = connect_to_socktop_agent(url)
            .await
            .map_err(|error| error.to_string())?;
        let answer = client.request(AgentRequest::Metrics).await;
        answer.map(drop).map_err(|error| error.to_string())
    })
}

fn guarded(variable: &str) -> Server {
    let mut command = command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0"]);
    // The loudest log there is.
    Server::spawn(command.env(variable, SECRET).env("SUBJIFFY_LOG", "trace"))
}

#[test]
fn a_token_is_asked_for_and_never_said() {
    for variable in ["SUBJIFFY_TOKEN", "SOCKTOP_TOKEN"] {
        let server = guarded(variable);
        let url = &server.url;
        connect(&format!("{url}?token=s3cret%2F%2B%3D%26%25x")).expect("the right token");
        for wrong in [url.clone(), format!("{url}?token=wr0ng-one")] {
            let error = connect(&wrong).unwrap_err();
            assert!(error.contains("401"), "{error}");
        }
        let port = server.port();
        let bearer = format!("{HANDSHAKE}Authorization: Bearer {SECRET}\n");
        assert_eq!(status(&http::get(port, "/ws", &bearer)), 101);
        assert_eq!(status(&http::get(port, "/healthz", "")), 200);
        let refused = http::get(port, "/ws?token=wr0ng-one", HANDSHAKE);
        assert_eq!(status(&refused), 401);
        assert!(!refused.contains("wr0ng"), "{refused}");
        let ended = server.stop(Signal::TERM);
        for secret in [SECRET, "s3cret", "wr0ng"] {
            assert!(
                !ended.stderr.contains(secret),
                "{secret} in: {}",
                ended.stderr
            );
        }
        assert!(ended.stderr.contains("token: 3"), "{}", ended.stderr);
    }
}

#[test]
fn the_token_may_be_in_a_file() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "from-a-file\n").expect("a token");
    let words = format!("--token-file {}", file.path().display());
    let server = Server::start(&words);
    connect(&format!("{}?token=from-a-file", server.url)).expect("the right token");
    assert!(connect(&server.url).unwrap_err().contains("401"));
    let said = server.stop(Signal::TERM).stderr;
    assert!(!said.contains("read by everybody"), "{said}");

    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(file.path(), open).expect("permissions");
    let said = Server::start(&words).stop(Signal::TERM).stderr;
    assert!(said.contains("read by everybody"), "{said}");

    std::fs::write(file.path(), "\n").expect("no token");
    for (words, why) in [(words.as_str(), "empty"), ("--token-file /none", "/none")] {
        let ended = run(&format!("{words} --port 0"));
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains(why), "{why}: {}", ended.stderr);
    }
}

#[test]
fn web_pages_of_others_are_kept_out() {
    let server = Server::start("--allow-origin https://dash.example.org");
    let port = server.port();
    let from = |origin: &str| {
        let headers = format!("{HANDSHAKE}Origin: {origin}\n");
        http::get(port, "/ws", &headers)
    };
    for origin in ["http://evil.example", "null", "http://localhost:1"] {
        let answer = from(origin);
        assert_eq!(status(&answer), 403, "{origin}: {answer}");
        assert!(answer.contains("--allow-origin"), "{answer}");
    }
    for origin in [
        "https://dash.example.org",
        &format!("http://localhost:{port}"),
    ] {
        assert_eq!(status(&from(origin)), 101, "{origin}");
    }
    assert_eq!(status(&http::get(port, "/ws", HANDSHAKE)), 101);
    let ended = server.stop(Signal::TERM);
    // While it runs, and once at the end.
    for part in ["clients refused or failed: foreign", "foreign origin: 3"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}

#[test]
fn both_loopback_addresses_are_there() {
    let mut command = command(binary().as_os_str());
    let server = Server::spawn(command.args(["--port", "0"]));
    let port = server.port();
    assert!(server.url.starts_with("ws://127.0.0.1:"), "{}", server.url);
    assert_eq!(status(&http::get(port, "/healthz", "")), 200);
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        let answer = http::get_from(Ipv6Addr::LOCALHOST.into(), port, "/healthz", "");
        assert_eq!(status(&answer), 200);
        let said = server.stop(Signal::TERM).stderr;
        assert!(said.contains(&format!("ws://[::1]:{port}/ws")), "{said}");
    }
}

#[test]
fn a_taken_port_is_an_error_that_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let ended = run(&format!("--port {port}"));
    assert_eq!(ended.status.code(), Some(1));
    for part in [format!("127.0.0.1:{port}"), "--port".into()] {
        assert!(ended.stderr.contains(&part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn open_addresses_need_protection() {
    // An address of the documentation range, which no host has.
    let ended = run("--listen 192.0.2.1:3000");
    for part in ["--insecure", "--token-file", "192.0.2.1:3000"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    let mut command = command(binary().as_os_str());
    command
        .args(["--listen", "192.0.2.1:3000"])
        .env("SOCKTOP_TOKEN", SECRET);
    let ended = to_the_end(&mut command);
    assert_eq!(ended.status.code(), Some(1));
    for part in ["in clear", "cannot listen on 192.0.2.1:3000"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}

#[test]
fn the_reference_agents_command_line_is_understood() {
    let with = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(binary().as_os_str());
        command.args(words).envs(variables.iter().copied());
        to_the_end(&mut command)
    };
    for words in [["--version"], ["-V"]] {
        let ended = with(&words, &[]);
        assert!(ended.status.success() && ended.stdout.contains("subjiffy"));
    }
    for (name, value) in [
        ("SOCKTOP_PORT", "x"),
        ("SOCKTOP_ENABLE_SSL", "yes"),
        ("SOCKTOP_WORKER_THREADS", "99"),
        ("SOCKTOP_AGENT_GPU", "off"),
        ("SOCKTOP_AGENT_METRICS_TTL_MS", "fast"),
    ] {
        let ended = with(&[], &[(name, value)]);
        assert_eq!(ended.status.code(), Some(1), "{name}");
        let named = ended.stderr.contains(name) && ended.stderr.contains(value);
        assert!(named, "{name}: {}", ended.stderr);
    }
    // What the reference agent ignores in silence, and runs without a token.
    let ended = with(&["--token", "x"], &[]);
    assert_eq!(ended.status.code(), Some(2));
    let mut command = command(binary().as_os_str());
    let server = Server::spawn(command.args(["-p", "0"]).env("SOCKTOP_PORT", "1"));
    assert_ne!(server.port(), 1);
}
