//! What the kernel side costs where it runs: at every context switch, fork and exit.

use crate::{
    crowd, pin, programs, progress, sampling,
    stats::{median, short, spread},
    table::Table,
};
use std::any::Any;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use subjiffy_ebpf::program;

/// A round of the game is two switches.
const GAME: &str = "pingpong --rounds 10000";

/// Games for one figure.
const GAMES: usize = 15;
const FORKS: u32 = 20_000;
const FORKS_EACH_ROUND: u32 = 4_000;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Off,
    Empty,
    Agent,
    Sampled,
    Top,
}

const STATES: [State; 5] = [
    State::Off,
    State::Empty,
    State::Agent,
    State::Sampled,
    State::Top,
];

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Empty => "an empty hook on sched_switch",
            Self::Agent => "all hooks of the agent, nobody reading",
            Self::Sampled => "all hooks, a sample every ms on another CPU",
            Self::Top => "all hooks, `top --json -i 1ms` on another CPU",
        }
    }

    /// Brings it about for as long as the returned value lives.
    fn enter(self) -> Result<Box<dyn Any>, String> {
        let held: Box<dyn Any> = match self {
            Self::Off => Box::new(()),
            Self::Empty => Box::new(programs::empty("sched_switch")?),
            Self::Agent => Box::new(programs::agent()?),
            Self::Sampled => Box::new(pin::on(pin::last()?, Sampling::start)?),
            Self::Top => Box::new(top()?),
        };
        programs::settle();
        Ok(held)
    }
}

/// Samples at 1 kHz in a thread of this process until it is dropped.
struct Sampling {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Sampling {
    fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let outcome =
                sampling::sample_until(|| stopped.load(Ordering::Relaxed), sampling::Work::Sample);
            outcome.map_or_else(|error| progress(&error), |_| ());
        });
        Self {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Sampling {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `subjiffy top` on the other CPU, attached.
fn top() -> Result<impl Any, String> {
    let before = programs::newest_id(program::SCHED_SWITCH);
    let top = pin::on(pin::last()?, || crowd::top(Stdio::null()))??;
    let begun = Instant::now();
    while programs::newest_id(program::SCHED_SWITCH) <= before {
        if begun.elapsed() > Duration::from_secs(10) {
            return Err("subjiffy top loads no programs: run it to see why".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    programs::settle();
    Ok(top)
}

pub fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    let mut switches = [const { Vec::new() }; STATES.len()];
    let mut forks = switches.clone();
    for round in 1..=rounds {
        progress(&format!("hooks, round {round} of {rounds}"));
        let mut order: Vec<_> = STATES.into_iter().enumerate().collect();
        if round % 2 == 0 {
            order.reverse();
        }
        for (at, state) in order {
            let _held = state.enter()?;
            switches[at].push(switch_ns()?);
            if round * FORKS_EACH_ROUND as usize <= FORKS as usize {
                forks[at].push(fork_ns()?);
            }
        }
    }
    progress("hooks, statistics of the kernel");
    Ok(vec![
        switch_table(&switches),
        fork_table(&forks),
        body_table(rounds.min(5))?,
    ])
}

/// Nanoseconds of one switch, the median of some games.
fn switch_ns() -> Result<f64, String> {
    crowd::half_round_ns(GAME, GAMES)
}

/// Nanoseconds of one fork, exit and wait.
fn fork_ns() -> Result<f64, String> {
    pin::on(pin::first()?, || {
        let mut storm = crowd::start(&format!("storm --count {FORKS_EACH_ROUND} --parallel 1"));
        let begun = Instant::now();
        storm.run();
        let took = begun.elapsed();
        storm.finish();
        took.as_nanos() as f64 / f64::from(FORKS_EACH_ROUND)
    })
}

fn switch_table(ns: &[Vec<f64>; STATES.len()]) -> Table {
    let mut table = Table::new(
        "Context switch, two processes on one CPU that wake each other through pipes",
        &["hooks", "ns per switch", "extra ns", "x empty (budget 1.9)"],
    );
    let extra = |at: usize| -> Vec<f64> { ns[at].iter().zip(&ns[0]).map(|(a, b)| a - b).collect() };
    let empty = median(&extra(1));
    for (at, state) in STATES.into_iter().enumerate() {
        let (extra, ratio) = match state {
            State::Off => (String::new(), String::new()),
            _ => (spread(&extra(at)), short(median(&extra(at)) / empty)),
        };
        table.row([state.name().to_owned(), spread(&ns[at]), extra, ratio]);
    }
    table
}

fn fork_table(ns: &[Vec<f64>; STATES.len()]) -> Table {
    let mut table = Table::new(
        "Fork, exit and wait on one CPU",
        &["hooks", "us per process", "x off"],
    );
    for (at, state) in STATES.into_iter().enumerate() {
        let us: Vec<f64> = ns[at].iter().map(|ns| ns / 1e3).collect();
        let ratio = median(&ns[at]) / median(&ns[0]);
        table.row([state.name().to_owned(), spread(&us), format!("{ratio:.3}")]);
    }
    table
}

/// The bodies alone, as the kernel measures them: two clock readings included.
fn body_table(rounds: usize) -> Result<Table, String> {
    let mut table = Table::new(
        "Body of the program, by the kernel's BPF statistics",
        &["program", "ns per run", "x empty"],
    );
    let _counting = programs::statistics()?;
    let compared = [
        (State::Empty, program::EMPTY),
        (State::Agent, program::SCHED_SWITCH),
    ];
    let mut ns = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        for (at, (state, name)) in compared.into_iter().enumerate() {
            let _held = state.enter()?;
            let before = programs::run_time(name).unwrap_or_default();
            switch_ns()?;
            let after = programs::run_time(name).unwrap_or_default();
            ns[at].push((after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64);
        }
    }
    let empty = median(&ns[0]);
    for ((_, name), ns) in compared.into_iter().zip(&ns) {
        table.row([name.to_owned(), spread(ns), short(median(ns) / empty)]);
    }
    Ok(table)
}
