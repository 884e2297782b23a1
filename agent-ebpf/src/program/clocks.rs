//! The CPUs' clocks, read when a sample is taken: run by the agent, never attached.

use aya_ebpf::{macros::raw_tracepoint, programs::RawTracePointContext};
use subjiffy_common::sched::CLOCKS_AT_ONCE;

use crate::{cpu, layout, task::read_at};

/// Brings `behind_ns` of the CPUs from the first argument on up to date.
#[raw_tracepoint]
fn subjiffy_clocks(ctx: RawTracePointContext) -> i32 {
    let first = ctx.arg::<u64>(0) as u32;
    let mut offset = 0;
    while offset < CLOCKS_AT_ONCE {
        let Some(cpu) = cpu::at(first.wrapping_add(offset)) else {
            break;
        };
        if cpu.run_queue != 0
            && let Some(behind_ns) = behind(cpu.run_queue)
        {
            cpu.behind_ns = behind_ns;
        }
        offset += 1;
    }
    0
}

/// How far a run queue's task clock is behind its clock. Both are set one after the other
/// (`update_rq_clock` of kernel/sched/core.c): `None` if that was going on.
#[inline(always)]
pub fn behind(run_queue: u64) -> Option<u64> {
    let task: u64 = read_at(run_queue, &layout::RQ_CLOCK_TASK)?;
    let clock: u64 = read_at(run_queue, &layout::RQ_CLOCK)?;
    let again: u64 = read_at(run_queue, &layout::RQ_CLOCK_TASK)?;
    let clock_again: u64 = read_at(run_queue, &layout::RQ_CLOCK)?;
    (task == again && clock == clock_again).then_some(clock - task)
}
