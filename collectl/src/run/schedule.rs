//! When samples are due: on a grid of the wall clock, waited for with the steady one.

use std::time::Duration;

use crate::record::Time;

const SECOND_NS: i64 = 1_000_000_000;

/// The clocks do not say the same of one moment, because they are read one after the other: a tick that
/// seems so little too early is waited for, and more than that is a wall clock that was set.
const SET_NS: i64 = 2_000_000;

/// Ticks on a grid. Being late once moves no other tick; those that went by are counted, not made up for.
#[derive(Debug, Clone)]
pub struct Schedule {
    interval_ns: i64,
    /// A point of the grid.
    base_ns: i64,
    /// Multiples since the epoch are wanted.
    aligned: bool,
    /// The last tick that was taken.
    last_ns: i64,
    /// The next tick on the wall clock ...
    due_ns: i64,
    /// ... and on the steady one.
    due_steady_ns: i64,
    /// The wall clock is ahead of the steady one by that.
    ahead_ns: i64,
}

impl Schedule {
    /// The grid is that of a whole second, and the first tick its next point: within a second. With
    /// `align`, the first tick is on a multiple of that since the epoch. An interval of zero is always
    /// due.
    #[must_use]
    pub fn new(interval: Duration, align: Option<Duration>, now: Time) -> Self {
        let interval_ns = nanoseconds(interval);
        let wall_ns = signed(now.wall_ns);
        let (base_ns, step_ns) = match align.map(nanoseconds) {
            Some(align_ns) if align_ns > 0 => (0, align_ns),
            _ => {
                let second_ns = after(wall_ns, 0, SECOND_NS);
                (second_ns, interval_ns.min(SECOND_NS))
            }
        };
        let mut schedule = Self {
            interval_ns,
            base_ns,
            aligned: align.is_some(),
            last_ns: wall_ns,
            due_ns: after(wall_ns, base_ns, step_ns),
            due_steady_ns: 0,
            ahead_ns: 0,
        };
        if interval_ns == 0 {
            schedule.due_ns = wall_ns;
        }
        // What comes after an aligned tick counts from there, as a multiple may be none of the interval.
        schedule.base_ns = schedule.due_ns;
        schedule.look(now);
        schedule
    }

    /// When to look again, on the steady clock, ns.
    #[must_use]
    pub fn due_steady_ns(&self) -> u64 {
        u64::try_from(self.due_steady_ns).unwrap_or(0)
    }

    /// Whether the tick is there. If it is not, [`due_steady_ns`](Self::due_steady_ns) says when to ask
    /// again.
    pub fn is_due(&mut self, now: Time) -> bool {
        if signed(now.steady_ns) < self.due_steady_ns {
            return false;
        }
        let early_ns = self.due_ns - signed(now.wall_ns);
        if early_ns > 0 && early_ns <= SET_NS {
            self.due_steady_ns = signed(now.steady_ns) + early_ns;
            return false;
        }
        true
    }

    /// The tick is taken: the next one is the first on the grid from now on. Returns how late it is, and
    /// how many went by meanwhile.
    pub fn take(&mut self, now: Time) -> (Duration, u64) {
        let wall_ns = signed(now.wall_ns);
        let late_ns = (signed(now.steady_ns) - self.due_steady_ns).max(0);
        let was_set = (wall_ns - signed(now.steady_ns)).abs_diff(self.ahead_ns) > SET_NS as u64;
        let missed = match self.interval_ns {
            0 => 0,
            // Where the next tick is then has nothing to do with how late this one is.
            interval_ns if was_set => late_ns / interval_ns,
            interval_ns => (wall_ns - self.due_ns).max(0) / interval_ns,
        };
        self.last_ns = self.due_ns;
        self.advance(now);
        (
            Duration::from_nanos(late_ns.cast_unsigned()),
            missed.cast_unsigned(),
        )
    }

    /// Another interval from now on, on a grid through the last tick, or aligned as before.
    pub fn set_interval(&mut self, interval: Duration, now: Time) {
        self.interval_ns = nanoseconds(interval);
        self.base_ns = if self.aligned { 0 } else { self.last_ns };
        self.advance(now);
    }

    fn advance(&mut self, now: Time) {
        let wall_ns = signed(now.wall_ns);
        self.due_ns = match self.interval_ns {
            0 => wall_ns,
            interval_ns => after(wall_ns, self.base_ns, interval_ns),
        };
        self.look(now);
    }

    /// Where the next tick is on the steady clock.
    fn look(&mut self, now: Time) {
        self.ahead_ns = signed(now.wall_ns) - signed(now.steady_ns);
        self.due_steady_ns = self.due_ns - self.ahead_ns;
    }
}

/// The first point after `now` of a grid through `base`.
fn after(now_ns: i64, base_ns: i64, step_ns: i64) -> i64 {
    let step_ns = step_ns.max(1);
    now_ns - (now_ns - base_ns).rem_euclid(step_ns) + step_ns
}

/// Later times than that, in the year 2116, are that: nothing overflows.
fn signed(ns: u64) -> i64 {
    const LAST: u64 = 1 << 62;
    ns.min(LAST).cast_signed()
}

/// Longer ones than a hundred years are that.
fn nanoseconds(duration: Duration) -> i64 {
    const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);
    i64::try_from(duration.min(LONGEST).as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
