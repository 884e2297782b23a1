//! The process list as socktop shows it.

use subjiffy_common::{directory::PID_LIMIT, net::Flow};
use subjiffy_proto::socktop::{List, Row};

use crate::model::{Process, Snapshot};

/// At most so many kinds of short-lived processes are listed.
const GROUPS: usize = 64;

/// Makes rows, reusing its memory.
#[derive(Debug, Default)]
pub struct Rows {
    dead: Vec<u32>,
    groups: Vec<Group>,
}

/// Processes of one name and parent that died in the interval.
#[derive(Debug, Clone, Copy)]
struct Group {
    count: u32,
    /// Who the newest was, and what all of them did.
    sum: Process,
}

impl Rows {
    /// Every live process, then those that died in the interval: all that one parent started under
    /// one name are one row, so that a loop of short commands is seen as what it costs.
    pub fn of<'a>(&'a mut self, snapshot: &'a Snapshot) -> impl Iterator<Item = Row<'a>> {
        self.group(snapshot);
        let living = snapshot.processes[..snapshot.living].iter();
        let living = living.map(|process| (process, snapshot.name(process), 0));
        let dead = self.groups.iter();
        let dead = dead.map(|group| (&group.sum, group.sum.sample.comm.as_bytes(), group.count));
        let all_cpus_ns = snapshot.interval_ns as f64 * f64::from(snapshot.cpus);
        living.chain(dead).map(move |(process, comm, exited)| Row {
            pid: process.sample.id.pid,
            comm,
            cpu_usage: if all_cpus_ns > 0.0 {
                (process.cpu_ns as f64 / all_cpus_ns * 100.0) as f32
            } else {
                0.0
            },
            mem_bytes: process.sample.rss_bytes,
            cpu_ns: process.cpu_ns,
            run_delay_ns: process.run_delay_ns,
            voluntary_switches: process.voluntary_switches,
            involuntary_switches: process.involuntary_switches,
            cpu_total_ns: process.sample.counters.run_ns,
            start_ns: process.sample.id.start_ns,
            parent_pid: process.sample.ppid,
            uid: process.sample.uid,
            state: process.sample.state.letter(),
            threads: process.sample.threads,
            exited,
            rx_bytes: process.moved.rx_bytes,
            tx_bytes: process.moved.tx_bytes,
            rx_calls: process.moved.rx_calls,
            tx_calls: process.moved.tx_calls,
        })
    }

    /// What a list says besides its rows.
    #[must_use]
    pub fn heading(snapshot: &Snapshot) -> List {
        List {
            process_count: snapshot.living as u64,
            at_ns: snapshot.at.wall_ns,
            interval_ns: snapshot.interval_ns,
            cpus: snapshot.cpus,
            precision: snapshot.precision.as_str(),
            counts_sockets: snapshot.counts_traffic,
        }
    }

    fn group(&mut self, snapshot: &Snapshot) {
        let (living, dead) = snapshot.processes.split_at(snapshot.living);
        let kind = |process: &Process| (process.sample.ppid, process.sample.comm.0);
        self.dead.clear();
        self.dead.extend(0..dead.len() as u32);
        self.dead
            .sort_unstable_by_key(|&at| kind(&dead[at as usize]));
        self.groups.clear();
        let of_one_kind = self
            .dead
            .chunk_by(|&a, &b| kind(&dead[a as usize]) == kind(&dead[b as usize]));
        for members in of_one_kind {
            let members = members.iter().map(|&at| &dead[at as usize]);
            let alive = |pid: u32| {
                living
                    .binary_search_by_key(&pid, |one| one.sample.id.pid)
                    .is_ok()
            };
            let start = |one: &&Process| one.sample.id.start_ns;
            let Some(newest) = members.clone().max_by_key(start) else {
                continue;
            };
            let mut group = Group::of(newest, members.clone());
            // The row needs an id that is nobody's now; names and ids of the living are theirs.
            let gone = members.filter(|one| !alive(one.sample.id.pid));
            let free = PID_LIMIT + self.groups.len() as u32;
            group.sum.sample.id.pid = gone.max_by_key(start).map_or(free, |one| one.sample.id.pid);
            self.groups.push(group);
        }
        self.groups
            .sort_unstable_by_key(|group| std::cmp::Reverse(group.sum.cpu_ns));
        self.groups.truncate(GROUPS);
    }
}

impl Group {
    fn of<'a>(newest: &Process, members: impl Iterator<Item = &'a Process>) -> Self {
        let mut group = Self {
            count: 0,
            sum: Process {
                cpu_ns: 0,
                run_delay_ns: 0,
                voluntary_switches: 0,
                involuntary_switches: 0,
                moved: Flow::default(),
                ..*newest
            },
        };
        group.sum.sample.counters.run_ns = 0;
        group.sum.sample.rss_bytes = 0;
        group.sum.sample.threads = 0;
        for one in members {
            group.count += 1;
            group.sum.cpu_ns += one.cpu_ns;
            group.sum.run_delay_ns += one.run_delay_ns;
            group.sum.voluntary_switches += one.voluntary_switches;
            group.sum.involuntary_switches += one.involuntary_switches;
            group.sum.sample.counters.run_ns += one.sample.counters.run_ns;
            let (sum, moved) = (&mut group.sum.moved, one.moved);
            sum.rx_bytes += moved.rx_bytes;
            sum.tx_bytes += moved.tx_bytes;
            sum.rx_calls += moved.rx_calls;
            sum.tx_calls += moved.tx_calls;
        }
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::process::{Comm, Identity, ProcessSample};

    fn process(pid: u32, ppid: u32, comm: &[u8], cpu_ns: u64, exited: bool) -> Process {
        Process {
            sample: ProcessSample {
                id: Identity {
                    pid,
                    start_ns: u64::from(pid),
                },
                ppid,
                comm: Comm::from_bytes(comm),
                ..ProcessSample::default()
            },
            cpu_ns,
            exited,
            ..Process::default()
        }
    }

    #[test]
    fn short_lived_processes_are_one_row_a_kind() {
        let snapshot = Snapshot {
            interval_ns: 1000,
            cpus: 2,
            living: 2,
            processes: vec![
                process(1, 0, b"init", 500, false),
                process(30, 1, b"sh", 0, false),
                process(31, 30, b"true", 10, true),
                process(32, 30, b"false", 40, true),
                process(33, 30, b"true", 10, true),
                // Its id is init's again.
                process(1, 30, b"true", 10, true),
                // And here there is no other one of its kind.
                process(1, 30, b"used-again", 500, true),
            ],
            ..Snapshot::default()
        };
        let mut rows = Rows::default();
        let rows: Vec<_> = rows
            .of(&snapshot)
            .map(|row| (row.pid, row.comm, row.cpu_usage, row.exited))
            .collect();
        assert_eq!(
            rows,
            [
                (1, &b"init"[..], 25.0, 0),
                (30, b"sh", 0.0, 0),
                (PID_LIMIT + 2, b"used-again", 25.0, 1),
                (32, b"false", 2.0, 1),
                (33, b"true", 1.5, 3),
            ]
        );
    }
}
