//! `subjiffy ctl` and an agent with a control socket of its own.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{ChildStdout, Command};
use std::time::Duration;
use subjiffy_tests::agent::{Ended, collect, command, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::need;
use subjiffy_tests::process::{Owned, Signal};
use subjiffy_tests::screen::Screen;
use subjiffy_tests::server::Server;

const TITLES: &str = "ELEMENT";

/// A directory with room for a control socket.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self { directory }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("control.sock")
    }

    fn agent(&self) -> Server {
        Server::start(&format!("--control {}", self.socket().display()))
    }

    fn prepare(&self, words: &str) -> Command {
        let mut command = command(binary().as_os_str());
        command.arg("ctl").arg("--socket").arg(self.socket());
        command.args(words.split_whitespace());
        command
    }

    fn ctl(&self, words: &str) -> Ended {
        to_the_end(&mut self.prepare(words))
    }

    /// Its output, when it must be obeyed.
    fn ok(&self, words: &str) -> String {
        let ended = self.ctl(words);
        assert_eq!(ended.status.code(), Some(0), "{words}: {}", ended.stderr);
        assert_eq!(ended.stderr, "", "{words}");
        ended.stdout
    }

    /// Its complaint, when it must not.
    fn refused(&self, words: &str) -> String {
        let ended = self.ctl(words);
        assert_eq!(ended.status.code(), Some(1), "{words}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{words}");
        let stderr = ended.stderr;
        assert!(stderr.starts_with("subjiffy: "), "{words}: {stderr}");
        assert_eq!(stderr.lines().count(), 1, "{words}: {stderr}");
        stderr
    }
}

#[test]
fn without_an_agent_bad_words_are_refused_and_good_ones_have_nobody_to_obey() {
    let place = Place::new();
    for (words, says) in [
        ("bogus", "unknown command \"bogus\""),
        ("control source dance", "unknown action \"dance\""),
        ("control * stop", "only be applied to sources and outputs"),
        ("control source set-period 5", "is no duration"),
        ("# list", "no command"),
        ("--json list", "--json goes with status"),
        ("--watch list", "--watch goes with status"),
        ("list", "is the agent running?"),
        ("--watch status", "is the agent running?"),
    ] {
        let complaint = place.refused(words);
        assert!(complaint.contains(says), "{words}: {complaint}");
    }
    let complaint = place.refused("list");
    let socket = place.socket().display().to_string();
    assert!(complaint.contains(&socket), "{complaint}");
    for flags in [
        "",
        "--jsn status",
        "--timeout 0s list",
        "--interval 1s status",
    ] {
        let ended = place.ctl(flags);
        assert_eq!(ended.status.code(), Some(2), "{flags}: {}", ended.stderr);
    }
}

#[test]
fn an_agent_tells_what_it_is_and_how_it_is() {
    let place = Place::new();
    let server = place.agent();
    let help = place.ok("help");
    for word in ["control", "set-period", "list", "status"] {
        assert!(help.contains(word), "no {word} in: {help}");
    }
    let version = place.ok("version");
    assert!(version.contains(env!("CARGO_PKG_VERSION")), "{version}");

    let list = place.ok("list");
    let names: Vec<&str> = list.lines().collect();
    for name in ["output/socktop/ws", "output/stream/ws"] {
        assert!(names.contains(&name), "no {name} in: {list}");
    }
    let kinds = ["source/", "transform/", "output/"];
    for name in &names {
        assert!(kinds.iter().any(|kind| name.starts_with(kind)), "{name}");
    }
    let outputs = place.ok("list output");
    assert!(
        outputs.lines().all(|name| name.starts_with("output/")),
        "{outputs}"
    );

    let table = place.ok("status");
    let mut rows = table.lines();
    let titles = rows.next().unwrap_or_default();
    for title in [TITLES, "STATE", "PERIOD", "POLLS", "MISSED", "COST MAX"] {
        assert!(titles.contains(title), "no {title} in: {titles}");
    }
    let rows: Vec<_> = rows
        .filter_map(|row| row.split_whitespace().next())
        .collect();
    assert_eq!(rows, names, "elements of status and of list");

    let json = place.ok("--json status");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let elements = json["elements"].as_array().expect("elements");
    let told: Vec<_> = elements
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(told, names, "elements of JSON and of list");
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn an_agent_obeys_and_says_why_it_does_not() {
    let place = Place::new();
    let server = place.agent();
    let complaint = place.refused("list source/nobody/nothing");
    assert!(complaint.contains("source/nobody/nothing"), "{complaint}");
    let set = place.ok("control source/procfs/memory set-period 250ms");
    assert!(set.contains("matched=1 applied=1"), "{set}");
    let period = place.ok("control source/procfs/memory get-period");
    assert_eq!(period, "source/procfs/memory=250ms\n");
    place.ok("control source/procfs/memory pause");
    let row = place.ok("status source/procfs/memory");
    assert!(row.contains("  paused "), "{row}");
    place.ok("control source/procfs/memory resume");
    place.ok("shutdown");
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!place.socket().exists(), "the socket is left");
}

/// Reads lines until one is `good`.
fn until(lines: &mut std::io::Lines<BufReader<ChildStdout>>, good: impl Fn(&str) -> bool) {
    let mut seen = Vec::new();
    for line in lines {
        let line = line.expect("a line");
        if good(&line) {
            return;
        }
        seen.push(line);
    }
    panic!("its output ended: {seen:?}");
}

#[test]
fn a_watch_outlives_the_agent_and_ends_well() {
    let place = Place::new();
    let server = place.agent();
    let mut watch = place.prepare("--watch --interval 100ms status output");
    let mut watch = Owned(watch.spawn().expect("the client"));
    let stderr = collect(watch.0.stderr.take().expect("stderr"));
    let stdout = BufReader::new(watch.0.stdout.take().expect("stdout"));
    let mut lines = stdout.lines();
    for _ in 0..2 {
        until(&mut lines, |line| line.starts_with(TITLES));
        until(&mut lines, |line| line.starts_with("output/socktop/ws"));
        until(&mut lines, str::is_empty);
    }
    assert!(server.stop(Signal::TERM).status.success());
    until(&mut lines, |line| line.contains("trying again every 100ms"));
    let server = place.agent();
    until(&mut lines, |line| line.starts_with("output/socktop/ws"));
    watch.signal(Signal::INT);
    let status = watch.end_within(Duration::from_secs(3));
    drop(lines);
    assert_eq!(status.code(), Some(0));
    assert_eq!(stderr.join().expect("a reader"), "");
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let place = Place::new();
    let server = place.agent();
    for words in ["status", "list", "--watch --interval 100ms status"] {
        let mut process = Owned(place.prepare(words).spawn().expect("the client"));
        drop(process.0.stdout.take());
        let stderr = collect(process.0.stderr.take().expect("stderr"));
        let status = process.end_within(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{words}");
        assert_eq!(stderr.join().expect("a reader"), "", "{words}");
    }
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn a_terminal_shows_one_table_of_its_size_and_is_given_back() {
    if !need::programs(&["tmux"], "SUBJIFFY_REQUIRE_TUI") {
        return;
    }
    let place = Place::new();
    let server = place.agent();
    let line = format!(
        "'{}' ctl --socket '{}' --watch --interval 100ms status",
        binary().display(),
        place.socket().display()
    );
    let home = tempfile::tempdir().expect("a directory");
    let screen = Screen::run(home, &line, (120, 30));
    let first = screen.wait_for("a table", |text| {
        text.contains("output/socktop/ws") && text.contains("COST MAX")
    });
    screen.watch(Duration::from_secs(1), |text| {
        assert_eq!(text.matches(TITLES).count(), 1, "{text}\nafter\n{first}");
    });
    screen.resize((40, 5));
    screen.wait_for("a smaller table", |text| {
        text.contains(TITLES) && text.contains(" more") && !text.contains("COST MAX")
    });
    screen.resize((120, 30));
    screen.wait_for("all of it again", |text| {
        text.contains("output/socktop/ws") && text.contains("COST MAX")
    });
    assert!(server.stop(Signal::TERM).status.success());
    screen.wait_for("that the agent is gone", |text| {
        text.contains("trying again every 100ms") && !text.contains(TITLES)
    });
    let server = place.agent();
    screen.wait_for("the table again", |text| text.contains("output/socktop/ws"));
    screen.press("C-c");
    let end = screen.wait_for("the end", |text| text.contains("EXIT"));
    assert!(end.contains("EXIT 0") && !end.contains(TITLES), "{end}");
    assert_eq!(screen.stderr(), "", "stderr of the client");
    assert!(server.stop(Signal::TERM).status.success());
}
