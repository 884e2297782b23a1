//! Shares of CPU time.

use super::change;
use crate::record::CpuTimes;

/// Parts of CPU time, percent; with totals, ticks.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[expect(missing_docs, reason = "the names of proc_stat(5)")]
pub struct Shares {
    pub user: f64,
    pub nice: f64,
    pub system: f64,
    pub idle: f64,
    pub iowait: f64,
    pub irq: f64,
    pub softirq: f64,
    pub steal: f64,
    /// A part of `user`.
    pub guest: f64,
    /// A part of `nice`.
    pub guest_nice: f64,
}

impl Shares {
    /// As plot lines have them, the busy share before the two that are parts of others.
    #[must_use]
    pub fn in_order(&self) -> [f64; 11] {
        [
            self.user,
            self.nice,
            self.system,
            self.iowait,
            self.irq,
            self.softirq,
            self.steal,
            self.idle,
            self.busy(),
            self.guest,
            self.guest_nice,
        ]
    }

    /// Of the time between two readings; `ticks` leaves it in ticks.
    pub(super) fn between(old: &CpuTimes, new: &CpuTimes, ticks: bool) -> Self {
        let [
            user,
            nice,
            system,
            idle,
            iowait,
            irq,
            softirq,
            steal,
            guest,
            guest_nice,
        ] = [
            change(old.user, new.user),
            change(old.nice, new.nice),
            change(old.system, new.system),
            change(old.idle, new.idle),
            change(old.iowait, new.iowait),
            change(old.irq, new.irq),
            change(old.softirq, new.softirq),
            change(old.steal, new.steal),
            change(old.guest, new.guest),
            change(old.guest_nice, new.guest_nice),
        ]
        .map(|ticks| ticks as f64);
        let all = user + nice + system + idle + iowait + irq + softirq + steal;
        let whole = if ticks { 100.0 } else { all.max(1.0) };
        let share = |part: f64| 100.0 * part / whole;
        Self {
            user: share(user),
            nice: share(nice),
            system: share(system),
            idle: share(idle),
            iowait: share(iowait),
            irq: share(irq),
            softirq: share(softirq),
            steal: share(steal),
            guest: share(guest),
            guest_nice: share(guest_nice),
        }
    }

    /// All that the kernel used, and what others took.
    #[must_use]
    pub fn system_total(&self) -> f64 {
        self.system + self.irq + self.softirq + self.steal
    }

    /// User mode.
    #[must_use]
    pub fn user_total(&self) -> f64 {
        self.user + self.nice
    }

    /// All that was not idle.
    #[must_use]
    pub fn busy(&self) -> f64 {
        self.user + self.nice + self.system + self.irq + self.softirq + self.steal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_the_ticks_that_passed() {
        let old = CpuTimes::default();
        let new = CpuTimes {
            user: 50,
            idle: 100,
            softirq: 50,
            guest: 10,
            ..old
        };
        let shares = Shares::between(&old, &new, false);
        assert_eq!(
            (shares.user, shares.idle, shares.softirq, shares.guest),
            (25.0, 50.0, 25.0, 5.0)
        );
        assert_eq!(
            (shares.busy(), shares.system_total(), shares.user_total()),
            (50.0, 25.0, 25.0)
        );
        assert_eq!(Shares::between(&old, &new, true).user, 50.0);
        assert_eq!(
            Shares::between(&new, &new, false),
            Shares::default(),
            "no tick passed"
        );
        let back = Shares::between(&new, &old, false);
        assert_eq!(back, Shares::default());
    }
}
