//! One moment on the clocks that matter.

use rustix::time::{ClockId, clock_gettime};

/// A moment, read from three clocks right after one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// `CLOCK_MONOTONIC`, ns: intervals are differences of it.
    pub monotonic_ns: u64,
    /// `CLOCK_REALTIME`, ns since 1970: for people and other programs.
    pub wall_ns: u64,
    /// `CLOCK_BOOTTIME`, ns: what start times of processes are measured on.
    pub boot_ns: u64,
}

impl Moment {
    /// Now.
    #[must_use]
    pub fn now() -> Self {
        let read = |clock| {
            let time = clock_gettime(clock);
            (time.tv_sec as u64)
                .wrapping_mul(1_000_000_000)
                .wrapping_add(time.tv_nsec as u64)
        };
        Self {
            monotonic_ns: read(ClockId::Monotonic),
            wall_ns: read(ClockId::Realtime),
            boot_ns: read(ClockId::Boottime),
        }
    }

    /// Nanoseconds that have passed since `older`.
    #[must_use]
    pub fn since(&self, older: &Self) -> u64 {
        self.monotonic_ns.saturating_sub(older.monotonic_ns)
    }
}
