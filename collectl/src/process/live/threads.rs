//! Threads of processes, each a row.

use super::{
    super::{facts, files::Owner, row::CpuTime},
    Books,
    read::system_share,
};

impl Books {
    /// Reads a process thread by thread. As in collectl, its own row is its main thread then.
    pub(super) fn look_at_threads(&mut self, slot: usize, pid: u32) {
        let row = &self.table.slots[slot];
        let note = &mut self.slots.notes[slot];
        // Threads that are met later than their process were born meanwhile.
        let born = note.born || note.met;
        let base = match note.schedule {
            None if note.born => Some((CpuTime::default(), 0)),
            None if note.met => {
                // It had one thread, whose numbers were those of the process. Its files were other ones.
                note.met = false;
                Some((row.total.since(row.time), 0))
            }
            known => known,
        };
        let owner = Owner::Thread(pid, pid);
        if let Some(ticks) = self.read(slot, owner) {
            self.schedule(slot, owner, ticks, base);
        }
        let mut tids = std::mem::take(&mut self.tids);
        // A process that is gone has no threads.
        if self.files.threads(pid, &mut tids).is_err() {
            tids.clear();
        }
        let mut kept = std::mem::take(&mut self.slots.notes[slot].threads);
        kept.clear();
        for &tid in tids.iter().filter(|&&tid| tid != pid) {
            kept.extend(self.look_at_thread(slot, pid, tid, born));
        }
        self.slots.notes[slot].threads = kept;
        self.tids = tids;
    }

    /// The row of a thread, if it is still there.
    fn look_at_thread(&mut self, process: usize, pid: u32, tid: u32, born: bool) -> Option<u32> {
        let known = self.slots.of_thread(tid);
        let known = known.filter(|&slot| self.table.slots[slot].thread_of == Some(pid));
        let slot = known.unwrap_or_else(|| {
            let slot = self.slots.place(&mut self.table, tid, None);
            self.slots.notes[slot].born = born;
            slot
        });
        self.share(process, slot);
        let note = &mut self.slots.notes[slot];
        note.pass = self.slots.pass;
        let base = match note.schedule {
            None if note.born => Some((CpuTime::default(), 0)),
            known => known,
        };
        let owner = Owner::Thread(pid, tid);
        let ticks = self.read(slot, owner)?;
        self.schedule(slot, owner, ticks, base);
        self.slots.notes[slot].selected = true;
        self.table.all.push(slot as u32);
        Some(slot as u32)
    }

    /// Takes the CPU time of a thread, exactly, into its row. Without a base the interval is empty.
    fn schedule(
        &mut self,
        slot: usize,
        owner: Owner,
        ticks: CpuTime,
        base: Option<(CpuTime, u64)>,
    ) {
        let read = self.files.read(owner, "schedstat").ok();
        // Kernels without it have ticks still.
        let (run_ns, delay_ns) = read
            .and_then(facts::schedule)
            .unwrap_or((ticks.sum_ns(), 0));
        let now = split(
            run_ns,
            ticks,
            base.map_or(CpuTime::default(), |base| base.0),
        );
        let (old, old_delay_ns) = base.unwrap_or((now, delay_ns));
        let row = &mut self.table.slots[slot];
        row.time = now.since(old);
        row.total = now;
        row.run_delay_ns = Some(delay_ns.saturating_sub(old_delay_ns));
        self.slots.notes[slot].schedule = Some((now, delay_ns));
    }
}

/// Parts a time as ticks are parted, so that no part is smaller than it was.
fn split(run_ns: u64, ticks: CpuTime, old: CpuTime) -> CpuTime {
    let share = system_share(run_ns, ticks);
    let system_ns = match run_ns.checked_sub(old.user_ns) {
        Some(most) if most >= old.system_ns => share.clamp(old.system_ns, most),
        _ => share,
    };
    CpuTime {
        user_ns: run_ns - system_ns,
        system_ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_make_the_whole_and_never_shrink(
            old_ns in 0..1_u64 << 60, more_ns in 0..1_u64 << 60, user: u32, system: u32,
            later_user: u32, later_system: u32,
        ) {
            let ticks = CpuTime::of_ticks(user.into(), system.into());
            let old = split(old_ns, ticks, CpuTime::default());
            prop_assert_eq!(old.sum_ns(), old_ns);
            let ticks = CpuTime::of_ticks(later_user.into(), later_system.into());
            let now = split(old_ns + more_ns, ticks, old);
            prop_assert_eq!(now.sum_ns(), old_ns + more_ns);
            prop_assert_eq!(now.since(old).sum_ns(), more_ns);
        }
    }
}
