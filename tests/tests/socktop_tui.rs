//! The published terminal client, unmodified, in a terminal of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use subjiffy_tests::load::Load;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn the_main_screen_is_complete_and_moves() {
    let Some(program) = socktop() else { return };
    let _alone = need::exclusive();
    let server = Server::start("");
    let screen = Screen::open(&program, &server, 160, 55);
    let first = screen.wait_for(|text| total(text).is_some_and(|n| n > 0));
    for part in [
        "host: ", "CPU", "Per-core", "Memory", "Swap", "Disks", "Download", "Upload",
    ] {
        assert!(first.contains(part), "no {part} on the screen:\n{first}");
    }
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    assert!(
        first.contains(hostname.trim()),
        "no {hostname} on the screen:\n{first}"
    );
    let (shown, counted) = (total(&first).unwrap_or(0), truth::processes().len());
    assert!(
        shown.abs_diff(counted) <= 5 + counted / 50,
        "{shown} processes on the screen, {counted} under /proc:\n{first}"
    );

    let mut load = Load::start(LOAD, "spin --seconds 8");
    load.go();
    let pid = load.pid().to_string();
    let busy = screen.wait_for(|text| cpu_percent(text, &pid).is_some_and(|cpu| cpu > 10.0));
    assert_ne!(first, busy, "the screen stands still");
    no_dialog(&busy);
    load.line();
    load.finish();
    screen.close();
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn a_small_terminal_shows_the_processes_too() {
    let Some(program) = socktop() else { return };
    let server = Server::start("");
    let screen = Screen::open(&program, &server, 80, 24);
    let text = screen.wait_for(|text| text.contains("Memory") && text.contains("CPU"));
    no_dialog(&text);
    std::thread::sleep(Duration::from_secs(3));
    no_dialog(&screen.capture());
    screen.close();
}

/// `SOCKTOP_BIN`, or the one on the PATH, if there is also a tmux.
fn socktop() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name: &str| {
        let candidates = std::env::split_paths(&path).map(|d| d.join(name));
        candidates.into_iter().find(|p| p.is_file())
    };
    let program = std::env::var_os("SOCKTOP_BIN").map(PathBuf::from);
    let program = program.or_else(|| find("socktop"));
    let found = program.is_some() && find("tmux").is_some();
    if !need::tool(found, "socktop 1.60.1 and tmux", "SUBJIFFY_REQUIRE_TUI") {
        return None;
    }
    Some(program.expect("socktop 1.60.1 on the PATH or in SOCKTOP_BIN"))
}

fn no_dialog(text: &str) {
    for word in [
        "CONNECTION ERROR",
        "Error",
        "error",
        "Retry",
        "panicked",
        "EXIT",
    ] {
        assert!(!text.contains(word), "{word} on the screen:\n{text}");
    }
}

/// N of "Top Processes (N total)".
fn total(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("Top Processes (")?;
    rest.split_once(" total)")?.0.parse().ok()
}

/// What the process list shows behind a pid and the name of the workload.
fn cpu_percent(text: &str, pid: &str) -> Option<f32> {
    text.lines().find_map(|line| {
        let mut words = line.split(['│', ' ']).filter(|w| !w.is_empty());
        words.find(|&word| word == pid)?;
        words.next().filter(|&name| name == "load")?;
        words.next()?.parse().ok()
    })
}

/// A tmux server of its own with the client in it; ended on drop.
struct Screen {
    directory: tempfile::TempDir,
}

impl Screen {
    fn open(program: &Path, server: &Server, width: u32, height: u32) -> Self {
        let screen = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        let home = screen.directory.path().display();
        let client = program.display();
        let words = format!(
            "HOME={home} XDG_CONFIG_HOME={home} '{client}' {} 2>{home}/stderr; echo EXIT $?; sleep 60",
            server.url
        );
        let size = [width.to_string(), height.to_string()];
        screen.tmux(&["new-session", "-d", "-x", &size[0], "-y", &size[1], &words]);
        screen
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-u", "-S"]);
        command.arg(self.directory.path().join("tmux")).args(words);
        command.env("TERM", "screen-256color").env_remove("TMUX");
        command
    }

    fn tmux(&self, words: &[&str]) -> String {
        let output = self.command(words).output().expect("tmux");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "tmux {words:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn capture(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    fn wait_for(&self, good: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.capture();
            if good(&text) {
                return text;
            }
            assert!(Instant::now() < end, "not what was expected:\n{text}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    fn close(self) {
        let path = self.directory.path().join("stderr");
        let said = std::fs::read_to_string(path).expect("the client's stderr");
        assert_eq!(said, "", "stderr of the client");
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}
