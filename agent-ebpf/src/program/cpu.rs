//! What each CPU does now: the map is read by `mmap`, so it is a plain array indexed by CPU.

use aya_ebpf::{
    bindings::BPF_F_MMAPABLE, helpers::bpf_get_smp_processor_id, macros::map, maps::Array,
};
use subjiffy_common::sched::Cpu;

#[map]
static CPUS: Array<Cpu> = Array::with_max_entries(1, BPF_F_MMAPABLE);

/// The entry of the CPU we are on.
#[inline(always)]
pub fn current<'a>() -> Option<&'a mut Cpu> {
    at(id())
}

/// The number of the CPU we are on.
#[inline(always)]
pub fn id() -> u32 {
    // SAFETY: the call has no preconditions.
    unsafe { bpf_get_smp_processor_id() as u32 }
}

/// The entry of a CPU.
#[inline(always)]
pub fn at<'a>(id: u32) -> Option<&'a mut Cpu> {
    // SAFETY: the pointer comes from the map; each field is written by one program only.
    CPUS.get_ptr_mut(id).map(|cpu| unsafe { &mut *cpu })
}
