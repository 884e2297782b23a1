//! Hooks at the return of kernel functions, for what no tracepoint tells. Not every kernel allows
//! them.
//!
//! The position of the result is the number of arguments: it comes behind them.

use aya_ebpf::{macros::fexit, programs::FExitContext};

use crate::{calls, connections, layout, socket::Socket};

/// The `sk` of a `struct socket`.
#[inline(always)]
fn of(ctx: &FExitContext) -> Socket {
    let socket: *const u8 = ctx.arg(0);
    let sk = socket.wrapping_add(layout::SOCKET_SK.load() as usize);
    // SAFETY: the verifier accepts only an offset that lies within the socket.
    Socket(unsafe { core::ptr::read_volatile(sk.cast()) })
}

// Not inlined: they are many, and seldom called or of old kernels.
#[inline(never)]
fn sent(socket: Socket, length: i32) {
    calls::sent(socket, length);
}

#[inline(never)]
fn received(socket: Socket, length: i32, flags: u32) {
    calls::received(socket, length, flags);
}

/// Functions that send, with their number of arguments.
macro_rules! sends {
    ($($program:ident $function:literal $arguments:literal;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                sent(of(&ctx), ctx.arg::<u64>($arguments) as i32);
                0
            }
        )*
    };
}

/// Functions that receive, (socket, message, size, flags).
macro_rules! receives {
    ($($program:ident $function:literal;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                let flags = ctx.arg::<u64>(3) as u32;
                received(of(&ctx), ctx.arg::<u64>(4) as i32, flags);
                0
            }
        )*
    };
}

/// Functions that take from a socket into a pipe, (socket, position, pipe, length, flags).
macro_rules! splices {
    ($($program:ident $function:literal;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                received(of(&ctx), ctx.arg::<u64>(5) as i32, 0);
                0
            }
        )*
    };
}

// Before Linux 6.3, which has tracepoints for all of them. Those of `AF_UNIX` for sequenced packets
// call those for datagrams.
sends! {
    subjiffy_inet_sendmsg "inet_sendmsg" 3;
    subjiffy_inet6_sendmsg "inet6_sendmsg" 3;
    subjiffy_inet_sendpage "inet_sendpage" 5;
    subjiffy_unix_stream_sendmsg "unix_stream_sendmsg" 3;
    subjiffy_unix_stream_sendpage "unix_stream_sendpage" 5;
    subjiffy_unix_dgram_sendmsg "unix_dgram_sendmsg" 3;
}
receives! {
    subjiffy_inet_recvmsg "inet_recvmsg";
    subjiffy_inet6_recvmsg "inet6_recvmsg";
    subjiffy_unix_stream_recvmsg "unix_stream_recvmsg";
    subjiffy_unix_dgram_recvmsg "unix_dgram_recvmsg";
}

// On every kernel.
splices! {
    subjiffy_tcp_splice_read "tcp_splice_read";
    subjiffy_unix_splice_read "unix_stream_splice_read";
}

/// inet_csk_accept(struct sock *sk, int flags, int *err, bool kern), since Linux 6.10 (struct sock
/// *sk, struct proto_accept_arg *arg).
#[fexit(function = "inet_csk_accept")]
fn subjiffy_accept(ctx: FExitContext) -> i32 {
    let socket: *const u8 = if layout::ACCEPT_ARGUMENTS.load() == 2 {
        ctx.arg(2)
    } else {
        ctx.arg(4)
    };
    if !socket.is_null() {
        connections::accepted(Socket(socket));
    }
    0
}
