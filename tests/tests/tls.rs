//! TLS with the published client library, which pins certificates.

use socktop_connector::{AgentRequest, AgentResponse, connect_to_socktop_agent_with_tls};
use std::fs::{metadata, read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use subjiffy_tests::agent::{command, run, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::http;
use subjiffy_tests::process::{Signal, install};
use subjiffy_tests::server::Server;
use tempfile::TempDir;

/// An agent that keeps its certificate in a directory of the test.
fn agent(home: &Path, words: &str) -> Command {
    let mut command = command(binary().as_os_str());
    command.env("XDG_CONFIG_HOME", home);
    command.args(words.split_whitespace());
    command
}

fn home() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn certificate(home: &Path) -> PathBuf {
    home.join("socktop_agent/tls/cert.pem")
}

fn ask(url: &str, pem: &Path, verify: bool) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let pem = pem.to_str().expect("a path");
        let mut client = connect_to_socktop_agent_with_tls(url, pem, verify)
            .await
            .map_err(|error| error.to_string())?;
        for request in [
            AgentRequest::Metrics,
            AgentRequest::Processes,
            AgentRequest::Disks,
        ] {
            let answer = client.request(request).await;
            let answer = answer.map_err(|error| error.to_string())?;
            if let AgentResponse::Metrics(metrics) = answer {
                assert!(!metrics.hostname.is_empty(), "{metrics:?}");
            }
        }
        Ok(())
    })
}

#[test]
fn the_client_accepts_the_certificate_in_every_way() {
    let home = home();
    let server = Server::spawn(&mut agent(home.path(), "--tls --port 0"));
    assert!(server.url.starts_with("wss://127.0.0.1:"), "{}", server.url);
    let (port, pem) = (server.port(), certificate(home.path()));
    for host in ["127.0.0.1", "localhost"] {
        for verify in [false, true] {
            let url = format!("wss://{host}:{port}/ws");
            ask(&url, &pem, verify).unwrap_or_else(|e| panic!("{url} {verify}: {e}"));
        }
    }
    // The library turns this into wss.
    ask(&format!("ws://127.0.0.1:{port}/ws"), &pem, false).expect("ws with a PEM");

    let folder = pem.parent().expect("a folder");
    let mode = |path: &Path| metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    assert_eq!(mode(&folder.join("key.pem")), 0o600);
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(ended.stderr.contains("fingerprint"), "{}", ended.stderr);
}

#[test]
fn another_certificate_is_refused() {
    let (ours, other) = (home(), home());
    let server = Server::spawn(&mut agent(ours.path(), "--tls --port 0"));
    drop(Server::spawn(&mut agent(other.path(), "--tls --port 0")));
    for verify in [false, true] {
        assert!(
            ask(&server.url, &certificate(other.path()), verify).is_err(),
            "{verify}"
        );
    }
    let ended = server.stop(Signal::TERM);
    assert!(ended.stderr.contains("TLS failure: "), "{}", ended.stderr);
}

#[test]
fn a_certificate_is_kept_until_it_lacks_a_name() {
    let home = home();
    let start = |names: &str| {
        let mut command = agent(home.path(), "--tls --port 0");
        drop(Server::spawn(
            command.env("SOCKTOP_AGENT_EXTRA_SANS", names),
        ));
        read(certificate(home.path())).expect("a certificate")
    };
    let first = start("");
    assert_eq!(start(""), first);
    let second = start("192.0.2.7, agent.example.org");
    assert_ne!(second, first);
    assert_eq!(start("agent.example.org"), second);
    let ended = to_the_end(agent(home.path(), "--tls").env("SOCKTOP_AGENT_EXTRA_SANS", "a b"));
    assert_eq!(ended.status.code(), Some(1));
    assert!(
        ended.stderr.contains("SOCKTOP_AGENT_EXTRA_SANS: \"a b\""),
        "{}",
        ended.stderr
    );
}

#[test]
fn an_open_umask_opens_nothing() {
    let home = home();
    let mut command = command("sh".as_ref());
    command
        .args(["-c", "umask 000; exec \"$0\" --tls --port 0"])
        .arg(binary());
    command.env("XDG_CONFIG_HOME", home.path());
    drop(Server::spawn(&mut command));
    for (name, mode) in [("", 0o700), ("key.pem", 0o600), ("cert.pem", 0o644)] {
        let path = home.path().join("socktop_agent/tls").join(name);
        let found = metadata(&path).expect("a file").permissions().mode() & 0o777;
        assert_eq!(found, mode, "{}", path.display());
    }
}

#[test]
fn the_reference_agents_files_and_own_ones_are_used() {
    // A pair that this program made serves as somebody's own.
    let made = home();
    drop(Server::spawn(&mut agent(made.path(), "--tls --port 0")));
    let pem = certificate(made.path());
    let key = pem.with_file_name("key.pem");
    let empty = home();
    let words = format!(
        "--port 0 --tls-cert {} --tls-key {}",
        pem.display(),
        key.display()
    );
    let server = Server::spawn(&mut agent(empty.path(), &words));
    ask(&server.url, &pem, true).expect("an own pair");
    assert!(!certificate(empty.path()).exists(), "none is made then");

    for (words, why) in [
        (
            format!("--tls-cert {0} --tls-key {0}", pem.display()),
            "no private key",
        ),
        (
            format!("--tls-cert {0} --tls-key {0}", key.display()),
            "no certificate",
        ),
        (
            format!("--tls-cert /none --tls-key {}", key.display()),
            "--tls-cert /none",
        ),
    ] {
        let ended = run(&format!("{words} --port 0"));
        assert_eq!(ended.status.code(), Some(1), "{words}");
        assert!(ended.stderr.contains(why), "{words}: {}", ended.stderr);
    }
    assert_eq!(run("--tls-cert x").status.code(), Some(2));
}

#[test]
fn who_speaks_no_tls_is_told_so() {
    let home = home();
    let mut command = agent(home.path(), "--port 0");
    let server = Server::spawn(command.env("SOCKTOP_ENABLE_SSL", "1"));
    let answer = http::get(server.port(), "/ws", http::HANDSHAKE);
    assert_eq!(http::status(&answer), 400, "{answer}");
    assert!(answer.contains("wss://"), "{answer}");
}

#[test]
fn a_user_without_a_place_for_files_is_told_what_to_do() {
    if !subjiffy_tests::need::root() {
        return;
    }
    let home = home();
    let program = home.path().join("subjiffy");
    install(binary(), &program);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(home.path(), open).expect("permissions");
    let mut command = command(program.as_os_str());
    command
        .uid(65_534)
        .gid(65_534)
        .args(["--tls", "--port", "0"]);
    let ended = to_the_end(command.env("XDG_CONFIG_HOME", home.path()));
    assert_eq!(ended.status.code(), Some(1));
    for part in ["Permission denied", "--tls-cert", "XDG_CONFIG_HOME"] {
        assert!(ended.stderr.contains(part), "{part}: {}", ended.stderr);
    }
}
