//! `/proc/meminfo` and `/proc/vmstat`.

use super::numbers;
use crate::record::{Memory, Paging};

/// `MemTotal:       24684092 kB`
pub(super) fn memory(memory: &mut Option<Memory>, name: &str, text: &str) {
    let place: fn(&mut Memory) -> &mut u64 = match name {
        "MemTotal" => |to| &mut to.total,
        "MemFree" => |to| &mut to.free,
        "MemAvailable" => |to| &mut to.available,
        "Buffers" => |to| &mut to.buffers,
        "Cached" => |to| &mut to.cached,
        "Active" => |to| &mut to.active,
        "Inactive" => |to| &mut to.inactive,
        "Mlocked" => |to| &mut to.locked,
        "SwapTotal" => |to| &mut to.swap_total,
        "SwapFree" => |to| &mut to.swap_free,
        "Dirty" => |to| &mut to.dirty,
        "AnonPages" => |to| &mut to.anonymous,
        "AnonHugePages" => |to| &mut to.anonymous_huge,
        "Mapped" => |to| &mut to.mapped,
        "Shmem" => |to| &mut to.shared,
        "Slab" => |to| &mut to.slab,
        "SUnreclaim" => |to| &mut to.slab_unreclaimable,
        "Committed_AS" => |to| &mut to.committed,
        "HugePages_Total" => |to| &mut to.huge_total,
        "HugePages_Free" => |to| &mut to.huge_free,
        "HugePages_Rsvd" => |to| &mut to.huge_reserved,
        _ => return,
    };
    if let Some(number) = numbers(text).next() {
        *place(memory.get_or_insert_default()) = number;
    }
}

/// `pgfault 1407098031`
pub(super) fn paging(paging: &mut Option<Paging>, name: &str, text: &str) {
    let place: fn(&mut Paging) -> &mut u64 = match name {
        "pgpgin" => |to| &mut to.paged_in,
        "pgpgout" => |to| &mut to.paged_out,
        "pswpin" => |to| &mut to.swapped_in,
        "pswpout" => |to| &mut to.swapped_out,
        "pgfault" => |to| &mut to.faults,
        "pgmajfault" => |to| &mut to.major_faults,
        _ => return,
    };
    if let Some(number) = numbers(text).next() {
        *place(paging.get_or_insert_default()) = number;
    }
}
