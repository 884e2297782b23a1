//! The threads of one process.

use subjiffy_proto::socktop::Thread;

use super::{books, state};
use crate::procfs::{Clock, PidStat, ProcessDir};

/// At most so many are read: about a quarter of a second of work.
const MOST: usize = 16_384;

/// The threads, and what they say of the process.
#[derive(Debug, Default)]
pub struct Threads {
    /// By id, at most [`MOST`].
    pub list: Vec<Thread>,
    /// Ids of all of them.
    pub tids: Vec<u32>,
    /// One that lives, the first one if it does.
    pub alive: Option<(u32, char)>,
    /// Whether one is on a CPU or waits for one.
    pub running: bool,
}

/// Reads them; those that end meanwhile are left out.
#[must_use]
pub fn read(process: &mut ProcessDir, clock: Clock) -> Threads {
    let mut threads = Threads::default();
    if process.tids(&mut threads.tids).is_err() {
        return threads;
    }
    for &tid in threads.tids.iter().take(MOST) {
        let Ok(stat) = process.thread_stat(tid) else {
            continue;
        };
        threads.running |= stat.state == 'R';
        let first = tid == process.pid();
        if !state::is_over(stat.state) && (first || threads.alive.is_none()) {
            threads.alive = Some((tid, stat.state));
        }
        threads.list.push(thread(process, tid, &stat, clock));
    }
    threads
}

fn thread(process: &mut ProcessDir, tid: u32, stat: &PidStat, clock: Clock) -> Thread {
    // Without CONFIG_SCHED_INFO the file is missing or holds zeros.
    let exact = process.thread_schedstat(tid).ok();
    let exact = exact.filter(|one| one.run_count > 0);
    let (total_ns, user_ns, system_ns) = books::split(exact.map(|one| one.run_ns), stat, clock);
    Thread {
        tid,
        name: stat.comm.lossy().into_owned(),
        cpu_time_user: user_ns / 1000,
        cpu_time_system: system_ns / 1000,
        status: state::words(stat.state).to_owned(),
        cpu_total_ns: total_ns,
        run_delay_ns: exact.map(|one| one.run_delay_ns),
    }
}
