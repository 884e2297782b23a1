//! Waiting for the next tick on an absolute grid, or for somebody who wants something sooner.

use std::{
    collections::VecDeque,
    num::NonZeroU64,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::metronome::Metronome;

/// Commands for a thread that otherwise sleeps.
///
/// A channel of the standard library would spin for a while before it sleeps, on every tick.
#[derive(Debug)]
pub struct Mailbox<C> {
    /// `None` once nobody will look any more.
    queue: Mutex<Option<VecDeque<C>>>,
    arrived: Condvar,
    metronome: Mutex<Metronome>,
}

impl<C> Default for Mailbox<C> {
    fn default() -> Self {
        Self {
            queue: Mutex::new(Some(VecDeque::new())),
            arrived: Condvar::new(),
            metronome: Mutex::default(),
        }
    }
}

impl<C> Mailbox<C> {
    fn queue(&self) -> MutexGuard<'_, Option<VecDeque<C>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves a command and wakes the thread. It is dropped if the mailbox is closed.
    pub fn send(&self, command: C) {
        if let Some(queue) = &mut *self.queue() {
            queue.push_back(command);
        }
        self.arrived.notify_one();
    }

    /// Nobody will look any more: commands that wait are dropped, and whoever waits for a reply to one
    /// is told by that.
    pub fn close(&self) {
        let waiting = self.queue().take();
        drop(waiting);
    }

    /// The next command; `None` when it is `until` and none has come. Without `until` it waits for
    /// as long as it takes. Where it waits for ticks of a few milliseconds, commands that come
    /// meanwhile are given after the tick.
    pub fn receive(&self, until: Option<Instant>) -> Option<C> {
        let mut queue = self.queue();
        if queue.as_ref().is_none_or(VecDeque::is_empty)
            && let Some(until) = until
        {
            drop(queue);
            let metronome = self.metronome.lock();
            let mut metronome = metronome.unwrap_or_else(PoisonError::into_inner);
            if metronome.wait(until) {
                return None;
            }
            queue = self.queue();
        }
        loop {
            if let Some(command) = queue.as_mut().and_then(VecDeque::pop_front) {
                return Some(command);
            }
            queue = match until {
                None => self
                    .arrived
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.checked_duration_since(Instant::now())?;
                    let waited = self.arrived.wait_timeout(queue, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Ticks at a fixed distance from where it began: being late once does not move the next one.
#[derive(Debug)]
pub struct Ticker {
    period: Duration,
    /// The tick before `next`, or where it began.
    last: Instant,
    next: Instant,
    missed: u64,
}

impl Ticker {
    /// The first tick is one period after `from`.
    #[must_use]
    pub fn new(period: Duration, from: Instant) -> Self {
        Self {
            period,
            last: from,
            next: from + period,
            missed: 0,
        }
    }

    /// Its period.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Ticks at another distance from `now` on: the next tick is one new period after the last one,
    /// at once if that is over. No two are closer together than the shorter of both periods, or
    /// farther apart than the longer one.
    pub fn set_period(&mut self, period: Duration, now: Instant) {
        self.period = period;
        self.next = (self.last + period).max(now);
    }

    /// When the next tick is due.
    #[must_use]
    pub fn next(&self) -> Instant {
        self.next
    }

    /// The tick was taken at `now`: the next one is the first on the grid after it. Those in
    /// between are counted as missed, not made up for.
    pub fn advance(&mut self, now: Instant) {
        let behind = now.saturating_duration_since(self.next);
        let skipped = behind.as_nanos() / self.period.as_nanos().max(1);
        self.missed += skipped as u64;
        self.last = self.next;
        if skipped > 0 {
            let missed = u32::try_from(skipped).unwrap_or(u32::MAX);
            self.last += self.period.saturating_mul(missed);
        }
        self.next = self.last + self.period;
    }

    /// Ticks that were skipped because the one before took too long.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// Lets the calling thread's timers fire on time: the kernel otherwise adds up to 50 us to save
/// wake-ups (timer slack, prctl(2)).
pub fn be_punctual() {
    // If it is refused, ticks are a little late and nothing else.
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn ticks_stay_on_their_grid() {
        let start = Instant::now();
        let mut ticker = Ticker::new(10 * MS, start);
        assert_eq!(ticker.next(), start + 10 * MS);
        ticker.advance(start + 13 * MS);
        assert_eq!((ticker.next(), ticker.missed()), (start + 20 * MS, 0));
        ticker.advance(start + 47 * MS);
        assert_eq!((ticker.next(), ticker.missed()), (start + 50 * MS, 2));
        ticker.advance(start + 50 * MS);
        assert_eq!((ticker.next(), ticker.missed()), (start + 60 * MS, 2));
    }

    #[test]
    fn another_period_begins_at_the_last_tick() {
        let start = Instant::now();
        let mut ticker = Ticker::new(1000 * MS, start);
        ticker.advance(start + 1000 * MS);
        // A shorter one that is over already: at once, and from there on its own grid.
        ticker.set_period(100 * MS, start + 1700 * MS);
        assert_eq!(ticker.next(), start + 1700 * MS);
        ticker.advance(start + 1701 * MS);
        assert_eq!(ticker.next(), start + 1800 * MS);
        // A shorter one that is not over, and a longer one.
        ticker.set_period(50 * MS, start + 1710 * MS);
        assert_eq!(ticker.next(), start + 1750 * MS);
        ticker.set_period(10_000 * MS, start + 1720 * MS);
        assert_eq!(ticker.next(), start + 11_700 * MS);
        assert_eq!(ticker.missed(), 0);
    }

    #[test]
    fn commands_come_in_order_and_before_the_deadline_counts() {
        let mailbox = Mailbox::default();
        mailbox.send(1);
        mailbox.send(2);
        let past = Some(Instant::now());
        assert_eq!(mailbox.receive(past), Some(1));
        assert_eq!(mailbox.receive(past), Some(2));
        assert_eq!(mailbox.receive(past), None);
    }

    #[test]
    fn a_command_wakes_a_thread_that_waits_for_good() {
        let mailbox = Arc::new(Mailbox::default());
        let waiter = thread::spawn({
            let mailbox = Arc::clone(&mailbox);
            move || mailbox.receive(None)
        });
        mailbox.send("now");
        assert_eq!(waiter.join().unwrap(), Some("now"));
    }
}
