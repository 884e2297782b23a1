//! Where the CPUs' clocks stand against `CLOCK_MONOTONIC`.
//!
//! A CPU's task clock is the CPU's clock less what the hypervisor took ([`Cpu::behind_ns`], up to
//! date with each sample). The CPUs' clocks go together (`sched_clock` of a stable time stamp
//! counter), so one pair of readings is enough for all of them. The sampler makes it on its own CPU:
//! asking for its own CPU time makes the scheduler read the clock there, the clocks program tells
//! the reading. If it was moved to another CPU in between, that reading is old and the pair puts the
//! clock too far back: the best pair of the last ones is the nearest to the truth.

use subjiffy_common::sched::Cpu;

/// Pairs kept.
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
    /// How far the CPUs' clock is behind. (It may run ahead: the difference wraps.)
    fn behind(self) -> i64 {
        self.monotonic_ns.wrapping_sub(self.clock_ns) as i64
    }
}

/// The last pairs.
#[derive(Debug, Default)]
pub struct Clocks {
    last: [Pair; KEPT],
    count: usize,
}

impl Clocks {
    /// Takes a pair of readings: `clock_ns` of a CPU's clock at `monotonic_ns`, or a little before.
    pub fn add(&mut self, monotonic_ns: u64, clock_ns: u64) {
        if clock_ns != 0 {
            self.last[self.count % KEPT] = Pair {
                monotonic_ns,
                clock_ns,
            };
            self.count += 1;
        }
    }

    /// How far the CPUs' clock is behind: what the best pair says, where an older one counts as
    /// worse by what it may have drifted up to `now_ns`.
    fn behind(&self, now_ns: u64) -> Option<i64> {
        let kept = &self.last[..self.count.min(KEPT)];
        let drifted = |pair: &Pair| (now_ns.saturating_sub(pair.monotonic_ns) / DRIFT) as i64;
        let best = kept.iter().min_by_key(|pair| pair.behind() + drifted(pair));
        best.map(|pair| pair.behind())
    }

    /// How long ago the last switch of a CPU was at `now_ns` of `CLOCK_MONOTONIC`, by its task
    /// clock, ns; 0 as long as nothing is known of the clock.
    #[must_use]
    pub fn since_switch(&self, cpu: &Cpu, now_ns: u64) -> u64 {
        let Some(behind) = self.behind(now_ns).filter(|_| cpu.clock_ns != 0) else {
            return 0;
        };
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

    fn cpu(since_ns: u64, behind_ns: u64) -> Cpu {
        Cpu {
            clock_ns: 1,
            since_ns,
            behind_ns,
            ..Cpu::default()
        }
    }

    #[test]
    fn the_best_of_the_last_pairs_counts() {
        let mut clocks = Clocks::default();
        // The reading may be milliseconds old when the sampler was moved meanwhile.
        for (at, late) in [
            (11_000_000, 900),
            (12_000_000, 300),
            (13_000_000, 4_000_000),
        ] {
            clocks.add(at, at - 500_000 - late);
        }
        assert_eq!(
            clocks.since_switch(&cpu(12_400_000, 0), 13_100_000),
            199_700
        );
    }

    #[test]
    fn what_the_hypervisor_took_is_no_run_time() {
        let mut clocks = Clocks::default();
        clocks.add(1_000_000, 500_000);
        assert_eq!(clocks.since_switch(&cpu(400_000, 100_000), 1_000_700), 700);
        assert_eq!(clocks.since_switch(&cpu(400_000, 100_500), 1_000_700), 200);
    }

    #[test]
    fn a_new_pair_counts_once_the_old_ones_may_have_drifted_further() {
        let mut clocks = Clocks::default();
        clocks.add(1_000_000, 500_000);
        clocks.add(101_000_000, 100_495_000);
        assert_eq!(
            clocks.since_switch(&cpu(100_000_000, 0), 101_000_000),
            495_000
        );
    }

    #[test]
    fn a_switch_after_the_moment_and_an_unknown_clock_give_nothing() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.since_switch(&cpu(7, 0), 100), 0);
        clocks.add(1_000, 500);
        assert_eq!(clocks.since_switch(&cpu(700, 0), 1_100), 0);
        assert_eq!(clocks.since_switch(&cpu(500, 0), 1_100), 100);
        assert_eq!(
            clocks.since_switch(
                &Cpu {
                    clock_ns: 0,
                    ..cpu(500, 0)
                },
                1_100
            ),
            0
        );
    }
}
