//! Reads what the scheduler hooks wrote since the last time, touching only what changed.

use std::sync::atomic::Ordering;

use aya::maps::{MapData, Queue, RingBuf};
use subjiffy_common::{
    directory::{CHUNK_SLOTS, Entry, MarkGroup},
    sched::{Cpu, Reaped, Slot, life},
};

use super::{
    table::{Table, from_bytes},
    windows::Windows,
};

/// Thread ids this far ahead of the newest one may be given out before a chunk's release is seen
/// everywhere: such chunks are kept.
const RELEASE_DISTANCE: u32 = 4096;

/// The maps of the scheduler hooks, as memory.
pub struct Tables {
    /// See [`subjiffy_common::directory`].
    pub directory: Table<Entry>,
    /// A slot a thread.
    pub slots: Windows<Slot>,
    /// A byte a chunk, set by the hooks, cleared by us.
    pub marks: Table<MarkGroup>,
    /// A line a CPU.
    pub cpus: Table<Cpu>,
    /// Final numbers whose slot went to another thread.
    pub graves: RingBuf<MapData>,
    /// Chunks nobody uses.
    pub free_chunks: Queue<MapData, u32>,
    /// Chunks below this number are never given back.
    pub fixed_chunks: u32,
}

impl Tables {
    /// The slot of a thread id, if it has a chunk.
    #[must_use]
    pub fn slot_of(&self, tid: u32) -> Option<usize> {
        let place = self.directory.halves().get((tid / CHUNK_SLOTS) as usize)?;
        let chunk = place.load(Ordering::Acquire).checked_sub(1)?;
        let slot = (chunk * CHUNK_SLOTS + tid % CHUNK_SLOTS) as usize;
        (slot < self.slots.len()).then_some(slot)
    }

    /// Says that a dead thread's final numbers were taken: another thread may have the slot.
    pub fn consume(&self, index: usize, slot: &Slot) {
        self.slots
            .store_word(index, Slot::CONSUMED_WORD, slot.start_ns);
    }
}

/// Remembers what it has read.
pub struct Reader {
    /// The tables themselves.
    pub tables: Tables,
    /// The books of threads that died before the hooks were attached, once for every process.
    pub reaped: Vec<Reaped>,
    /// The sequence number with which each slot was last read.
    sequences: Vec<u32>,
    /// Bits of the slots with a living thread, by chunk.
    living: Vec<u16>,
    /// What was read in this round.
    read: Vec<(u32, Slot)>,
    buried: Vec<(u32, u64)>,
    /// Processes that were buried and whose chunk serves others now, and their CPU time, ns.
    pub unplaced: u64,
    /// See `unplaced`.
    pub unplaced_ns: u64,
    marked: Vec<u32>,
    marked_before: Vec<u32>,
    /// Chunks that may have become free.
    emptied: Vec<u32>,
    newest: (u64, u32),
}

impl Reader {
    /// Reads from the beginning: the first call of [`Reader::changed`] sees every slot in use.
    #[must_use]
    pub fn new(tables: Tables, reaped: Vec<Reaped>) -> Self {
        let slots = tables.slots.len();
        Self {
            reaped,
            sequences: vec![0; slots],
            living: vec![0; slots / CHUNK_SLOTS as usize],
            read: Vec::new(),
            buried: Vec::new(),
            unplaced: 0,
            unplaced_ns: 0,
            marked: Vec::new(),
            marked_before: Vec::new(),
            emptied: Vec::new(),
            newest: (0, 0),
            tables,
        }
    }

    /// Calls `visit` for every thread whose numbers were written since the last call, in order: the
    /// end of one before the beginning of another in the same slot.
    ///
    /// A chunk is looked at in the call that finds its mark and in the next one: a writer that saw
    /// the mark still set may have stored its numbers just after we had looked.
    pub fn changed(&mut self, mut visit: impl FnMut(&Tables, usize, &Slot)) {
        std::mem::swap(&mut self.marked, &mut self.marked_before);
        self.marked.clear();
        self.read.clear();
        take_marks(&self.tables.marks, &mut self.marked);
        for at in 0..self.marked.len() {
            self.read_chunk(self.marked[at]);
        }
        for at in 0..self.marked_before.len() {
            let chunk = self.marked_before[at];
            if self.marked.binary_search(&chunk).is_err() {
                self.read_chunk(chunk);
            }
        }
        // A writer buries before it writes: whoever had a slot before what we read in it is here.
        self.exhume(&mut visit);
        self.buried.sort_unstable();
        for (index, slot) in &self.read {
            let is_buried = self.buried.binary_search(&(*index, slot.start_ns)).is_ok();
            if !is_buried {
                visit(&self.tables, *index as usize, slot);
            }
        }
    }

    fn exhume(&mut self, visit: &mut impl FnMut(&Tables, usize, &Slot)) {
        self.buried.clear();
        loop {
            let record = self.tables.graves.next();
            let Some(slot) = record.and_then(|record| from_bytes::<Slot>(&record)) else {
                return;
            };
            let Some(index) = self.tables.slot_of(slot.tid) else {
                self.unplaced_ns += slot.run_ns;
                self.unplaced += u64::from(slot.tid == slot.tgid);
                continue;
            };
            self.buried.push((index as u32, slot.start_ns));
            visit(&self.tables, index, &slot);
        }
    }

    fn read_chunk(&mut self, chunk: u32) {
        let first = (chunk * CHUNK_SLOTS) as usize;
        if first >= self.tables.slots.len() {
            return;
        }
        for index in first..first + CHUNK_SLOTS as usize {
            if self.tables.slots.sequence(index) == self.sequences[index] {
                continue;
            }
            let slot = self.tables.slots.read(index);
            self.sequences[index] = slot.sequence;
            if slot.life() == life::DEAD && !self.keep(index, &slot) {
                continue;
            }
            if slot.life() == life::FREE {
                continue;
            }
            if self.tables.slot_of(slot.tid) != Some(index) {
                // Two CPUs assigned a chunk for the same ids at once: this one got none.
                if chunk >= self.tables.fixed_chunks {
                    self.emptied.push(chunk);
                }
                continue;
            }
            self.note(chunk, index, &slot);
            self.read.push((index as u32, slot));
        }
    }

    /// Says at once that a dead thread's final numbers were read. If another thread is taking the
    /// slot meanwhile the kernel side keeps them in another way, and they must not count twice.
    fn keep(&mut self, index: usize, slot: &Slot) -> bool {
        self.tables.consume(index, slot);
        let kept = self.tables.slots.sequence(index) == slot.sequence;
        if !kept {
            self.sequences[index] = slot.sequence.wrapping_sub(1);
        }
        kept
    }

    fn note(&mut self, chunk: u32, index: usize, slot: &Slot) {
        if slot.start_ns > self.newest.0 {
            self.newest = (slot.start_ns, slot.tid);
        }
        let bit = 1 << (index as u32 % CHUNK_SLOTS);
        let living = &mut self.living[chunk as usize];
        if slot.life() == life::LIVE {
            *living |= bit;
            return;
        }
        *living &= !bit;
        if *living == 0 && chunk >= self.tables.fixed_chunks {
            self.emptied.push(chunk);
        }
    }

    /// Gives chunks back in which nobody lives any more. Call it after the numbers were taken.
    ///
    /// Thread ids are given out in sequence, so a chunk behind the newest id is not asked for
    /// again until the ids have gone round.
    pub fn release_chunks(&mut self) {
        let newest = self.newest.1;
        let mut emptied = std::mem::take(&mut self.emptied);
        // One that is in the queue twice would serve two ranges of ids.
        emptied.sort_unstable();
        emptied.dedup();
        emptied.retain(|&chunk| {
            if self.living[chunk as usize] != 0 {
                return false;
            }
            let first = (chunk * CHUNK_SLOTS) as usize;
            if !self.tables.slots.is_readable(first) {
                return true;
            }
            // Slots that the chunk's former ids left behind say nothing of its place now.
            let used = (first..first + CHUNK_SLOTS as usize).find_map(|index| {
                let slot = self.tables.slots.read(index);
                let is_used = slot.life() != life::FREE;
                (is_used && self.tables.slot_of(slot.tid) == Some(index)).then_some(slot)
            });
            let Some(slot) = used else {
                self.give_back(chunk);
                return false;
            };
            let base = slot.tid / CHUNK_SLOTS * CHUNK_SLOTS;
            if base.wrapping_add(CHUNK_SLOTS).wrapping_sub(newest) < RELEASE_DISTANCE {
                return true;
            }
            let place = &self.tables.directory.halves()[(base / CHUNK_SLOTS) as usize];
            let number = chunk + 1;
            let _ = place.compare_exchange(number, 0, Ordering::SeqCst, Ordering::Relaxed);
            self.give_back(chunk);
            false
        });
        self.emptied = emptied;
    }

    fn give_back(&mut self, chunk: u32) {
        let first = (chunk * CHUNK_SLOTS) as usize;
        for index in first..first + CHUNK_SLOTS as usize {
            // Whatever it still holds was read, or is in another chunk by now.
            self.tables.consume(index, &self.tables.slots.read(index));
        }
        // A full queue cannot be: it was made for all chunks.
        let _ = self.tables.free_chunks.push(chunk + 1, 0);
    }

    /// What a CPU does now.
    #[must_use]
    pub fn cpu(&self, id: usize) -> Option<Cpu> {
        (id < self.tables.cpus.len()).then(|| self.tables.cpus.read(id))
    }
}

/// Clears the marks and lists their chunks in ascending order.
pub(super) fn take_marks(marks: &Table<MarkGroup>, into: &mut Vec<u32>) {
    for (at, word) in marks.all_words().iter().enumerate() {
        if word.load(Ordering::Relaxed) == 0 {
            continue;
        }
        // The swap is a full barrier: whatever was written before a mark we clear is seen after it.
        let bytes = word.swap(0, Ordering::SeqCst).to_ne_bytes();
        let marked = bytes.iter().enumerate().filter(|&(_, &byte)| byte != 0);
        into.extend(marked.map(|(offset, _)| (at * 8 + offset) as u32));
    }
}
