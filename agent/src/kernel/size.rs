//! How large the tables must be on this host.

use subjiffy_common::directory::{CHUNK_SLOTS, ENTRIES, ENTRY_CHUNKS, MARKS, PID_LIMIT};

/// Up to this `pid_max` every thread id has a slot of its own for good (128 bytes each).
const FIXED_LIMIT: u32 = 128 * 1024;

/// When chunks are handed out on demand there are so many more than threads alive at the start (at
/// 2 KiB each). The threads themselves rarely need one each: ids are given out in sequence.
const SPARE_CHUNKS: u32 = 2048;

/// Sizes of the maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Chunks that are assigned to the lowest thread ids at load, in order.
    pub fixed_chunks: u32,
    /// Chunks that are handed out when a thread id needs one.
    pub queued_chunks: u32,
    /// Entries of the directory. A thread whose id is beyond it (`pid_max` was raised while we
    /// run) has no slot: its CPU time is known when it dies.
    pub entries: u32,
    /// Possible CPUs.
    pub cpus: u32,
}

impl Sizes {
    /// For a host with this `pid_max`, so many threads alive and so many possible CPUs.
    #[must_use]
    pub fn for_host(pid_max: u32, threads: u32, cpus: u32) -> Self {
        let entries = pid_max
            .div_ceil(CHUNK_SLOTS * ENTRY_CHUNKS)
            .clamp(1, ENTRIES);
        if pid_max <= FIXED_LIMIT {
            let fixed_chunks = pid_max.div_ceil(CHUNK_SLOTS);
            // The queue cannot be empty; nothing is ever taken from it.
            return Self {
                fixed_chunks,
                queued_chunks: 1,
                entries,
                cpus,
            };
        }
        let most = PID_LIMIT / CHUNK_SLOTS;
        let queued_chunks = threads.saturating_add(SPARE_CHUNKS).min(most);
        Self {
            fixed_chunks: 0,
            queued_chunks,
            entries,
            cpus,
        }
    }

    /// All chunks.
    #[must_use]
    pub fn chunks(self) -> u32 {
        self.fixed_chunks + self.queued_chunks
    }

    /// All slots.
    #[must_use]
    pub fn slots(self) -> u32 {
        self.chunks() * CHUNK_SLOTS
    }

    /// Elements of the mark table.
    #[must_use]
    pub fn mark_groups(self) -> u32 {
        self.chunks().div_ceil(MARKS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_common::sched::Slot;

    fn table_bytes(sizes: Sizes) -> usize {
        sizes.slots() as usize * size_of::<Slot>()
    }

    #[test]
    fn a_small_host_gives_every_thread_id_a_slot() {
        let sizes = Sizes::for_host(32_768, 500, 2);
        assert_eq!(sizes.fixed_chunks * CHUNK_SLOTS, 32_768);
        assert_eq!(sizes.entries * CHUNK_SLOTS * ENTRY_CHUNKS, 32_768);
        assert!(table_bytes(sizes) <= (4 << 20) + (4 << 10));
    }

    #[test]
    fn the_largest_pid_max_costs_little_more() {
        let sizes = Sizes::for_host(PID_LIMIT, 2_000, 64);
        assert_eq!(sizes.fixed_chunks, 0);
        assert!(table_bytes(sizes) <= 8 << 20, "{}", table_bytes(sizes));
        assert!(table_bytes(Sizes::for_host(PID_LIMIT, 30_000, 64)) <= 64 << 20);
    }
}
