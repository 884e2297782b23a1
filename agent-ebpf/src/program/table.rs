//! The slots, the directory that leads to them and the marks of who ran.

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_NO_WAKEUP},
    macros::map,
    maps::{Array, Queue, RingBuf},
};
use subjiffy_common::{
    directory::{
        CHUNK_SLOTS, ENTRIES, Entry, MARKS as MARKS_PER_GROUP, MarkGroup, entry_of, position_of,
        slot_in_chunk,
    },
    sched::{Cpu, GRAVES_BYTES, Slot, life},
};

use core::intrinsics::{AtomicOrdering, atomic_xadd};

use crate::{
    task::{TASK_DEAD, Task},
    traffic,
};

// The loader sets the sizes for the host's `pid_max` and number of threads.
#[map]
static DIRECTORY: Array<Entry> = Array::with_max_entries(ENTRIES, BPF_F_MMAPABLE);

#[map]
static SLOTS: Array<Slot> = Array::with_max_entries(CHUNK_SLOTS, BPF_F_MMAPABLE);

#[map]
static MARKS: Array<MarkGroup> = Array::with_max_entries(1, BPF_F_MMAPABLE);

#[map]
static FREE_CHUNKS: Queue<u32> = Queue::with_max_entries(1, 0);

/// Final numbers whose slot went to another thread before they were read.
#[map]
static GRAVES: RingBuf = RingBuf::with_byte_size(GRAVES_BYTES, 0);

/// A slot and the chunk it lies in.
pub struct Place<'a> {
    pub slot: &'a mut Slot,
    chunk: u32,
}

impl Place<'_> {
    /// Says that the chunk has news.
    #[inline(always)]
    pub fn mark(&self) {
        mark(&MARKS, self.chunk);
    }

    /// Runs `write` so that a concurrent reader notices.
    #[inline(always)]
    pub fn update(&mut self, write: impl FnOnce(&mut Slot)) {
        let sequence = self.slot.sequence.wrapping_add(1) | 1;
        store(&mut self.slot.sequence, sequence);
        write(self.slot);
        // Since Linux 7.0 the hooks of fork, exec and rename can be preempted, and the switch hook
        // then writes the same slot: the number must not go back behind what it left.
        // SAFETY: a valid reference.
        let now = unsafe { core::ptr::read_volatile(&self.slot.sequence) };
        store(&mut self.slot.sequence, (now | 1).wrapping_add(1));
        self.mark();
    }

    /// Gives the slot to a task, whoever had it. Final numbers that were never read are put aside.
    #[inline(always)]
    pub fn claim(&mut self, task: Task, cpu: &mut Cpu) {
        if self.slot.state & life::MASK != life::FREE && self.slot.consumed != self.slot.start_ns {
            self.update(|slot| slot.state = life::DEAD);
            bury(self.slot, cpu);
        }
        if task.tid() == task.tgid() {
            traffic::clear(index(self.chunk, task.tid()));
        }
        let state = task.state();
        // The census also finds tasks that have died but were not asked for yet.
        let life = if state & TASK_DEAD != 0 {
            life::DEAD
        } else {
            life::LIVE
        };
        self.update(|slot| {
            slot.state = life | (state & 0xffff) << life::TASK_STATE_SHIFT;
            slot.tid = task.tid();
            slot.tgid = task.tgid();
            slot.start_ns = task.start_ns();
            slot.exchanged_start_ns = 0;
            slot.exit_code = 0;
            task.counters_into(slot);
            task.metadata_into(slot);
        });
    }
}

/// Says that a chunk has news. Reads first: mostly the byte is set already, and a line that nobody
/// writes stays in every CPU's cache. (The reader looks at a marked chunk once more in its next
/// sample, so a mark cleared between our two steps costs nothing.)
#[inline(always)]
pub fn mark(marks: &Array<MarkGroup>, chunk: u32) {
    if let Some(group) = marks.get_ptr_mut(chunk / MARKS_PER_GROUP) {
        // SAFETY: a pointer into the map's element; bytes may be stored from any CPU.
        unsafe {
            let byte = group.cast::<u8>().add((chunk % MARKS_PER_GROUP) as usize);
            if byte.read_volatile() == 0 {
                byte.write_volatile(1);
            }
        }
    }
}

/// Keeps the final numbers of a slot. If the reader is so far behind that there is no room, the
/// CPU time goes to the account of unlisted exits.
#[inline(always)]
fn bury(slot: &Slot, cpu: &mut Cpu) {
    // The ring aligns its records to eight bytes only.
    // SAFETY: a slot is sixteen words.
    let words = unsafe { &*core::ptr::from_ref(slot).cast::<[u64; size_of::<Slot>() / 8]>() };
    if GRAVES
        .output::<[u64; size_of::<Slot>() / 8]>(words, u64::from(BPF_RB_NO_WAKEUP))
        .is_ok()
    {
        return;
    }
    count(&mut cpu.overwritten_slots, 1);
    count(&mut cpu.unlisted_exit_ns, slot.run_ns);
    if slot.tid == slot.tgid {
        count(&mut cpu.unlisted_exits, 1);
    }
}

/// The compiler must neither drop nor move these stores: they are what a reader watches.
#[inline(always)]
fn store(to: &mut u32, value: u32) {
    // SAFETY: a valid reference.
    unsafe { core::ptr::write_volatile(to, value) };
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}

/// Adds in one step: since Linux 7.0 the switch hook can come in between the steps of the others.
#[inline(always)]
pub fn count(to: &mut u64, more: u64) {
    // SAFETY: a valid reference.
    unsafe { atomic_xadd::<u64, u64, { AtomicOrdering::Relaxed }>(to, more) };
}

/// The index of a thread id's slot and its chunk, if that is there.
#[inline(always)]
pub fn index_of(tid: u32) -> Option<(u32, u32)> {
    let entry = DIRECTORY.get_ptr(entry_of(tid))?;
    // SAFETY: `position_of` is below the entry's length, which the verifier checks again.
    let number = unsafe { entry.cast::<u32>().add(position_of(tid)).read_volatile() };
    let chunk = number.checked_sub(1)?;
    Some((index(chunk, tid), chunk))
}

/// Index of a thread id's slot in its chunk.
#[inline(always)]
fn index(chunk: u32, tid: u32) -> u32 {
    chunk
        .wrapping_mul(CHUNK_SLOTS)
        .wrapping_add(slot_in_chunk(tid))
}

/// When the thread that has a slot began, ns since boot; 0 if it is another thread's.
#[inline(always)]
pub fn start_of(index: u32, tid: u32) -> u64 {
    let slot = SLOTS.get_ptr(index);
    // SAFETY: a pointer into the map; both fields are written before the thread can run.
    let slot = slot.map(|slot| unsafe { (&raw const (*slot).tid, &raw const (*slot).start_ns) });
    match slot {
        // SAFETY: as above.
        Some((of, start_ns)) if unsafe { of.read_volatile() } == tid => unsafe {
            start_ns.read_volatile()
        },
        _ => 0,
    }
}

/// The place of a thread id, if its chunk is there.
#[inline(always)]
pub fn find<'a>(tid: u32) -> Option<Place<'a>> {
    let (index, chunk) = index_of(tid)?;
    let slot = SLOTS.get_ptr_mut(index)?;
    // SAFETY: a pointer into the map; a thread is switched on one CPU at a time.
    Some(Place {
        slot: unsafe { &mut *slot },
        chunk,
    })
}

/// The place of a thread id, with a chunk from the queue if it has none yet.
#[inline(always)]
pub fn find_or_assign<'a>(tid: u32) -> Option<Place<'a>> {
    if let Some(place) = find(tid) {
        return Some(place);
    }
    let number = FREE_CHUNKS.pop().ok()??;
    let entry = DIRECTORY.get_ptr_mut(entry_of(tid))?;
    // Two CPUs may come here for the same sixteen ids at once; one chunk then stays without ids
    // until the reader finds it unreachable and gives it back. Its slots are read all the same.
    // SAFETY: as in `index_of`.
    unsafe {
        entry
            .cast::<u32>()
            .add(position_of(tid))
            .write_volatile(number)
    };
    find(tid)
}
