//! The process list as socktop shows it.

use subjiffy_proto::socktop::Row;

use crate::{
    collect::process::Comm,
    model::{Process, Snapshot},
};

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
    pid: u32,
    comm: Comm,
    cpu_ns: u64,
}

impl Rows {
    /// Every live process, then those that died in the interval: all that one parent started under
    /// one name are one row, so that a loop of short commands is seen as what it costs.
    pub fn of<'a>(&'a mut self, snapshot: &'a Snapshot) -> impl Iterator<Item = Row<'a>> {
        self.group(snapshot);
        let all_cpus_ns = snapshot.interval_ns as f64 * f64::from(snapshot.cpus);
        let percent = move |cpu_ns: u64| {
            if all_cpus_ns > 0.0 {
                (cpu_ns as f64 / all_cpus_ns * 100.0) as f32
            } else {
                0.0
            }
        };
        let living = snapshot.processes[..snapshot.living]
            .iter()
            .map(move |process| Row {
                pid: process.sample.id.pid,
                comm: snapshot.name(process),
                cpu_usage: percent(process.cpu_ns),
                mem_bytes: process.sample.rss_bytes,
            });
        let dead = self.groups.iter().map(move |group| Row {
            pid: group.pid,
            comm: group.comm.as_bytes(),
            cpu_usage: percent(group.cpu_ns),
            mem_bytes: 0,
        });
        living.chain(dead)
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
            // The row needs an id that is nobody's now; names and ids of the living are theirs.
            let newest = members
                .clone()
                .filter(|one| !alive(one.sample.id.pid))
                .max_by_key(|one| one.sample.id.start_ns);
            let Some(newest) = newest else { continue };
            self.groups.push(Group {
                pid: newest.sample.id.pid,
                comm: newest.sample.comm,
                cpu_ns: members.map(|one| one.cpu_ns).sum(),
            });
        }
        self.groups
            .sort_unstable_by_key(|group| std::cmp::Reverse(group.cpu_ns));
        self.groups.truncate(GROUPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::process::{Identity, ProcessSample};

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
            ],
            ..Snapshot::default()
        };
        let mut rows = Rows::default();
        let rows: Vec<_> = rows
            .of(&snapshot)
            .map(|row| (row.pid, row.comm, row.cpu_usage))
            .collect();
        assert_eq!(
            rows,
            [
                (1, &b"init"[..], 25.0),
                (30, b"sh", 0.0),
                (32, b"false", 2.0),
                (33, b"true", 1.5),
            ]
        );
    }
}
