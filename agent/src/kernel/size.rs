//! How large the tables must be on this host.

use subjiffy_common::directory::{CHUNK_SLOTS, MARKS, PID_LIMIT};

/// Up to this `pid_max` every thread id has a slot of its own for good (128 bytes each).
const FIXED_LIMIT: u32 = 128 * 1024;

/// Chunks beyond the fixed ones, should `pid_max` be raised while we run.
const SPARE_CHUNKS: u32 = 1024;

/// Fewest chunks when they are handed out on demand: 16 MiB, room for 8 192 threads scattered
/// all over the id space or 131 072 in sequence.
const FEWEST_CHUNKS: u32 = 8192;

/// Sizes of the maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Chunks that are assigned to the lowest thread ids at load, in order.
    pub fixed_chunks: u32,
    /// Chunks that are handed out when a thread id needs one.
    pub queued_chunks: u32,
    /// Possible CPUs.
    pub cpus: u32,
}

impl Sizes {
    /// For a host with this `pid_max`, so many threads alive and so many possible CPUs.
    #[must_use]
    pub fn for_host(pid_max: u32, threads: u32, cpus: u32) -> Self {
        if pid_max <= FIXED_LIMIT {
            let fixed_chunks = pid_max.div_ceil(CHUNK_SLOTS);
            return Self { fixed_chunks, queued_chunks: SPARE_CHUNKS, cpus };
        }
        let most = PID_LIMIT / CHUNK_SLOTS;
        let queued_chunks = threads.saturating_mul(2).clamp(FEWEST_CHUNKS, most);
        Self { fixed_chunks: 0, queued_chunks, cpus }
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
        assert!(table_bytes(sizes) <= 7 << 20);
    }

    #[test]
    fn the_largest_pid_max_costs_little_more() {
        let sizes = Sizes::for_host(PID_LIMIT, 2_000, 64);
        assert_eq!(sizes.fixed_chunks, 0);
        assert!(table_bytes(sizes) <= 16 << 20, "{}", table_bytes(sizes));
        assert!(table_bytes(Sizes::for_host(PID_LIMIT, 30_000, 64)) <= 128 << 20);
    }
}
