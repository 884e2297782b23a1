//! Ends, pauses and changes a run from outside.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::options::Intervals;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Somebody wanted it to.
    Asked,
    /// There is nobody to receive lines.
    PeerGone,
    /// All samples that were wanted were taken.
    Counted,
    /// It ran as long as it was to.
    TimeOver,
    /// The process that started it is gone.
    ParentGone,
    /// What was played back is at its end.
    Finished,
}

/// Shared with a run.
#[derive(Debug, Default)]
pub struct Control {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    end: Option<End>,
    paused: bool,
    intervals: Option<Intervals>,
    /// Somebody has come who may want samples.
    woken: bool,
}

impl Control {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it, at once if it waits. The first reason stays.
    pub fn end(&self, why: End) {
        self.state().end.get_or_insert(why);
        self.changed.notify_all();
    }

    /// Why it is to end, if it is.
    #[must_use]
    pub fn ended(&self) -> Option<End> {
        self.state().end
    }

    /// No samples are taken while it is paused; connections stay.
    pub fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.wake();
    }

    /// Has it look again whether samples are wanted.
    pub fn wake(&self) {
        self.state().woken = true;
        self.changed.notify_all();
    }

    /// Sleeps until there may be something to do.
    pub(super) fn rest(&self) {
        let mut state = self.state();
        while state.end.is_none() && !state.woken {
            let waited = self.changed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.woken = false;
    }

    /// Whether it is.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.state().paused
    }

    /// Other sampling periods from now on. Those for processes are a multiple of the main one.
    pub fn set_intervals(&self, intervals: Intervals) {
        self.state().intervals = Some(intervals);
        self.changed.notify_all();
    }

    /// Whether there is a reason not to wait for the next tick.
    pub(super) fn wants_something(&self) -> bool {
        let state = self.state();
        state.end.is_some() || state.intervals.is_some()
    }

    /// New periods, once.
    pub(super) fn take_intervals(&self) -> Option<Intervals> {
        self.state().intervals.take()
    }

    /// Waits for so long, but not when something else is wanted.
    pub fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut state = self.state();
        while state.end.is_none() && state.intervals.is_none() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::Arc, thread};

    #[test]
    fn the_end_comes_at_once_and_its_first_reason_stays() {
        let control = Arc::new(Control::default());
        let waiting = thread::spawn({
            let control = Arc::clone(&control);
            move || control.wait(Duration::from_secs(3600))
        });
        control.end(End::PeerGone);
        control.end(End::Asked);
        waiting.join().unwrap();
        assert_eq!(control.ended(), Some(End::PeerGone));
    }

    #[test]
    fn new_intervals_are_taken_once() {
        let control = Control::default();
        let intervals = Intervals {
            main: Duration::from_secs(1),
            processes: Duration::from_secs(5),
        };
        control.set_intervals(intervals);
        control.wait(Duration::from_secs(3600));
        assert_eq!(control.take_intervals(), Some(intervals));
        assert_eq!(control.take_intervals(), None);
    }
}
