//! A terminal that can be looked at.

use crate::need;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// `SOCKTOP_BIN`, or the one on the PATH, if there is also a tmux.
///
/// # Panics
/// When it must be there and is not.
pub fn socktop() -> Option<PathBuf> {
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

/// A tmux server of its own with a command in it; ended on drop.
pub struct Screen {
    /// Home of what runs in it, empty at first.
    pub home: TempDir,
}

impl Screen {
    /// Runs a line of shell in `home` with 160 columns and 50 lines. What it writes to stderr goes to a file there,
    /// and its exit status to the screen, as `EXIT 0`.
    ///
    /// # Panics
    /// When tmux does not start.
    pub fn run(home: TempDir, line: &str) -> Self {
        let screen = Self { home };
        let home = screen.home.path().display();
        let line = format!(
            "cd {home}; HOME={home} XDG_CONFIG_HOME={home} {line} 2>{home}/stderr; echo EXIT $?; sleep 60"
        );
        screen.tmux(&["new-session", "-d", "-x", "160", "-y", "50", &line]);
        screen
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.args(["-f", "/dev/null", "-u", "-S"]);
        command.arg(self.home.path().join("tmux")).args(words);
        command.env("TERM", "screen-256color").env_remove("TMUX");
        command
    }

    fn tmux(&self, words: &[&str]) -> String {
        let output = self.command(words).output().expect("tmux");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "tmux {words:?}: {complaint}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Presses a key.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// What is to be seen, once it is good.
    ///
    /// # Panics
    /// When it is not good within 20 s.
    pub fn wait_for(&self, good: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.tmux(&["capture-pane", "-p"]);
            if good(&text) {
                return text;
            }
            assert!(Instant::now() < end, "not what was expected:\n{text}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}
