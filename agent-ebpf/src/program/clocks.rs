//! The CPUs' clocks, read when a sample is taken: run by the agent, never attached.

use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use subjiffy_common::sched::CLOCKS_AT_ONCE;

use crate::{cpu, layout, task::read_at};

/// Brings the clocks of the CPUs from the first argument on up to date. Returns the CPU it ran on.
#[raw_tracepoint]
fn subjiffy_clocks(ctx: RawTracePointContext) -> i32 {
    let first = ctx.arg::<u64>(0) as u32;
    let mut offset = 0;
    while offset < CLOCKS_AT_ONCE {
        let Some(cpu) = cpu::at(first.wrapping_add(offset)) else {
            break;
        };
        if let Some((clock_ns, behind_ns)) = clocks(cpu.run_queue) {
            cpu.clock_ns = clock_ns;
            cpu.behind_ns = behind_ns;
        }
        offset += 1;
    }
    cpu::id() as i32
}

/// A run queue's clock, and how far its task clock is behind. Both are set one after the other
/// (`update_rq_clock` of kernel/sched/core.c): `None` if that was going on.
#[inline(always)]
fn clocks(run_queue: u64) -> Option<(u64, u64)> {
    if run_queue == 0 {
        return None;
    }
    let task: u64 = read_at(run_queue, &layout::RQ_CLOCK_TASK)?;
    let clock: u64 = read_at(run_queue, &layout::RQ_CLOCK)?;
    let task_again: u64 = read_at(run_queue, &layout::RQ_CLOCK_TASK)?;
    let clock_again: u64 = read_at(run_queue, &layout::RQ_CLOCK)?;
    (task == task_again && clock == clock_again).then_some((clock, clock - task))
}
