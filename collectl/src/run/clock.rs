//! The clocks.

use std::{num::NonZeroU64, time::Duration};

use rustix::time::{ClockId, Timespec, clock_gettime};

use super::Control;
use crate::record::Time;

/// What a run knows of time.
pub trait Clock {
    /// Both clocks, at the same moment as well as that can be had.
    fn now(&self) -> Time;

    /// Waits until the steady clock is there, but not when `control` wants something.
    fn wait(&self, until_steady_ns: u64, control: &Control);
}

/// Clocks that were read within so long were read at the same moment.
const APART_NS: u64 = 20_000;

/// After so many attempts it is as it is.
const TRIES: u32 = 5;

/// The system's.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(());

impl SystemClock {
    /// For the calling thread, whose timers fire on time from now on: the kernel otherwise adds up to
    /// 50 us to save wake-ups (timer slack, prctl(2)).
    #[must_use]
    pub fn of_this_thread() -> Self {
        // If it is refused, samples are a little late and nothing else.
        let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
        Self(())
    }

    /// Both clocks now. Where the thread had to wait in between, they are read again.
    #[must_use]
    pub fn read() -> Time {
        let mut tries = 0;
        loop {
            let steady_ns = nanoseconds(clock_gettime(ClockId::Monotonic));
            let wall_ns = nanoseconds(clock_gettime(ClockId::Realtime));
            let after_ns = nanoseconds(clock_gettime(ClockId::Monotonic));
            tries += 1;
            if after_ns - steady_ns < APART_NS || tries == TRIES {
                return Time { wall_ns, steady_ns };
            }
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Self::read()
    }

    fn wait(&self, until_steady_ns: u64, control: &Control) {
        let now = nanoseconds(clock_gettime(ClockId::Monotonic));
        control.wait(Duration::from_nanos(until_steady_ns.saturating_sub(now)));
    }
}

/// Neither clock is ever before its beginning.
fn nanoseconds(time: Timespec) -> u64 {
    time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}
