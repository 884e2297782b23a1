//! An agent with a control socket, and those who speak to it.

use crate::agent::{self, Ended};
use crate::build::binary;
use crate::need;
use crate::process::{Owned, Signal};
use crate::server::Server;
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any reply takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The source whose period is the agent's.
pub const SCHED: &str = "source/ebpf/sched";

/// A running agent with a control socket of its own; killed on drop.
pub struct Agent {
    /// The agent itself.
    pub server: Server,
    /// Its socket.
    pub path: PathBuf,
    /// Where the socket is, and nothing else.
    pub directory: tempfile::TempDir,
}

impl Agent {
    /// Starts it on a free port of the loopback interface, with these words besides `--control`.
    pub fn start(words: &str) -> Self {
        Self::with(words, |_| {})
    }

    /// The same after `prepare` has changed its environment.
    ///
    /// # Panics
    /// When it does not start, or there is no socket when it has.
    pub fn with(words: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let directory = place();
        let path = directory.path().join("control.sock");
        let server = Server::with(words, |command| {
            command.arg("--control").arg(&path);
            prepare(command);
        });
        assert!(path.exists(), "no socket at {}", path.display());
        Self {
            server,
            path,
            directory,
        }
    }

    /// All reply lines to `text`, sent in one go and ended.
    pub fn say(&self, text: impl AsRef<[u8]>) -> Vec<String> {
        say(&self.path, text.as_ref())
    }

    /// All reply lines to `text` as the usual client prints them.
    pub fn socat(&self, text: &str) -> Vec<String> {
        socat(&self.path, text, |_| {})
    }

    /// The reply to one command.
    ///
    /// # Panics
    /// When there is not exactly one.
    pub fn reply(&self, command: &str) -> String {
        let mut replies = self.say(format!("{command}\n"));
        assert_eq!(replies.len(), 1, "replies to {command:?}: {replies:#?}");
        replies.remove(0)
    }

    /// The reply to a command that is obeyed.
    ///
    /// # Panics
    /// When it is not.
    pub fn ok(&self, command: &str) -> String {
        let reply = self.reply(command);
        assert!(reply.starts_with("ok"), "{command}: {reply}");
        reply
    }

    /// The reply to a command that something was done for.
    ///
    /// # Panics
    /// When nothing was.
    pub fn applied(&self, command: &str) -> String {
        let reply = self.ok(command);
        let applied = word(&reply, "applied").parse::<u64>();
        assert!(applied.is_ok_and(|n| n > 0), "{command}: {reply}");
        reply
    }

    /// The reply to a command that is not obeyed.
    ///
    /// # Panics
    /// When it is.
    pub fn error(&self, command: &str) -> String {
        let reply = self.reply(command);
        assert!(reply.starts_with("error"), "{command}: {reply}");
        reply
    }

    /// What `status json` tells of the elements that a pattern means.
    ///
    /// # Panics
    /// When it is not understood.
    pub fn status(&self, pattern: &str) -> Vec<Value> {
        let reply = self.ok(&format!("status json {pattern}"));
        let json = reply.strip_prefix("ok ").unwrap_or_default();
        let json: Value =
            serde_json::from_str(json).unwrap_or_else(|e| panic!("{pattern}: {e}: {reply}"));
        let elements = json["elements"].as_array().cloned();
        elements.unwrap_or_else(|| panic!("no elements in {json}"))
    }

    /// What `status json` tells of one element.
    ///
    /// # Panics
    /// When there is none, or several.
    pub fn element(&self, name: &str) -> Value {
        let mut elements = self.status(name);
        assert_eq!(elements.len(), 1, "{name}: {elements:#?}");
        elements.remove(0)
    }

    /// A figure of one element.
    ///
    /// # Panics
    /// When there is no such number.
    pub fn figure(&self, name: &str, key: &str) -> u64 {
        let element = self.element(name);
        let number = element[key].as_u64();
        number.unwrap_or_else(|| panic!("no number {key} in {element}"))
    }

    /// The state of one element.
    pub fn state(&self, name: &str) -> String {
        let element = self.element(name);
        element["state"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether one more connection is served.
    pub fn has_place(&self) -> bool {
        let replies = self.say("version\n");
        replies.len() == 1 && replies[0].starts_with("ok")
    }

    /// Fails unless the agent runs and answers.
    ///
    /// # Panics
    /// See above.
    pub fn check_alive(&mut self) {
        assert!(self.server.runs(), "the agent has ended");
        self.ok("version");
    }

    /// How the agent ended, which was told to, and what is left where its socket was.
    pub fn ended(self) -> (Ended, Vec<String>) {
        (self.server.ended(), files(self.directory.path()))
    }

    /// The same after a signal.
    pub fn stop(self, signal: Signal) -> (Ended, Vec<String>) {
        self.server.signal(signal);
        self.ended()
    }
}

/// A folder that everybody may enter, so that nothing but the socket keeps others away.
///
/// # Panics
/// When it cannot be made.
pub fn place() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory.path(), open).expect("permissions");
    directory
}

/// Names of the files in a folder.
pub fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.collect()
}

/// Runs an agent that cannot start because of its socket, to its end.
pub fn refused(path: &Path) -> Ended {
    let mut command = agent::command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0", "--control"]);
    agent::to_the_end(command.arg(path))
}

/// A connection with time limits.
///
/// # Panics
/// When there is none.
pub fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    stream.set_write_timeout(Some(PATIENCE)).expect("a limit");
    stream
}

/// All reply lines to `text` that come until the agent closes the connection.
///
/// # Panics
/// When it does not, or the replies are no text.
pub fn say(path: &Path, text: &[u8]) -> Vec<String> {
    let mut stream = connect(path);
    let mut writer = stream.try_clone().expect("a second handle");
    let text = text.to_owned();
    // Beside the reading: neither may wait for the other.
    let writing = std::thread::spawn(move || {
        let _ = writer.write_all(&text);
        let _ = writer.shutdown(Shutdown::Write);
    });
    let mut replies = Vec::new();
    if let Err(error) = stream.read_to_end(&mut replies) {
        // Who is refused with words unread sees a reset behind the reply.
        let reset = error.kind() == ErrorKind::ConnectionReset;
        assert!(reset, "{error} after {}", String::from_utf8_lossy(&replies));
    }
    writing.join().expect("a writer");
    lines(replies)
}

/// The next reply line on a connection.
///
/// # Panics
/// When none comes.
pub fn line(stream: &mut UnixStream) -> String {
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        let count = stream.read(&mut byte).expect("a reply");
        if count == 0 || byte == *b"\n" {
            return String::from_utf8(line).expect("a reply in UTF-8");
        }
        line.push(byte[0]);
    }
}

/// Whether socat is there.
pub fn has_socat() -> bool {
    need::programs(&["socat"], "SUBJIFFY_REQUIRE_CLIENTS")
}

/// What `printf '%b' TEXT | socat -t 2 - UNIX-CONNECT:PATH` prints, with socat as `prepare` has
/// changed it.
///
/// # Panics
/// When it does not come to an end.
pub fn socat(path: &Path, text: &str, prepare: impl FnOnce(&mut Command)) -> Vec<String> {
    let mut command = Command::new("socat");
    command.args(["-t", "2", "-"]);
    command.arg(format!("UNIX-CONNECT:{}", path.display()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::piped()).current_dir("/");
    prepare(&mut command);
    let mut socat = Owned(command.spawn().expect("socat"));
    let mut stdin = socat.0.stdin.take().expect("its stdin");
    let stdout = agent::collect(socat.0.stdout.take().expect("its stdout"));
    let stderr = agent::collect(socat.0.stderr.take().expect("its stderr"));
    let _ = stdin.write_all(text.as_bytes());
    drop(stdin);
    let status = socat.end_within(PATIENCE);
    let complaint = stderr.join().expect("a reader");
    let replies = stdout.join().expect("a reader");
    match status.success() {
        true => lines(replies.into_bytes()),
        false => vec![format!("socat: {complaint}")],
    }
}

fn lines(replies: Vec<u8>) -> Vec<String> {
    let replies = String::from_utf8(replies).expect("replies in UTF-8");
    let ended = replies.is_empty() || replies.ends_with('\n');
    assert!(ended, "the last reply has no end: {replies:?}");
    replies.lines().map(str::to_owned).collect()
}

/// The value of `key=value` in a reply; empty without one.
pub fn word<'a>(reply: &'a str, key: &str) -> &'a str {
    let words = reply.split_whitespace();
    let mut values = words.filter_map(|word| word.split_once('='));
    let found = values.find(|(name, _)| *name == key);
    found.map_or("", |(_, value)| value)
}

/// Waits until something is so.
///
/// # Panics
/// When it is not within 20 s.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
