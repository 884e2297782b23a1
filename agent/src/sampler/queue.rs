//! Snapshots on their way from the sampler to one subscriber.
//!
//! Waking somebody costs more than a sample. So who has just looked is not woken for a while: what
//! comes meanwhile waits for the next look.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::model::Snapshot;

/// Between two looks of one subscriber there is at least so much time. Nobody sees the difference on
/// a screen, and at periods above it there is none.
pub const REST: Duration = Duration::from_millis(10);

/// Of somebody who does not look, only snapshots are kept that are not older than this against the
/// newest one.
const KEPT_NS: u64 = 3 * REST.as_nanos() as u64;

/// Both ends of the way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    snapshots: VecDeque<Arc<Snapshot>>,
    /// No more will come.
    ended: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the newest snapshot; of those that nobody looks at the oldest go.
    pub(super) fn push(&self, newest: &Arc<Snapshot>) {
        let mut waiting = self.lock();
        let now = &newest.at;
        let is_old = |one: &Arc<Snapshot>| now.since(&one.at) > KEPT_NS;
        while waiting.snapshots.front().is_some_and(is_old) {
            waiting.snapshots.pop_front();
        }
        waiting.snapshots.push_back(Arc::clone(newest));
        drop(waiting);
        self.arrived.notify_one();
    }

    /// The oldest one that waits.
    pub(super) fn pop(&self) -> Option<Arc<Snapshot>> {
        self.lock().snapshots.pop_front()
    }

    /// Waits for the next one, but not before `rested`. `None` if there will be no more.
    pub(super) async fn next(&self, rested: Instant) -> Option<Arc<Snapshot>> {
        if rested > Instant::now() {
            sleep_until(rested).await;
        }
        loop {
            {
                let mut waiting = self.lock();
                if let Some(one) = waiting.snapshots.pop_front() {
                    return Some(one);
                }
                if waiting.ended {
                    return None;
                }
            }
            self.arrived.notified().await;
        }
    }
}

/// The sampler's end: without it no more will come.
#[derive(Debug)]
pub(super) struct Feed(pub(super) Arc<Queue>);

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.arrived.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::moment::Moment;

    const MS: u64 = 1_000_000;

    fn snapshot(seq: u64, at_ms: u64) -> Arc<Snapshot> {
        let at = Moment {
            monotonic_ns: at_ms * MS,
            ..Moment::default()
        };
        Arc::new(Snapshot {
            seq,
            at,
            ..Snapshot::default()
        })
    }

    fn all(queue: &Queue) -> Vec<u64> {
        std::iter::from_fn(|| queue.pop())
            .map(|one| one.seq)
            .collect()
    }

    #[test]
    fn who_looks_in_time_gets_all_and_who_does_not_the_newest() {
        let queue = Queue::default();
        for number in 0..20 {
            queue.push(&snapshot(number, number));
        }
        assert_eq!(all(&queue), (0..20).collect::<Vec<_>>());
        for number in 0..1000 {
            queue.push(&snapshot(number, number));
        }
        assert_eq!(all(&queue), (969..1000).collect::<Vec<_>>());
        for number in 0..5 {
            queue.push(&snapshot(number, 1000 * number));
        }
        assert_eq!(all(&queue), [4], "at long periods the newest only");
    }

    #[test]
    fn a_look_is_not_before_its_time_and_ends_with_the_sampler() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        runtime.unwrap().block_on(async {
            let queue = Arc::<Queue>::default();
            let feed = Feed(Arc::clone(&queue));
            queue.push(&snapshot(1, 1));
            let rested = Instant::now() + REST;
            assert_eq!(queue.next(rested).await.map(|one| one.seq), Some(1));
            assert!(Instant::now() >= rested);
            let late = async {
                sleep_until(rested + REST).await;
                queue.push(&snapshot(2, 2));
                drop(feed);
            };
            let (next, ()) = tokio::join!(queue.next(rested), late);
            assert_eq!(next.map(|one| one.seq), Some(2));
            assert!(queue.next(rested).await.is_none());
        });
    }
}
