//! Clients of the control socket: who may be one, and how little a bad one can do.

use std::fs::{Permissions, set_permissions};
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use subjiffy_tests::control::{Agent, SCHED, connect, has_socat, line, socat, until};
use subjiffy_tests::need;
use subjiffy_tests::process::Signal;

const NOBODY: u32 = 65_534;

/// `daemon`, on every Linux; nobody is not in it.
const GROUP: (&str, u32) = ("daemon", 1);

/// Connections that are served at the same time.
const PLACES: usize = 32;

#[test]
fn another_user_cannot_connect_even_where_the_mode_lets_everyone() {
    if !need::root() || !has_socat() {
        return;
    }
    let mut agent = Agent::start("");
    let refused = as_nobody(&agent.path, NOBODY, "version\n");
    assert!(refused[0].contains("Permission denied"), "{refused:?}");
    widen(&agent.path);
    let replies = as_nobody(&agent.path, NOBODY, "");
    assert_eq!(replies.len(), 1, "{replies:?}");
    let says = replies[0].starts_with("error") && replies[0].contains("65534");
    assert!(says, "{replies:?}");
    for command in ["version\n", "shutdown\n", "control source pause\n"] {
        // Who speaks first may find the connection closed.
        let replies = as_nobody(&agent.path, NOBODY, command);
        let refused = replies[0].starts_with("error") || replies[0].contains("Broken pipe");
        assert!(replies.len() == 1 && refused, "{replies:?}");
    }
    assert_eq!(agent.state(SCHED), "running");
    agent.check_alive();
}

#[test]
fn a_group_can_be_let_in() {
    if !need::root() || !has_socat() {
        return;
    }
    for name in [GROUP.0.to_owned(), GROUP.1.to_string()] {
        let mut agent = Agent::start(&format!("--control-group {name}"));
        let found = std::fs::metadata(&agent.path).expect("a socket");
        assert_eq!((found.gid(), found.mode() & 0o7777), (GROUP.1, 0o660));
        let replies = as_nobody(&agent.path, GROUP.1, "version\n");
        assert!(replies[0].starts_with("ok"), "{replies:?}");
        let refused = as_nobody(&agent.path, NOBODY, "version\n");
        assert!(refused[0].contains("Permission denied"), "{refused:?}");
        // Who is not in the group is not let in by a wider mode either.
        widen(&agent.path);
        let refused = as_nobody(&agent.path, NOBODY, "");
        let told = refused.iter().any(|reply| reply.starts_with("error"));
        assert!(told, "a user of no such group: {refused:?}");
        agent.check_alive();
    }
}

#[test]
fn one_connection_too_many_is_told_and_there_is_a_place_again_later() {
    let mut agent = Agent::start("");
    let mut clients: Vec<_> = (0..PLACES).map(|_| served(&agent.path)).collect();
    for _ in 0..3 {
        let mut refused = connect(&agent.path);
        let reply = line(&mut refused);
        let says = reply.starts_with("error") && reply.contains("32");
        assert!(says, "{reply}");
    }
    // Those who are in notice nothing.
    for client in &mut clients {
        assert!(ask(client, "version\n").starts_with("ok"));
    }
    clients.pop();
    until("a place", || agent.has_place());
    drop(clients);
    until("all places", || agent.has_place());
    agent.check_alive();
}

/// More replies than anything between both could hold.
#[test]
fn those_who_never_read_hold_nobody_and_lose_their_places_when_they_have_said_all() {
    let mut agent = Agent::start("");
    let mut deaf: Vec<_> = (0..PLACES - 1).map(|_| served(&agent.path)).collect();
    for client in &mut deaf {
        client
            .write_all(&b"status json\n".repeat(400))
            .expect("an agent that reads");
        client
            .shutdown(Shutdown::Write)
            .expect("a half-closed connection");
    }
    // There is one place left, and it is served meanwhile.
    agent.check_alive();
    let others = || {
        let all: Vec<_> = (0..PLACES).map(|_| connect(&agent.path)).collect();
        all.into_iter().all(|mut client| {
            let sent = client.write_all(b"version\n");
            sent.is_ok() && line(&mut client).starts_with("ok")
        })
    };
    until("their places are free", others);
    drop(deaf);
    agent.check_alive();
}

#[test]
fn those_who_say_nothing_or_half_a_line_hold_nobody() {
    let mut agent = Agent::start("");
    let silent: Vec<_> = (0..10).map(|_| connect(&agent.path)).collect();
    let mut half = served(&agent.path);
    half.write_all(b"control source/procfs/memory pa")
        .expect("an agent that reads");
    agent.check_alive();
    assert_eq!(agent.state("source/procfs/memory"), "running");
    half.write_all(b"use\n").expect("an agent that reads");
    assert!(line(&mut half).starts_with("ok"));
    assert_eq!(agent.state("source/procfs/memory"), "paused");
    // Nor do they hold up its end, which comes within a second.
    let (ended, left) = agent.stop(Signal::TERM);
    assert!(
        ended.status.success() && left.is_empty(),
        "{left:?}, {}",
        ended.stderr
    );
    drop(silent);
}

#[test]
fn those_who_leave_without_a_word_are_obeyed_and_forgotten() {
    let mut agent = Agent::start("");
    for round in 0..200 {
        let mut client = connect(&agent.path);
        let command = match round % 2 {
            0 => "status json\nstatus json\n",
            _ => "control source/procfs/memory set-period 7s\n",
        };
        // It may have been refused: there are always some whose end was not seen yet.
        let _ = client.write_all(command.as_bytes());
    }
    until("a place", || agent.has_place());
    let period = || agent.figure("source/procfs/memory", "period_ns");
    until("obeyed", || period() == 7_000_000_000);
    agent.check_alive();
}

/// A reply is for a terminal.
#[test]
fn control_characters_never_come_back() {
    let agent = Agent::start("");
    for bad in [
        "\x1b[31m",
        "a\x07b",
        "\x7f",
        "a\u{9b}31mb",
        "a\u{202e}b",
        "\0",
    ] {
        for text in [
            bad.to_owned(),
            format!("control {bad} pause"),
            format!("control source/{bad}/x pause"),
            format!("control source/{bad}/x"),
            format!("control source/x/{bad} dance"),
            format!("control */{bad}/x trigger-now"),
            format!("control source/*{bad}*/x pause"),
            format!("control source {bad}"),
            format!("control source pause {bad}"),
            format!("control {SCHED} set-period {bad}"),
            format!("control {SCHED} set-period 1s for {bad}"),
            format!("list source/{bad}/x"),
            format!("status json source/{bad}/x"),
            format!("help {bad}"),
        ] {
            let replies = agent.say(format!("{text}\n"));
            assert_eq!(replies.len(), 1, "{text:?}: {replies:?}");
            let clean = |c: char| !c.is_control() && c != '\u{202e}';
            assert!(replies[0].chars().all(clean), "{text:?}: {replies:?}");
            assert!(replies[0].starts_with("error"), "{text:?}: {replies:?}");
        }
    }
}

/// A client that has had an answer.
fn served(path: &Path) -> UnixStream {
    let mut client = connect(path);
    let reply = ask(&mut client, "version\n");
    assert!(reply.starts_with("ok"), "{reply}");
    client
}

fn ask(client: &mut UnixStream, command: &str) -> String {
    client
        .write_all(command.as_bytes())
        .expect("an agent that reads");
    line(client)
}

fn widen(path: &Path) {
    set_permissions(path, Permissions::from_mode(0o777)).expect("permissions");
}

/// What socat prints for user nobody in this group only.
fn as_nobody(path: &Path, group: u32, text: &str) -> Vec<String> {
    socat(path, text, |command| {
        command.uid(NOBODY).gid(group);
    })
}
