//! Runs the workloads of the `load` program step by step.

use crate::process::Owned;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A workload; killed on drop.
pub struct Load {
    process: Owned,
    lines: Receiver<String>,
    first: Value,
}

impl Load {
    /// Starts `program` (the `load` binary) with the words of `command` and waits until it is ready
    /// to begin.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(program: &str, command: &str) -> Self {
        let mut prepared = Command::new(program);
        prepared.args(command.split_whitespace());
        Self::spawn(&mut prepared)
    }

    /// The same for a prepared command.
    ///
    /// # Panics
    /// When it does not start.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command
            .arg("--steps")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let out = BufReader::new(child.stdout.take().expect("its stdout"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut load = Self {
            process: Owned(child),
            lines,
            first: Value::Null,
        };
        load.first = load.line();
        load
    }

    /// The pid of the workload itself.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A number of the line that it printed when it was ready.
    ///
    /// # Panics
    /// When there is no such number.
    pub fn first(&self, key: &str) -> u64 {
        number(&self.first, key)
    }

    /// Lets it take the next step.
    ///
    /// # Panics
    /// When it is gone.
    pub fn go(&mut self) {
        let stdin = self.process.0.stdin.as_mut().expect("an open stdin");
        stdin.write_all(b"\n").expect("a workload that listens");
    }

    /// Waits for the next line.
    ///
    /// # Panics
    /// When it ends without one.
    pub fn line(&mut self) -> Value {
        let line = self.lines.recv_timeout(Duration::from_secs(120));
        let line = line.expect("a line from the workload");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"))
    }

    /// Lets it work and waits for the result; afterwards it sleeps.
    pub fn run(&mut self) -> Value {
        self.go();
        self.line()
    }

    /// Ends it.
    pub fn finish(mut self) {
        drop(self.process.0.stdin.take());
        self.process.end_within(Duration::from_secs(20));
    }
}

/// A number in a line of a workload.
///
/// # Panics
/// When there is none.
pub fn number(line: &Value, key: &str) -> u64 {
    line[key]
        .as_u64()
        .unwrap_or_else(|| panic!("no number {key} in {line}"))
}
