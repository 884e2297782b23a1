//! From a thread id to its slot.
//!
//! Thread ids run up to 4 194 304 (`PID_MAX_LIMIT`), but few of them live at once and those that
//! do lie together: they are handed out in sequence. So slots come in chunks of [`CHUNK_SLOTS`]
//! consecutive thread ids, and a small directory says which chunk serves which sixteen ids. With a
//! small `pid_max` every chunk is assigned for good; with a large one chunks are handed out from a
//! queue when a task is born and given back when all of its slots are free.

/// Consecutive thread ids in one chunk.
pub const CHUNK_SLOTS: u32 = 16;

/// Chunk numbers in one directory entry (64 bytes, a cache line).
pub const ENTRY_CHUNKS: u32 = 16;

/// The largest `pid_max` a Linux kernel accepts (`PID_MAX_LIMIT` of include/linux/threads.h).
pub const PID_LIMIT: u32 = 4 * 1024 * 1024;

/// Directory entries needed for every thread id below [`PID_LIMIT`].
pub const ENTRIES: u32 = PID_LIMIT / CHUNK_SLOTS / ENTRY_CHUNKS;

/// Chunk marks in one element of the mark table.
pub const MARKS: u32 = 64;

/// One element of the directory: chunk numbers, each one higher than the chunk's index, 0 for none.
pub type Entry = [u32; ENTRY_CHUNKS as usize];

/// One element of the mark table: a byte a chunk, not 0 if one of its tasks ran.
pub type MarkGroup = [u8; MARKS as usize];

/// Index of the directory entry for a thread id.
#[inline(always)]
pub const fn entry_of(tid: u32) -> u32 {
    tid / (CHUNK_SLOTS * ENTRY_CHUNKS)
}

/// Position of a thread id's chunk number within its directory entry.
#[inline(always)]
pub const fn position_of(tid: u32) -> usize {
    ((tid / CHUNK_SLOTS) % ENTRY_CHUNKS) as usize
}

/// Position of a thread id's slot within its chunk.
#[inline(always)]
pub const fn slot_in_chunk(tid: u32) -> u32 {
    tid % CHUNK_SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_id_has_a_place_of_its_own() {
        let mut last = None;
        for tid in (0..PID_LIMIT)
            .step_by(1)
            .take(100_000)
            .chain(PID_LIMIT - 5000..PID_LIMIT)
        {
            assert!(entry_of(tid) < ENTRIES);
            let place = (entry_of(tid), position_of(tid), slot_in_chunk(tid));
            assert!(
                last < Some(place),
                "{tid}: {place:?} does not follow {last:?}"
            );
            last = Some(place);
        }
    }
}
