//! Samples at 1 kHz: CPU time and punctuality, of the whole program and of the sampling in it.

use crate::{
    crowd::{self, Crowd},
    parts, programs, progress,
    stats::{max, median, percentile, short, spread},
    table::Table,
};
use rustix::time::{ClockId, clock_gettime};
use std::io::Read;
use std::process::Stdio;
use std::time::{Duration, Instant};
use subjiffy::chain::{Samples, Track};
use subjiffy::collect::collector::{Collector, Scope, Setup};
use subjiffy::model::Snapshot;
use subjiffy::priority::Keeper;
use subjiffy::timer::{Mailbox, Ticker, be_punctual};
use subjiffy::{json::Lines, procfs};
use subjiffy_tests::truth;

const IDLE: usize = 200;
const ACTIVE: usize = 5;
const PERIOD: Duration = Duration::from_millis(1);
const TIME: Duration = Duration::from_secs(10);

pub fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    let crowd = Crowd::start(IDLE, ACTIVE);
    let mut loops = WORKS.map(|_| Loop::default());
    let mut program = [Vec::new(), Vec::new()];
    let mut piped = Piped::default();
    for round in 1..=rounds {
        progress(&format!("sampling, round {round} of {rounds}"));
        for ((work, _), into) in WORKS.into_iter().zip(&mut loops) {
            into.run(work)?;
        }
        program[0].push(of_the_program(Stdio::null(), None)?);
        program[1].push(of_the_program(Stdio::piped(), Some(&mut piped))?);
    }
    drop(crowd);
    let mut cpu = Table::new(
        "1 kHz, 200 sleeping and 5 active processes",
        &["what", "% of one core", "of a sample"],
    );
    for ((work, name), one) in WORKS.into_iter().zip(&loops) {
        let budget = if work == Work::Sample {
            " (budget 1 %)"
        } else {
            ""
        };
        let cost = format!("{} us CPU, waiting included", short(one.cost_us()));
        table_row(&mut cpu, &format!("{name}{budget}"), &one.percent, cost);
    }
    table_row(
        &mut cpu,
        "`subjiffy top --json -i 1ms` to /dev/null",
        &program[0],
        String::new(),
    );
    table_row(&mut cpu, "the same into a pipe", &program[1], piped.tell());
    let mut tables = vec![cpu, jitter_table(&loops)];
    tables.push(parts::measure()?);
    Ok(tables)
}

fn table_row(table: &mut Table, name: &str, percent: &[f64], of_a_sample: String) {
    table.row([name.to_owned(), spread(percent), of_a_sample]);
}

/// What is done at a tick.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Waiting for it is what nobody can do without: the price of 1 kHz on this machine.
    Nothing,
    Sample,
    Json,
}

const WORKS: [(Work, &str); 3] = [
    (Work::Nothing, "waiting for ticks, no more"),
    (Work::Sample, "sampling and differences"),
    (Work::Json, "the same, and JSON into memory"),
];

/// The sampler's loop in this process, on a thread of its own.
#[derive(Default)]
pub struct Loop {
    percent: Vec<f64>,
    late_us: Vec<f64>,
    samples: u64,
    missed: u64,
    cpu_ns: u64,
}

impl Loop {
    fn run(&mut self, work: Work) -> Result<(), String> {
        let part = std::thread::spawn(move || {
            let begun = Instant::now();
            sample_until(|| begun.elapsed() >= TIME / 2, work)
        });
        let part = part.join().map_err(|_| "the sampling has panicked")??;
        self.percent.extend(part.percent);
        self.late_us.extend(part.late_us);
        self.samples += part.samples;
        self.missed += part.missed;
        self.cpu_ns += part.cpu_ns;
        Ok(())
    }

    fn cost_us(&self) -> f64 {
        self.cpu_ns as f64 / 1e3 / self.samples as f64
    }
}

/// Ticks at 1 kHz in the calling thread, as the agent has them.
pub fn sample_until(done: impl Fn() -> bool, work: Work) -> Result<Loop, String> {
    let mut collector = collector()?;
    let (mut samples, mut track) = (Samples::default(), Track::default());
    let mut snapshot = Snapshot::default();
    let mut lines = Lines::default();
    let nobody = Mailbox::<()>::default();
    let mut result = Loop::default();
    let mut priority = Keeper::default();
    be_punctual();
    priority.follow(Some(PERIOD));
    track.begin(
        &samples
            .take(&mut collector, Scope::Network)
            .map_err(|e| e.to_string())?,
    );
    let (begun, cpu_begun) = (Instant::now(), thread_cpu_ns());
    let mut ticker = Ticker::new(PERIOD, begun);
    while !done() {
        nobody.receive(Some(ticker.next()));
        let late = ticker.next().elapsed();
        if work != Work::Nothing {
            let sample = samples.take(&mut collector, Scope::Network);
            track.next(&sample.map_err(|e| e.to_string())?, &mut snapshot);
        }
        if work == Work::Json {
            std::hint::black_box(lines.next(&snapshot));
        }
        ticker.advance(Instant::now());
        result.late_us.push(late.as_secs_f64() * 1e6);
        result.samples += 1;
    }
    result.cpu_ns = thread_cpu_ns() - cpu_begun;
    result.missed = ticker.missed();
    let wall_ns = begun.elapsed().as_nanos() as f64;
    result.percent.push(result.cpu_ns as f64 / wall_ns * 100.0);
    Ok(result)
}

/// The exact books, or an error that says why they are not to be had.
pub fn collector() -> Result<Collector, String> {
    let setup = Setup {
        root: procfs::Root::default(),
        bpf: true,
        ..Setup::default()
    };
    let collector = Collector::open(&setup).map_err(|error| error.to_string())?;
    match collector.missing() {
        None => Ok(collector),
        Some(error) => Err(format!("{error}; `subjiffy doctor` says what is missing")),
    }
}

/// CPU time of the calling thread.
pub fn thread_cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// What came through the pipe.
#[derive(Default)]
struct Piped {
    lines: u64,
    bytes: u64,
    time: Duration,
}

impl Piped {
    fn tell(&self) -> String {
        let rate = self.lines as f64 / self.time.as_secs_f64();
        let size = self.bytes as f64 / self.lines as f64 / 1e3;
        format!("{} kB, {} a second", short(size), short(rate))
    }

    /// Takes all there is until `end`.
    fn read(&mut self, from: &mut impl Read, end: Instant) -> Result<(), String> {
        let begun = Instant::now();
        let mut buffer = vec![0; 1 << 16];
        while Instant::now() < end {
            let count = from.read(&mut buffer).map_err(|e| e.to_string())?;
            self.bytes += count as u64;
            self.lines += buffer[..count].iter().filter(|&&b| b == b'\n').count() as u64;
        }
        self.time += begun.elapsed();
        Ok(())
    }
}

/// CPU of a running `subjiffy top`, % of one core.
fn of_the_program(stdout: Stdio, piped: Option<&mut Piped>) -> Result<f64, String> {
    let mut top = crowd::top(stdout)?;
    let mut out = top.0.stdout.take();
    let mut pass = |piped: &mut Piped, time: Duration| match &mut out {
        Some(out) => piped.read(out, Instant::now() + time),
        None => {
            std::thread::sleep(time);
            Ok(())
        }
    };
    pass(&mut Piped::default(), Duration::from_secs(2))?;
    let (begun, before) = (Instant::now(), truth::process_clock_ns(top.id()));
    pass(piped.unwrap_or(&mut Piped::default()), TIME / 2)?;
    let used = truth::process_clock_ns(top.id()) - before;
    Ok(used as f64 / begun.elapsed().as_nanos() as f64 * 100.0)
}

fn jitter_table(loops: &[Loop]) -> Table {
    let mut table = Table::new(
        "Start of a sample behind its tick at 1 kHz (budget: p99 50 us)",
        &[
            "what",
            "samples",
            "ticks missed",
            "p50 us",
            "p99 us",
            "max us",
        ],
    );
    for ((_, name), one) in WORKS.into_iter().zip(loops) {
        table.row([
            name.to_owned(),
            one.samples.to_string(),
            one.missed.to_string(),
            short(median(&one.late_us)),
            short(percentile(&one.late_us, 0.99)),
            short(max(&one.late_us)),
        ]);
    }
    table
}
