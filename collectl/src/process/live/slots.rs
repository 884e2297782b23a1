//! Who has which row, and which of them need a look at `/proc`.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    super::{
        Exact, Table, neutral,
        row::{CpuTime, Faults, Io, Row, Switches},
    },
    Books,
};

/// Stands for the start of threads, whose ids alone tell them apart while they live.
const THREAD: u64 = u64::MAX;

/// What is kept of a row besides what it shows.
#[derive(Debug, Default)]
pub struct Note {
    /// When it was last seen; 0 is a row that nobody uses.
    pub pass: u64,
    /// Whether it is in the table.
    pub selected: bool,
    /// Whether its files have been read.
    pub met: bool,
    /// Whether all its life lies in the interval.
    pub born: bool,
    /// Its name as the source has it.
    pub name: Vec<u8>,
    /// CPU time from before its first interval, ns: in its total as user time until a file says better.
    pub before_ns: u64,
    /// When it began, as its file has it.
    pub start_ticks: u64,
    /// Resident memory as the source has it, KB.
    pub estimate_kb: u64,
    /// What `VmRSS` was more when it was read: the kernel sums up the one but only estimates the other.
    pub more_kb: i64,
    /// Rows of its threads.
    pub threads: Vec<u32>,
    /// Of a thread, the main one of a process included: time on a CPU and waiting since it began, ns.
    pub schedule: Option<(CpuTime, u64)>,
}

/// Who has which row.
#[derive(Debug, Default)]
pub struct Slots {
    /// By slot, as the rows of the table.
    pub notes: Vec<Note>,
    /// Those that need a look at `/proc`.
    pub stirred: Vec<u32>,
    /// The number of the sample, from 1.
    pub pass: u64,
    by_id: HashMap<(u32, u64), u32>,
    free: Vec<u32>,
}

impl Note {
    /// Resident memory, KB.
    pub fn resident(&self) -> u64 {
        match self.estimate_kb {
            0 => 0,
            kb => kb.saturating_add_signed(self.more_kb),
        }
    }
}

/// A number that no row had before.
pub fn version() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Slots {
    /// Before the rows of a sample.
    pub fn begin(&mut self) {
        self.pass += 1;
        self.stirred.clear();
    }

    /// The row of a process.
    pub fn of_process(&self, pid: u32, start_ns: u64) -> Option<usize> {
        self.by_id.get(&(pid, start_ns)).map(|&slot| slot as usize)
    }

    /// The row of a thread.
    pub fn of_thread(&self, tid: u32) -> Option<usize> {
        self.of_process(tid, THREAD)
    }

    /// A new row; of a thread without a start.
    pub fn place(&mut self, table: &mut Table, pid: u32, start_ns: Option<u64>) -> usize {
        let slot = self
            .free
            .pop()
            .map_or(table.slots.len(), |slot| slot as usize);
        let row = Row {
            slot,
            start_ns: start_ns.unwrap_or(0),
            ..Row::new(pid)
        };
        if slot == table.slots.len() {
            table.slots.push(row);
            self.notes.push(Note::default());
        } else {
            table.slots[slot] = row;
            self.notes[slot] = Note::default();
        }
        self.by_id
            .insert((pid, start_ns.unwrap_or(THREAD)), slot as u32);
        slot
    }

    /// Gives back the rows of all that were not seen.
    pub fn sweep(&mut self, table: &Table) {
        for (slot, note) in self.notes.iter_mut().enumerate() {
            if note.pass == 0 || note.pass == self.pass {
                continue;
            }
            note.pass = 0;
            let row = &table.slots[slot];
            let start = row.thread_of.map_or(row.start_ns, |_| THREAD);
            if self.by_id.get(&(row.pid, start)) == Some(&(slot as u32)) {
                self.by_id.remove(&(row.pid, start));
            }
            self.free.push(slot as u32);
        }
    }
}

impl Books {
    /// Takes what the source says of one process.
    pub(super) fn note(&mut self, exact: &Exact<'_>) {
        let known = self.slots.of_process(exact.pid, exact.start_ns);
        let new = known.is_none();
        if new && self.want.fixed && self.slots.pass > 1 {
            return;
        }
        let slot = known.unwrap_or_else(|| {
            let start = Some(exact.start_ns);
            self.slots.place(&mut self.table, exact.pid, start)
        });
        let pass = self.slots.pass;
        let row = &mut self.table.slots[slot];
        let note = &mut self.slots.notes[slot];
        if note.pass != pass {
            note.pass = pass;
            self.table.all.push(slot as u32);
        } else if !exact.exited {
            return;
        }
        let ran = exact.user_ns > 0
            || exact.system_ns > 0
            || exact.voluntary_switches > 0
            || exact.involuntary_switches > 0;
        let stirs = ran
            || exact.exited
            || exact.run_delay_ns > 0
            || exact.network.is_some_and(|bytes| bytes != (0, 0));
        let renamed = new || note.name != exact.name;
        let regrouped = new || row.ppid != exact.ppid || row.uid != exact.uid;
        let same = !stirs
            && !renamed
            && !regrouped
            && !row.is_active()
            && row.threads == exact.threads
            && row.network == exact.network
            && row.state == shown(exact)
            && note.estimate_kb == exact.rss_bytes / 1024;
        note.born = false;
        if same {
            self.rest(slot);
            return;
        }
        row.version = version();
        if new || row.uid != exact.uid {
            row.user = self.users.name(exact.uid);
        }
        if renamed {
            note.name.clear();
            note.name.extend_from_slice(exact.name);
            neutral::name(exact.name, &mut row.name);
        }
        row.ppid = exact.ppid;
        row.uid = exact.uid;
        row.threads = exact.threads;
        row.state = shown(exact);
        row.exited = exact.exited;
        note.estimate_kb = exact.rss_bytes / 1024;
        row.memory.resident = note.resident();
        row.network = exact.network;
        row.faults = Faults::default();
        row.children = CpuTime::default();
        row.io = row.io.map(|_| Io::default());
        if note.schedule.is_some() && !exact.exited {
            // The row is the main thread's, whose numbers are in its files.
            row.time = CpuTime::default();
            row.switches = Switches::default();
            row.run_delay_ns = Some(0);
        } else {
            count(row, exact);
            let missing = exact.total_ns.saturating_sub(row.total.sum_ns());
            row.total.user_ns = row.total.user_ns.saturating_add(missing);
            if new {
                note.before_ns = missing;
                note.born = pass > 1 && missing == 0;
            }
        }
        if renamed || regrouped || ran || exact.exited {
            self.slots.stirred.push(slot as u32);
        } else {
            self.rest(slot);
        }
    }

    /// The threads of a process that did not run did not either.
    fn rest(&mut self, slot: usize) {
        let threads = std::mem::take(&mut self.slots.notes[slot].threads);
        let resident = self.table.slots[slot].memory.resident;
        for &thread in &threads {
            let row = &mut self.table.slots[thread as usize];
            self.slots.notes[thread as usize].pass = self.slots.pass;
            self.table.all.push(thread);
            if row.is_active() || row.memory.resident != resident {
                row.version = version();
                row.memory.resident = resident;
                row.time = CpuTime::default();
                row.switches = Switches::default();
                row.run_delay_ns = Some(0);
                row.faults = Faults::default();
                row.io = row.io.map(|_| Io::default());
            }
        }
        self.slots.notes[slot].threads = threads;
    }

    /// Gives the row of a thread what it shares with its process.
    pub(super) fn share(&mut self, process: usize, thread: usize) {
        let of = &self.table.slots[process];
        let (pid, ppid, uid, threads) = (of.pid, of.ppid, of.uid, of.threads);
        let (user, memory) = (Arc::clone(&of.user), of.memory);
        let row = &mut self.table.slots[thread];
        row.thread_of = Some(pid);
        row.ppid = ppid;
        row.uid = uid;
        row.user = user;
        row.threads = threads;
        row.memory = memory;
        row.version = version();
    }
}

/// Adds the interval to a row.
fn count(row: &mut Row, exact: &Exact<'_>) {
    row.time = CpuTime {
        user_ns: exact.user_ns,
        system_ns: exact.system_ns,
    };
    row.total = row.total.plus(row.time);
    row.run_delay_ns = Some(exact.run_delay_ns);
    row.switches = Switches {
        voluntary: exact.voluntary_switches,
        involuntary: exact.involuntary_switches,
    };
    let total = &mut row.total_switches;
    total.voluntary = total.voluntary.saturating_add(exact.voluntary_switches);
    total.involuntary = total.involuntary.saturating_add(exact.involuntary_switches);
}

/// The state as a visible letter.
fn shown(exact: &Exact<'_>) -> char {
    match exact.state {
        _ if exact.exited => 'X',
        letter if letter.is_ascii_graphic() => letter,
        _ => '?',
    }
}
