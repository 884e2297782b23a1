//! Runs `subjiffy top --json`.

use crate::build::binary;
use crate::process::{Owned, Signal};
use crate::sample::Sample;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How a command of the agent ended.
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

/// The program under test with an environment that holds no settings of the person who tests.
pub fn command(program: &std::ffi::OsStr) -> Command {
    let mut command = Command::new(program);
    let foreign = |name: &std::ffi::OsStr| {
        let name = name.to_string_lossy();
        name == "RUST_LOG" || name.starts_with("SUBJIFFY_") || name.starts_with("SOCKTOP_")
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| foreign(name)) {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the agent with these words to its end, which must come within 20 s.
pub fn run(words: &str) -> Ended {
    let mut command = command(binary().as_os_str());
    command.args(words.split_whitespace());
    to_the_end(&mut command)
}

/// Runs a prepared command to its end, which must come within 20 s.
///
/// # Panics
/// When it does not start or end.
pub fn to_the_end(command: &mut Command) -> Ended {
    let mut process = Owned(
        command
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}")),
    );
    let stdout = process.0.stdout.take().map(collect);
    let stderr = process.0.stderr.take().map(collect);
    let status = process.end_within(Duration::from_secs(20));
    let text = |thread: Option<JoinHandle<String>>| {
        thread.map_or_else(String::new, |t| t.join().expect("a reader"))
    };
    Ended {
        status,
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

/// Reads a stream to its end beside the caller.
pub fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A running `top --json`; killed on drop.
pub struct Top {
    process: Owned,
    lines: Receiver<String>,
    stderr: JoinHandle<String>,
    /// What it has said so far, as far as it was asked for.
    pub samples: Vec<Sample>,
}

impl Top {
    /// Starts it with these words behind `top --json` and waits for the first sample, after which
    /// nothing that happens escapes it.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(words: &str) -> Self {
        let mut command = command(binary().as_os_str());
        command
            .args(["top", "--json"])
            .args(words.split_whitespace());
        Self::spawn(&mut command)
    }

    /// The same for a prepared command.
    ///
    /// # Panics
    /// When it does not start.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let out = BufReader::new(child.stdout.take().expect("stdout"));
        let stderr = collect(child.stderr.take().expect("stderr"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut top = Self {
            process: Owned(child),
            lines,
            stderr,
            samples: Vec::new(),
        };
        top.read();
        top
    }

    /// The pid of the agent.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Waits for the next sample.
    ///
    /// # Panics
    /// When none comes.
    pub fn read(&mut self) -> &Sample {
        let Ok(line) = self.lines.recv_timeout(Duration::from_secs(30)) else {
            let ended = self.process.0.try_wait();
            panic!("no sample; the agent: {ended:?}, {}", self.complaint());
        };
        self.samples.push(Sample::parse(&line));
        self.samples.last().expect("the sample just read")
    }

    /// Waits for a sample whose acquisition began after `wall_ns`.
    ///
    /// # Panics
    /// When none comes.
    pub fn after(&mut self, wall_ns: u64) -> Sample {
        loop {
            let sample = self.read();
            if sample.at_ns - sample.window_ns > wall_ns {
                return sample.clone();
            }
        }
    }

    /// The first sample from now on.
    pub fn fresh(&mut self) -> Sample {
        self.after(crate::truth::wall_ns())
    }

    /// Sends a signal that does not end it.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Sends a signal and returns how the agent ended; it has one second.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(mut self, signal: Signal) -> Ended {
        self.process.signal(signal);
        let status = self.process.end_within(Duration::from_secs(1));
        Ended {
            status,
            stdout: String::new(),
            stderr: self.stderr.join().expect("a reader"),
        }
    }

    fn complaint(&mut self) -> String {
        let _ = self.process.0.kill();
        let empty = std::thread::spawn(String::new);
        std::mem::replace(&mut self.stderr, empty)
            .join()
            .unwrap_or_default()
    }
}
