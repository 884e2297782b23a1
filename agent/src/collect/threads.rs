//! What was last read of every thread, by slot.

use subjiffy_common::{
    directory::CHUNK_SLOTS,
    sched::{Counters, Slot, TICK_NS},
};

/// One thread as it was last read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Thread {
    /// Thread id; 0 for none.
    pub tid: u32,
    /// Key of its process in the tracker.
    pub process: u32,
    /// Number of that process: keys are given out again.
    pub number: u32,
    /// When it began, ns since boot.
    pub start_ns: u64,
    /// Whether `start_ns` is rounded down to a tick.
    pub rounded: bool,
    /// Whether its final numbers were taken.
    pub dead: bool,
    /// Its books.
    pub counters: Counters,
}

impl Thread {
    /// Whether the slot still holds this thread. A thread that took over its leader's id gave its
    /// own slot the leader's start time, and says so.
    #[must_use]
    pub fn is_in(&self, slot: &Slot) -> bool {
        self.tid == slot.tid
            && (self.start_ns == slot.start_ns
                || (self.rounded && slot.start_ns.saturating_sub(self.start_ns) < TICK_NS)
                || (slot.exchanged_start_ns != 0 && slot.exchanged_start_ns == self.start_ns))
    }
}

/// A table as large as the kernel's, of which only chunks in use take memory.
#[derive(Debug, Default)]
pub struct Threads {
    chunks: Vec<Option<Box<[Thread; CHUNK_SLOTS as usize]>>>,
}

impl Threads {
    /// The thread at a slot; a blank one if nothing was read of it yet.
    pub fn at(&mut self, slot: usize) -> &mut Thread {
        let chunk = slot / CHUNK_SLOTS as usize;
        if chunk >= self.chunks.len() {
            self.chunks.resize_with(chunk + 1, || None);
        }
        let chunk = self.chunks[chunk].get_or_insert_default();
        &mut chunk[slot % CHUNK_SLOTS as usize]
    }

    /// The thread at a slot, if anything was read of it.
    #[must_use]
    pub fn get(&self, slot: usize) -> Option<&Thread> {
        let chunk = self.chunks.get(slot / CHUNK_SLOTS as usize)?.as_ref()?;
        Some(&chunk[slot % CHUNK_SLOTS as usize]).filter(|thread| thread.tid != 0)
    }
}
