//! Where each CPU's task clock stands against `CLOCK_MONOTONIC`.
//!
//! The task clock is the CPU's clock less what the hypervisor took ([`Cpu::behind_ns`], up to date
//! with each sample). The CPU's clock and `CLOCK_MONOTONIC` go together; pairs of readings say how
//! far they are apart. The hook reads `CLOCK_MONOTONIC` some hundred nanoseconds to some
//! microseconds after the scheduler has read the CPU's clock, so each pair puts that a little too far
//! back: the best pair of the last milliseconds is the nearest to the truth.

use subjiffy_common::sched::Cpu;

/// Pairs kept for each CPU.
const KEPT: usize = 8;

/// The two clocks drift apart by less than this share of the time that has passed (100 ppm; NTP
/// moves a clock by 500 at the very most, and rarely by more than 50).
const DRIFT: u64 = 10_000;

/// A pair of readings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Pair {
    monotonic_ns: u64,
    clock_ns: u64,
}

impl Pair {
    /// How far the CPU's clock is behind. (It may run ahead: the difference wraps.)
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
        let newest = self.count.checked_sub(1).map(|last| self.last[last % KEPT]);
        if newest != Some(pair) {
            self.last[self.count % KEPT] = pair;
            self.count += 1;
        }
    }

    /// How far the CPU's clock is behind at `now_ns`: at most what the best pair says, and what
    /// that pair may have drifted since.
    fn behind(&self, now_ns: u64) -> Option<i64> {
        let kept = &self.last[..self.count.min(KEPT)];
        let drifted = |pair: &Pair| (now_ns.saturating_sub(pair.monotonic_ns) / DRIFT) as i64;
        kept.iter().map(|pair| pair.behind() + drifted(pair)).min()
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
        let behind = self.cpus.get(id).and_then(|pairs| pairs.behind(now_ns));
        let Some(behind) = behind else { return 0 };
        let clock_ns = now_ns
            .wrapping_sub(behind as u64)
            .wrapping_sub(cpu.behind_ns);
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
        // The hook may come milliseconds late when the hypervisor has the CPU.
        for (at, late) in [
            (11_000_000, 900),
            (12_000_000, 300),
            (13_000_000, 4_000_000),
        ] {
            clocks.add(0, &cpu(at, at - 500_000 - late, 0));
        }
        let last = cpu(0, 0, 12_400_000);
        let drift = 110;
        assert_eq!(clocks.since_switch(0, &last, 13_100_000), 199_700 - drift);
    }

    #[test]
    fn what_the_hypervisor_took_is_no_run_time() {
        let mut clocks = Clocks::default();
        clocks.add(0, &cpu(1_000_000, 500_000, 0));
        let last = Cpu {
            behind_ns: 100_000,
            ..cpu(0, 0, 400_000)
        };
        assert_eq!(clocks.since_switch(0, &last, 1_000_700), 700);
        let taken = Cpu {
            behind_ns: 100_500,
            ..last
        };
        assert_eq!(clocks.since_switch(0, &taken, 1_000_700), 200);
    }

    #[test]
    fn a_new_pair_counts_once_the_old_ones_may_have_drifted_further() {
        let mut clocks = Clocks::default();
        clocks.add(0, &cpu(1_000_000, 500_000, 0));
        clocks.add(0, &cpu(101_000_000, 100_495_000, 0));
        assert_eq!(
            clocks.since_switch(0, &cpu(0, 0, 100_000_000), 101_000_000),
            495_000
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
