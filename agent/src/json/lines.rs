//! Snapshots that follow each other as lines: the row of a process of which nothing has changed is
//! copied.

use super::{ALL, Choice, write_row, write_with};
use crate::{
    collect::sample::{Known, Name, Precision},
    model::{Process, Snapshot, Sockets},
};

/// Writes lines, keeping what the next one may need.
#[derive(Debug, Default)]
pub struct Lines {
    precision: Precision,
    counts_traffic: bool,
    known: Known,
    /// Of the live processes, in their order.
    rows: Vec<Row>,
    line: Vec<u8>,
}

/// A row as it was written last.
#[derive(Debug, Default)]
struct Row {
    process: Process,
    long_name: Option<Box<Name>>,
    sockets: Option<Box<Sockets>>,
    /// With a comma; empty if it was not written yet.
    text: Vec<u8>,
}

impl Lines {
    /// All of a snapshot as one line, as [`write`](super::write) has it.
    pub fn next(&mut self, snapshot: &Snapshot) -> &[u8] {
        let living = snapshot.living.min(snapshot.processes.len());
        let (living, dead) = snapshot.processes.split_at(living);
        let told = (snapshot.precision, snapshot.counts_traffic, snapshot.known);
        if (self.precision, self.counts_traffic, self.known) != told {
            (self.precision, self.counts_traffic, self.known) = told;
            self.rows.clear();
        }
        self.align(living);
        let rows = &mut self.rows;
        self.line.clear();
        write_with(&mut self.line, snapshot, &Choice::default(), |out| {
            for (row, process) in rows.iter_mut().zip(living) {
                row.update(snapshot, process);
                out.extend_from_slice(&row.text);
            }
            for process in dead {
                write_row(out, snapshot, process, &ALL);
            }
        });
        self.line.push(b'\n');
        &self.line
    }

    /// Makes the rows those of `living`, both in the order of their identities.
    fn align(&mut self, living: &[Process]) {
        let ids = self.rows.iter().map(|row| row.process.sample.id);
        if ids.eq(living.iter().map(|one| one.sample.id)) {
            return;
        }
        let mut old = std::mem::take(&mut self.rows).into_iter().peekable();
        self.rows.extend(living.iter().map(|process| {
            let id = process.sample.id;
            while old.next_if(|row| row.process.sample.id < id).is_some() {}
            let known = old.next_if(|row| row.process.sample.id == id);
            known.unwrap_or_else(|| Row {
                process: *process,
                ..Row::default()
            })
        }));
    }
}

impl Row {
    fn update(&mut self, snapshot: &Snapshot, process: &Process) {
        let long_name = snapshot.long_name(process);
        let sockets = snapshot.traffic(process);
        let known = !self.text.is_empty()
            && self.process == *process
            && self.long_name.as_deref() == long_name
            && self.sockets.as_deref() == sockets;
        if !known {
            self.process = *process;
            self.long_name = long_name.copied().map(Box::new);
            self.sockets = sockets.copied().map(Box::new);
            self.text.clear();
            write_row(&mut self.text, snapshot, process, &ALL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::write;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lines_are_those_that_are_written_one_by_one(
            changes in prop::collection::vec((0_u32..9, 0_u64..3, 0_u16..3, any::<bool>()), 1..60)
        ) {
            let (mut lines, mut snapshot) = (Lines::default(), Snapshot::default());
            for (pid, cpu_ns, name, exact) in changes {
                snapshot.seq += 1;
                snapshot.precision = if exact { Precision::Scheduler } else { Precision::Jiffy };
                snapshot.names = vec![Name::shortened(b"long"), Name::shortened(&[b'a' + pid as u8])];
                let all = &mut snapshot.processes;
                let place = all.partition_point(|one| one.sample.id.pid < pid);
                let known = all.get(place).is_some_and(|one| one.sample.id.pid == pid);
                let mut process = Process { cpu_ns, ..Process::default() };
                process.sample.id.pid = pid;
                process.sample.name = name;
                // The same place and the same sum may stand for other sockets.
                process.sample.traffic = u32::from(name);
                snapshot.traffic.resize(2, Sockets::default());
                snapshot.traffic[1].change.tcp.rx_bytes = cpu_ns;
                snapshot.counts_traffic = pid != 3;
                match (known, cpu_ns) {
                    (true, 0) => drop(all.remove(place)),
                    (true, _) => all[place] = process,
                    (false, _) => all.insert(place, process),
                }
                snapshot.living = all.len() - usize::from(all.len() > 4);
                let mut line = Vec::new();
                write(&mut line, &snapshot);
                prop_assert_eq!(lines.next(&snapshot), line);
            }
        }
    }
}
