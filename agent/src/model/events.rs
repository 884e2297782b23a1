//! What a sample tells only once: exits and disagreements. Who does not look at every sample
//! collects them until it does.

use super::{
    Exited,
    derive::{between, traffic_between},
};
use crate::collect::{
    process::{Identity, ProcessSample},
    sample::{Disagreement, Sample},
    traffic::Traffic,
};

/// So many exits are kept one by one; of older ones the sum.
const KEPT: usize = 1 << 16;

/// Disagreements that are kept; they are rare.
const DISAGREEMENTS: usize = 256;

/// What happened since a base sample.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// Processes that died, with their final totals, in the order of their identities.
    pub exited: Vec<ProcessSample>,
    /// What they did on sockets.
    traffic: Vec<Traffic>,
    /// More that died and are not in `exited` any more.
    pub folded: Exited,
    /// Processes whose two accounts disagreed.
    pub disagreements: Vec<Disagreement>,
    sorted: bool,
}

impl Events {
    /// Nothing has happened yet.
    pub fn clear(&mut self) {
        self.exited.clear();
        self.traffic.clear();
        self.folded = Exited::default();
        self.disagreements.clear();
    }

    /// Adds what `sample` tells; `base` is the sample that everything is counted from.
    pub fn add(&mut self, base: &Sample, sample: &Sample) {
        if self.exited.len() + sample.exited.len() > KEPT {
            self.fold(base);
        }
        for one in &sample.exited {
            // Positions in this sample say nothing in the next.
            let mut kept = ProcessSample {
                name: 0,
                traffic: 0,
                ..*one
            };
            if let Some(traffic) = sample.traffic(one) {
                self.traffic.push(*traffic);
                kept.traffic = self.traffic.len() as u32;
            }
            self.exited.push(kept);
        }
        self.sorted = false;
        let room = DISAGREEMENTS.saturating_sub(self.disagreements.len());
        let found = sample.disagreements.iter().take(room);
        self.disagreements.extend(found);
    }

    /// Puts the exits in order.
    pub fn sort(&mut self) {
        if !self.sorted {
            self.exited.sort_unstable_by_key(|one| one.id);
            self.sorted = true;
        }
    }

    /// What one of [`Events::exited`] did on sockets, if it used one.
    #[must_use]
    pub fn traffic(&self, process: &ProcessSample) -> Option<&Traffic> {
        let place = (process.traffic as usize).checked_sub(1)?;
        self.traffic.get(place)
    }

    /// Whether a process is among the exits, which are in order.
    #[must_use]
    pub fn tell_of(&self, id: Identity) -> bool {
        self.exited.binary_search_by_key(&id, |one| one.id).is_ok()
    }

    fn fold(&mut self, base: &Sample) {
        for process in self.exited.drain(..) {
            let old = base.process(process.id);
            self.folded.count += 1;
            self.folded.cpu_ns += between(old, &process, base).cpu_ns;
            let place = (process.traffic as usize).checked_sub(1);
            if let Some(total) = place.and_then(|place| self.traffic.get(place)) {
                let moved = traffic_between(old, &process, total, base).all();
                self.folded.rx_bytes += moved.rx_bytes;
                self.folded.tx_bytes += moved.tx_bytes;
            }
        }
        self.traffic.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_common::sched::Counters;

    fn one(pid: u32, run_ns: u64) -> ProcessSample {
        ProcessSample {
            id: Identity { pid, start_ns: 5 },
            name: 3,
            counters: Counters {
                run_ns,
                ..Counters::default()
            },
            ..ProcessSample::default()
        }
    }

    #[test]
    fn exits_of_several_samples_are_kept_in_order() {
        let mut events = Events::default();
        for pids in [[7, 3], [9, 1]] {
            let exited = pids.map(|pid| one(pid, 1)).to_vec();
            let sample = Sample {
                exited,
                ..Sample::default()
            };
            events.add(&Sample::default(), &sample);
        }
        events.sort();
        let kept: Vec<_> = events
            .exited
            .iter()
            .map(|one| (one.id.pid, one.name))
            .collect();
        assert_eq!(kept, [(1, 0), (3, 0), (7, 0), (9, 0)]);
    }

    #[test]
    fn too_many_exits_become_a_sum_that_loses_no_time() {
        let base = Sample {
            processes: vec![one(1, 40)],
            ..Sample::default()
        };
        let mut events = Events::default();
        let mut expected = 0;
        for round in 0..5_u32 {
            let first = round * 30_000 + 1;
            let exited: Vec<_> = (first..first + 30_000).map(|pid| one(pid, 50)).collect();
            expected += exited.len() as u64 * 50;
            let sample = Sample {
                exited,
                ..Sample::default()
            };
            events.add(&base, &sample);
            assert!(events.exited.len() <= KEPT);
        }
        let kept = events.exited.len() as u64;
        assert_eq!(events.folded.count + kept, 150_000);
        assert_eq!(events.folded.cpu_ns + kept * 50, expected - 40);
    }
}
