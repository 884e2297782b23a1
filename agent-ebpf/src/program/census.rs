//! Counts the tasks that lived before the hooks were attached, once.

use core::ffi::c_void;

use aya_ebpf::{bindings::seq_file, helpers::generated::bpf_seq_write};
use subjiffy_common::sched::{Reaped, life};

use crate::{cpu, layout, table, task::Task};

/// `struct bpf_iter_meta` of include/linux/bpf.h.
#[repr(C)]
struct Meta {
    seq: *mut seq_file,
}

/// `struct bpf_iter__task` of kernel/bpf/task_iter.c.
#[repr(C)]
struct Context {
    meta: *const Meta,
    task: *const u8,
}

/// Gives every task a slot, and writes a [`Reaped`] for every process.
#[unsafe(no_mangle)]
#[unsafe(link_section = "iter/task")]
fn subjiffy_census(ctx: *mut c_void) -> i32 {
    let ctx = ctx.cast::<Context>();
    // SAFETY: the kernel passes this context to programs of this section; the verifier checks it.
    let (seq, task) = unsafe { ((*(*ctx).meta).seq, (*ctx).task) };
    if task.is_null() {
        return 0;
    }
    let task = Task(task);
    let tid = task.tid();
    let Some(cpu) = cpu::current() else { return 0 };
    let Some(mut place) = table::find_or_assign(tid) else {
        table::count(&mut cpu.unslotted_births, 1);
        return 0;
    };
    if place.slot.start_ns != task.start_ns() || place.slot.state & life::MASK == life::FREE {
        place.claim(task, cpu);
        // It may have left its CPU between our load and our store: look once more.
        if place.slot.run_ns != task.run_ns() {
            place.update(|slot| task.counters_into(slot));
        }
    }
    if tid != task.tgid() {
        return 0;
    }
    let reaped = Reaped {
        tgid: tid,
        threads: task.of_signal(&layout::SIGNAL_THREADS),
        start_ns: task.start_ns(),
        run_ns: task.of_signal(&layout::SIGNAL_RUN_NS),
        voluntary: task.of_signal(&layout::SIGNAL_NVCSW),
        involuntary: task.of_signal(&layout::SIGNAL_NIVCSW),
        user_ns: task.of_signal(&layout::SIGNAL_UTIME),
        system_ns: task.of_signal(&layout::SIGNAL_STIME),
    };
    // SAFETY: the iterator's own file and a value on our stack.
    unsafe { bpf_seq_write(seq, (&raw const reaped).cast(), size_of::<Reaped>() as u32) };
    0
}
