//! When a source is read again.

use std::{sync::Arc, time::Duration};

use super::moment::Moment;
use crate::elements::Entry;

/// Timers fire a little early or late: what is due within this is due now.
const SLACK: Duration = Duration::from_millis(20);

/// A source that samples read again when its last reading is old enough.
#[derive(Debug)]
pub(super) struct Pace {
    entry: Arc<Entry>,
    read_ns: Option<u64>,
}

impl Pace {
    /// Never read yet.
    pub(super) fn new(entry: Arc<Entry>) -> Self {
        Self {
            entry,
            read_ns: None,
        }
    }

    /// Whether it may be read at all.
    pub(super) fn is_running(&self) -> bool {
        self.entry.is_running()
    }

    /// Whether it was ever read.
    pub(super) fn was_read(&self) -> bool {
        self.read_ns.is_some()
    }

    /// Whether it is to be read at `now`: its period is over, or somebody wants it.
    pub(super) fn is_due(&self, now: &Moment) -> bool {
        self.is_due_after(now, self.entry.period().unwrap_or_default())
    }

    /// As [`Pace::is_due`], with another period.
    pub(super) fn is_due_after(&self, now: &Moment, period: Duration) -> bool {
        if !self.is_running() {
            return false;
        }
        let slack = SLACK.min(period / 5);
        let age = self.age(now);
        self.entry.take_trigger() || age.is_none_or(|age| age >= period - slack)
    }

    /// Notes that it was read from `begun` on.
    pub(super) fn read(&mut self, begun: &Moment) {
        // Who reads it steadily is late by what is above the period; a pause is no lateness.
        let period = self.entry.period().unwrap_or_default();
        let steady = self.age(begun).filter(|&age| age < 2 * period);
        let late = steady.map(|age| age.saturating_sub(period));
        self.read_ns = Some(begun.monotonic_ns);
        self.entry.polled(begun, late);
    }

    fn age(&self, now: &Moment) -> Option<Duration> {
        let read_ns = self.read_ns?;
        Some(Duration::from_nanos(
            now.monotonic_ns.saturating_sub(read_ns),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_proto::control::{Element, Kind};

    fn at(ms: u64) -> Moment {
        Moment {
            monotonic_ns: ms * 1_000_000,
            ..Moment::default()
        }
    }

    #[test]
    fn it_is_read_when_its_period_is_over_or_somebody_wants_it_now() {
        let name = Element::new(Kind::Source, "procfs", "memory");
        let entry = Arc::new(Entry::new(name, Some(Duration::from_millis(100))));
        let mut pace = Pace::new(Arc::clone(&entry));
        assert!(pace.is_due(&at(1)) && !pace.was_read());
        pace.read(&at(1));
        assert!(!pace.is_due(&at(80)) && pace.is_due(&at(81)) && pace.was_read());
        entry.trigger();
        assert!(pace.is_due(&at(2)) && !pace.is_due(&at(2)));
        entry.set_period(Duration::from_millis(2));
        assert!(!pace.is_due(&at(2)) && pace.is_due(&at(3)));
        entry.change(
            &[crate::elements::State::Running],
            crate::elements::State::Paused,
        );
        assert!(!pace.is_due(&at(9999)));
    }
}
