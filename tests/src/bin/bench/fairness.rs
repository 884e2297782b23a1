//! One client's metrics while another fetches process lists as fast as it can: `socktop_agent`
//! 1.60.1 and ours, without caches.

use crate::{
    client::Client,
    crowd::Crowd,
    programs, progress, reference,
    stats::{max, percentile, short},
    table::Table,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use subjiffy_tests::server::Server;
use subjiffy_tests::{agent, build, network};

const PROCESSES: usize = 2_000;
const TIME: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_millis(50);

/// What the modest client saw.
struct Seen {
    latency_ms: Vec<f64>,
    /// Lists that the greedy one had in a second.
    lists: f64,
}

pub fn measure() -> Result<Vec<Table>, String> {
    programs::possible()?;
    let _ = (build::binary(), build::load());
    network::leave()?;
    let _crowd = Crowd::start(PROCESSES, 5);
    let mut command = agent::command(build::binary().as_os_str());
    reference::without_caches(&mut command);
    let ours = Server::spawn(command.args(["--listen", "127.0.0.1:0"]));
    let address = (ours.url.trim_start_matches("ws://")).trim_end_matches("/ws");
    let theirs = reference::binary().and_then(|_| reference::start());
    let mut table = Table::new(
        "A client's get_metrics every 50 ms, 2 000 processes, no caches, p50 / p99 / max ms",
        &[
            "agent",
            "alone",
            "with a client that fetches lists",
            "lists a second",
        ],
    );
    let mut add = |name: &str, address: &str| -> Result<(), String> {
        progress(&format!("fairness, {name}"));
        let (alone, beside) = (seen(address, false)?, seen(address, true)?);
        table.row([
            name.to_owned(),
            figures(&alone),
            figures(&beside),
            short(beside.lists),
        ]);
        Ok(())
    };
    match theirs {
        Ok(_agent) => add("socktop_agent 1.60.1", reference::ADDRESS)?,
        Err(why) => progress(&format!("fairness, ours only: {why}")),
    }
    add("subjiffy", address)?;
    Ok(vec![table])
}

fn seen(address: &str, greedy: bool) -> Result<Seen, String> {
    let mut client = Client::connect(address)?;
    client.ask("get_metrics")?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let begun = Instant::now();
            let mut count = 0;
            if greedy {
                let mut client = Client::connect(address)?;
                while !stop.load(Ordering::Relaxed) {
                    client.ask("get_processes")?;
                    count += 1;
                }
            }
            Ok::<_, String>(f64::from(count) / begun.elapsed().as_secs_f64())
        });
        let (begun, mut latency_ms) = (Instant::now(), Vec::new());
        let mut asked = Ok(());
        while begun.elapsed() < TIME && asked.is_ok() {
            asked = client
                .ask("get_metrics")
                .map(|(_, took)| latency_ms.push(took.as_secs_f64() * 1e3));
            std::thread::sleep(EVERY);
        }
        stop.store(true, Ordering::Relaxed);
        let lists = other.join().map_err(|_| "a client has panicked")??;
        asked.map(|()| Seen { latency_ms, lists })
    })
}

fn figures(seen: &Seen) -> String {
    let [p50, p99] = [0.5, 0.99].map(|share| short(percentile(&seen.latency_ms, share)));
    format!("{p50} / {p99} / {}", short(max(&seen.latency_ms)))
}
