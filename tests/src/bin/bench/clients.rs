//! A thousand clients at the terminal client's pace: what they get and what they cost.

use crate::{
    programs, progress,
    stats::{max, percentile, short},
    table::Table,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use subjiffy_tests::clients::{allow_files, crowd};
use subjiffy_tests::flood::Holdings;
use subjiffy_tests::server::Server;
use subjiffy_tests::stream::Stream;
use subjiffy_tests::truth;

const COUNTS: [usize; 3] = [10, 100, 1_000];
const TIME: Duration = Duration::from_secs(20);

pub fn measure() -> Result<Vec<Table>, String> {
    programs::possible()?;
    allow_files(4_096)?;
    let mut table = Table::new(
        "Clients at the terminal client's pace (metrics 0.5 s, list 2 s, disks 5 s), in one process of their own thread",
        &[
            "clients",
            "let in",
            "requests a second",
            "not answered",
            "metrics, p50 / p99 / max ms",
            "agent, % of one core",
            "clients, % of one core",
            "agent before / with them / after, MB",
            "files with them / after",
            "a stream of 20 ms meanwhile: interval p1 / p50 / p99 ms, skipped",
        ],
    );
    for count in COUNTS {
        progress(&format!("clients, {count}"));
        table.row(row(count));
    }
    Ok(vec![table])
}

fn row(count: usize) -> [String; 10] {
    let server = Server::start("");
    let pid = server.pid();
    let clock = || {
        let both = [pid, std::process::id()].map(truth::process_clock_ns);
        (Instant::now(), both)
    };
    let before = Holdings::of(pid);
    // When all are there.
    let (begun, used) = clock();
    let middle = Mutex::new(None);
    let follower = Follower::start(&server.url);
    let outcome = crowd(&server.url, count, TIME, || {
        *middle.lock().expect("no panic") = Some(Holdings::of(pid));
    });
    let stream = follower.finish();
    let seconds = begun.elapsed().as_secs_f64();
    let (_, now) = clock();
    let core = |at: usize| short((now[at] - used[at]) as f64 / seconds / 1e7);
    let during = middle.into_inner().expect("no panic").unwrap_or(before);
    std::thread::sleep(Duration::from_secs(2));
    let after = Holdings::of(pid);
    for error in &outcome.errors {
        progress(&format!("clients, {count}: {error}"));
    }
    let latency = &outcome.latency_ms;
    let [p50, p99] = [0.5, 0.99].map(|share| short(percentile(latency, share)));
    let memory = [before, during, after].map(|held| short(held.memory as f64 / 1e6));
    [
        count.to_string(),
        outcome.connected.to_string(),
        short(outcome.asked as f64 / seconds),
        (outcome.asked - outcome.answered).to_string(),
        format!("{p50} / {p99} / {}", short(max(latency))),
        core(0),
        core(1),
        memory.join(" / "),
        format!("{} / {}", during.files, after.files),
        stream,
    ]
}

/// Follows a stream in a thread of its own.
struct Follower {
    done: Arc<AtomicBool>,
    thread: JoinHandle<(Vec<f64>, u64)>,
}

impl Follower {
    fn start(url: &str) -> Self {
        let mut stream = Stream::open(url, r#"{"period":"20ms","limit":0}"#);
        let done = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&done);
        let thread = std::thread::spawn(move || {
            let (mut intervals, mut skipped) = (Vec::new(), 0);
            while !until.load(Ordering::Relaxed) {
                let sample = stream.json();
                let number = |key: &str| sample[key].as_u64().unwrap_or(0);
                intervals.push(number("interval_ns") as f64 / 1e6);
                skipped += number("skipped");
            }
            (intervals, skipped)
        });
        Self { done, thread }
    }

    fn finish(self) -> String {
        self.done.store(true, Ordering::Relaxed);
        let (intervals, skipped) = self.thread.join().expect("samples");
        let share = |share| short(percentile(&intervals, share));
        format!(
            "{} / {} / {}, {skipped}",
            share(0.01),
            share(0.5),
            share(0.99)
        )
    }
}
