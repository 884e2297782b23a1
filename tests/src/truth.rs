//! What the kernel itself says about a process, read by the shortest way.
#![allow(
    unsafe_code,
    reason = "the CPU clock of another process has no safe wrapper"
)]

use std::fs::{read_dir, read_to_string};
use std::time::{Duration, Instant, SystemTime};

/// Run time of all threads of a process, the dead ones not included.
pub fn run_ns(pid: u32) -> u64 {
    tasks(pid).map(|tid| schedstat(pid, tid)[0]).sum()
}

/// Time that all threads of a process waited for a CPU, the dead ones not included.
pub fn run_delay_ns(pid: u32) -> u64 {
    tasks(pid).map(|tid| schedstat(pid, tid)[1]).sum()
}

/// Voluntary and involuntary switches of all threads, the dead ones not included.
pub fn switches(pid: u32) -> (u64, u64) {
    tasks(pid).fold((0, 0), |(voluntary, involuntary), tid| {
        let text = read_to_string(format!("/proc/{pid}/task/{tid}/status")).unwrap_or_default();
        (
            voluntary + field(&text, "voluntary_ctxt_switches:"),
            involuntary + field(&text, "nonvoluntary_ctxt_switches:"),
        )
    })
}

/// The CPU clock of a process, with its dead threads as far as the kernel counts them. While it
/// runs, the clock is up to a tick behind when another process reads it.
pub fn process_clock_ns(pid: u32) -> u64 {
    let pid = libc::pid_t::try_from(pid).expect("a pid");
    let mut clock = 0;
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: both calls write into locals that outlive them.
    let failed = unsafe {
        libc::clock_getcpuclockid(pid, &raw mut clock) != 0
            || libc::clock_gettime(clock, &raw mut time) != 0
    };
    assert!(!failed, "no CPU clock of process {pid}");
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Waits until a process uses no CPU any more, and returns its [`run_ns`].
pub fn settled_run_ns(pid: u32) -> u64 {
    let end = Instant::now() + Duration::from_secs(10);
    let mut last = run_ns(pid);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(30));
        let now = run_ns(pid);
        if now == last && now > 0 {
            return now;
        }
        last = now;
    }
    panic!("process {pid} does not come to rest, it used {last} ns");
}

/// Number of forks since boot, threads included.
pub fn forks() -> u64 {
    field(
        &read_to_string("/proc/stat").unwrap_or_default(),
        "processes ",
    )
}

/// All pids, with their start time and name.
pub fn processes() -> Vec<(u32, u64, String)> {
    let pids = numbers("/proc");
    pids.filter_map(|pid| {
        let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let (name, rest) = (text.split_once('(')?.1).rsplit_once(") ")?;
        let start = rest.split(' ').nth(19)?.parse().ok()?;
        Some((pid, start, name.to_owned()))
    })
    .collect()
}

/// Ids of all threads of a process.
pub fn threads(pid: u32) -> Vec<u32> {
    tasks(pid).collect()
}

/// State letter of a process.
pub fn state(pid: u32) -> Option<char> {
    let bytes = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.rsplit_once(") ")?.1.chars().next()
}

/// Scheduling policy and nice value of the thread of that name.
pub fn scheduling(pid: u32, name: &str) -> Option<(u32, i32)> {
    tasks(pid).find_map(|tid| {
        let text = read_to_string(format!("/proc/{pid}/task/{tid}/stat")).ok()?;
        let (before, rest) = text.rsplit_once(") ")?;
        let rest: Vec<_> = rest.split(' ').collect();
        let is_it = before.ends_with(&format!("({name}"));
        is_it.then_some((rest.get(38)?.parse().ok()?, rest.get(16)?.parse().ok()?))
    })
}

/// Wall clock, as in `at_ns`.
pub fn wall_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("a clock after 1970").as_nanos() as u64
}

/// CPUs online.
pub fn cpus() -> u64 {
    let text = read_to_string("/proc/stat").unwrap_or_default();
    text.lines().filter(|l| l.starts_with("cpu")).count() as u64 - 1
}

/// Idle and I/O wait time of all CPUs since boot, in steps of 10 ms for each CPU.
pub fn idle_ns() -> u64 {
    let text = read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let ticks = first.split_whitespace().skip(4).take(2);
    ticks.filter_map(|t| t.parse::<u64>().ok()).sum::<u64>() * 10_000_000
}

fn tasks(pid: u32) -> impl Iterator<Item = u32> {
    numbers(&format!("/proc/{pid}/task"))
}

fn numbers(directory: &str) -> impl Iterator<Item = u32> + use<> {
    let entries = read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn schedstat(pid: u32, tid: u32) -> [u64; 3] {
    let text = read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).unwrap_or_default();
    let mut numbers = text.split_whitespace().map(|n| n.parse().unwrap_or(0));
    std::array::from_fn(|_| numbers.next().unwrap_or(0))
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|l| l.strip_prefix(name));
    line.and_then(|v| v.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_process_is_the_sum_of_its_threads() {
        let mut child = std::process::Command::new("sleep")
            .arg("5")
            .spawn()
            .expect("sleep");
        let run = settled_run_ns(child.id());
        assert_eq!(process_clock_ns(child.id()), run);
        assert_eq!(state(child.id()), Some('S'));
        assert!(switches(child.id()).0 > 0);
        let _ = child.kill();
        let _ = child.wait();
    }
}
