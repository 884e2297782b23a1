//! CPU clocks and the loop that uses them up.

use rustix::time::{ClockId, clock_gettime};

pub const PROCESS: ClockId = ClockId::ProcessCPUTime;
pub const THREAD: ClockId = ClockId::ThreadCPUTime;

pub fn now_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000
        + u64::try_from(time.tv_nsec).unwrap_or(0)
}

/// Runs until `clock` shows `until_ns`. Safe to call between fork and exit: no allocation, no lock.
pub fn burn_until(clock: ClockId, until_ns: u64) {
    while now_ns(clock) < until_ns {
        for _ in 0..64 {
            std::hint::spin_loop();
        }
    }
}

/// Uses `us` microseconds more of `clock`.
pub fn burn_us(clock: ClockId, us: u64) {
    burn_until(clock, now_ns(clock) + us * 1_000);
}
