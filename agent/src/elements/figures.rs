//! How punctual polls were and what they cost, counted without locks or memory.

use std::{
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

/// Each power of two is this many classes: a figure is off by an eighth at most.
const STEPS: u64 = 8;

/// Enough for every number of 64 bits.
const CLASSES: usize = 62 * STEPS as usize;

/// Counts of an element's polls since it began.
#[derive(Debug, Default)]
pub struct Figures {
    polls: AtomicU64,
    missed: AtomicU64,
    last_ns: AtomicU64,
    cost_ns: AtomicU64,
    cost_max_ns: AtomicU64,
    late: Histogram,
}

/// The figures at one moment. Times are ns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shown {
    /// Polls.
    pub polls: u64,
    /// Ticks at which there was none, because the one before took too long.
    pub missed: u64,
    /// When the last poll was, of `CLOCK_REALTIME`; 0 for never.
    pub last_ns: u64,
    /// How far polls began behind their ticks: half of them less, one in a hundred more, the most.
    pub late_p50_ns: u64,
    /// See `late_p50_ns`.
    pub late_p99_ns: u64,
    /// See `late_p50_ns`.
    pub late_max_ns: u64,
    /// What a poll took on average.
    pub cost_ns: u64,
    /// What the longest one took.
    pub cost_max_ns: u64,
}

impl Figures {
    /// Notes a poll at `now_ns` of `CLOCK_REALTIME` that took `cost`; `late` behind its tick, if there
    /// was one.
    pub fn poll(&self, now_ns: u64, cost: Duration, late: Option<Duration>) {
        let cost_ns = cost.as_nanos() as u64;
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.last_ns.store(now_ns, Ordering::Relaxed);
        self.cost_ns.fetch_add(cost_ns, Ordering::Relaxed);
        self.cost_max_ns.fetch_max(cost_ns, Ordering::Relaxed);
        if let Some(late) = late {
            self.late.add(late.as_nanos() as u64);
        }
    }

    /// Notes ticks without a poll.
    pub fn miss(&self, ticks: u64) {
        self.missed.fetch_add(ticks, Ordering::Relaxed);
    }

    /// The figures now.
    #[must_use]
    pub fn show(&self) -> Shown {
        let polls = self.polls.load(Ordering::Relaxed);
        Shown {
            polls,
            missed: self.missed.load(Ordering::Relaxed),
            last_ns: self.last_ns.load(Ordering::Relaxed),
            late_p50_ns: self.late.quantile(0.5),
            late_p99_ns: self.late.quantile(0.99),
            late_max_ns: self.late.most.load(Ordering::Relaxed),
            cost_ns: self.cost_ns.load(Ordering::Relaxed) / polls.max(1),
            cost_max_ns: self.cost_max_ns.load(Ordering::Relaxed),
        }
    }
}

/// Counts by size.
#[derive(Debug)]
struct Histogram {
    counts: [AtomicU32; CLASSES],
    most: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: std::array::from_fn(|_| AtomicU32::new(0)),
            most: AtomicU64::new(0),
        }
    }
}

impl Histogram {
    fn add(&self, value: u64) {
        self.counts[class(value)].fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(value, Ordering::Relaxed);
    }

    /// The largest value of the class that this share of all values reaches; 0 of none.
    fn quantile(&self, share: f64) -> u64 {
        let counts: Vec<u64> = self
            .counts
            .iter()
            .map(|one| one.load(Ordering::Relaxed).into())
            .collect();
        let all: u64 = counts.iter().sum();
        let rank = (all as f64 * share).ceil() as u64;
        let mut sum = 0;
        for (class, count) in counts.into_iter().enumerate() {
            sum += count;
            if sum >= rank && count > 0 {
                return last(class).min(self.most.load(Ordering::Relaxed));
            }
        }
        0
    }
}

/// Values below [`STEPS`] have a class each; above, the highest bits decide.
fn class(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let exponent = value.ilog2() - STEPS.ilog2();
    let step = (value >> exponent) - STEPS;
    ((u64::from(exponent) + 1) * STEPS + step) as usize
}

/// The largest value of a class.
fn last(class: usize) -> u64 {
    let class = class as u64;
    if class < STEPS {
        return class;
    }
    let (exponent, step) = (class / STEPS - 1, class % STEPS);
    ((STEPS + step) << exponent) + ((1 << exponent) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn figures_tell_of_all_polls() {
        let figures = Figures::default();
        assert_eq!(figures.show(), Shown::default());
        for poll in 1..=100 {
            let late = Duration::from_nanos(if poll == 50 { 70_000 } else { 7 });
            figures.poll(poll, Duration::from_nanos(poll * 10), Some(late));
        }
        figures.poll(101, Duration::ZERO, None);
        figures.miss(3);
        let shown = figures.show();
        assert_eq!((shown.polls, shown.missed, shown.last_ns), (101, 3, 101));
        assert_eq!(
            (shown.late_p50_ns, shown.late_p99_ns, shown.late_max_ns),
            (7, 7, 70_000)
        );
        assert_eq!((shown.cost_ns, shown.cost_max_ns), (500, 1000));
    }

    proptest! {
        #[test]
        fn a_class_holds_its_values_and_is_narrow(value: u64) {
            let class = class(value);
            prop_assert!(class < CLASSES);
            let (first, last) = (class.checked_sub(1).map_or(0, |before| last(before) + 1), last(class));
            prop_assert!((first..=last).contains(&value), "{first} {value} {last}");
            prop_assert!(last - first <= value / STEPS);
        }

        #[test]
        fn quantiles_are_those_of_the_values_within_an_eighth(values in prop::collection::vec(0_u64..1 << 40, 1..200)) {
            let histogram = Histogram::default();
            values.iter().for_each(|&value| histogram.add(value));
            let mut sorted = values;
            sorted.sort_unstable();
            for share in [0.5, 0.99, 1.0] {
                let exact = sorted[((sorted.len() as f64 * share).ceil() as usize).max(1) - 1];
                let told = histogram.quantile(share);
                prop_assert!(told >= exact && told - exact <= exact / STEPS, "{told} {exact}");
            }
        }
    }
}
