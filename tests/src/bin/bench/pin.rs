//! Which CPU something runs on.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The first CPU that we may use, for what is measured.
pub fn first() -> Result<usize, String> {
    let allowed = allowed()?;
    (0..CpuSet::MAX_CPU)
        .find(|&cpu| allowed.is_set(cpu))
        .ok_or_else(|| "this process may use no CPU".to_owned())
}

/// The last one, for what must not disturb it; the first one again where there is only one.
pub fn last() -> Result<usize, String> {
    let allowed = allowed()?;
    (0..CpuSet::MAX_CPU)
        .rfind(|&cpu| allowed.is_set(cpu))
        .ok_or_else(|| "this process may use no CPU".to_owned())
}

/// Runs `start` on one CPU; the processes that it starts stay there.
pub fn on<T>(cpu: usize, start: impl FnOnce() -> T) -> Result<T, String> {
    let before = allowed()?;
    let mut only = CpuSet::new();
    only.set(cpu);
    set(&only)?;
    let result = start();
    set(&before)?;
    Ok(result)
}

fn allowed() -> Result<CpuSet, String> {
    sched_getaffinity(None).map_err(|error| format!("sched_getaffinity: {error}"))
}

fn set(cpus: &CpuSet) -> Result<(), String> {
    sched_setaffinity(None, cpus).map_err(|error| format!("sched_setaffinity: {error}"))
}
