//! Rows from lines of raw files: those of collectl and ours.

use std::{collections::HashMap, path::Path};

use super::{
    super::{
        Table,
        facts::{Stat, Status},
        filter,
        live::version,
        neutral,
        row::{Faults, Io, Memory, Row, Switches, TICK_NS},
        users::Users,
    },
    lines::{Exact, Sample},
};
use crate::{
    options::{Filter, ProcessOptions},
    record::Time,
};

/// What names a process or thread for good: its id, whether it is a thread, its start.
type Id = (u32, bool, u64);

/// Plays processes of recordings back. There is one for each file.
#[derive(Debug)]
pub struct Replay {
    filters: Vec<Filter>,
    active: bool,
    states: String,
    users: Users,
    table: Table,
    found: Vec<Found>,
    before: HashMap<Id, Row>,
    /// When the record before was taken; `None` before the first.
    last_ns: Option<u64>,
}

/// What lines say of a process.
#[derive(Debug)]
struct Found {
    row: Row,
    thread: bool,
    status: Status,
    exact: Option<Exact>,
}

impl Replay {
    /// Names of users come from `etc/passwd` below `root`; `boot_wall_ns` is from the file's header, 0 if
    /// unknown.
    #[must_use]
    pub fn new(options: &ProcessOptions, root: &Path, boot_wall_ns: u64) -> Self {
        Self {
            filters: options.filters.clone(),
            active: options.active,
            states: options.states.clone(),
            users: Users::of(root.join("etc/passwd")),
            table: Table {
                boot_wall_ns,
                ..Table::default()
            },
            found: Vec::new(),
            before: HashMap::new(),
            last_ns: None,
        }
    }

    /// The processes of the next record; `None` if it has none. The first has only totals: its interval
    /// is of length 0.
    pub fn take(&mut self, time: Time, text: &str) -> Option<&Table> {
        let sample = self.find(text);
        if sample.is_none() && self.found.is_empty() {
            return None;
        }
        let first = self.last_ns.is_none();
        let last_ns = self.last_ns.replace(time.steady_ns);
        let interval_ns = last_ns.map_or(0, |last| time.steady_ns.saturating_sub(last));
        let table = &mut self.table;
        table.wall_ns = time.wall_ns;
        table.interval_ns = match sample {
            Some(sample) if !first && sample.interval_ns > 0 => sample.interval_ns,
            _ => interval_ns,
        };
        table.exact = sample.is_some_and(|sample| sample.exact);
        table.unlisted = sample.map_or(0, |sample| sample.unlisted);
        let newest_ns = self.before.values().map(|row| row.start_ns).max();
        table.slots.clear();
        for found in self.found.drain(..) {
            let id = (found.row.pid, found.thread, found.row.start_ns);
            // One that was not there before is new if it began after all that were.
            let old = match self.before.get(&id) {
                _ if first => Old::Unknown,
                Some(row) => Old::Row(row),
                None if newest_ns.is_none_or(|newest| id.2 >= newest) => Old::Nothing,
                None => Old::Unknown,
            };
            let mut row = found.into_row(old, first, sample);
            row.user = self.users.name(row.uid);
            row.slot = table.slots.len();
            row.version = version();
            table.slots.push(row);
        }
        self.before.clear();
        for row in table.slots.iter().filter(|row| !row.exited) {
            let id = (row.pid, row.thread_of.is_some(), row.start_ns);
            self.before.insert(id, row.clone());
        }
        self.select();
        Some(&self.table)
    }

    fn select(&mut self) {
        let Self { table, filters, .. } = self;
        let by_pid = |pid| table.slots.iter().find(|row| row.pid == pid);
        let wanted = |row: &&Row| {
            // Threads come with their process.
            let process = row.thread_of.filter(|_| !filters.is_empty());
            filter::selects(filters, process.and_then(by_pid).unwrap_or(row), 0)
        };
        let slots = table.slots.iter().filter(wanted);
        let mut all: Vec<_> = slots.map(|row| row.slot as u32).collect();
        all.sort_by_key(|&slot| {
            let row = &table.slots[slot as usize];
            (row.pid, row.start_ns)
        });
        table.all = all;
        table.show(&self.states, self.active);
    }

    /// Collects what the record says of processes, and what we have written about it ourselves.
    fn find(&mut self, text: &str) -> Option<Sample> {
        self.found.clear();
        let mut sample = None;
        for line in text.lines() {
            if let Some(words) = line.strip_prefix("subjiffy ") {
                sample = Some(Sample::parse(words));
            } else if let Some((thread, pid, fact)) = of_process(line) {
                self.fact(thread, pid, fact);
            }
        }
        sample
    }

    fn fact(&mut self, thread: bool, pid: u32, fact: &str) {
        if let Some(stat) = fact.strip_prefix("stat ") {
            if let Some(stat) = Stat::parse(stat.as_bytes()) {
                self.found.push(Found::new(thread, pid, &stat));
            }
            return;
        }
        // Without its first line nothing is known of a process.
        let found = self.found.last_mut();
        let Some(found) = found.filter(|found| (found.thread, found.row.pid) == (thread, pid))
        else {
            return;
        };
        if let Some(io) = fact.strip_prefix("io ") {
            let total = found.row.total_io.get_or_insert_default();
            total.line(io.as_bytes());
        } else if let Some(command) = fact.strip_prefix("cmd ") {
            neutral::command(command.as_bytes(), &mut found.row.command);
        } else if let Some(words) = fact.strip_prefix("subjiffy ") {
            found.exact = Some(Exact::parse(words));
        } else {
            found.status.line(fact.as_bytes());
        }
    }
}

/// Parts `proc:PID FACT` and `procT:TID FACT`.
fn of_process(line: &str) -> Option<(bool, u32, &str)> {
    let rest = line.strip_prefix("proc")?;
    let (thread, rest) = match rest.strip_prefix("T:") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix(':')?),
    };
    let (pid, fact) = rest.split_once(' ')?;
    Some((thread, pid.parse().ok()?, fact))
}

/// What a process was in the record before.
#[derive(Clone, Copy)]
enum Old<'a> {
    /// That.
    Row(&'a Row),
    /// It was not yet there.
    Nothing,
    /// Nobody knows: its interval is empty.
    Unknown,
}

impl Old<'_> {
    fn base<T: Default>(self, of: impl FnOnce(&Row) -> T, now: T) -> T {
        match self {
            Self::Row(row) => of(row),
            Self::Nothing => T::default(),
            Self::Unknown => now,
        }
    }
}

impl Found {
    fn new(thread: bool, pid: u32, stat: &Stat<'_>) -> Self {
        let mut row = Row::new(pid);
        neutral::name(stat.name, &mut row.name);
        row.state = stat.state;
        row.ppid = stat.ppid;
        row.priority = Some(stat.priority);
        row.nice = stat.nice;
        row.threads = stat.threads;
        row.cpu = Some(stat.cpu);
        row.start_ns = stat.start_ticks.saturating_mul(TICK_NS);
        row.memory.size = stat.size_bytes / 1024;
        row.total = stat.time;
        row.total_children = stat.children;
        row.total_faults = stat.faults;
        Self {
            row,
            thread,
            status: Status::default(),
            exact: None,
        }
    }

    /// The row, with the interval since it was `old`.
    fn into_row(self, old: Old<'_>, first: bool, sample: Option<Sample>) -> Row {
        let Self {
            mut row, status, ..
        } = self;
        row.thread_of = self.thread.then(|| status.process.unwrap_or(row.ppid));
        row.uid = status.uid.unwrap_or(0);
        if status.memory != Memory::default() {
            row.memory = status.memory;
        }
        row.total_switches = status.switches;
        row.exited = sample.is_some() && row.state == 'X';
        row.run_delay_ns = sample.map(|_| 0);
        row.network = sample.filter(|sample| sample.network).map(|_| (0, 0));
        if let Some(exact) = self.exact {
            row.total = exact.total;
            if exact.unmet {
                row.priority = None;
                row.cpu = None;
            }
            if let Some(did) = exact.did.filter(|_| !first) {
                row.time = did.time;
                row.run_delay_ns = did.run_delay_ns;
                row.network = did.network;
            }
        } else {
            row.time = row.total.since(old.base(|row| row.total, row.total));
        }
        let children = old.base(|row| row.total_children, row.total_children);
        row.children = row.total_children.since(children);
        let switches: Switches = old.base(|row| row.total_switches, row.total_switches);
        row.switches = row.total_switches.since(switches);
        let faults: Faults = old.base(|row| row.total_faults, row.total_faults);
        row.faults = row.total_faults.since(faults);
        row.io = row.total_io.map(|io| {
            let before: Io = old.base(|row| row.total_io.unwrap_or(io), io);
            io.since(before)
        });
        row
    }
}
