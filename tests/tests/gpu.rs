//! Graphics processors by NVIDIA's library, which is found while the agent runs.

use serde_json::json;
use socktop_connector::{AgentRequest, AgentResponse, connect_to_socktop_agent};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use subjiffy_tests::agent;
use subjiffy_tests::build::binary;
use subjiffy_tests::client::Client;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/nvml.c");
const NAME: &str = "libnvidia-ml.so.1";

/// It is looked for every 30 s.
const LATER: Duration = Duration::from_secs(60);

/// Makes the library; it is there at once and whole.
fn library(directory: &Path) {
    let new = directory.join("new");
    let status = Command::new("gcc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", SOURCE, "-o"])
        .arg(&new)
        .status();
    assert!(status.expect("gcc").success(), "gcc failed");
    std::fs::rename(new, directory.join(NAME)).expect("rename");
}

fn start(directory: &Path, variables: &[(&str, &str)]) -> Server {
    let mut command = agent::command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0", "--no-bpf"]);
    command.env("LD_LIBRARY_PATH", directory);
    command.env("SOCKTOP_AGENT_METRICS_TTL_MS", "0");
    command.envs(variables.iter().copied());
    Server::spawn(&mut command)
}

fn stop(server: Server) {
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn all_are_shown_and_what_one_cannot_say_is_left_out() {
    let directory = tempfile::tempdir().expect("a directory");
    library(directory.path());
    let server = start(directory.path(), &[]);
    let mut client = Client::connect(&server.url);
    let metrics = client.ask_until("get_metrics", LATER, |metrics| !metrics["gpus"].is_null());
    // By address; the first has no memory to speak of and does not tell how busy it is.
    let expected = json!([
        {
            "name": "Fake Two", "vendor": "NVIDIA", "utilization_gpu_pct": 37.0,
            "mem_used_bytes": 1_u64 << 30, "mem_total_bytes": 8_u64 << 30, "temp_c": 66.0,
        },
        {"name": "Fake One", "vendor": "NVIDIA", "temp_c": 41.0},
    ]);
    assert_eq!(metrics["gpus"], expected);

    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let answer = runtime
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            let mut client = connect_to_socktop_agent(server.url.clone())
                .await
                .expect("a connection");
            client.request(AgentRequest::Metrics).await
        });
    let AgentResponse::Metrics(metrics) = answer.expect("an answer that the client takes") else {
        panic!("no metrics");
    };
    let gpus = metrics.gpus.expect("graphics processors");
    let seen: Vec<_> = gpus
        .iter()
        .map(|gpu| {
            (
                gpu.name.as_deref(),
                gpu.utilization,
                gpu.mem_used,
                gpu.mem_total,
                gpu.temp,
            )
        })
        .collect();
    let expected = [
        (
            Some("Fake Two"),
            Some(37.0),
            Some(1 << 30),
            Some(8 << 30),
            Some(66.0),
        ),
        (Some("Fake One"), None, None, None, Some(41.0)),
    ];
    assert_eq!(seen, expected, "as the published client reads it");
    stop(server);
}

#[test]
fn a_library_that_comes_later_is_found() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = start(directory.path(), &[]);
    let mut client = Client::connect(&server.url);
    assert!(client.ask("get_metrics")["gpus"].is_null());
    library(directory.path());
    client.ask_until("get_metrics", LATER, |metrics| {
        metrics["gpus"]
            .as_array()
            .is_some_and(|gpus| gpus.len() == 2)
    });
    stop(server);
}

#[test]
fn a_driver_that_hangs_holds_nobody() {
    let directory = tempfile::tempdir().expect("a directory");
    library(directory.path());
    let server = start(directory.path(), &[("FAKE_NVML_HANGS", "1")]);
    let mut client = Client::connect(&server.url);
    for _ in 0..5 {
        let metrics = client.ask("get_metrics");
        assert!(
            metrics["gpus"].is_null() && metrics["mem_total"].is_u64(),
            "{metrics:#}"
        );
        assert!(client.ask("get_disks").is_array());
    }
    stop(server);
}

#[test]
fn they_can_be_switched_off() {
    let directory = tempfile::tempdir().expect("a directory");
    library(directory.path());
    let server = start(directory.path(), &[("SOCKTOP_AGENT_GPU", "0")]);
    let mut client = Client::connect(&server.url);
    for _ in 0..3 {
        assert!(client.ask("get_metrics")["gpus"].is_null());
        std::thread::sleep(Duration::from_millis(500));
    }
    stop(server);
}
