//! A session of the terminal client: what its keys do, a server that comes back, hours of use.

use std::process::Command;
use std::time::Duration;
use subjiffy_tests::process::{Owned, Signal};
use subjiffy_tests::screen::{Screen, no_dialog, row, socktop, total};
use subjiffy_tests::server::Server;

/// A sleeping process with a name that nothing else has.
fn sleeper(name: &str) -> Owned {
    let mut command = Command::new("sh");
    let script = format!("printf {name} > /proc/self/comm; read line");
    command
        .args(["-c", &script])
        .stdin(std::process::Stdio::piped());
    Owned(command.spawn().expect("sh"))
}

/// The client signals a process itself, and only one whose name is the one in our list.
#[test]
fn a_process_can_be_ended_by_its_row() {
    let Some(program) = socktop() else { return };
    let server = Server::start("");
    let mut victim = sleeper("victim-of-t");
    let pid = victim.id();
    let screen = Screen::open(&program, &server.url, (160, 55));
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    screen.select("victim-of-t", pid);
    screen.press("t");
    screen.wait_for("the question", |text| {
        text.contains(&format!("Send a signal to victim-of-t (PID {pid})?"))
    });
    screen.press("Enter");
    screen.wait_for("Sent SIGTERM", |text| {
        text.contains("Sent SIGTERM to victim-of-t")
    });
    victim.end_within(Duration::from_secs(5));
    screen.press("Enter");
    screen.wait_for("a list without it", |text| {
        row(text, &pid.to_string(), "victim-of-t").is_none() && text.contains("Top Processes")
    });
    no_dialog(&screen.capture());
    screen.press("c");
    screen.close();
}

#[test]
fn a_server_that_was_restarted_is_found_again() {
    let Some(program) = socktop() else { return };
    let first = Server::start("");
    let address = subjiffy_tests::raw::address(&first.url).to_owned();
    let screen = Screen::open(&program, &first.url, (160, 55));
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    assert!(first.stop(Signal::TERM).status.success());
    screen.wait_for("the dialog", |text| {
        text.contains("Cannot connect to socktop agent")
    });

    let second = Server::start(&format!("--listen {address}"));
    screen.press("r");
    screen.wait_for("the main screen", |text| {
        !text.contains("Cannot connect") && total(text).is_some_and(|n| n > 0)
    });
    std::thread::sleep(Duration::from_secs(3));
    no_dialog(&screen.capture());
    screen.close();
    assert!(second.stop(Signal::TERM).status.success());
}

/// A minute at the client's fastest, or `SUBJIFFY_SOAK_SECONDS`.
#[test]
fn a_long_session_at_the_shortest_intervals_stays_alive() {
    let Some(program) = socktop() else { return };
    let seconds = std::env::var("SUBJIFFY_SOAK_SECONDS").ok();
    let seconds = seconds.map_or(60, |text| text.parse().expect("a number of seconds"));
    let server = Server::start("");
    let words = format!(
        "--metrics-interval-ms 100 --processes-interval-ms 200 {}",
        server.url
    );
    let screen = Screen::open(&program, &words, (160, 55));
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    let mut moved = 0;
    let mut last = String::new();
    screen.watch(Duration::from_secs(seconds), |text| {
        no_dialog(text);
        moved += u64::from(*text != *last);
        text.clone_into(&mut last);
    });
    assert!(
        moved > seconds / 2,
        "the screen changed {moved} times in {seconds} s"
    );
    screen.close();
    assert!(server.stop(Signal::TERM).status.success());
}
