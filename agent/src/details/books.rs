//! The CPU time of one process, from the snapshot that all consumers see.

use subjiffy_common::{net as counted, sched::Counters};
use subjiffy_proto::socktop::{Flow, Sockets};

use crate::{
    collect::sample::Precision,
    model::{self, Process, Snapshot, split::user_and_system},
    procfs::{Clock, PidStat},
};

/// What a process used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Used {
    /// Its exact start, ns since boot.
    pub start_ns: u64,
    /// CPU time since its start, ns.
    pub total_ns: u64,
    /// The part of it in user mode, ns.
    pub user_ns: u64,
    /// The part of it in kernel mode, ns.
    pub system_ns: u64,
    /// CPU time in the interval, ns.
    pub cpu_ns: u64,
    /// Length of the interval, ns.
    pub interval_ns: u64,
    /// What only the scheduler's books know: run delay, voluntary and involuntary switches in the
    /// interval.
    pub scheduling: Option<[u64; 3]>,
    /// What it did on sockets, where that is counted.
    pub sockets: Option<Sockets>,
}

impl Used {
    /// In percent of one CPU.
    #[must_use]
    pub fn percent(&self) -> f32 {
        if self.interval_ns == 0 {
            return 0.0;
        }
        (self.cpu_ns as f64 / self.interval_ns as f64 * 100.0) as f32
    }
}

fn sockets(did: &model::Sockets) -> Sockets {
    let flow = |flow: counted::Flow| Flow {
        rx_bytes: flow.rx_bytes,
        tx_bytes: flow.tx_bytes,
        rx_calls: flow.rx_calls,
        tx_calls: flow.tx_calls,
    };
    let (change, total) = (&did.change, did.total.all());
    Sockets {
        all: flow(change.all()),
        tcp: flow(change.tcp),
        udp: flow(change.udp),
        unix: flow(change.unix),
        tcp_opened: change.opened,
        tcp_accepted: change.accepted,
        tcp_retransmits: change.retransmits,
        rx_total_bytes: total.rx_bytes,
        tx_total_bytes: total.tx_bytes,
    }
}

/// Looks processes up in a snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Books<'a> {
    snapshot: &'a Snapshot,
    clock: Clock,
    /// Now, ns since boot.
    boot_ns: u64,
}

impl<'a> Books<'a> {
    /// The books of `snapshot`, read at `boot_ns`.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, clock: Clock, boot_ns: u64) -> Self {
        Self {
            snapshot,
            clock,
            boot_ns,
        }
    }

    /// What the process with this `stat` used. One that the snapshot does not hold has just begun:
    /// its interval is its life, counted in ticks.
    #[must_use]
    pub fn used(&self, stat: &PidStat) -> Used {
        let Some(process) = self.find(stat) else {
            let start_ns = self.clock.ticks_to_ns(stat.starttime);
            let (user_ns, system_ns) = (
                self.clock.ticks_to_ns(stat.utime),
                self.clock.ticks_to_ns(stat.stime),
            );
            let total_ns = user_ns.saturating_add(system_ns);
            return Used {
                start_ns,
                total_ns,
                user_ns,
                system_ns,
                cpu_ns: total_ns,
                interval_ns: self.boot_ns.saturating_sub(start_ns),
                scheduling: None,
                sockets: None,
            };
        };
        let counters = process.sample.counters;
        let (user_ns, system_ns) = user_and_system(counters.run_ns, counters, counters);
        let exact = self.snapshot.precision == Precision::Scheduler;
        Used {
            start_ns: process.sample.id.start_ns,
            total_ns: counters.run_ns,
            user_ns,
            system_ns,
            cpu_ns: process.cpu_ns,
            interval_ns: self.snapshot.interval_ns,
            scheduling: exact.then_some([
                process.run_delay_ns,
                process.voluntary_switches,
                process.involuntary_switches,
            ]),
            sockets: self.snapshot.counts_traffic.then(|| {
                self.snapshot
                    .traffic(process)
                    .map_or_else(Sockets::default, sockets)
            }),
        }
    }

    fn find(&self, stat: &PidStat) -> Option<&'a Process> {
        let processes = self.living();
        let first = processes.partition_point(|one| one.sample.id.pid < stat.pid);
        let same_id = processes[first..]
            .iter()
            .take_while(|one| one.sample.id.pid == stat.pid);
        // `stat` rounds the start down to a tick.
        let start_ns = self.clock.ticks_to_ns(stat.starttime);
        let tick_ns = self.clock.ticks_to_ns(1);
        { same_id }.find(|one| {
            let late = one.sample.id.start_ns.checked_sub(start_ns);
            late.is_some_and(|late| late < tick_ns)
        })
    }

    /// The children of a process that the snapshot knows, with the CPU time that they used in the
    /// interval. An id may be another process's by now.
    pub fn children(&self, pid: u32) -> impl Iterator<Item = (u32, u64)> + use<'a> {
        let of_it = self
            .living()
            .iter()
            .filter(move |one| one.sample.ppid == pid);
        of_it.map(|one| (one.sample.id.pid, one.cpu_ns))
    }

    /// CPU time in the interval of whoever has this id.
    #[must_use]
    pub fn recent_ns(&self, pid: u32) -> u64 {
        let processes = self.living();
        let found = processes.binary_search_by_key(&pid, |one| one.sample.id.pid);
        found.map_or(0, |at| processes[at].cpu_ns)
    }

    fn living(&self) -> &'a [Process] {
        let end = self.snapshot.living.min(self.snapshot.processes.len());
        &self.snapshot.processes[..end]
    }
}

/// The CPU time of a thread since its start: total, in user mode and in kernel mode, ns. `exact` is
/// what the scheduler counted, split as the timer ticks found it.
#[must_use]
pub fn split(exact: Option<u64>, stat: &PidStat, clock: Clock) -> (u64, u64, u64) {
    let ticks = Counters {
        user_ns: clock.ticks_to_ns(stat.utime),
        system_ns: clock.ticks_to_ns(stat.stime),
        ..Counters::default()
    };
    let total_ns = exact.unwrap_or(ticks.user_ns.saturating_add(ticks.system_ns));
    let (user_ns, system_ns) = user_and_system(total_ns, ticks, ticks);
    (total_ns, user_ns, system_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::process::{Identity, ProcessSample};

    const CLOCK: Clock = Clock {
        ticks_per_second: 100,
        page_size: 4096,
    };

    fn stat(pid: u32, start: u64) -> PidStat {
        let text = format!(
            "{pid} (x) S 1 5 5 0 -1 0 0 0 0 0 30 10 0 0 20 0 1 0 {start} 8192 3 0 0 0 0 0\n"
        );
        crate::procfs::pid_stat::parse(text.as_bytes()).unwrap()
    }

    fn process(pid: u32, start_ns: u64, ppid: u32, cpu_ns: u64) -> Process {
        Process {
            sample: ProcessSample {
                id: Identity { pid, start_ns },
                ppid,
                counters: Counters {
                    run_ns: 1000,
                    user_ns: 1,
                    system_ns: 3,
                    ..Counters::default()
                },
                ..ProcessSample::default()
            },
            cpu_ns,
            run_delay_ns: 7,
            voluntary_switches: 8,
            involuntary_switches: 9,
            ..Process::default()
        }
    }

    fn snapshot(precision: Precision) -> Snapshot {
        let dead = Process {
            exited: true,
            ..process(5, 10_000_000, 2, 999)
        };
        Snapshot {
            interval_ns: 100,
            precision,
            living: 3,
            processes: vec![
                process(2, 0, 1, 0),
                process(5, 25_000_000, 2, 200),
                process(6, 0, 2, 3),
                dead,
            ],
            ..Snapshot::default()
        }
    }

    #[test]
    fn exact_books_are_found_by_id_and_start() {
        let snapshot = snapshot(Precision::Scheduler);
        let books = Books::new(&snapshot, CLOCK, 50_000_000);
        let used = books.used(&stat(5, 2));
        let expected = Used {
            start_ns: 25_000_000,
            total_ns: 1000,
            user_ns: 250,
            system_ns: 750,
            cpu_ns: 200,
            interval_ns: 100,
            scheduling: Some([7, 8, 9]),
            sockets: None,
        };
        assert_eq!(used, expected);
        assert_eq!(used.percent(), 200.0);
    }

    #[test]
    fn sockets_are_told_where_they_are_counted() {
        let mut snapshot = snapshot(Precision::Scheduler);
        snapshot.counts_traffic = true;
        let mut did = model::Sockets::default();
        (did.change.tcp.rx_bytes, did.change.unix.rx_bytes) = (5, 2);
        (did.change.opened, did.total.udp.tx_bytes) = (1, 70);
        snapshot.traffic = vec![did];
        snapshot.processes[1].sample.traffic = 1;
        let used = |pid, start| Books::new(&snapshot, CLOCK, 0).used(&stat(pid, start));
        let sockets = used(5, 2).sockets.unwrap();
        assert_eq!((sockets.all.rx_bytes, sockets.tcp.rx_bytes), (7, 5));
        assert_eq!((sockets.tcp_opened, sockets.tx_total_bytes), (1, 70));
        // One that used none is known, too.
        assert_eq!(used(6, 0).sockets, Some(Sockets::default()));
    }

    #[test]
    fn ticks_know_no_scheduling() {
        let snapshot = snapshot(Precision::Jiffy);
        let books = Books::new(&snapshot, CLOCK, 50_000_000);
        assert_eq!(books.used(&stat(5, 2)).scheduling, None);
    }

    #[test]
    fn a_process_that_has_just_begun_has_the_use_of_its_life() {
        let snapshot = snapshot(Precision::Scheduler);
        let books = Books::new(&snapshot, CLOCK, 830_000_000);
        // The same id, another start; the process in the books is an earlier one.
        let used = books.used(&stat(5, 3));
        assert_eq!((used.total_ns, used.cpu_ns), (400_000_000, 400_000_000));
        assert_eq!((used.user_ns, used.system_ns), (300_000_000, 100_000_000));
        assert_eq!((used.interval_ns, used.percent()), (800_000_000, 50.0));
        assert_eq!(books.used(&stat(5, 1)).start_ns, 10_000_000, "a tick apart");
        assert_eq!(books.used(&stat(9, 3)).start_ns, 30_000_000);
        assert_eq!(books.used(&stat(9, 100)).percent(), 0.0, "a clock behind");
    }

    #[test]
    fn children_are_those_alive() {
        let snapshot = snapshot(Precision::Scheduler);
        let books = Books::new(&snapshot, CLOCK, 0);
        assert_eq!(books.children(2).collect::<Vec<_>>(), [(5, 200), (6, 3)]);
        assert_eq!((books.recent_ns(6), books.recent_ns(7)), (3, 0));
    }

    #[test]
    fn threads_split_what_the_scheduler_counted() {
        assert_eq!(split(Some(1000), &stat(1, 1), CLOCK), (1000, 750, 250));
        let ticks = (400_000_000, 300_000_000, 100_000_000);
        assert_eq!(split(None, &stat(1, 1), CLOCK), ticks);
    }
}
