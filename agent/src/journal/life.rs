//! Which entries are of a process, and which of an earlier one that had its id.
//!
//! journald stamps every entry with `CLOCK_MONOTONIC`, which nobody can set, of the boot that the
//! match already chose; the wall clock is no help, it may have been stepped by years since the
//! process began. The kernel tells a process's start on `CLOCK_BOOTTIME`, which also counts the time
//! that the machine was suspended. How much that was up to an entry is what the distance between
//! the wall clock and `CLOCK_MONOTONIC` has grown by since. On a machine that was never suspended
//! both clocks are the same and the answer is exact, whatever the wall clock does.

use crate::collect::moment::Moment;

/// journald's stamp says when it received an entry, so it is never too early; the start of a process
/// is rounded down to a tick. Both err to the side of showing an entry.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    start_us: i128,
    now: Moment,
}

impl Life {
    /// The life of a process that began at `start_ns` since boot, looked at `now`.
    #[must_use]
    pub fn new(start_ns: u64, now: Moment) -> Self {
        Self {
            start_us: i128::from(start_ns / 1000),
            now,
        }
    }

    /// When an entry was received, µs since boot on the clock that starts of processes are on.
    /// `None` if it has no stamp at all.
    #[must_use]
    pub fn since_boot_us(
        &self,
        monotonic_us: Option<u64>,
        realtime_us: Option<u64>,
    ) -> Option<i128> {
        let us = |ns: u64| i128::from(ns / 1000);
        let (monotonic, boot, wall) = (
            us(self.now.monotonic_ns),
            us(self.now.boot_ns),
            us(self.now.wall_ns),
        );
        let real = realtime_us.map(i128::from);
        let Some(stamp) = monotonic_us.map(i128::from) else {
            return real.map(|real| real - (wall - boot));
        };
        let suspended = (boot - monotonic).max(0);
        // Suspended since the entry, if nobody has set the clock in between; with a clock that makes
        // no sense, not at all, which is the latest the entry can be.
        let since = real.map_or(0, |real| (wall - monotonic) - (real - stamp));
        let since = if (0..=suspended).contains(&since) {
            since
        } else {
            0
        };
        Some(stamp + suspended - since)
    }

    /// Whether the process lived at that time.
    #[must_use]
    pub fn holds(&self, since_boot_us: i128) -> bool {
        since_boot_us >= self.start_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000_000;
    const YEAR: u64 = 31_557_600;

    /// 1 000 s after boot, `suspended` s of them asleep.
    fn life(start_s: u64, suspended: u64, wall_s: u64) -> Life {
        let now = Moment {
            monotonic_ns: (1000 - suspended) * S,
            boot_ns: 1000 * S,
            wall_ns: wall_s * S,
        };
        Life::new(start_s * S, now)
    }

    fn holds(life: Life, monotonic_s: u64, real_s: u64) -> bool {
        let at = life.since_boot_us(Some(monotonic_s * 1_000_000), Some(real_s * 1_000_000));
        life.holds(at.unwrap())
    }

    #[test]
    fn entries_of_an_earlier_process_are_left_out() {
        let life = life(500, 0, 50 * YEAR);
        let real = |monotonic| 50 * YEAR - 1000 + monotonic;
        assert!(!holds(life, 499, real(499)));
        assert!(holds(life, 500, real(500)));
        assert!(holds(life, 1000, real(1000)));
    }

    #[test]
    fn a_wall_clock_that_was_set_does_not_matter() {
        // The machine started in 1970 and learned the time afterwards.
        let life = life(500, 0, 50 * YEAR);
        assert!(holds(life, 501, 501) && !holds(life, 499, 499));
        // Or it was too far ahead.
        assert!(holds(life, 501, 90 * YEAR) && !holds(life, 499, 90 * YEAR));
    }

    #[test]
    fn time_asleep_counts_between_start_and_entry_only() {
        // Asleep from 600 s to 700 s after boot; the process began before that, at 500 s.
        let wall = 50 * YEAR;
        let boot_wall = wall - 1000;
        let earlier = life(500, 100, wall);
        assert!(!holds(earlier, 499, boot_wall + 499), "before both");
        assert!(holds(earlier, 501, boot_wall + 501), "before it slept");
        assert!(holds(earlier, 601, boot_wall + 701), "after it slept");
        // Another one began after it slept, at 750 s, that is 650 s of CLOCK_MONOTONIC.
        let later = life(750, 100, wall);
        assert!(!holds(later, 649, boot_wall + 749));
        assert!(holds(later, 650, boot_wall + 750));
    }

    #[test]
    fn without_stamps_nothing_can_be_said() {
        let life = life(500, 0, 50 * YEAR);
        assert_eq!(life.since_boot_us(None, None), None);
        let real = (50 * YEAR - 400) * 1_000_000;
        assert_eq!(life.since_boot_us(None, Some(real)), Some(600_000_000));
        assert_eq!(life.since_boot_us(Some(7), None), Some(7));
    }

    proptest! {
        #[test]
        fn no_clocks_panic(clocks: [u64; 4], stamps: (Option<u64>, Option<u64>)) {
            let [monotonic_ns, wall_ns, boot_ns, start] = clocks;
            let life = Life::new(start, Moment { monotonic_ns, wall_ns, boot_ns });
            let at = life.since_boot_us(stamps.0, stamps.1);
            prop_assert_eq!(at.is_none(), stamps == (None, None));
        }

        #[test]
        fn awake_machines_are_judged_by_the_monotonic_clock_alone(stamp: u32, real: u64, wall: u32) {
            let at = life(500, 0, u64::from(wall)).since_boot_us(Some(stamp.into()), Some(real));
            prop_assert_eq!(at, Some(stamp.into()));
        }
    }
}
