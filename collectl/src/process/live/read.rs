//! What `/proc` says of one process.

use super::{
    super::{
        facts::{Stat, Status},
        files::Owner,
        filter, neutral,
        row::{CpuTime, Io, TICK_NS},
    },
    Books,
    slots::Note,
};

impl Note {
    /// What a total of it was before the interval: what was read then; nothing for one that was born in
    /// the interval; else nobody knows, so the interval is empty.
    fn base<T: Default>(&self, read: T, now: T) -> T {
        match (self.met, self.born) {
            (true, _) => read,
            (false, true) => T::default(),
            (false, false) => now,
        }
    }
}

impl Books {
    /// Looks at a process that did something: whether it is wanted, and what its files say.
    pub(super) fn look(&mut self, slot: usize) {
        if self.want.by_command {
            self.read_command(slot);
        }
        let row = &self.table.slots[slot];
        let note = &mut self.slots.notes[slot];
        note.selected = filter::selects(&self.want.filters, row, self.want.own);
        if !note.selected || row.exited {
            note.threads.clear();
            return;
        }
        let (pid, threads) = (row.pid, row.threads);
        if !self.want.by_command {
            self.read_command(slot);
        }
        if self.want.threads && (threads > 1 || self.slots.notes[slot].schedule.is_some()) {
            self.look_at_threads(slot, pid);
        } else {
            self.read(slot, Owner::Process(pid));
        }
    }

    fn read_command(&mut self, slot: usize) {
        let row = &mut self.table.slots[slot];
        if row.exited {
            return;
        }
        if let Ok(text) = self.files.read(Owner::Process(row.pid), "cmdline") {
            neutral::command(text, &mut row.command);
        }
    }

    /// Takes the files of a process or thread into a row. Its CPU time since it began in ticks; `None` if
    /// it is gone.
    pub(super) fn read(&mut self, slot: usize, owner: Owner) -> Option<CpuTime> {
        let row = &mut self.table.slots[slot];
        let note = &mut self.slots.notes[slot];
        let stat = Stat::parse(self.files.read(owner, "stat").ok()?)?;
        if note.met && note.start_ticks != stat.start_ticks {
            // Another one has the id meanwhile.
            return None;
        }
        note.start_ticks = stat.start_ticks;
        row.priority = Some(stat.priority);
        row.nice = stat.nice;
        row.cpu = Some(stat.cpu);
        if row.thread_of.is_some() {
            neutral::name(stat.name, &mut row.name);
            row.state = stat.state;
            row.start_ns = stat.start_ticks.saturating_mul(TICK_NS);
        } else {
            row.memory.size = stat.size_bytes / 1024;
            if !note.met {
                split_before(&mut row.total, note.before_ns, stat.time);
            }
        }
        // Threads share their process's children.
        if row.thread_of.is_none() {
            let old = note.base(row.total_children, stat.children);
            row.children = stat.children.since(old);
            row.total_children = stat.children;
        }
        row.faults = stat.faults.since(note.base(row.total_faults, stat.faults));
        row.total_faults = stat.faults;
        if self.want.records {
            row.stat.clear();
            row.stat
                .push_str(std::str::from_utf8(stat.rest).unwrap_or(""));
        }
        let time = stat.time;
        if self.want.io
            && let Ok(text) = self.files.read(owner, "io")
        {
            let io = Io::parse(text);
            let old = note.base(row.total_io.unwrap_or(io), io);
            row.io = Some(io.since(old));
            row.total_io = Some(io);
        }
        // Of threads, only this file has the context switches.
        let by_thread = matches!(owner, Owner::Thread(..));
        if (self.want.status || by_thread)
            && let Ok(text) = self.files.read(owner, "status")
        {
            let status = Status::parse(text);
            let now = status.switches;
            if by_thread {
                row.switches = now.since(note.base(row.total_switches, now));
                row.total_switches = now;
            } else if !note.met && !note.born {
                row.total_switches = now;
            }
            if self.want.status && row.thread_of.is_none() {
                note.more_kb = status.memory.resident as i64 - note.estimate_kb as i64;
                row.memory = status.memory;
                row.memory.resident = note.resident();
            }
        }
        note.met = true;
        Some(time)
    }
}

/// Splits CPU time from before the first interval as the kernel's ticks are; it was all user time.
fn split_before(total: &mut CpuTime, before_ns: u64, ticks: CpuTime) {
    let system_ns = system_share(before_ns, ticks);
    total.user_ns = total.user_ns.saturating_sub(system_ns);
    total.system_ns = total.system_ns.saturating_add(system_ns);
}

/// How much of a time was spent in kernel mode, if its parts are as those of `ticks`.
pub fn system_share(ns: u64, ticks: CpuTime) -> u64 {
    let all = u128::from(ticks.user_ns) + u128::from(ticks.system_ns);
    let system = u128::from(ns) * u128::from(ticks.system_ns);
    // It is at most `ns`, so it fits.
    system.checked_div(all).map_or(0, |system| system as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn time_is_split_as_ticks_are() {
        assert_eq!(system_share(1000, CpuTime::of_ticks(3, 1)), 250);
        assert_eq!(system_share(1000, CpuTime::default()), 0);
    }

    proptest! {
        #[test]
        fn a_share_is_never_more_than_all(ns: u64, user_ns: u64, system_ns: u64) {
            let share = system_share(ns, CpuTime { user_ns, system_ns });
            prop_assert!(share <= ns);
        }
    }
}
