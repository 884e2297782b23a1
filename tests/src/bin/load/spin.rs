//! One busy thread.

use crate::args::Args;
use crate::clock::{PROCESS, burn_us, now_ns};
use crate::steps::Steps;
use rustix::time::ClockId;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// A pair of clock readings is dropped when the thread was interrupted between them.
const READ_LIMIT_NS: u64 = 5_000;
/// Short against the error that is allowed: where the thread was interrupted between two entries
/// the truth is only known to lie between them.
const LOG_EVERY_NS: u64 = 5_000;

/// Spins for `--seconds` of wall clock, or for `--us` of CPU time.
pub fn spin(args: &mut Args, steps: Steps) -> Result<(), String> {
    let seconds: f64 = args.or("seconds", 0.0)?;
    let cpu_us: Option<u64> = args.optional("us")?;
    let log: Option<String> = args.optional("log")?;
    args.done()?;
    let mut pairs = Vec::new();
    if log.is_some() {
        // Touched now, so that logging causes no page faults later.
        pairs.resize((seconds * 1e9) as usize / LOG_EVERY_NS as usize + 1, (0, 0));
        pairs.clear();
    }
    steps.ready();
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    if let Some(us) = cpu_us {
        burn_us(PROCESS, us);
    }
    while Instant::now() < end {
        if log.is_some()
            && let Some(pair) = read_pair()
        {
            pairs.push(pair);
        }
        let next = now_ns(ClockId::Monotonic) + LOG_EVERY_NS;
        while now_ns(ClockId::Monotonic) < next {}
    }
    if let Some(path) = log {
        let mut text = String::new();
        for (wall, cpu) in pairs {
            let _ = writeln!(text, "{wall} {cpu}");
        }
        std::fs::write(&path, text).map_err(|e| format!("{path}: {e}"))?;
    }
    steps.done(&format!("{{\"cpu_ns\":{}}}", now_ns(PROCESS)));
    Ok(())
}

fn read_pair() -> Option<(u64, u64)> {
    let before = now_ns(ClockId::Realtime);
    let cpu = now_ns(PROCESS);
    let after = now_ns(ClockId::Realtime);
    let took = after.checked_sub(before)?;
    (took < READ_LIMIT_NS).then_some((before + took / 2, cpu))
}
