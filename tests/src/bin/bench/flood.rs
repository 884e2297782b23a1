//! What a client that behaves sees of others that do not, and what these leave behind.

use crate::{
    programs, progress,
    stats::{max, percentile, short},
    table::Table,
};
use std::time::{Duration, Instant};
use subjiffy_tests::flood::{Holdings, KINDS, flood};
use subjiffy_tests::raw::Raw;
use subjiffy_tests::server::Server;
use subjiffy_tests::truth;

const TIME: Duration = Duration::from_secs(5);

/// Half a request may be left for ten seconds.
const REST: Duration = Duration::from_secs(12);

pub fn measure() -> Result<Vec<Table>, String> {
    programs::possible()?;
    let mut table = Table::new(
        "Floods by one thread for 5 s; another client asks for metrics every 20 ms",
        &[
            "flood",
            "connections a second",
            "agent, % of one core",
            "other client: answers, p50 / p99 / max ms",
            "memory before / at once / after, MB",
            "files before / at once / after",
        ],
    );
    let server = Server::start("");
    let pid = server.pid();
    table.row(alone(&server));
    for kind in KINDS {
        progress(&format!("flood, {kind:?}"));
        let before = Holdings::of(pid);
        let (begun, clock) = (Instant::now(), truth::process_clock_ns(pid));
        let outcome = flood(&server.url, kind, TIME);
        let seconds = begun.elapsed().as_secs_f64();
        let used = truth::process_clock_ns(pid) - clock;
        let at_once = Holdings::of(pid);
        let after = Holdings::settled(pid, before.files, REST);
        let held = [before, at_once, after];
        table.row([
            format!("{kind:?}"),
            short(outcome.connections as f64 / seconds),
            short(used as f64 / seconds / 1e7),
            answers(&outcome.latency_ms),
            held.map(|held| short(held.memory as f64 / 1e6)).join(" / "),
            held.map(|held| held.files.to_string()).join(" / "),
        ]);
    }
    Ok(vec![table])
}

/// The same client with nobody else.
fn alone(server: &Server) -> [String; 6] {
    let mut client = Raw::connect(&server.url);
    client.ask("get_metrics");
    let (begun, clock) = (Instant::now(), truth::process_clock_ns(server.pid()));
    let mut latency = Vec::new();
    while begun.elapsed() < TIME {
        let asked = Instant::now();
        client.ask("get_metrics");
        latency.push(asked.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(20));
    }
    let used = truth::process_clock_ns(server.pid()) - clock;
    let core = used as f64 / begun.elapsed().as_nanos() as f64 * 100.0;
    let none = || "-".to_owned();
    [
        "none".to_owned(),
        none(),
        short(core),
        answers(&latency),
        none(),
        none(),
    ]
}

fn answers(latency: &[f64]) -> String {
    let [p50, p99] = [0.5, 0.99].map(|share| short(percentile(latency, share)));
    let most = short(max(latency));
    format!("{}, {p50} / {p99} / {most}", latency.len())
}
