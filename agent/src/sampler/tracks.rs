//! Who follows the samples, and when each wants the next one.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    publish::{Memory, Publisher},
    queue::Feed,
};
use crate::{
    chain::{Recent, Track},
    collect::{
        moment::Moment,
        sample::{Precision, Sample},
    },
    model::Snapshot,
    timer::Ticker,
};

/// The interval of the first answer: long enough to say something.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);

/// The shortest interval of the exact books. Who asks sooner waits.
const SHORTEST_EXACT: Duration = Duration::from_millis(20);

/// The shortest interval of books that count in ticks of 10 ms.
pub const SHORTEST_JIFFIES: Duration = Duration::from_millis(200);

/// Details say what a process does now: over a longer time than this they begin anew.
const LONGEST_DETAILS: Duration = Duration::from_secs(5);

/// Snapshots on their way to subscribers: at the shortest period, those of a look and a half.
const KEPT: usize = 16;

/// How long until something at `last_ns` of `CLOCK_MONOTONIC` is old enough.
fn until(last_ns: u64, age: Duration) -> Duration {
    let now_ns = Moment::now().monotonic_ns;
    age.saturating_sub(Duration::from_nanos(now_ns.saturating_sub(last_ns)))
}

/// How long somebody who asks has to wait after a sample at `last_ns`; `first` if that was a base
/// that nothing was published of.
pub(super) fn wait(precision: Precision, last_ns: u64, first: bool) -> Duration {
    let shortest = match precision {
        Precision::Jiffy => SHORTEST_JIFFIES,
        Precision::Scheduler if first => FIRST_INTERVAL,
        Precision::Scheduler => SHORTEST_EXACT,
    };
    until(last_ns, shortest)
}

/// Process lists, when somebody asks: each says what happened since the last one.
pub(super) struct List {
    track: Track,
    publisher: Publisher<Snapshot>,
    pub(super) wanted: bool,
    first: bool,
}

impl List {
    pub(super) fn new(to: watch::Sender<Arc<Snapshot>>) -> Self {
        Self {
            track: Track::default(),
            publisher: Publisher::to(to),
            wanted: false,
            first: true,
        }
    }

    pub(super) fn begin(&mut self, sample: &Arc<Sample>) {
        self.track.begin(sample);
        self.first = true;
    }

    pub(super) fn due_in(&self, precision: Precision) -> Option<Duration> {
        self.wanted
            .then(|| wait(precision, self.track.last_ns(), self.first))
    }

    pub(super) fn pass(&mut self, sample: &Sample) {
        self.track.pass(sample);
    }

    pub(super) fn next(&mut self, sample: &Arc<Sample>) {
        self.wanted = false;
        self.first = false;
        publish(&mut self.publisher, |to| self.track.next(sample, to));
    }
}

/// Single processes, when somebody asks: each answer says what they did lately.
pub(super) struct Details {
    recent: Recent,
    publisher: Publisher<Snapshot>,
    pub(super) wanted: bool,
    last_ns: u64,
}

impl Details {
    pub(super) fn new(to: watch::Sender<Arc<Snapshot>>) -> Self {
        Self {
            recent: Recent::default(),
            publisher: Publisher::to(to),
            wanted: false,
            last_ns: 0,
        }
    }

    pub(super) fn begin(&mut self, sample: &Arc<Sample>) {
        self.recent.begin(sample);
        self.last_ns = 0;
    }

    /// Whether the last look is too long ago to say what happens now.
    pub(super) fn is_stale(&self) -> bool {
        !self.wanted && until(self.recent.candidate_ns(), LONGEST_DETAILS).is_zero()
    }

    pub(super) fn due_in(&self, precision: Precision) -> Option<Duration> {
        let ready = wait(precision, self.recent.base_ns(), true);
        let rested = wait(precision, self.last_ns, false);
        self.wanted.then_some(ready.max(rested))
    }

    pub(super) fn next(&mut self, sample: &Arc<Sample>) {
        self.wanted = false;
        self.last_ns = sample.at.monotonic_ns;
        let shortest_ns = FIRST_INTERVAL.as_nanos() as u64;
        publish(&mut self.publisher, |to| {
            self.recent.next(sample, shortest_ns, to);
        });
    }
}

/// Subscribers of one period.
pub(super) struct Periodic {
    /// Whether they named no period and get that of the agent, which may change.
    pub(super) follows: bool,
    /// The period that they want; books in jiffies may not allow it.
    pub(super) wanted: Duration,
    pub(super) ticker: Ticker,
    track: Track,
    memory: Memory<Snapshot>,
    subscribers: Vec<(u64, Feed)>,
}

impl Periodic {
    /// Begins at `sample`, which has just been taken.
    pub(super) fn begin(period: Duration, sample: Option<&Arc<Sample>>) -> Self {
        let mut track = Track::default();
        if let Some(sample) = sample {
            track.begin(sample);
        }
        Self {
            follows: false,
            wanted: period,
            ticker: Ticker::new(period, Instant::now()),
            track,
            memory: Memory::keeping(KEPT),
            subscribers: Vec::new(),
        }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.ticker.next() <= now
    }

    pub(super) fn pass(&mut self, sample: &Sample) {
        self.track.pass(sample);
    }

    pub(super) fn next(&mut self, sample: &Arc<Sample>) {
        let newest = self.memory.fill(|to| self.track.next(sample, to));
        for (_, feed) in &self.subscribers {
            feed.0.push(&newest);
        }
    }

    /// One subscriber more, from the next snapshot on.
    pub(super) fn add(&mut self, id: u64, feed: Feed) {
        self.subscribers.push((id, feed));
    }

    /// One less.
    pub(super) fn remove(&mut self, id: u64) {
        self.subscribers.retain(|one| one.0 != id);
    }

    /// Whether nobody would see a snapshot.
    pub(super) fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }
}

fn publish(publisher: &mut Publisher<Snapshot>, fill: impl FnOnce(&mut Snapshot)) {
    let filled: Result<(), Infallible> = publisher.publish(|to| {
        fill(to);
        Ok(())
    });
    let Ok(()) = filled;
}
