//! What one sample is made of, in CPU time of the thread that takes it.

use crate::{
    crowd::Crowd,
    progress,
    sampling::{collector, thread_cpu_ns},
    stats::{median, short},
    table::Table,
};
use std::time::{Duration, Instant};
use subjiffy::collect::collector::{Collector, Scope};
use subjiffy::collect::sample::Sample;
use subjiffy::json::Lines;
use subjiffy::model::{Snapshot, derive::derive, events::Events};
use subjiffy::rows::Rows;
use subjiffy::timer::be_punctual;
use subjiffy_proto::socktop::Encoder;

const SLEEPING: [usize; 3] = [100, 1_000, 2_000];
const ACTIVE: usize = 20;

/// The collector reads `/proc/stat` ten times and the facts of processes once a second at most, so
/// the period decides what a sample finds due.
const PERIODS: [(&str, Duration, usize); 3] = [
    ("kernel tables only", Duration::from_millis(1), 2_000),
    ("and /proc/stat", Duration::from_millis(150), 24),
    (
        "and /proc of those that ran",
        Duration::from_millis(1_050),
        8,
    ),
];

/// Microseconds, one figure a sample.
#[derive(Default)]
struct Costs {
    collect: Vec<f64>,
    derive: Vec<f64>,
    json: Vec<f64>,
    list: Vec<f64>,
}

pub fn measure() -> Result<Table, String> {
    let mut table = Table::new(
        "One sample with 20 active processes, us CPU (medians)",
        &[
            "sleeping processes, what is due",
            "collect",
            "differences",
            "JSON line",
            "socktop's list, compressed",
        ],
    );
    for sleeping in SLEEPING {
        let _crowd = Crowd::start(sleeping, ACTIVE);
        for (name, period, count) in PERIODS {
            progress(&format!("parts of a sample, {sleeping} sleeping, {name}"));
            let costs = std::thread::spawn(move || sample(period, count));
            let costs = costs.join().map_err(|_| "the sampling has panicked")??;
            let parts = [&costs.collect, &costs.derive, &costs.json, &costs.list];
            let parts = parts.map(|part| short(median(part)));
            table.row([format!("{sleeping}, {name}")].into_iter().chain(parts));
        }
    }
    Ok(table)
}

fn sample(period: Duration, count: usize) -> Result<Costs, String> {
    be_punctual();
    let mut collector: Collector = collector()?;
    let (mut old, mut new, mut snapshot) = <(Sample, Sample, Snapshot)>::default();
    let (mut lines, mut encoder, mut rows) = (Lines::default(), Encoder::new(), Rows::default());
    let (mut costs, mut events) = (Costs::default(), Events::default());
    let mut next = Instant::now();
    // The first samples find everything due and all memory fresh.
    for number in 0..count + 3 {
        next += period;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        let begun = thread_cpu_ns();
        collector
            .sample(&mut new, Scope::Network)
            .map_err(|e| e.to_string())?;
        let collected = thread_cpu_ns();
        events.clear();
        events.add(&old, &new);
        events.sort();
        derive(&old, &new, &events, 1, &mut snapshot);
        let derived = thread_cpu_ns();
        std::mem::swap(&mut old, &mut new);
        std::hint::black_box(lines.next(&snapshot));
        let written = thread_cpu_ns();
        drop(encoder.processes(Rows::heading(&snapshot), rows.of(&snapshot)));
        let listed = thread_cpu_ns();
        if number >= 3 {
            let us = |from: u64, to: u64| (to - from) as f64 / 1e3;
            costs.collect.push(us(begun, collected));
            costs.derive.push(us(collected, derived));
            costs.json.push(us(derived, written));
            costs.list.push(us(written, listed));
        }
    }
    Ok(costs)
}
