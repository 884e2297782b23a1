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
pub fn sent(socket: Socket, length: i32) {
    calls::sent(socket, length);
}

#[inline(never)]
pub fn received(socket: Socket, length: i32, flags: u32) {
    calls::received(socket, length, flags);
}

/// Functions that send, with their number of arguments, and the sockets that another function
/// counts.
macro_rules! sends {
    ($($program:ident $function:literal $arguments:literal $(unless $counted:ident)?;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                let socket = of(&ctx);
                $(if socket.$counted() {
                    return 0;
                })?
                sent(socket, ctx.arg::<u64>($arguments) as i32);
                0
            }
        )*
    };
}

/// Functions that receive, (socket, message, size, flags), and the sockets that another function
/// counts.
macro_rules! receives {
    ($($program:ident $function:literal $(unless $counted:ident)?;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                let socket = of(&ctx);
                $(if socket.$counted() {
                    return 0;
                })?
                let flags = ctx.arg::<u64>(3) as u32;
                received(socket, ctx.arg::<u64>(4) as i32, flags);
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

// Before Linux 6.3, which has tracepoints for all of them. `AF_UNIX` does sequenced packets as
// datagrams, which the compiler turns into a call or not.
sends! {
    subjiffy_inet_sendmsg "inet_sendmsg" 3;
    subjiffy_inet6_sendmsg "inet6_sendmsg" 3;
    subjiffy_unix_stream_sendmsg "unix_stream_sendmsg" 3;
    subjiffy_unix_dgram_sendmsg "unix_dgram_sendmsg" 3 unless is_sequenced;
    subjiffy_unix_seqpacket_sendmsg "unix_seqpacket_sendmsg" 3;
}
receives! {
    subjiffy_inet_recvmsg "inet_recvmsg";
    subjiffy_inet6_recvmsg "inet6_recvmsg";
    subjiffy_unix_stream_recvmsg "unix_stream_recvmsg";
    subjiffy_unix_dgram_recvmsg "unix_dgram_recvmsg" unless is_sequenced;
    subjiffy_unix_seqpacket_recvmsg "unix_seqpacket_recvmsg";
}

// Before Linux 6.5, where pages become messages: no tracepoint tells of them. MPTCP sends them as
// messages always.
sends! {
    subjiffy_inet_sendpage "inet_sendpage" 5 unless is_mptcp;
    subjiffy_unix_stream_sendpage "unix_stream_sendpage" 5;
}

// On every kernel; MPTCP has one since Linux 7.0.
splices! {
    subjiffy_tcp_splice_read "tcp_splice_read";
    subjiffy_unix_splice_read "unix_stream_splice_read";
    subjiffy_mptcp_splice_read "mptcp_splice_read";
}

/// Functions that accept, with their number of arguments.
macro_rules! accepts {
    ($($program:ident $function:literal $arguments:literal;)*) => {
        $(
            #[fexit(function = $function)]
            fn $program(ctx: FExitContext) -> i32 {
                accepted(Socket(ctx.arg($arguments)));
                0
            }
        )*
    };
}

#[inline(never)]
fn accepted(socket: Socket) {
    if !socket.0.is_null() {
        connections::accepted(socket);
    }
}

// (sk, arg) since Linux 6.10, (sk, flags, error, kern) before. Two programs: the verifier takes no
// position that it learns on the way.
accepts! {
    subjiffy_accept "inet_csk_accept" 2;
    subjiffy_accept_before_6_10 "inet_csk_accept" 4;
}
