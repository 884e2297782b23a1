//! Second hooks behind those of calls and connections, where a task can be preempted in a hook (Linux 7.0).
//!
//! Until that task goes on, the kernel skips the hook for everybody else on its CPU: what
//! they do in a whole time slice. The second hook, which runs next, finds that the first did not and counts in
//! its place.

use aya_ebpf::{
    macros::{btf_tracepoint, map},
    maps::PerCpuArray,
    programs::BtfTracePointContext,
};

use crate::{connections, functions, layout, socket::Socket, traffic};

/// The hooks that have a second one.
#[derive(Clone, Copy)]
pub enum First {
    Send,
    Receive,
    State,
}

/// How often the first hook ran on this CPU, by [`First`], and what the second one knows of it.
/// Each is written by one program, which runs once at a time on a CPU.
struct Turns {
    done: [u64; 3],
    seen: [u64; 3],
}

#[map]
static TURNS: PerCpuArray<Turns> = PerCpuArray::with_max_entries(1, 0);

/// The first hook is done.
#[inline(always)]
pub fn done(first: First) {
    if layout::SECOND_HOOKS.load() == 0 {
        return;
    }
    if let Some(turns) = TURNS.get_ptr_mut(0) {
        // SAFETY: a pointer into this CPU's element.
        unsafe { (*turns).done[first as usize] = (*turns).done[first as usize].wrapping_add(1) };
    }
}

/// Whether the first hook was skipped.
#[inline(always)]
fn was_skipped(first: First) -> bool {
    let Some(turns) = TURNS.get_ptr_mut(0) else {
        return false;
    };
    // SAFETY: as above. A task that is preempted between the two hooks makes one call count for
    // another, no more.
    let (done, seen) = unsafe { ((*turns).done[first as usize], (*turns).seen[first as usize]) };
    if done == seen {
        traffic::recover();
        return true;
    }
    // SAFETY: as above.
    unsafe { (*turns).seen[first as usize] = done };
    false
}

/// As `subjiffy_send`.
#[btf_tracepoint(function = "sock_send_length")]
fn subjiffy_second_send(ctx: BtfTracePointContext) -> i32 {
    if was_skipped(First::Send) {
        functions::sent(Socket(ctx.arg(0)), ctx.arg::<u64>(1) as i32);
    }
    0
}

/// As `subjiffy_recv`.
#[btf_tracepoint(function = "sock_recv_length")]
fn subjiffy_second_receive(ctx: BtfTracePointContext) -> i32 {
    if was_skipped(First::Receive) {
        let length = ctx.arg::<u64>(1) as i32;
        functions::received(Socket(ctx.arg(0)), length, ctx.arg::<u64>(2) as u32);
    }
    0
}

/// As `subjiffy_state`.
#[btf_tracepoint(function = "inet_sock_set_state")]
fn subjiffy_second_state(ctx: BtfTracePointContext) -> i32 {
    if was_skipped(First::State) {
        let (old, new) = (ctx.arg::<u64>(1) as u32, ctx.arg::<u64>(2) as u32);
        connections::changed(Socket(ctx.arg(0)), old, new);
    }
    0
}
