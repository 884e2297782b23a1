//! Programs in other languages, written as the documentation of `socktop_agent` shows it: they
//! connect to port 3000 of `localhost` and send JSON requests.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use subjiffy_tests::agent;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::{build, need, network, shape, truth};

#[test]
fn the_node_program_reads_every_answer() {
    let node = first_that_works(&["node", "/usr/bin/node"], &["-e", "require('ws')"]);
    let Some(node) = node.filter(|_| need::root()) else {
        let what = "Node.js with its package ws";
        assert!(!need::tool(false, what, REQUIRE), "{what} must be there");
        return;
    };
    let seen = beside_the_agent(|| {
        let mut command = agent::command(node.as_ref());
        command.env("NODE_PATH", NODE_PATH).arg(client("node.js"));
        command
    });
    assert_eq!(seen["others"].as_array().map(Vec::len), Some(0), "{seen}");
    let lists = seen["lists"].as_array().expect("lists");
    assert_eq!(lists.len(), 1, "{seen}");
    let disks = seen["disks"].as_array().expect("answers about disks");
    assert_eq!(disks.len(), 1, "{seen}");
    shape::disks(&disks[0]).expect("disks");
    all_metrics(&seen);
}

#[test]
fn the_python_program_reads_every_answer_and_finds_every_process() {
    let modules = ["-c", "import websockets, google.protobuf"];
    let python = first_that_works(&["python3", "/usr/bin/python3"], &modules);
    let protoc = first_that_works(&["protoc"], &["--version"]);
    let Some(python) = python.filter(|_| protoc.is_some() && need::root()) else {
        let what = "Python with websockets and protobuf, and protoc";
        assert!(!need::tool(false, what, REQUIRE), "{what} must be there");
        return;
    };
    let generated = tempfile::tempdir().expect("a directory");
    let mut command = agent::command("protoc".as_ref());
    command.arg("--proto_path").arg(client(""));
    command.arg("--python_out").arg(generated.path());
    let ended = agent::to_the_end(command.arg("processes.proto"));
    assert!(ended.status.success(), "protoc: {}", ended.stderr);

    let before = truth::processes();
    let seen = beside_the_agent(|| {
        let mut command = agent::command(python.as_ref());
        command.env("PYTHONPATH", generated.path());
        command.arg(client("python.py"));
        command
    });
    let after = truth::processes();
    assert_eq!(seen["binary"], Value::Null, "metrics that were no JSON");
    assert_eq!(seen["gzip"], true, "a list of this machine is long");
    all_metrics(&seen);
    shape::disks(&seen["disks"]).expect("disks");

    let rows = seen["processes"].as_array().expect("rows");
    let listed: BTreeMap<_, _> = rows.iter().map(|r| (r[0].as_u64(), &r[1])).collect();
    let lasting = before.iter().filter(|one| after.contains(one));
    for (pid, _, name) in lasting.filter(|one| !one.2.starts_with("kworker/")) {
        let shown = listed.get(&Some((*pid).into())).copied();
        assert_eq!(shown, Some(&Value::from(name.as_str())), "process {pid}");
    }
    let count = seen["process_count"].as_u64().unwrap_or(0);
    assert!(
        count > 0 && count <= rows.len() as u64,
        "{count} of {}",
        rows.len()
    );
    assert!(rows.iter().any(|row| row[3].as_u64() > Some(1 << 20)));
}

/// Where Debian's packages for Node.js are; other builds of it do not look there by themselves.
const NODE_PATH: &str = "/usr/share/nodejs";

const REQUIRE: &str = "SUBJIFFY_REQUIRE_CLIENTS";

/// Another build of an interpreter may come first on the PATH and lack the system's modules.
fn first_that_works(programs: &[&'static str], words: &[&str]) -> Option<&'static str> {
    let works = |program: &&str| {
        let mut command = Command::new(program);
        let output = command.args(words).env("NODE_PATH", NODE_PATH).output();
        output.is_ok_and(|output| output.status.success())
    };
    programs.iter().copied().find(works)
}

fn client(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("clients")
        .join(name)
}

/// Runs the agent as it runs without any word, and the program, in a network of their own. Returns
/// what the program says.
fn beside_the_agent(program: impl FnOnce() -> Command + Send) -> Value {
    let binary = build::binary();
    let ended = std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            network::leave().expect("a network");
            let server = Server::spawn(&mut agent::command(binary.as_os_str()));
            let ended = agent::to_the_end(&mut program());
            assert!(server.stop(Signal::TERM).status.success());
            ended
        });
        thread.join().expect("the thread in the other network")
    });
    assert!(ended.status.success(), "{}{}", ended.stdout, ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{e}: {}", ended.stdout))
}

fn all_metrics(seen: &Value) {
    let all = seen["metrics"].as_array().expect("metrics");
    assert!(all.len() >= 4, "only {} answers: {seen}", all.len());
    for metrics in all {
        shape::metrics(metrics).unwrap_or_else(|error| panic!("{error}: {metrics}"));
    }
}
