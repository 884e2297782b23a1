//! Memory with clients, wakeups without.

use crate::{client::Client, crowd::Crowd, programs, progress, stats::short, table::Table};
use std::fs::read_to_string;
use std::time::{Duration, Instant};
use subjiffy_tests::server::Server;
use subjiffy_tests::truth;

const IDLE: usize = 2_000;
const ACTIVE: usize = 20;
const CLIENTS: usize = 10;
const TIME: Duration = Duration::from_secs(10);
const WATCH: Duration = Duration::from_secs(20);

/// Threads that waited for disks end after ten seconds without work.
const REST: Duration = Duration::from_secs(13);

/// The terminal client's: metrics on every tick, the rest on every so many.
const TICK: Duration = Duration::from_millis(500);
const LIST_EVERY: u32 = 4;
const DISKS_EVERY: u32 = 10;

const SIZES: [&str; 5] = ["VmRSS:", "RssAnon:", "RssFile:", "RssShmem:", "VmHWM:"];

pub fn measure() -> Result<Vec<Table>, String> {
    programs::possible()?;
    let _crowd = Crowd::start(IDLE, ACTIVE);
    let server = Server::start("");
    let pid = server.pid();
    let address = (server.url.trim_start_matches("ws://")).trim_end_matches("/ws");
    let mut table = Table::new(
        "Resident memory with 2 000 sleeping and 20 active processes, MB (budget: VmRSS 12)",
        &["when", "VmRSS", "anonymous", "files", "shared", "highest"],
    );
    let mut note = |when: &str| {
        let sizes = sizes_mb(pid).map(|mb| format!("{mb:.2}"));
        table.row([when.to_owned()].into_iter().chain(sizes));
    };
    note("started");
    progress("memory, ten clients");
    let (begun, cpu) = (Instant::now(), truth::process_clock_ns(pid));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| poll(address)))
            .collect();
        // Before the last one leaves.
        std::thread::sleep(TIME - TICK);
        note("ten clients, after 10 s");
        clients
            .into_iter()
            .try_for_each(|one| one.join().map_err(|_| "a client has panicked")?)
    })?;
    let used = (truth::process_clock_ns(pid) - cpu) as f64;
    let cpu = short(used / begun.elapsed().as_nanos() as f64 * 100.0);

    progress("memory, wakeups without a client");
    std::thread::sleep(REST);
    let before = (truth::switches(pid), truth::process_clock_ns(pid));
    std::thread::sleep(WATCH);
    let after = (truth::switches(pid), truth::process_clock_ns(pid));
    note("clients gone");
    let a_minute = |n: u64| short(n as f64 * 60.0 / WATCH.as_secs_f64());
    let mut idle = Table::new(
        "What the agent does",
        &["when", "wakeups a minute", "% of one core"],
    );
    idle.row(["ten clients".to_owned(), "-".to_owned(), cpu]);
    let core = (after.1 - before.1) as f64 / WATCH.as_nanos() as f64 * 100.0;
    let wakeups = a_minute(after.0.0 - before.0.0);
    idle.row([
        "no client (budget 0)".to_owned(),
        wakeups,
        format!("{core}"),
    ]);
    Ok(vec![table, idle])
}

/// One client, as the terminal client asks.
fn poll(address: &str) -> Result<(), String> {
    let mut client = Client::connect(address)?;
    let begun = Instant::now();
    for tick in 0.. {
        std::thread::sleep((TICK * tick).saturating_sub(begun.elapsed()));
        if begun.elapsed() >= TIME {
            break;
        }
        client.ask("get_metrics")?;
        if tick % LIST_EVERY == 0 {
            client.ask("get_processes")?;
        }
        if tick % DISKS_EVERY == 0 {
            client.ask("get_disks")?;
        }
    }
    Ok(())
}

/// As proc(5) has them, in the order of [`SIZES`].
fn sizes_mb(pid: u32) -> [f64; SIZES.len()] {
    let text = read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    SIZES.map(|name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kb.unwrap_or(f64::NAN) * 1024.0 / 1e6
    })
}
