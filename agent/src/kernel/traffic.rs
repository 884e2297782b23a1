//! Reads what the socket hooks wrote since the last time, touching only what changed.

use std::sync::atomic::{Ordering, fence};

use aya::maps::{MapData, RingBuf};
use subjiffy_common::{
    directory::{CHUNK_SLOTS, MarkGroup},
    net::{NetLoss, NetSlot},
};

use super::{
    scheduler::take_marks,
    table::{Table, from_bytes},
    windows::Windows,
};

/// The maps of the socket hooks, as memory.
pub struct Tables {
    /// A slot a process, where its leader's slot is.
    pub slots: Windows<NetSlot>,
    /// A byte a chunk, set by the hooks, cleared by us.
    pub marks: Table<MarkGroup>,
    /// Slots that went to another process before they were read.
    pub graves: RingBuf<MapData>,
    /// What could not be kept.
    pub loss: Table<NetLoss>,
}

/// Remembers what is still to be read.
pub struct Reader {
    tables: Tables,
    marked: Vec<u32>,
    marked_before: Vec<u32>,
    /// Slots of processes that nobody knows yet: they are asked for once more.
    strangers: Vec<NetSlot>,
    /// Bytes of processes that nobody ever knew.
    strangers_bytes: u64,
    /// Segments sent again for processes whose end was read before.
    late_retransmits: u64,
}

impl Reader {
    /// Reads from the beginning.
    #[must_use]
    pub fn new(tables: Tables) -> Self {
        Self {
            tables,
            marked: Vec::new(),
            marked_before: Vec::new(),
            strangers: Vec::new(),
            strangers_bytes: 0,
            late_retransmits: 0,
        }
    }

    /// Calls `visit` for every process whose numbers were written since the last call. It says
    /// whether it knows the process; one that was born a moment ago is shown to it again in the next
    /// call.
    ///
    /// Chunks are looked at twice, as those of the scheduler's slots.
    pub fn changed(&mut self, mut visit: impl FnMut(&NetSlot) -> bool) {
        let mut strangers = std::mem::take(&mut self.strangers);
        for slot in strangers.drain(..) {
            if visit(&slot) {
                continue;
            }
            if slot.read_events == 0 {
                self.strangers_bytes += slot.bytes();
            } else {
                // Of the dead whose end was read, only what is sent again can come so late.
                let late = slot.events().saturating_sub(slot.read_events);
                self.late_retransmits += late.min(slot.retransmits.into());
            }
        }
        self.strangers = strangers;
        // Whoever had a slot before the process that has it now is in the ring.
        while let Some(record) = self.tables.graves.next() {
            if let Some(slot) = from_bytes::<NetSlot>(&record)
                && !visit(&slot)
            {
                self.strangers.push(slot);
            }
        }
        std::mem::swap(&mut self.marked, &mut self.marked_before);
        self.marked.clear();
        take_marks(&self.tables.marks, &mut self.marked);
        for at in 0..self.marked.len() {
            self.read_chunk(self.marked[at], &mut visit);
        }
        for at in 0..self.marked_before.len() {
            let chunk = self.marked_before[at];
            if self.marked.binary_search(&chunk).is_err() {
                self.read_chunk(chunk, &mut visit);
            }
        }
    }

    fn read_chunk(&mut self, chunk: u32, visit: &mut impl FnMut(&NetSlot) -> bool) {
        let first = (chunk * CHUNK_SLOTS) as usize;
        if first >= self.tables.slots.len() {
            return;
        }
        for index in first..first + CHUNK_SLOTS as usize {
            // A call's bytes are written before the call: of those we count all bytes are there.
            let events = self.tables.slots.load(index).events();
            fence(Ordering::Acquire);
            let slot = self.tables.slots.load(index);
            if slot.tgid == 0 || events == slot.read_events {
                continue;
            }
            // What we do not say to have read is in the ring if another process gets the slot.
            self.tables
                .slots
                .store_word(index, NetSlot::READ_EVENTS_WORD, events);
            if !visit(&slot) {
                self.strangers.push(slot);
            }
        }
    }

    /// See [`Windows::forget_unused`].
    pub fn forget_unused(&mut self) {
        self.tables.slots.forget_unused();
    }

    /// What could not be kept, totals.
    #[must_use]
    pub fn lost(&self) -> NetLoss {
        let loss = self.tables.loss.load(0);
        NetLoss {
            bytes: loss.bytes.wrapping_add(self.strangers_bytes),
            retransmits: loss.retransmits.wrapping_add(self.late_retransmits),
            ..loss
        }
    }
}
