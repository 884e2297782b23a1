//! Bytes and calls on sockets, charged to the process that calls.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use subjiffy_common::net::kind;

use crate::{
    connections,
    second::{self, First},
    socket::Socket,
    table::count,
    traffic::{self, Traffic},
};

/// Flags of a call (include/linux/socket.h): it looked and left the data, or read errors.
const MSG_PEEK: u32 = 0x2;
const MSG_ERRQUEUE: u32 = 0x2000;

/// trace_sock_send_length(struct sock *sk, int ret, int flags)
#[btf_tracepoint(function = "sock_send_length")]
fn subjiffy_send(ctx: BtfTracePointContext) -> i32 {
    sent(Socket(ctx.arg(0)), ctx.arg::<u64>(1) as i32);
    second::done(First::Send);
    0
}

/// trace_sock_recv_length(struct sock *sk, int ret, int flags)
#[btf_tracepoint(function = "sock_recv_length")]
fn subjiffy_recv(ctx: BtfTracePointContext) -> i32 {
    let length = ctx.arg::<u64>(1) as i32;
    received(Socket(ctx.arg(0)), length, ctx.arg::<u64>(2) as u32);
    second::done(First::Receive);
    0
}

/// A call that sends has returned `length`.
#[inline(always)]
pub fn sent(socket: Socket, length: i32) {
    let Some(kind) = socket.kind() else { return };
    let Some(mut by) = charged(socket, length) else {
        return;
    };
    let flow = &mut by.slot.flows[kind];
    count(&mut flow.tx_bytes, length as u64);
    count(&mut flow.tx_calls, 1);
    if kind == kind::TCP && socket.is_tcp() {
        connections::sent(socket, &mut by);
    }
    by.mark();
}

/// A call that receives has returned `length`.
#[inline(always)]
pub fn received(socket: Socket, length: i32, flags: u32) {
    let Some(kind) = socket.kind() else { return };
    if kind == kind::TCP && socket.is_tcp() {
        connections::used(socket);
    }
    if flags & (MSG_PEEK | MSG_ERRQUEUE) != 0 {
        return;
    }
    let Some(by) = charged(socket, length) else {
        return;
    };
    let flow = &mut by.slot.flows[kind];
    count(&mut flow.rx_bytes, length as u64);
    count(&mut flow.rx_calls, 1);
    by.mark();
}

/// The slot that a call with this result is charged to; none if it moved nothing.
#[inline(always)]
fn charged<'a>(socket: Socket, length: i32) -> Option<Traffic<'a>> {
    // An empty datagram is one; an empty read of a stream is its end.
    if length < 0 || (length == 0 && socket.is_stream()) {
        return None;
    }
    let by = traffic::of_caller();
    if by.is_none() {
        traffic::lose_bytes(length as u64);
    }
    by
}
