//! Runs the agent itself.

use crate::agent::{self, Ended};
use crate::build::binary;
use crate::process::{Owned, Signal};
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// What the agent says when it is ready, before `ws://ADDRESS/ws` or `wss://ADDRESS/ws`.
const READY: &str = "listening on ws";

/// A running agent; killed on drop.
pub struct Server {
    process: Owned,
    stderr: Receiver<String>,
    said: Vec<String>,
    /// Where it listens, as `ws://127.0.0.1:PORT/ws`; with TLS `wss://`.
    pub url: String,
}

impl Server {
    /// Starts the agent on a free port of the loopback interface, unless `words` say another.
    pub fn start(words: &str) -> Self {
        Self::with(words, |_| {})
    }

    /// The same after `prepare` has changed its environment.
    pub fn with(words: &str, prepare: impl FnOnce(&mut Command)) -> Self {
        let mut command = agent::command(binary().as_os_str());
        if !words.contains("--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        prepare(&mut command);
        Self::spawn(command.args(words.split_whitespace()))
    }

    /// The same with answers that are always new.
    pub fn without_caches(words: &str) -> Self {
        Self::with(words, |command| {
            for kind in ["METRICS", "DISKS", "PROCESSES"] {
                command.env(format!("SOCKTOP_AGENT_{kind}_TTL_MS"), "0");
            }
        })
    }

    /// Starts a prepared command and waits until it listens.
    ///
    /// # Panics
    /// When it does not.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
        let (sender, stderr) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut server = Self {
            process: Owned(child),
            stderr,
            said: Vec::new(),
            url: String::new(),
        };
        server.wait_until_it_listens();
        server
    }

    fn wait_until_it_listens(&mut self) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.url.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            match self.stderr.recv_timeout(left) {
                Ok(line) => {
                    if let Some((_, rest)) = line.split_once(READY) {
                        let rest = rest.split_whitespace().next().unwrap_or_default();
                        self.url = format!("ws{rest}");
                    }
                    self.said.push(line);
                }
                Err(RecvTimeoutError::Timeout) => panic!("not ready in 20 s: {:?}", self.said),
                Err(RecvTimeoutError::Disconnected) => panic!("the agent ended: {:?}", self.said),
            }
        }
    }

    /// The port where it listens.
    ///
    /// # Panics
    /// When its address has none.
    pub fn port(&self) -> u16 {
        let address = self.url.trim_end_matches("/ws");
        let (_, port) = address.rsplit_once(':').expect("a port");
        port.parse().expect("a port")
    }

    /// The pid of the agent.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether the agent runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.process.0.try_wait(), Ok(None))
    }

    /// Sends a signal that does not end it.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Sends a signal and returns how the agent ended; it has one second.
    ///
    /// # Panics
    /// When it does not end.
    pub fn stop(self, signal: Signal) -> Ended {
        self.process.signal(signal);
        self.ended()
    }

    /// How the agent ended, which was told to already; it has one second.
    ///
    /// # Panics
    /// When it does not end.
    pub fn ended(mut self) -> Ended {
        let status = self.process.end_within(Duration::from_secs(1));
        // Not to the end of the stream: something the agent left behind might keep it open.
        while let Ok(line) = self.stderr.recv_timeout(Duration::from_millis(300)) {
            self.said.push(line);
        }
        Ended {
            status,
            stdout: String::new(),
            stderr: self.said.join("\n"),
        }
    }
}
