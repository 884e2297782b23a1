//! Processes that the census did not tell of: hardened kernels hide some from iterators. They are
//! read from `/proc` once, so that they are listed before they first run.

use subjiffy_common::sched::{Slot, flag, life};

use super::{process::Comm, tracker::Tracker};
use crate::{
    kernel::scheduler::Tables,
    procfs::{Clock, Error, Reader},
};

/// `PF_KTHREAD` of include/linux/sched.h.
const PF_KTHREAD: u32 = 0x0020_0000;

/// Adds every process of `/proc` that `tracker` does not know.
pub fn from_proc(tracker: &mut Tracker, tables: &Tables, procfs: &mut Reader) {
    let (mut pids, mut tids) = (Vec::new(), Vec::new());
    if procfs.pids(&mut pids).is_err() {
        return;
    }
    for pid in pids {
        let known = |tid| {
            tables
                .slot_of(tid)
                .is_some_and(|index| tracker.knows_thread(index, tid))
        };
        if known(pid) || procfs.tids(pid, &mut tids).is_err() {
            continue;
        }
        for &tid in &tids {
            let (Ok(slot), Some(index)) = (read(procfs, pid, tid), tables.slot_of(tid)) else {
                continue;
            };
            // Its own switch may have been first.
            if !tracker.knows_thread(index, tid) {
                tracker.visit(index, &slot, tables);
            }
        }
        add_reaped(tracker, procfs, pid);
    }
    tracker.settle();
}

/// Threads that died before are in no list; the jiffies of the process have their time.
fn add_reaped(tracker: &mut Tracker, procfs: &mut Reader, pid: u32) {
    let clock = Clock::system();
    if let (Ok(stat), Some(process)) = (procfs.pid_stat(pid), tracker.process_mut(pid)) {
        let all_ns = clock.ticks_to_ns(stat.utime.saturating_add(stat.stime));
        process.add_reaped(all_ns.saturating_sub(process.run_ns()));
    }
}

fn read(procfs: &mut Reader, pid: u32, tid: u32) -> Result<Slot, Error> {
    let clock = Clock::system();
    let stat = procfs.tid_stat(pid, tid)?;
    let books = procfs.tid_schedstat(pid, tid)?;
    let status = procfs.tid_status(pid, tid)?;
    let kernel = if stat.flags & PF_KTHREAD != 0 {
        flag::KERNEL_THREAD
    } else {
        0
    };
    let life = if matches!(stat.state, 'Z' | 'X') {
        life::DEAD
    } else {
        life::LIVE
    };
    Ok(Slot {
        sequence: 0,
        // Asleep, as far as a task that has not been switched yet can be told.
        state: life | 1 << life::TASK_STATE_SHIFT,
        tid,
        tgid: pid,
        start_ns: clock.ticks_to_ns(stat.starttime),
        run_ns: books.run_ns,
        run_delay_ns: books.run_delay_ns,
        runs: books.run_count,
        voluntary: status.voluntary_switches,
        involuntary: status.involuntary_switches,
        user_ns: clock.ticks_to_ns(stat.utime),
        system_ns: clock.ticks_to_ns(stat.stime),
        comm: Comm::from_bytes(stat.comm.as_bytes()).0,
        ppid: stat.ppid,
        uid: status.euid,
        exit_code: 0,
        flags: flag::FROM_PROC | kernel,
        consumed: 0,
        exchanged_start_ns: 0,
    })
}
