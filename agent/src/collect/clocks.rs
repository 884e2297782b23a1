//! Where each CPU's task clock stands against `CLOCK_MONOTONIC`.
//!
//! The hook reads `CLOCK_MONOTONIC` some hundred nanoseconds to some microseconds after the
//! scheduler has read the task clock, so each pair of readings puts the task clock a little too far
//! back. The best pair of the last milliseconds is the nearest to the truth. When the hypervisor
//! takes the CPU away the task clock stands still: older pairs are then worth nothing.

use subjiffy_common::sched::Cpu;

/// Pairs kept for each CPU.
const KEPT: usize = 8;

/// The two clocks drift apart by up to 0.1 us a millisecond: older pairs do not count.
const OLDEST_NS: u64 = 5_000_000;

/// A pair that is worse by more than this is no late reading: the task clock stood still.
const STOOD_STILL_NS: u64 = 4_000;

/// A pair of readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pair {
    monotonic_ns: u64,
    clock_ns: u64,
}

impl Pair {
    /// How far the task clock is behind. (It may run ahead: the difference wraps.)
    fn behind(self) -> i64 {
        self.monotonic_ns.wrapping_sub(self.clock_ns) as i64
    }
}

/// The last pairs of one CPU.
#[derive(Debug, Clone, Copy, Default)]
struct Pairs {
    last: [Pair; KEPT],
    count: usize,
}

impl Pairs {
    fn add(&mut self, pair: Pair) {
        let newest = self.newest();
        if newest == Some(pair) {
            return;
        }
        if newest.is_some()
            && pair.behind() - self.behind(pair.monotonic_ns) > STOOD_STILL_NS as i64
        {
            self.count = 0;
        }
        self.last[self.count % KEPT] = pair;
        self.count += 1;
    }

    fn newest(&self) -> Option<Pair> {
        self.count.checked_sub(1).map(|last| self.last[last % KEPT])
    }

    fn behind(&self, now_ns: u64) -> i64 {
        let kept = &self.last[..self.count.min(KEPT)];
        let newest = self.newest().map(Pair::behind).unwrap_or_default();
        kept.iter()
            .filter(|pair| now_ns.saturating_sub(pair.monotonic_ns) < OLDEST_NS)
            .map(|pair| pair.behind())
            .fold(newest, i64::min)
    }
}

/// The task clocks of all CPUs.
#[derive(Debug, Default)]
pub struct Clocks {
    cpus: Vec<Pairs>,
}

impl Clocks {
    /// Takes the pair of readings that a CPU's line has.
    pub fn add(&mut self, id: usize, cpu: &Cpu) {
        if cpu.calibrated == 0 {
            return;
        }
        if self.cpus.len() <= id {
            self.cpus.resize(id + 1, Pairs::default());
        }
        self.cpus[id].add(Pair {
            monotonic_ns: cpu.monotonic_ns,
            clock_ns: cpu.clock_ns,
        });
    }

    /// How long ago the last switch of a CPU was at `now_ns` of `CLOCK_MONOTONIC`, by its task
    /// clock, ns; 0 as long as nothing is known of the clock.
    #[must_use]
    pub fn since_switch(&self, id: usize, cpu: &Cpu, now_ns: u64) -> u64 {
        let Some(pairs) = self.cpus.get(id).filter(|pairs| pairs.count > 0) else {
            return 0;
        };
        let clock_ns = now_ns.wrapping_sub(pairs.behind(now_ns) as u64);
        // Never more than the wall clock says.
        let since = clock_ns.wrapping_sub(cpu.since_ns) as i64;
        since.max(0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(monotonic_ns: u64, clock_ns: u64, since_ns: u64) -> Cpu {
        Cpu {
            calibrated: 1,
            monotonic_ns,
            clock_ns,
            since_ns,
            ..Cpu::default()
        }
    }

    #[test]
    fn the_best_of_the_last_pairs_counts() {
        let mut clocks = Clocks::default();
        for (at, late) in [(1_000_000, 900), (2_000_000, 300), (3_000_000, 3_000)] {
            clocks.add(0, &cpu(at, at - 500_000 - late, 0));
        }
        let last = cpu(0, 0, 2_400_000);
        assert_eq!(clocks.since_switch(0, &last, 3_100_000), 199_700);
    }

    #[test]
    fn a_clock_that_stood_still_makes_older_pairs_worthless() {
        let mut clocks = Clocks::default();
        clocks.add(0, &cpu(1_000_000, 500_000, 0));
        clocks.add(0, &cpu(2_000_000, 1_200_000, 0));
        assert_eq!(
            clocks.since_switch(0, &cpu(0, 0, 1_200_000), 2_000_500),
            500
        );
    }

    #[test]
    fn old_pairs_do_not_count() {
        let mut clocks = Clocks::default();
        clocks.add(0, &cpu(1_000_000, 500_000, 0));
        clocks.add(0, &cpu(101_000_000, 100_490_000, 0));
        assert_eq!(
            clocks.since_switch(0, &cpu(0, 0, 100_490_000), 101_000_010),
            10
        );
    }

    #[test]
    fn a_switch_after_the_moment_and_an_unknown_clock_give_nothing() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.since_switch(3, &cpu(0, 0, 7), 100), 0);
        clocks.add(3, &cpu(1_000, 500, 0));
        assert_eq!(clocks.since_switch(3, &cpu(0, 0, 700), 1_100), 0);
        assert_eq!(clocks.since_switch(3, &cpu(0, 0, 500), 1_100), 100);
    }
}
