//! Workloads made of many processes.

use crate::args::Args;
use crate::clock::{PROCESS, burn_until, burn_us};
use crate::fork;
use crate::steps::Steps;
use std::time::{Duration, Instant};

/// `count` children, at most `parallel` at a time, each burning `burn_us` of its own CPU clock.
pub fn children(args: &mut Args, steps: Steps) -> Result<(), String> {
    let (count, parallel) = (args.required("count")?, args.or("parallel", 1)?);
    let burn_us: u64 = args.required("burn-us")?;
    args.done()?;
    steps.ready();
    run_children(count, parallel, burn_us * 1_000)?;
    steps.done(&children_result(count));
    Ok(())
}

/// Children that exit at once, as fast as they can be made.
pub fn storm(args: &mut Args, steps: Steps) -> Result<(), String> {
    let (count, parallel) = (args.required("count")?, args.or("parallel", 8)?);
    args.done()?;
    steps.ready();
    run_children(count, parallel, 0)?;
    steps.done(&children_result(count));
    Ok(())
}

/// Starts and reaps the children.
pub fn run_children(count: u64, parallel: u64, burn_ns: u64) -> Result<(), String> {
    let mut running = 0;
    for _ in 0..count {
        if running >= parallel && fork::reap_one() {
            running -= 1;
        }
        fork::fork(|| {
            burn_until(PROCESS, burn_ns);
            0
        })?;
        running += 1;
    }
    while fork::reap_one() {}
    Ok(())
}

fn children_result(count: u64) -> String {
    let (user, system) = fork::children_rusage_ns();
    format!("{{\"count\":{count},\"user_ns\":{user},\"system_ns\":{system}}}")
}

/// Children that sleep until this process ends.
pub fn idle(args: &mut Args, steps: Steps) -> Result<(), String> {
    let count: usize = args.required("count")?;
    args.done()?;
    steps.ready();
    let pids = (0..count)
        .map(|_| {
            fork::fork(|| {
                fork::die_with_parent();
                std::thread::sleep(Duration::from_secs(crate::LIFETIME_S.into()));
                0
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    steps.done(&format!("{{\"pids\":{pids:?}}}"));
    Ok(())
}

/// Children that burn `duty_us` every 10 ms.
pub fn active(args: &mut Args, steps: Steps) -> Result<(), String> {
    let count: usize = args.required("count")?;
    let duty_us = args.or("duty-us", 100)?;
    let time = Duration::from_secs_f64(args.or("seconds", 60.0)?);
    args.done()?;
    steps.ready();
    let pids = (0..count)
        .map(|_| fork::fork(|| wake_and_burn(duty_us, time)))
        .collect::<Result<Vec<_>, _>>()?;
    steps.done(&format!("{{\"pids\":{pids:?}}}"));
    Ok(())
}

/// The life of one active child.
pub fn wake_and_burn(duty_us: u64, time: Duration) -> i32 {
    fork::die_with_parent();
    let end = Instant::now() + time;
    while Instant::now() < end {
        burn_us(PROCESS, duty_us);
        std::thread::sleep(Duration::from_millis(10));
    }
    0
}

/// A child that burns and dies; it stays a zombie until the next line of stdin.
pub fn zombie(args: &mut Args, steps: Steps) -> Result<(), String> {
    let burn_us: u64 = args.required("burn-us")?;
    args.done()?;
    steps.ready();
    let child = fork::fork(|| {
        burn_until(PROCESS, burn_us * 1_000);
        0
    })?;
    fork::wait_for_zombie(child);
    crate::steps::say(&format!("{{\"zombie\":{child}}}"));
    steps.next();
    fork::reap_one();
    let (user, system) = fork::children_rusage_ns();
    steps.done(&format!("{{\"user_ns\":{user},\"system_ns\":{system}}}"));
    Ok(())
}
