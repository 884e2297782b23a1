//! The published terminal client, unmodified, in a terminal of its own.

use crate::need;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// What a screen has as soon as something goes wrong.
const DIALOGS: [&str; 6] = [
    "CONNECTION ERROR",
    "Cannot connect",
    "Update Required",
    "Retry",
    "panicked",
    "EXIT",
];

/// `SOCKTOP_BIN`, or the one on the PATH, if there is also a tmux.
///
/// # Panics
/// Where they must be there and are not.
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

/// A tmux server of its own with the client in it; ended on drop.
pub struct Screen {
    directory: tempfile::TempDir,
}

impl Screen {
    /// Starts the client with these words, such as a URL, in a terminal of that size.
    ///
    /// # Panics
    /// When tmux does not start.
    pub fn open(program: &Path, words: &str, size: (u32, u32)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self::run(directory, &format!("'{}' {words}", program.display()), size)
    }

    /// Runs a line of shell in `directory`, its home, in a terminal of that size.
    ///
    /// # Panics
    /// When tmux does not start.
    pub fn run(directory: tempfile::TempDir, line: &str, (width, height): (u32, u32)) -> Self {
        let screen = Self { directory };
        let home = screen.directory.path().display();
        let command = format!(
            "cd {home}; HOME={home} XDG_CONFIG_HOME={home} {line} 2>{home}/stderr; echo EXIT $?; \
             sleep 60"
        );
        let size = [width.to_string(), height.to_string()];
        screen.tmux(&[
            "new-session",
            "-d",
            "-x",
            &size[0],
            "-y",
            &size[1],
            &command,
        ]);
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

    /// The text on the screen.
    pub fn capture(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    /// Presses a key by tmux's name for it, or types a text.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Changes the size of the terminal.
    pub fn resize(&self, (width, height): (u32, u32)) {
        let (width, height) = (width.to_string(), height.to_string());
        self.tmux(&["resize-window", "-x", &width, "-y", &height]);
    }

    /// Waits until the screen is `good` and returns its text; it has 20 s.
    ///
    /// # Panics
    /// When it never is.
    pub fn wait_for(&self, what: &str, good: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let text = self.capture();
            if good(&text) {
                return text;
            }
            assert!(Instant::now() < end, "not on the screen: {what}\n{text}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Looks at the screen again and again for that time.
    pub fn watch(&self, time: Duration, mut look: impl FnMut(&str)) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            look(&self.capture());
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Searches for a process, selects the first that is found and waits for its row.
    pub fn select(&self, name: &str, pid: u32) {
        let pid = pid.to_string();
        // It is in the list before it is searched for.
        self.press("/");
        self.press(name);
        self.wait_for(&format!("{name} {pid}"), |text| {
            row(text, &pid, name).is_some()
        });
        self.press("Enter");
        std::thread::sleep(Duration::from_millis(300));
    }

    /// Opens the details of a process by its name, which no other process may have.
    pub fn open_details(&self, name: &str, pid: u32) -> String {
        self.select(name, pid);
        self.press("Enter");
        self.wait_for("the details", |text| {
            text.contains(&format!("Process Details - PID {pid}")) && text.contains("Status:")
        })
    }

    /// Ends the client by its key and looks at what it said.
    ///
    /// # Panics
    /// When it does not end well or has said anything on stderr.
    pub fn close(self) {
        self.press("q");
        let text = self.wait_for("the end", |text| text.contains("EXIT"));
        assert!(text.contains("EXIT 0"), "{text}");
        assert_eq!(self.stderr(), "", "stderr of the client");
    }

    /// What the client has said on stderr so far.
    ///
    /// # Panics
    /// When it was never started.
    pub fn stderr(&self) -> String {
        let path = self.directory.path().join("stderr");
        std::fs::read_to_string(path).expect("the client's stderr")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.command(&["kill-server"]).output();
    }
}

/// Fails when something has gone wrong.
///
/// # Panics
/// Then.
pub fn no_dialog(text: &str) {
    for word in DIALOGS {
        assert!(!text.contains(word), "{word} on the screen:\n{text}");
    }
}

/// N of "Top Processes (N total)".
pub fn total(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("Top Processes (")?;
    rest.split_once(" total)")?.0.parse().ok()
}

/// What the process list shows behind a pid and a name.
pub fn row<'a>(text: &'a str, pid: &str, name: &str) -> Option<Vec<&'a str>> {
    text.lines().find_map(|line| {
        let mut words = line.split(['│', ' ']).filter(|w| !w.is_empty());
        words.find(|&word| word == pid)?;
        words.next().filter(|&word| word == name)?;
        Some(words.collect())
    })
}

/// CPU share in the row of a process.
pub fn cpu_percent(text: &str, pid: &str, name: &str) -> Option<f32> {
    row(text, pid, name)?
        .first()?
        .trim_end_matches('%')
        .parse()
        .ok()
}

/// The word behind a label.
pub fn behind<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(label)?;
    rest.split(['│', ' ', '\n']).find(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_on_a_screen() {
        let text =
            "┌Top Processes (97 total)──┐\n│    412   load    50.1   1.2M │\n│ Threads:  3   │";
        assert_eq!(total(text), Some(97));
        assert_eq!(cpu_percent(text, "412", "load"), Some(50.1));
        assert_eq!(cpu_percent(text, "412", "other"), None);
        assert_eq!(behind(text, "Threads:"), Some("3"));
    }
}
