//! Runs `subjiffy collectl`, and the original beside it.

use crate::agent::{Ended, collect};
use crate::build::binary;
use crate::need;
use crate::netns::{self, Net};
use crate::process::{Owned, Signal};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The port that both use when none is named.
pub const PORT: u16 = 2655;

/// Longer than anything takes that is to come.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// Whether the original is here, with what else is needed, or must be.
pub fn ready(programs: &[&str]) -> bool {
    let original = need::programs(&["collectl", "perl"], "SUBJIFFY_REQUIRE_CLIENTS");
    original && need::programs(programs, "SUBJIFFY_REQUIRE_CLIENTS")
}

/// The same where a network namespace is needed.
pub fn ready_with_net(programs: &[&str]) -> bool {
    let possible = need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
    need::root() && possible && ready(programs)
}

/// One of the two programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// The one under test, started under the name `collectl`.
    Ours,
    /// collectl itself.
    Real,
}

impl Program {
    /// Its file.
    ///
    /// # Panics
    /// When the original is not installed.
    pub fn path(self) -> PathBuf {
        match self {
            Self::Ours => ours().to_owned(),
            Self::Real => {
                let path = std::env::var_os("PATH").unwrap_or_default();
                let mut files = std::env::split_paths(&path).map(|dir| dir.join("collectl"));
                files.find(|file| file.is_file()).expect("collectl")
            }
        }
    }

    /// A command of it.
    pub fn command(self, words: &str) -> Command {
        let mut command = crate::agent::command(self.path().as_os_str());
        command.args(words.split_whitespace());
        command
    }

    /// The same inside a namespace.
    pub fn command_in(self, net: &Net, words: &str) -> Command {
        let mut command = net.command(self.path().as_os_str());
        command.args(words.split_whitespace());
        command
    }

    /// Runs it to its end: what it wrote on standard output.
    ///
    /// # Panics
    /// When it fails or does not end.
    pub fn said(self, words: &str) -> String {
        let ended = Run::start(&mut self.command(words)).ended();
        let told = format!("{self:?} {words}: {}", ended.stderr);
        assert!(ended.status.success(), "{told}");
        ended.stdout
    }
}

/// A link named `collectl` to the binary under test, as colmux wants it.
pub fn ours() -> &'static Path {
    static LINK: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, link) = LINK.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let link = directory.path().join("collectl");
        std::os::unix::fs::symlink(binary(), &link).expect("a link");
        (directory, link)
    });
    link
}

/// The name that lines begin with on sockets.
pub fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("the host's name");
    let name = name.trim().split('.').next().unwrap_or_default();
    name.to_owned()
}

/// A running program whose lines are read as they come; killed on drop.
pub struct Run {
    process: Owned,
    lines: Receiver<String>,
    stderr: JoinHandle<String>,
    /// Lines of standard output up to now, as far as they were asked for.
    pub said: Vec<String>,
}

impl Run {
    /// Starts a prepared command.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let stderr = collect(child.stderr.take().expect("stderr"));
        let mut out = BufReader::new(child.stdout.take().expect("stdout"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // Not every byte is a character.
            let mut line = Vec::new();
            while out.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&line);
                let text = text.strip_suffix('\n').unwrap_or(&text).to_owned();
                if sender.send(text).is_err() {
                    break;
                }
                line.clear();
            }
        });
        Self {
            process: Owned(child),
            lines,
            stderr,
            said: Vec::new(),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Something to write to it, if that was prepared.
    pub fn stdin(&mut self) -> Option<&mut std::process::ChildStdin> {
        self.process.0.stdin.as_mut()
    }

    /// The next line; `None` if there is none any more.
    ///
    /// # Panics
    /// When none comes.
    pub fn line(&mut self) -> Option<&str> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => self.said.push(line),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => panic!("nothing more after {:#?}", self.said),
        }
        self.said.last().map(String::as_str)
    }

    /// Reads lines up to the first that is as wanted.
    ///
    /// # Panics
    /// When it does not come.
    pub fn until(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            match self.line() {
                Some(line) if wanted(line) => return line.to_owned(),
                Some(_) => {}
                None => {
                    let complaint = self.complaint();
                    panic!("it ended without {what}: {:#?}, {complaint}", self.said);
                }
            }
        }
        panic!("no {what} in {PATIENCE:?}: {:#?}", self.said);
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Whether it runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.process.0.try_wait(), Ok(None))
    }

    /// Waits for its end, and all that it said.
    ///
    /// # Panics
    /// When it does not end.
    pub fn ended(mut self) -> Ended {
        while self.line().is_some() {}
        let status = self.process.end_within(PATIENCE);
        let mut stdout = self.said.join("\n");
        if !stdout.is_empty() {
            stdout.push('\n');
        }
        Ended {
            status,
            stdout,
            stderr: self.stderr.join().expect("a reader"),
        }
    }

    /// Ends it by a signal.
    pub fn stop(self, signal: Signal) -> Ended {
        self.signal(signal);
        self.ended()
    }

    /// Ends it, for what it has to say on standard error.
    ///
    /// # Panics
    /// When that cannot be read.
    pub fn complaint(&mut self) -> String {
        let _ = self.process.0.kill();
        let none = std::thread::spawn(String::new);
        let stderr = std::mem::replace(&mut self.stderr, none);
        stderr.join().unwrap_or_default()
    }
}

/// The other end of a connection.
pub struct Peer {
    /// The connection.
    pub stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Peer {
    /// Takes a connection over.
    ///
    /// # Panics
    /// When it has no time-out.
    pub fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let reader = BufReader::new(stream.try_clone().expect("the same connection"));
        Self { stream, reader }
    }

    /// Connects to somebody who may not listen yet.
    ///
    /// # Panics
    /// When he never does.
    pub fn connect(net: &Net, address: &str) -> Self {
        Self::of(connect(net, address))
    }

    /// The next line without its end; `None` if the other end has closed.
    ///
    /// # Panics
    /// When nothing comes.
    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line);
        match read {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => panic!("no line: {error}"),
        }
        let line = String::from_utf8_lossy(&line);
        Some(line.strip_suffix('\n').unwrap_or(&line).to_owned())
    }

    /// So many lines.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn lines(&mut self, count: usize) -> Vec<String> {
        let lines: Vec<_> = std::iter::from_fn(|| self.line()).take(count).collect();
        assert_eq!(lines.len(), count, "lines before the end: {lines:#?}");
        lines
    }

    /// So many lines that are neither headers nor empty.
    pub fn data(&mut self, count: usize) -> Vec<String> {
        let lines = std::iter::from_fn(|| self.line());
        let data = lines.filter(|line| is_data(line)).take(count);
        let data: Vec<_> = data.collect();
        assert_eq!(data.len(), count, "lines of data before the end: {data:#?}");
        data
    }

    /// All lines up to the end of the connection.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }

    /// Writes something that nobody wants.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Will write no more.
    pub fn half_close(&self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Takes whatever is there, up to so many bytes.
    pub fn read_some(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.reader.read(bytes)
    }
}

/// Whether a line has values.
pub fn is_data(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

/// A connection to somebody inside who may not listen yet.
///
/// # Panics
/// When he never does.
pub fn connect(net: &Net, address: &str) -> TcpStream {
    let address: SocketAddr = address.parse().expect("an address");
    let end = Instant::now() + PATIENCE;
    loop {
        match net.inside(|| TcpStream::connect(address)) {
            Ok(stream) => return stream,
            Err(error) => assert!(Instant::now() < end, "{address}: {error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Time of the day in ms at the beginning of a line, `HH:MM:SS.mmm` or `HH:MM:SS`.
pub fn time_ms(line: &str) -> Option<u64> {
    let word = line.split_whitespace().next()?;
    let (clock, millis) = word.split_once('.').unwrap_or((word, "0"));
    let parts: Vec<u64> = clock
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hours, minutes, seconds] = parts[..] else {
        return None;
    };
    Some(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis.parse::<u64>().ok()?)
}
