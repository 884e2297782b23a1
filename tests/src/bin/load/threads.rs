//! Workloads inside one process.

use crate::args::Args;
use crate::clock::{PROCESS, THREAD, burn_us, now_ns};
use crate::fork;
use crate::steps::Steps;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

const AT_A_TIME: u64 = 8;

/// `count` threads burn `burn_us` each; the last `keep` of them stay asleep.
pub fn threads(args: &mut Args, steps: Steps) -> Result<(), String> {
    let (count, keep): (u64, u64) = (args.required("count")?, args.or("keep", 0)?);
    let burn: u64 = args.required("burn-us")?;
    args.done()?;
    steps.ready();
    let passing = count.saturating_sub(keep);
    let mut begun = 0;
    while begun < passing {
        let wave = AT_A_TIME.min(passing - begun);
        let handles = (0..wave)
            .map(|_| spawn(move || burn_us(THREAD, burn)))
            .collect::<Result<Vec<_>, _>>()?;
        for handle in handles {
            handle.join().map_err(|_| "a thread panicked")?;
        }
        begun += wave;
    }
    let asleep = Arc::new(AtomicU64::new(0));
    for _ in passing..count {
        let asleep = asleep.clone();
        spawn(move || {
            burn_us(THREAD, burn);
            asleep.fetch_add(1, Ordering::Release);
            loop {
                std::thread::park();
            }
        })?;
    }
    while asleep.load(Ordering::Acquire) < count - passing {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    steps.done(&cpu_result());
    Ok(())
}

/// The first thread burns and exits; a second one burns the same afterwards and lives on.
pub fn leader_exits_first(args: &mut Args, steps: Steps) -> Result<(), String> {
    let burn: u64 = args.required("burn-us")?;
    args.done()?;
    steps.ready();
    spawn(move || {
        while !leader_is_dead() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        burn_us(THREAD, burn);
        steps.done(&cpu_result());
        std::process::exit(0);
    })?;
    burn_us(THREAD, burn);
    fork::exit_thread()
}

fn leader_is_dead() -> bool {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|s| s.starts_with('Z'))
}

/// The first thread burns; then a second one burns and executes this program anew, which makes it
/// the leader under the old pid.
pub fn exec_from_thread(args: &mut Args, steps: Steps) -> Result<(), String> {
    let burn: u64 = args.required("burn-us")?;
    args.done()?;
    steps.ready();
    burn_us(THREAD, burn);
    let thread = spawn(move || {
        burn_us(THREAD, burn);
        let mut command = Command::new("/proc/self/exe");
        command.args(["after-exec", "--steps", "--burn-us", &burn.to_string()]);
        format!("exec: {}", command.exec())
    })?;
    Err(thread.join().unwrap_or_else(|_| "a thread panicked".into()))
}

/// What the program becomes in [`exec_from_thread`].
pub fn after_exec(args: &mut Args, steps: Steps) -> Result<(), String> {
    let burn: u64 = args.required("burn-us")?;
    args.done()?;
    burn_us(THREAD, burn);
    steps.done(&cpu_result());
    Ok(())
}

fn spawn<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, String> {
    std::thread::Builder::new()
        .stack_size(64 << 10)
        .spawn(work)
        .map_err(|e| format!("thread: {e}"))
}

fn cpu_result() -> String {
    format!("{{\"cpu_ns\":{}}}", now_ns(PROCESS))
}
