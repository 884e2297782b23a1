//! Exact numbers for collectl's rows of processes.

use std::sync::Arc;

use subjiffy_collectl::process::{Exact, Source, Taken};

use crate::{
    chain::{Samples, Track},
    check,
    collect::{
        collector::{Collector, Scope},
        sample::Precision,
    },
    model::Snapshot,
    sampler::{Handle, Walk},
};

/// A collector of its own.
#[derive(Debug)]
pub struct Own {
    collector: Collector,
    samples: Samples,
    track: Track,
    snapshot: Snapshot,
    begun: bool,
}

impl Own {
    /// Takes samples with `collector`.
    #[must_use]
    pub fn new(collector: Collector) -> Self {
        Self {
            collector,
            samples: Samples::default(),
            track: Track::default(),
            snapshot: Snapshot::default(),
            begun: false,
        }
    }
}

impl Source for Own {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let sample = self.samples.take(&mut self.collector, Scope::Processes);
        let sample = sample.map_err(|error| error.to_string())?;
        if !std::mem::replace(&mut self.begun, true) {
            self.track.begin(&sample);
        }
        self.track.next(&sample, &mut self.snapshot);
        check::report(&self.snapshot.disagreements);
        Ok(tell(&self.snapshot, each))
    }

    fn rest(&mut self) {
        self.begun = false;
    }
}

/// The running agent's sampler.
#[derive(Debug)]
pub struct Shared {
    sampler: Handle,
    walk: Option<Walk>,
}

impl Shared {
    /// Takes what the sampler says.
    #[must_use]
    pub fn new(sampler: Handle) -> Self {
        Self {
            sampler,
            walk: None,
        }
    }
}

impl Source for Shared {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let walk = self.walk.get_or_insert_with(|| self.sampler.walk());
        let snapshot: Option<Arc<Snapshot>> = walk.step();
        let snapshot = snapshot.ok_or("no sample could be taken")?;
        Ok(tell(&snapshot, each))
    }

    fn rest(&mut self) {
        self.walk = None;
    }
}

fn tell(snapshot: &Snapshot, each: &mut dyn FnMut(&Exact<'_>)) -> Taken {
    for process in &snapshot.processes {
        let sample = &process.sample;
        let moved = (process.moved.rx_bytes, process.moved.tx_bytes);
        each(&Exact {
            pid: sample.id.pid,
            start_ns: sample.id.start_ns,
            ppid: sample.ppid,
            uid: sample.uid,
            threads: sample.threads,
            state: sample.state.letter(),
            name: snapshot.name(process),
            rss_bytes: sample.rss_bytes,
            user_ns: process.user_ns,
            system_ns: process.system_ns,
            total_ns: sample.counters.run_ns,
            run_delay_ns: process.run_delay_ns,
            voluntary_switches: process.voluntary_switches,
            involuntary_switches: process.involuntary_switches,
            network: snapshot.counts_traffic.then_some(moved),
            exited: process.exited,
        });
    }
    let listed = snapshot.processes.len() - snapshot.living;
    Taken {
        wall_ns: snapshot.at.wall_ns,
        interval_ns: snapshot.interval_ns,
        exact: snapshot.precision == Precision::Scheduler,
        unlisted: snapshot.exited.count.saturating_sub(listed as u64),
    }
}
