//! CPU time of an answer: `socktop_agent` 1.60.1 and ours on the same load, by turns.

use crate::{
    client::Client,
    crowd::Crowd,
    programs, progress, reference,
    stats::{median, percentile, short, spread},
    table::Table,
};
use std::time::{Duration, Instant};
use subjiffy_tests::process::Owned;
use subjiffy_tests::server::Server;
use subjiffy_tests::{agent, build, network, truth};

const IDLE: usize = 2_000;
const ACTIVE: usize = 20;

/// As the terminal client asks for process lists.
const CADENCE: Duration = Duration::from_secs(2);
const AT_CADENCE: usize = 15;

/// A request, and how often a block has it: (reference, ours).
const REQUESTS: [(&str, usize, usize); 3] = [
    ("get_processes", 10, 50),
    ("get_metrics", 50, 50),
    ("get_disks", 50, 50),
];

/// What one agent spent on one kind of request.
#[derive(Default)]
struct Spent {
    /// Per request, one figure a block, us.
    cpu_us: Vec<f64>,
    tick_us: Vec<f64>,
    latency_ms: Vec<f64>,
    bytes: usize,
}

/// One of the two.
struct Side {
    pid: u32,
    client: Client,
    spent: [Spent; REQUESTS.len()],
    at_cadence: Spent,
}

impl Side {
    fn new(pid: u32, address: &str) -> Result<Self, String> {
        let mut client = Client::connect(address)?;
        let first = client.ask("get_processes")?.0;
        std::thread::sleep(Duration::from_millis(200));
        let second = client.ask("get_processes")?.0;
        if first == second {
            return Err(format!(
                "the agent at {address} answers from its cache: it does not heed \
                 SOCKTOP_AGENT_PROCESSES_TTL_MS=0, so there would be nothing to measure"
            ));
        }
        Ok(Self {
            pid,
            client,
            spent: Default::default(),
            at_cadence: Spent::default(),
        })
    }

    /// One block of requests, one right after the other.
    fn block(&mut self, kind: usize, count: usize) -> Result<(), String> {
        let books = Books::settled(self.pid);
        for _ in 0..count {
            self.spent[kind].note(self.client.ask(REQUESTS[kind].0)?);
        }
        self.spent[kind].share(&books, &Books::settled(self.pid), count);
        Ok(())
    }
}

impl Spent {
    fn note(&mut self, (answer, took): (Vec<u8>, Duration)) {
        self.latency_ms.push(took.as_secs_f64() * 1e3);
        self.bytes = answer.len();
    }

    fn share(&mut self, before: &Books, after: &Books, count: usize) {
        let each = |before: u64, after: u64| (after - before) as f64 / 1e3 / count as f64;
        self.cpu_us.push(each(before.run_ns, after.run_ns));
        self.tick_us.push(each(before.ticks_ns, after.ticks_ns));
    }
}

/// CPU time of a process so far.
struct Books {
    /// By the scheduler: the sum of its threads' schedstat and of its dead threads.
    run_ns: u64,
    /// User and system time.
    ticks_ns: u64,
}

impl Books {
    /// Waits until the process is at rest, or ten seconds.
    fn settled(pid: u32) -> Self {
        let end = Instant::now() + Duration::from_secs(10);
        let mut run_ns = truth::process_clock_ns(pid);
        loop {
            std::thread::sleep(Duration::from_millis(30));
            let now = truth::process_clock_ns(pid);
            if now == run_ns || Instant::now() > end {
                let ticks_ns = ticks(pid) * 10_000_000;
                return Self { run_ns, ticks_ns };
            }
            run_ns = now;
        }
    }
}

/// `utime` and `stime` of proc(5), in ticks of 10 ms.
fn ticks(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let both = rest.split(' ').skip(11).take(2);
    both.filter_map(|field| field.parse::<u64>().ok()).sum()
}

pub fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    reference::binary()?;
    // Before there is no network any more.
    let _ = (build::binary(), build::load());
    network::leave()?;
    let _crowd = Crowd::start(IDLE, ACTIVE);
    let theirs: Owned = reference::start()?;
    let mut command = agent::command(build::binary().as_os_str());
    reference::without_caches(&mut command);
    let ours = Server::spawn(command.args(["--listen", "127.0.0.1:0"]));
    let address = (ours.url.trim_start_matches("ws://")).trim_end_matches("/ws");

    let mut theirs = Side::new(theirs.id(), reference::ADDRESS)?;
    let mut ours = Side::new(ours.pid(), address)?;
    for round in 1..=rounds {
        progress(&format!("requests, round {round} of {rounds}"));
        for (kind, (_, count, our_count)) in REQUESTS.into_iter().enumerate() {
            theirs.block(kind, count)?;
            ours.block(kind, our_count)?;
        }
    }
    progress("requests, one list every 2 s");
    at_cadence(&mut theirs, &mut ours)?;
    Ok(vec![
        cpu_table(&theirs, &ours),
        latency_table(&theirs, &ours),
    ])
}

/// Lists as the terminal client asks for them: each sample finds everything due.
fn at_cadence(theirs: &mut Side, ours: &mut Side) -> Result<(), String> {
    let mut sides = [theirs, ours];
    for _ in 0..AT_CADENCE {
        for side in &mut sides {
            let books = Books::settled(side.pid);
            let begun = Instant::now();
            side.at_cadence.note(side.client.ask(REQUESTS[0].0)?);
            let after = Books::settled(side.pid);
            side.at_cadence.share(&books, &after, 1);
            std::thread::sleep((CADENCE / 2).saturating_sub(begun.elapsed()));
        }
    }
    Ok(())
}

/// Kind of request, theirs, ours.
fn pairs<'a>(theirs: &'a Side, ours: &'a Side) -> impl Iterator<Item = (String, [&'a Spent; 2])> {
    let each = REQUESTS
        .into_iter()
        .zip(theirs.spent.iter().zip(&ours.spent));
    let each = each.map(|((name, ..), (a, b))| (name.to_owned(), [a, b]));
    let cadence = format!("{}, one every 2 s", REQUESTS[0].0);
    each.chain([(cadence, [&theirs.at_cadence, &ours.at_cadence])])
}

fn cpu_table(theirs: &Side, ours: &Side) -> Table {
    let mut table = Table::new(
        "CPU time of an answer, 2 000 sleeping and 20 active processes, no caches",
        &[
            "request",
            "socktop_agent 1.60.1, us",
            "subjiffy, us",
            "ratio (budget for lists: 100)",
            "by user + system time, us",
        ],
    );
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    for (name, [a, b]) in pairs(theirs, ours) {
        table.row([
            name,
            spread(&a.cpu_us),
            spread(&b.cpu_us),
            short(median(&a.cpu_us) / median(&b.cpu_us)),
            format!("{} / {}", short(mean(&a.tick_us)), short(mean(&b.tick_us))),
        ]);
    }
    table
}

fn latency_table(theirs: &Side, ours: &Side) -> Table {
    let mut table = Table::new(
        "Latency of an answer (ours leaves at least 20 ms between two samples: who asks sooner waits)",
        &[
            "request",
            "socktop_agent 1.60.1: answers, p50 / p95 ms, bytes",
            "subjiffy: answers, p50 / p95 ms, bytes",
        ],
    );
    let cell = |spent: &Spent| {
        let [p50, p95] = [0.5, 0.95].map(|share| short(percentile(&spent.latency_ms, share)));
        format!("{}, {p50} / {p95}, {}", spent.latency_ms.len(), spent.bytes)
    };
    for (name, sides) in pairs(theirs, ours) {
        let [a, b] = sides.map(cell);
        table.row([name, a, b]);
    }
    table
}
