//! The hot hook: one call a context switch.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use subjiffy_common::sched::{Cpu, life};

use crate::{
    cpu,
    table::{self, Place},
    task::{TASK_DEAD, Task},
};

/// trace_sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next, ...)
#[btf_tracepoint(function = "sched_switch")]
fn subjiffy_switch(ctx: BtfTracePointContext) -> i32 {
    let Some(cpu) = cpu::current() else { return 0 };
    let preempted = ctx.arg::<u64>(0) as u8 != 0;
    let (previous, next) = (Task(ctx.arg(1)), Task(ctx.arg(2)));

    let tid = previous.tid();
    // The scheduler has just closed the books of the leaving task, or opened those of the coming
    // one, at this reading of its clock. (The idle task has no books.)
    let clock = if tid != 0 {
        previous.exec_start()
    } else {
        next.exec_start()
    };
    if tid != 0 {
        harvest(previous, tid, preempted, cpu);
    } else if cpu.since_ns != 0 {
        cpu.idle_ns += clock - cpu.since_ns;
    }

    // The CPU's own line: what a task that stays on needs to be extrapolated.
    let sequence = cpu.sequence.wrapping_add(1) | 1;
    store(&mut cpu.sequence, sequence);
    cpu.tid = next.tid();
    cpu.task = next.0 as u64;
    cpu.run_ns = next.run_ns();
    cpu.since_ns = clock;
    if cpu.run_queue == 0 && cpu.tid != 0 {
        cpu.run_queue = next.run_queue(cpu::id()).unwrap_or(0);
    }
    store(&mut cpu.sequence, sequence.wrapping_add(1));
    0
}

/// Copies the leaving thread's absolute counters into its slot.
#[inline(always)]
fn harvest(task: Task, tid: u32, preempted: bool, cpu: &mut Cpu) {
    let task_state = task.state();
    let dead = task_state & TASK_DEAD != 0 && !preempted;
    // The thread left with another id than it came with: see `exchange`. Its slot is known by the
    // start time that it has now, so this comes first.
    if cpu.tid != tid && cpu.task == task.0 as u64 {
        exchange(task, tid, cpu.tid);
    }
    // A thread that found no slot at its birth gets one as soon as there is one.
    let Some(mut place) = table::find_or_assign(tid) else {
        return without_slot(task, tid, dead, cpu);
    };
    if place.slot.start_ns != task.start_ns() {
        place.claim(task, cpu);
    }
    let visible = if preempted { 0 } else { task_state & 0xffff };
    let life = if dead { life::DEAD } else { life::LIVE };
    let exit_code = if dead { task.exit_code() } else { 0 };
    let uid = if dead { task.uid() } else { place.slot.uid };
    place.update(|slot| {
        task.counters_into(slot);
        slot.state = life | visible << life::TASK_STATE_SHIFT;
        if dead {
            slot.exit_code = exit_code;
            slot.uid = uid;
        }
    });
}

/// A thread without a slot: nobody has ever seen its time, so its total is kept when it dies.
#[inline(always)]
fn without_slot(task: Task, tid: u32, dead: bool, cpu: &mut Cpu) {
    cpu.unslotted_switches += 1;
    if dead {
        cpu.unlisted_exit_ns += task.run_ns();
        if tid == task.tgid() {
            cpu.unlisted_exits += 1;
        }
    }
}

/// The thread left with another id than it came with: a thread that is not the leader executed a
/// program and the two changed ids (`exchange_tids` in kernel/pid.c, called by `de_thread`, which
/// also gives it the leader's start time). The slots' counters follow, once.
#[inline(always)]
fn exchange(task: Task, tid: u32, came_as: u32) {
    let leader_tid = task.tgid();
    let other_tid = if tid == leader_tid { came_as } else { tid };
    let (Some(mut leader), Some(mut other)) = (table::find(leader_tid), table::find(other_tid))
    else {
        return;
    };
    if other_tid == leader_tid
        || other.slot.tgid != leader_tid
        || other.slot.start_ns == leader.slot.start_ns
    {
        return;
    }
    swap(&mut leader, &mut other);
}

#[inline(always)]
fn swap(leader: &mut Place<'_>, other: &mut Place<'_>) {
    let was = *leader.slot;
    let new = *other.slot;
    leader.update(|slot| slot.take_books(&new));
    other.update(|slot| {
        slot.take_books(&was);
        slot.start_ns = was.start_ns;
        slot.exchanged_start_ns = new.start_ns;
    });
}

#[inline(always)]
fn store(to: &mut u32, value: u32) {
    // SAFETY: a valid reference; volatile so that a reader sees the stores in this order.
    unsafe { core::ptr::write_volatile(to, value) };
    core::sync::atomic::compiler_fence(core::sync::atomic::Ordering::SeqCst);
}
