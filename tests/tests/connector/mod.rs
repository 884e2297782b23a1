//! The published client libraries, unmodified: three versions behind one face.
#![allow(
    dead_code,
    unused_macros,
    reason = "each test program uses a part of it"
)]

#[macro_use]
mod dialogue;

pub use dialogue::How;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{ChildStdout, Command, Stdio};
use subjiffy_tests::build;
use subjiffy_tests::process::{Owned, Signal};
use subjiffy_tests::server::Server;

connector!(Newest, socktop_connector, details);
connector!(Oldest, socktop_connector_0);

/// A version of `socktop_connector`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Version {
    V1_60_1,
    V1_50_0,
    /// It has no details and no journal.
    V0_1_6,
}

/// Those that know details and journals.
pub const WITH_DETAILS: [Version; 2] = [Version::V1_60_1, Version::V1_50_0];

/// Makes a test for each version of a function that takes one.
macro_rules! versions {
    ($($(#[$note:meta])* $name:ident),* $(,)?) => {
        $(mod $name {
            use crate::connector::Version;
            $(#[$note])*
            #[test]
            fn v1_60_1() {
                super::$name(Version::V1_60_1);
            }
            $(#[$note])*
            #[test]
            fn v1_50_0() {
                super::$name(Version::V1_50_0);
            }
            $(#[$note])*
            #[test]
            fn v0_1_6() {
                super::$name(Version::V0_1_6);
            }
        })*
    };
}

/// A connected client.
pub enum Client {
    Newest(Newest),
    Oldest(Oldest),
    Program(Program),
}

impl Client {
    /// Connects as `how` says; the error is the connector's own text.
    pub fn connect(version: Version, how: &How) -> Result<Self, String> {
        match version {
            Version::V1_60_1 => Newest::connect(how).map(Self::Newest),
            Version::V1_50_0 => Program::connect(how).map(Self::Program),
            Version::V0_1_6 => Oldest::connect(how).map(Self::Oldest),
        }
    }

    /// Sends a request: `metrics`, `disks`, `processes`, `details:PID` or `journal:PID`.
    pub fn try_ask(&mut self, what: &str) -> Result<Value, String> {
        match self {
            Self::Newest(connector) => connector.ask(what),
            Self::Oldest(connector) => connector.ask(what),
            Self::Program(program) => program.ask(what),
        }
    }

    /// The same where there must be an answer.
    pub fn ask(&mut self, what: &str) -> Value {
        let answer = self.try_ask(what);
        answer.unwrap_or_else(|error| panic!("{what}: {error}"))
    }

    /// Pid, name and CPU share of every row of the process list.
    pub fn processes(&mut self) -> Vec<(u32, String, f64)> {
        let list = self.ask("processes");
        let rows = list["top_processes"].as_array().expect("rows");
        rows.iter()
            .map(|row| {
                let pid = row["pid"].as_u64().expect("a pid") as u32;
                let name = row["name"].as_str().expect("a name").to_owned();
                (pid, name, row["cpu_usage"].as_f64().expect("a share"))
            })
            .collect()
    }
}

/// The program in `connector-1.50`.
pub struct Program {
    process: Owned,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn connect(how: &How) -> Result<Self, String> {
        let mut child = Command::new(build::standalone("connector-1.50"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program of connector 1.50.0");
        let lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let process = Owned(child);
        let mut program = Self { process, lines };
        let (pem, verify) = how.tls.clone().unzip();
        let (protocols, version) = how.config.clone().unzip();
        let first = json!({
            "url": how.url, "pem": pem, "verify": verify, "protocols": protocols, "version": version
        });
        program.ask(&first.to_string()).map(|_| program)
    }

    fn ask(&mut self, line: &str) -> Result<Value, String> {
        let stdin = self.process.0.stdin.as_mut().expect("an open stdin");
        writeln!(stdin, "{line}").expect("a program that listens");
        let line = self.lines.next().expect("an answer").expect("text");
        let mut answer: Value = serde_json::from_str(&line).expect("JSON");
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer["ok"].take()),
        }
    }
}

/// Runs an agent, lets a client of that version talk to it, and sees the agent end well.
pub fn with_agent(version: Version, talk: impl FnOnce(&mut Client)) {
    let server = Server::start("");
    let how = How {
        url: server.url.clone(),
        ..How::default()
    };
    let mut client = Client::connect(version, &how)
        .unwrap_or_else(|error| panic!("{version:?}, {}: {error}", server.url));
    talk(&mut client);
    drop(client);
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
}
