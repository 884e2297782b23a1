//! The slots of the processes' sockets: who has them and how they are written.

use aya_ebpf::{
    bindings::{BPF_F_MMAPABLE, BPF_RB_NO_WAKEUP},
    helpers::bpf_get_current_pid_tgid,
    macros::map,
    maps::{Array, RingBuf},
};
use core::intrinsics::{AtomicOrdering, atomic_xadd};
use subjiffy_common::{
    directory::{CHUNK_SLOTS, MarkGroup},
    net::{NET_GRAVES_BYTES, NetLoss, NetSlot},
};

use crate::table::{self, count};

#[map]
static NETS: Array<NetSlot> = Array::with_max_entries(CHUNK_SLOTS, BPF_F_MMAPABLE);

#[map]
static NET_MARKS: Array<MarkGroup> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// Slots that went to another process before they were read.
#[map]
static NET_GRAVES: RingBuf = RingBuf::with_byte_size(NET_GRAVES_BYTES, 0);

#[map]
static NET_LOSS: Array<NetLoss> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The slot of a process.
pub struct Traffic<'a> {
    pub slot: &'a mut NetSlot,
    chunk: u32,
}

impl Traffic<'_> {
    /// Says that the chunk has news. After the numbers were written.
    #[inline(always)]
    pub fn mark(&self) {
        table::mark(&NET_MARKS, self.chunk);
    }
}

/// The slot of the process that calls.
#[inline(always)]
pub fn of_caller<'a>() -> Option<Traffic<'a>> {
    let tgid = (bpf_get_current_pid_tgid() >> 32) as u32;
    let (index, chunk) = table::index_of(tgid)?;
    // SAFETY: a pointer into the map; whoever writes adds in one step.
    let slot = unsafe { &mut *NETS.get_ptr_mut(index)? };
    if slot.tgid != tgid {
        begin(slot, index, tgid);
    }
    Some(Traffic { slot, chunk })
}

/// The slot of another process, if it still lives and has one.
#[inline(always)]
pub fn of_process<'a>(tgid: u32, start_ns: u64) -> Option<Traffic<'a>> {
    let (index, chunk) = table::index_of(tgid)?;
    // SAFETY: as above.
    let slot = unsafe { &mut *NETS.get_ptr_mut(index)? };
    (slot.tgid == tgid && slot.start_ns == start_ns).then_some(Traffic { slot, chunk })
}

/// The process uses a socket for the first time. Two of its threads may come here at once: both
/// write the same.
#[inline(never)]
fn begin(slot: &mut NetSlot, index: u32, tgid: u32) {
    slot.start_ns = table::start_of(index, tgid);
    slot.tgid = tgid;
}

/// Makes the slot at `index` ready for a process that is being born. What its former owner did and
/// nobody has read is put aside.
#[inline(always)]
pub fn clear(index: u32) {
    let Some(slot) = NETS.get_ptr_mut(index) else {
        return;
    };
    // SAFETY: as above. Nobody else writes: the former owner is dead, the new one does not run yet.
    let slot = unsafe { &mut *slot };
    if slot.tgid == 0 {
        return;
    }
    if slot.events() != slot.read_events {
        bury(slot);
    }
    *slot = NetSlot::default();
}

#[inline(always)]
fn bury(slot: &NetSlot) {
    // The ring aligns its records to eight bytes only.
    // SAFETY: a slot is sixteen words.
    let words = unsafe { &*core::ptr::from_ref(slot).cast::<[u64; size_of::<NetSlot>() / 8]>() };
    let kept = NET_GRAVES
        .output::<[u64; size_of::<NetSlot>() / 8]>(words, u64::from(BPF_RB_NO_WAKEUP))
        .is_ok();
    if !kept {
        lose_bytes(slot.bytes());
    }
}

/// Counts bytes that no process's slot has.
#[inline(always)]
pub fn lose_bytes(bytes: u64) {
    if let Some(loss) = NET_LOSS.get_ptr_mut(0) {
        // SAFETY: a pointer into the map; all writers add in one step.
        count(unsafe { &mut (*loss).bytes }, bytes);
    }
}

/// Counts segments sent again that no process's slot has.
#[inline(always)]
pub fn lose_retransmits(segments: u64) {
    if let Some(loss) = NET_LOSS.get_ptr_mut(0) {
        // SAFETY: as above.
        count(unsafe { &mut (*loss).retransmits }, segments);
    }
}

/// Counts what a second hook has counted.
#[inline(always)]
pub fn recover() {
    if let Some(loss) = NET_LOSS.get_ptr_mut(0) {
        // SAFETY: as above.
        count(unsafe { &mut (*loss).recovered }, 1);
    }
}

/// As [`count`].
#[inline(always)]
pub fn count_few(to: &mut u32, more: u32) {
    // SAFETY: a valid reference.
    unsafe { atomic_xadd::<u32, u32, { AtomicOrdering::Relaxed }>(to, more) };
}
