//! The configuration file of a running agent is read again: what can change does, what cannot is
//! named, and a broken file changes nothing.

use std::fs;
use std::path::{Path, PathBuf};
use subjiffy_tests::control::{Agent, SCHED, place, until};
use subjiffy_tests::process::Signal;
use subjiffy_tests::recording::Recording;
use subjiffy_tests::truth;

const MEMORY: &str = "source/procfs/memory";
const NETWORK: &str = "source/procfs/network";

const BEGIN: &str = r#"
period = "2s"
max_connections = 100

["source/procfs/memory"]
period = "700ms"

["source/procfs/network"]
enabled = false
"#;

const AFTER: &str = r#"
period = "50ms"
max_connections = 100

["source/procfs/memory"]
enabled = false
period = "300ms"

["source/procfs/network"]
enabled = true
period = "250ms"
"#;

/// An agent and its file.
struct Configured {
    agent: Agent,
    file: PathBuf,
    _directory: tempfile::TempDir,
}

impl Configured {
    fn start(text: &str) -> Self {
        let directory = place();
        let file = directory.path().join("agent.toml");
        fs::write(&file, text).expect("a file");
        let agent = Agent::with("", |command| {
            command.arg("--config").arg(&file);
        });
        Self {
            agent,
            file,
            _directory: directory,
        }
    }

    fn write(&self, text: &str) {
        fs::write(&self.file, text).expect("a file");
    }

    /// State and period of all elements.
    fn settings(&self) -> Vec<String> {
        let all = self.agent.status("*").into_iter();
        all.map(|one| format!("{} {} {}", one["name"], one["state"], one["period_ns"]))
            .collect()
    }

    fn is_at(&self, name: &str, state: &str, period_ms: u64) -> bool {
        let element = self.agent.element(name);
        element["state"] == state && element["period_ns"] == period_ms * 1_000_000
    }

    fn is_as_in_begin(&self) -> bool {
        self.is_at(SCHED, "running", 2000)
            && self.is_at(MEMORY, "running", 700)
            && self.agent.state(NETWORK) == "paused"
    }

    fn is_as_in_after(&self) -> bool {
        self.is_at(SCHED, "running", 50)
            && self.is_at(MEMORY, "paused", 300)
            && self.is_at(NETWORK, "running", 250)
    }
}

#[test]
fn the_file_says_how_elements_begin() {
    let configured = Configured::start(BEGIN);
    assert!(configured.is_as_in_begin(), "{:#?}", configured.settings());
    // The command line wins.
    let agent = Agent::with("--period 3s", |command| {
        command.arg("--config").arg(&configured.file);
    });
    assert_eq!(agent.figure(SCHED, "period_ns"), 3_000_000_000);
    assert_eq!(agent.figure(MEMORY, "period_ns"), 700_000_000);
}

#[test]
fn reload_applies_periods_and_whether_elements_work() {
    let configured = Configured::start(BEGIN);
    let mut recording = Recording::start(&configured.agent.server.url, r#"{"limit":0}"#);
    configured.write(AFTER);
    configured.agent.ok("reload");
    assert!(configured.is_as_in_after(), "{:#?}", configured.settings());
    // Samples come at the new period.
    let limit = std::time::Duration::from_secs(10);
    recording.after(truth::wall_ns() + 500_000_000, limit);
    let short = recording
        .lines
        .iter()
        .filter(|line| line.interval_ns < 1_000_000_000)
        .count();
    assert!(short > 2, "{short} samples at the new period");
    configured.write(BEGIN);
    configured.agent.ok("reload");
    assert!(configured.is_as_in_begin(), "{:#?}", configured.settings());
    // What an operator has said since then stays where the file says nothing new.
    configured.agent.applied(&format!("control {MEMORY} pause"));
    configured.agent.ok("reload");
    assert_eq!(configured.agent.state(MEMORY), "paused");
}

#[test]
fn sighup_does_the_same() {
    let mut configured = Configured::start(BEGIN);
    configured.write(AFTER);
    configured.agent.server.signal(Signal::HUP);
    until("it is applied", || configured.is_as_in_after());
    configured.write("period = ");
    configured.agent.server.signal(Signal::HUP);
    configured.write(BEGIN);
    configured.agent.server.signal(Signal::HUP);
    until("it is applied", || configured.is_as_in_begin());
    configured.agent.check_alive();
}

#[test]
fn what_needs_a_restart_is_named_and_the_rest_is_applied() {
    let configured = Configured::start(BEGIN);
    let changed = AFTER.replace("max_connections = 100", "max_connections = 7\nbpf = false");
    configured.write(&changed);
    let reply = configured.agent.ok("reload");
    for key in ["max_connections", "bpf", "restart"] {
        assert!(reply.contains(key), "{key}: {reply}");
    }
    assert!(!reply.contains("listen"), "{reply}");
    assert!(configured.is_as_in_after(), "{:#?}", configured.settings());
    assert!(configured.agent.reply("version").starts_with("ok"));
}

#[test]
fn a_broken_file_changes_nothing_and_is_told_with_line_and_key() {
    let mut configured = Configured::start(BEGIN);
    let before = configured.settings();
    for (broken, line, key) in [
        (AFTER.replace("\"300ms\"", "\"300\""), 7, "period"),
        (AFTER.replace("\"300ms\"", "\"300us\""), 7, "period"),
        (
            AFTER.replace("enabled = false", "enabled = 1"),
            6,
            "enabled",
        ),
        (
            AFTER.replace("enabled = false", "enabeld = false"),
            6,
            "enabeld",
        ),
        (AFTER.replace("procfs/memory", "procfs/memroy"), 5, "memroy"),
        (
            AFTER.replace("period = \"50ms\"", "perod = \"50ms\""),
            2,
            "perod",
        ),
        (AFTER.replace("period = \"50ms\"", "period = "), 2, ""),
    ] {
        configured.write(&broken);
        let reply = configured.agent.error("reload");
        let at = format!(":{line}");
        let file = configured.file.to_string_lossy();
        for part in [&*file, &at, key] {
            assert!(reply.contains(part), "{part}: {reply} of {broken}");
        }
        assert_eq!(configured.settings(), before, "after {reply}, before");
    }
    gone(&mut configured, &before);
    // A file that is right again is applied.
    configured.write(AFTER);
    configured.agent.ok("reload");
    assert!(configured.is_as_in_after(), "{:#?}", configured.settings());
}

fn gone(configured: &mut Configured, before: &[String]) {
    fs::remove_file(&configured.file).expect("a file");
    let reply = configured.agent.error("reload");
    assert!(reply.contains("No such file"), "{reply}");
    assert_eq!(configured.settings(), before, "after {reply}, before");
    configured.agent.check_alive();
}

#[test]
fn without_a_file_there_is_nothing_to_reload() {
    let mut agent = Agent::start("");
    let reply = agent.error("reload");
    assert!(reply.contains("--config"), "{reply}");
    // It must not end it either, as it does who knows no such signal.
    agent.server.signal(Signal::HUP);
    std::thread::sleep(std::time::Duration::from_millis(300));
    agent.check_alive();
}

#[test]
fn the_path_of_the_socket_may_be_in_the_file() {
    let directory = place();
    let at = |name: &str| directory.path().join(name);
    let control = |key: &str, path: &Path| format!("{key} = {:?}\n", path.to_string_lossy());
    for (name, text) in [
        ("own.sock", control("control", &at("own.sock"))),
        (
            "alumet.sock",
            format!(
                "[plugins.socket-control]\n{}[plugins.procfs.memory]\npoll_interval = \"5s\"\n",
                control("socket_path", &at("alumet.sock"))
            ),
        ),
    ] {
        let file = at("agent.toml");
        fs::write(&file, text).expect("a file");
        let server = subjiffy_tests::server::Server::with("", |command| {
            command.arg("--config").arg(&file);
        });
        let replies = subjiffy_tests::control::say(&at(name), b"version\n");
        assert!(replies[0].starts_with("ok"), "{replies:?}");
        assert!(server.stop(Signal::TERM).status.success());
        assert!(!at(name).exists(), "{name} is left");
    }
}
