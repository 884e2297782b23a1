//! Birth and change of a task: here the metadata is taken, so that no switch has to.

use aya_ebpf::{
    helpers::bpf_probe_read_kernel, macros::btf_tracepoint, programs::BtfTracePointContext,
};
use aya_log_ebpf::warn;

use crate::{cpu, table, task::Task};

/// How many births without a slot pass between two warnings.
const WARN_EVERY: u64 = 4096;

/// trace_sched_process_fork(struct task_struct *parent, struct task_struct *child)
///
/// Runs in the parent, before the child can run: nobody else writes the slot.
#[btf_tracepoint(function = "sched_process_fork")]
fn subjiffy_fork(ctx: BtfTracePointContext) -> i32 {
    let child = Task(ctx.arg(1));
    let Some(cpu) = cpu::current() else { return 0 };
    match table::find_or_assign(child.tid()) {
        Some(mut place) => place.claim(child, cpu),
        None => {
            if cpu.unslotted_births % WARN_EVERY == 0 {
                warn!(
                    &ctx,
                    "no slot for thread {}: its CPU time is only known when it dies",
                    child.tid()
                );
            }
            table::count(&mut cpu.unslotted_births, 1);
        }
    }
    0
}

/// trace_sched_process_exec(struct task_struct *p, pid_t old_pid, struct linux_binprm *bprm)
#[btf_tracepoint(function = "sched_process_exec")]
fn subjiffy_exec(ctx: BtfTracePointContext) -> i32 {
    let task = Task(ctx.arg(0));
    if let Some(mut place) = table::find(task.tid())
        && place.slot.start_ns == task.start_ns()
    {
        place.update(|slot| task.metadata_into(slot));
    }
    0
}

/// trace_task_rename(struct task_struct *task, const char *comm), before the name is copied
#[btf_tracepoint(function = "task_rename")]
fn subjiffy_rename(ctx: BtfTracePointContext) -> i32 {
    let task = Task(ctx.arg(0));
    let name: *const [u8; 16] = ctx.arg(1);
    // SAFETY: the helper checks the address and fails instead of faulting.
    let Ok(name) = (unsafe { bpf_probe_read_kernel(name) }) else {
        return 0;
    };
    if let Some(mut place) = table::find(task.tid())
        && place.slot.start_ns == task.start_ns()
    {
        place.update(|slot| slot.comm = name);
    }
    0
}
