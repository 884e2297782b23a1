//! TCP connections: who opened, who accepted them, who sends segments again.
//!
//! The kernel has no event for accepting that every kernel lets us see. So a connection that came
//! from outside belongs to the process that first sends or receives on it or closes it, unless
//! `functions` say so earlier.

use aya_ebpf::{
    bindings::BPF_SK_STORAGE_GET_F_CREATE,
    btf_maps::SkStorage,
    helpers::generated::bpf_sk_storage_get,
    macros::{btf_map, btf_tracepoint, map},
    maps::Array,
    programs::BtfTracePointContext,
};
use subjiffy_common::net::{Connection, connection};

use crate::{
    layout,
    second::{self, First},
    socket::Socket,
    table,
    traffic::{self, Traffic, count_few},
};

/// States (include/net/tcp_states.h).
const TCP_ESTABLISHED: u32 = 1;
const TCP_SYN_SENT: u32 = 2;
const TCP_SYN_RECV: u32 = 3;
const TCP_FIN_WAIT1: u32 = 4;
const TCP_CLOSE: u32 = 7;
const TCP_LAST_ACK: u32 = 9;

#[btf_map]
static CONNECTIONS: SkStorage<Connection> = SkStorage::new();

/// Connections that no process has taken yet: while there are none, receiving need not ask.
#[map]
static UNCLAIMED: Array<u64> = Array::with_max_entries(1, 0);

#[inline(always)]
fn unclaimed<'a>() -> Option<&'a mut u64> {
    // SAFETY: a pointer into the map; whoever writes adds in one step.
    UNCLAIMED.get_ptr_mut(0).map(|count| unsafe { &mut *count })
}

/// What we remember of a socket. With `create`, it remembers from now on.
#[inline(always)]
fn remembered<'a>(socket: Socket, create: bool) -> Option<&'a mut Connection> {
    if layout::SOCKET_STORAGE.load() == 0 {
        return None;
    }
    let flags = if create {
        BPF_SK_STORAGE_GET_F_CREATE
    } else {
        0
    };
    // SAFETY: a pointer whose type the verifier knows; the value it gives back lives as long as the
    // socket, which outlives the hook.
    unsafe {
        let value = bpf_sk_storage_get(
            (&raw const CONNECTIONS).cast_mut().cast(),
            socket.0.cast_mut().cast(),
            core::ptr::null_mut(),
            flags.into(),
        );
        value.cast::<Connection>().as_mut()
    }
}

/// A process has tried to receive on it, or closes it.
#[inline(always)]
pub fn used(socket: Socket) {
    if unclaimed().is_some_and(|count| *count != 0)
        && let Some(connection) = remembered(socket, false)
        && connection.flags & connection::UNCLAIMED != 0
        && let Some(mut by) = traffic::of_caller()
    {
        accept_once(connection, &mut by);
        by.mark();
    }
}

/// A process has sent on it: what is sent again from now on is the process's.
#[inline(always)]
pub fn sent(socket: Socket, by: &mut Traffic<'_>) {
    let Some(connection) = remembered(socket, true) else {
        return;
    };
    accept_once(connection, by);
    own(connection, socket, by);
}

#[inline(always)]
fn own(connection: &mut Connection, socket: Socket, by: &Traffic<'_>) {
    if connection.tgid == by.slot.tgid && connection.start_ns == by.slot.start_ns {
        return;
    }
    if connection.tgid == 0 {
        connection.retransmits = socket.of_tcp(&layout::TCP_TOTAL_RETRANS);
    }
    connection.tgid = by.slot.tgid;
    connection.start_ns = by.slot.start_ns;
}

#[inline(always)]
fn accept_once(connection: &mut Connection, by: &mut Traffic<'_>) {
    if claim(connection) {
        count_few(&mut by.slot.accepted, 1);
    }
}

/// It is nobody's to take any more. Says whether it was.
#[inline(always)]
fn claim(connection: &mut Connection) -> bool {
    if connection.flags & connection::UNCLAIMED == 0 {
        return false;
    }
    connection.flags = connection::ACCEPTED;
    if let Some(count) = unclaimed() {
        table::count(count, u64::MAX);
    }
    true
}

/// A process has accepted it.
#[inline(always)]
pub fn accepted(socket: Socket) {
    if let Some(connection) = remembered(socket, true) {
        claim(connection);
        connection.flags = connection::ACCEPTED;
    }
    if let Some(by) = traffic::of_caller() {
        count_few(&mut by.slot.accepted, 1);
        by.mark();
    }
}

/// trace_inet_sock_set_state(const struct sock *sk, const int oldstate, const int newstate)
#[btf_tracepoint(function = "inet_sock_set_state")]
fn subjiffy_state(ctx: BtfTracePointContext) -> i32 {
    let (old, new) = (ctx.arg::<u64>(1) as u32, ctx.arg::<u64>(2) as u32);
    changed(Socket(ctx.arg(0)), old, new);
    second::done(First::State);
    0
}

/// The state of a socket changes. Not inlined, as there are two hooks for it.
#[inline(never)]
pub fn changed(socket: Socket, old: u32, new: u32) {
    if !socket.is_tcp() {
        return;
    }
    match (old, new) {
        // `tcp_v4_connect`, in the process that connects.
        (TCP_CLOSE, TCP_SYN_SENT) => {
            if let Some(by) = traffic::of_caller() {
                if let Some(connection) = remembered(socket, true) {
                    // It may have been another connection's before: the kernel's count of segments
                    // sent again begins anew.
                    connection.tgid = 0;
                    connection.flags = connection::OPENED;
                    own(connection, socket, &by);
                }
                count_few(&mut by.slot.opened, 1);
                by.mark();
            }
        }
        // The end of the handshake, in whatever process the interrupt came.
        (TCP_SYN_RECV, TCP_ESTABLISHED) => {
            if let Some(connection) = remembered(socket, true)
                && connection.flags == 0
            {
                connection.flags = connection::UNCLAIMED;
                if let Some(count) = unclaimed() {
                    table::count(count, 1);
                }
            }
        }
        // `tcp_close` and `tcp_shutdown`. An interrupt may close it as well, but does not own it.
        (_, TCP_FIN_WAIT1 | TCP_LAST_ACK | TCP_CLOSE) => {
            if socket.is_open() && socket.is_owned() {
                used(socket);
            }
            if new == TCP_CLOSE
                && let Some(connection) = remembered(socket, false)
            {
                claim(connection);
            }
        }
        _ => {}
    }
}

/// trace_tcp_retransmit_skb(const struct sock *sk, const struct sk_buff *skb, ...), once for some
/// segments; `total_retrans` counts each and was brought up to date just before.
#[btf_tracepoint(function = "tcp_retransmit_skb")]
fn subjiffy_retransmit(ctx: BtfTracePointContext) -> i32 {
    let socket = Socket(ctx.arg(0));
    let total = socket.of_tcp(&layout::TCP_TOTAL_RETRANS);
    let Some(connection) = remembered(socket, false) else {
        traffic::lose_retransmits(1);
        return 0;
    };
    let more = total.wrapping_sub(connection.retransmits);
    connection.retransmits = total;
    match traffic::of_process(connection.tgid, connection.start_ns) {
        Some(by) => {
            count_few(&mut by.slot.retransmits, more);
            by.mark();
        }
        None => traffic::lose_retransmits(more.into()),
    }
    0
}
