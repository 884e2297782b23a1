//! What only `/proc` knows of a process: its memory, its present parent and user. Read only for
//! processes that ran; the jiffies found on the way check the exact books.

use super::{
    process::{Comm, Identity, ProcessSample},
    sample::Disagreement,
    tracked::Process,
    tracker::Tracker,
};
use crate::procfs::{Clock, PidStat, Reader};

/// The whole of `/proc/PID/stat` is read so often of a process that runs, its memory each time.
const CHECK_PERIOD_NS: u64 = 10_000_000_000;

/// Reads `/proc/PID` for those that ran.
#[derive(Debug)]
pub struct Facts {
    clock: Clock,
    /// Ids of processes that died since the last reading.
    ended: Vec<u32>,
    /// Ids of processes that ran and of which only the memory is read.
    active: Vec<u32>,
}

/// The moment and the number of CPUs bound how far the two accounts may be apart.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// `CLOCK_MONOTONIC` when the exact books were brought up to date, ns.
    pub books_ns: u64,
    /// Reads that clock.
    pub now_ns: fn() -> u64,
    /// CPUs online.
    pub cpus: u64,
}

impl Facts {
    /// Nothing known yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            ended: Vec::new(),
            active: Vec::new(),
        }
    }

    /// Takes note of processes that died.
    pub fn note_exits(&mut self, exited: &[ProcessSample]) {
        self.ended.extend(exited.iter().map(|one| one.id.pid));
    }

    /// Reads what changed.
    pub fn refresh(
        &mut self,
        tracker: &mut Tracker,
        procfs: &mut Reader,
        bounds: Bounds,
        disagreements: &mut Vec<Disagreement>,
    ) {
        let clock = self.clock;
        let mut read = |process: &mut Process| {
            process.checked_ns = bounds.books_ns;
            let Ok(stat) = procfs.pid_stat(process.facts.id.pid) else {
                return;
            };
            if !same_start(&stat, process.facts.id, clock) {
                return;
            }
            disagreements.extend(compare(process, &stat, clock, bounds));
            apply(process, &stat, clock, procfs);
        };
        tracker.take_active(|process| {
            let known = process.checked_ns != 0;
            if known && bounds.books_ns.saturating_sub(process.checked_ns) < CHECK_PERIOD_NS {
                self.active.push(process.facts.id.pid);
            } else {
                read(process);
            }
        });
        if !self.ended.is_empty() {
            // Children of the dead have another parent now, without having run.
            self.ended.sort_unstable();
            for process in tracker.processes_mut() {
                if self.ended.binary_search(&process.facts.ppid).is_ok() {
                    read(process);
                }
            }
            self.ended.clear();
        }
        for pid in self.active.drain(..) {
            let user = tracker.process_mut(pid).filter(|one| !one.kernel_thread);
            if let (Some(process), Ok(memory)) = (user, procfs.pid_statm(pid)) {
                process.facts.rss_bytes = clock.pages_to_bytes(memory.resident);
            }
        }
    }
}

fn same_start(stat: &PidStat, id: Identity, clock: Clock) -> bool {
    let start_ns = clock.ticks_to_ns(stat.starttime);
    let tick = clock.ticks_to_ns(1);
    // The file rounds down to a tick.
    id.start_ns >= start_ns && id.start_ns - start_ns < tick
}

fn apply(process: &mut Process, stat: &PidStat, clock: Clock, procfs: &mut Reader) {
    if process.kernel_thread && stat.comm.as_bytes().len() >= size_of::<Comm>() {
        **process.long_name.get_or_insert_default() = stat.comm;
    }
    let facts = &mut process.facts;
    facts.rss_bytes = clock.pages_to_bytes(stat.rss);
    facts.ppid = stat.ppid;
    if let Ok(uid) = procfs.euid(facts.id.pid) {
        facts.uid = uid;
    }
}

/// `/proc/PID/stat` rounds user and system time down to ticks and does not know what a thread on a
/// CPU has used since the last timer interrupt; the process may run on every CPU between our two
/// looks.
fn compare(
    process: &Process,
    stat: &PidStat,
    clock: Clock,
    bounds: Bounds,
) -> Option<Disagreement> {
    let exact_ns = process.run_ns();
    let jiffies_ns = clock.ticks_to_ns(stat.utime.saturating_add(stat.stime));
    let tick = clock.ticks_to_ns(1);
    let between = (bounds.now_ns)()
        .saturating_sub(bounds.books_ns)
        .saturating_mul(bounds.cpus);
    let agree = jiffies_ns.saturating_add((2 + bounds.cpus) * tick) >= exact_ns
        && jiffies_ns <= exact_ns.saturating_add(between).saturating_add(tick);
    (!agree).then_some(Disagreement {
        id: process.facts.id,
        exact_ns,
        jiffies_ns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_common::sched::{Slot, life};

    struct NoLeaders;
    impl super::super::tracker::Leaders for NoLeaders {
        fn slot(&self, _: u32) -> Option<Slot> {
            None
        }
        fn consume(&self, _: usize, _: &Slot) {}
    }

    const CLOCK: Clock = Clock {
        ticks_per_second: 100,
        page_size: 4096,
    };

    fn tracker_with(run_ns: u64) -> Tracker {
        let mut tracker = Tracker::default();
        let slot = Slot {
            tid: 5,
            tgid: 5,
            run_ns,
            state: life::LIVE,
            ..blank()
        };
        tracker.visit(5, &slot, &NoLeaders);
        tracker
    }

    fn blank() -> Slot {
        Slot {
            sequence: 0,
            state: 0,
            tid: 0,
            tgid: 0,
            start_ns: 25_000_000,
            run_ns: 0,
            run_delay_ns: 0,
            runs: 0,
            voluntary: 0,
            involuntary: 0,
            user_ns: 0,
            system_ns: 0,
            comm: [0; 16],
            ppid: 0,
            uid: 0,
            exit_code: 0,
            flags: 0,
            consumed: 0,
            exchanged_start_ns: 0,
        }
    }

    fn stat(utime: u64, stime: u64) -> PidStat {
        let text = format!(
            "5 (x) S 1 5 5 0 -1 4194304 0 0 0 0 {utime} {stime} 0 0 20 0 1 0 2 8192 3 \
             18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
        );
        crate::procfs::pid_stat::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn accounts_may_differ_by_the_tick_error_only() {
        let bounds = Bounds {
            books_ns: 0,
            now_ns: || 1_000_000,
            cpus: 2,
        };
        let disagree = |run_ns, utime, stime| {
            let mut tracker = tracker_with(run_ns);
            let mut found = None;
            tracker.take_active(|one| found = compare(one, &stat(utime, stime), CLOCK, bounds));
            found.is_some()
        };
        assert!(
            !disagree(139_999_999, 5, 5),
            "both parts rounded down, two CPUs a tick behind"
        );
        assert!(
            disagree(141_000_000, 5, 5),
            "a thread the jiffies do not know"
        );
        assert!(
            !disagree(100_000_000, 5, 6),
            "rounding of the kernel's own scaling"
        );
        assert!(
            disagree(100_000_000, 6, 6),
            "time the exact books have lost"
        );
    }

    #[test]
    fn a_process_is_known_by_its_start_tick() {
        let id = |start_ns| Identity { pid: 5, start_ns };
        assert!(same_start(&stat(0, 0), id(20_000_000), CLOCK));
        assert!(same_start(&stat(0, 0), id(29_999_999), CLOCK));
        assert!(!same_start(&stat(0, 0), id(30_000_000), CLOCK));
        assert!(!same_start(&stat(0, 0), id(19_999_999), CLOCK));
    }
}
