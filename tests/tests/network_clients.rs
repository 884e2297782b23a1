//! Bytes on sockets reach every kind of client: the process list, details and a stream.

use serde_json::Value;
use std::time::{Duration, Instant};
use subjiffy_tests::load::Load;
use subjiffy_tests::raw::Raw;
use subjiffy_tests::server::Server;
use subjiffy_tests::stream::Stream;
use subjiffy_tests::traffic::{Flow, Step, Traffic};
use subjiffy_tests::{need, wire};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Operations of the workload that are enough here; `network_bytes` does all of them.
const OPERATIONS: usize = 8;

#[test]
fn lists_details_and_streams_have_the_same_bytes() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let server = Server::without_caches("");
    let mut load = Load::start(LOAD, "sockets --only tcp");
    let pid = load.pid();
    let request = r#"{"period":"50ms","sort":"net","fields":["pid","rx_bytes","tx_bytes","rx_calls","tx_calls","tcp_rx_bytes"]}"#;
    let mut stream = Stream::open(&server.url, request);
    let mut client = Raw::connect(&server.url);
    stream.json();
    list(&mut client, pid);

    let mut truth = Traffic::default();
    for _ in 0..OPERATIONS {
        let step: Step = serde_json::from_value(load.run()).expect("a step");
        assert!(step.others.is_empty() && step.failed.is_none(), "{step:?}");
        truth += step.moved;
    }
    let all = truth.sum();
    assert!(all.rx_bytes > 0 && all.tx_calls > 0, "nothing was moved");

    let mut listed = Flow::default();
    until("lists", || {
        listed = listed + list(&mut client, pid);
        (listed == all)
            .then_some(())
            .ok_or_else(|| format!("{listed:?} of {all:?}"))
    });
    let details = wire::json(&client.ask(&format!("get_process_metrics:{pid}")));
    let sockets = details.expect("details")["process"]["sockets"].clone();
    let totals = ["rx_total_bytes", "tx_total_bytes"].map(|key| sockets[key].as_u64());
    assert_eq!(totals, [all.rx_bytes, all.tx_bytes].map(Some), "{sockets}");

    let (mut streamed, mut tcp) = (Flow::default(), 0);
    until("stream", || {
        let message = stream.json();
        let rows = message["processes"].as_array().expect("rows");
        let moved = |row: &Value| number(row, "rx_bytes") + number(row, "tx_bytes");
        assert!(rows.is_sorted_by_key(|row| std::cmp::Reverse(moved(row))));
        for row in rows.iter().filter(|row| row["pid"] == pid) {
            streamed = streamed
                + Flow {
                    rx_bytes: number(row, "rx_bytes"),
                    tx_bytes: number(row, "tx_bytes"),
                    rx_calls: number(row, "rx_calls"),
                    tx_calls: number(row, "tx_calls"),
                };
            tcp += number(row, "tcp_rx_bytes");
        }
        let right = streamed == all && tcp == truth.tcp.rx_bytes;
        right
            .then_some(())
            .ok_or_else(|| format!("{streamed:?} of {all:?}"))
    });
    load.finish();
}

/// What the list says of the process since the list before; numbers as in `socktop.proto`.
fn list(client: &mut Raw, pid: u32) -> Flow {
    let list = wire::processes(&client.ask("get_processes"));
    let (_, rows) = list.expect("a list");
    let row = rows.iter().find(|row| row.pid == u64::from(pid));
    let own = &row.expect("the workload").own;
    let number = |number: u64| own.get(&number).copied().unwrap_or(0);
    Flow {
        rx_bytes: number(16),
        tx_bytes: number(17),
        rx_calls: number(18),
        tx_calls: number(19),
    }
}

fn number(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or(0)
}

/// Tries again until it is right, for some seconds.
fn until(what: &str, mut right: impl FnMut() -> Result<(), String>) {
    let end = Instant::now() + Duration::from_secs(10);
    while let Err(wrong) = right() {
        assert!(Instant::now() < end, "{what}: {wrong}");
    }
}
