//! What the kernel does for the process on its way: segments, pages that are not copied, errors that
//! come back, data that goes with the first segment.

use super::Table;
use super::calls::{recvmsg, send, set_option};
use super::place::{Kind, Socket, TCP, UDP};
use super::ways::{by_recv, by_send, collect, transfer};
use super::work::{Work, expect, payload};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, connect, sendto};
use std::io::{IoSliceMut, Result};

const UDP_SEGMENT: i32 = 103;
const UDP_GRO: i32 = 104;
const TCP_FASTOPEN_CONNECT: i32 = 30;

pub fn table(table: &mut Table) {
    table.each(&UDP, "UDP_SEGMENT", segments);
    table.each(&UDP, "UDP_SEGMENT and UDP_GRO", segments_together);
    table.each(&TCP, "MSG_ZEROCOPY", without_copy);
    table.each(&UDP, "MSG_ZEROCOPY", without_copy);
    table.each(&UDP, "MSG_ERRQUEUE", error_queue);
    table.each(&TCP, "MSG_FASTOPEN", fast_open);
    table.each(&TCP, "TCP_FASTOPEN_CONNECT", fast_open_connect);
}

fn segments(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    set_option(&near, libc::SOL_UDP, UDP_SEGMENT, 500)?;
    transfer(work, &near, &far, 2750, &by_send, &by_recv)
}

fn segments_together(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    set_option(&near, libc::SOL_UDP, UDP_SEGMENT, 500)?;
    set_option(&far, libc::SOL_UDP, UDP_GRO, 1)?;
    transfer(work, &near, &far, 2750, &by_send, &|socket, buffer| {
        recvmsg(socket, &mut [IoSliceMut::new(buffer)], 0)
    })
}

fn without_copy(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    set_option(&near, libc::SOL_SOCKET, libc::SO_ZEROCOPY, 1)?;
    let bytes = payload(9000);
    for _ in 0..3 {
        let sent = send(&near, &bytes, libc::MSG_ZEROCOPY)?;
        work.sent(&near, sent);
        collect(work, &far, &bytes, &by_recv)?;
    }
    // The completions, several may be one.
    wait_for_error(&near)?;
    let mut reads = 0;
    while recvmsg(
        &near,
        &mut [IoSliceMut::new(&mut [0; 100])],
        libc::MSG_ERRQUEUE,
    )
    .is_ok()
    {
        reads += 1;
    }
    expect("completions read", reads > 0, true)?;
    work.prove(&near, &far)
}

/// The datagram that found nobody comes back.
fn error_queue(work: &mut Work, kind: Kind) -> Result<()> {
    let address = work.place.nobody(kind)?;
    let socket = Socket::new(kind)?;
    match kind {
        Kind::Udp4 => set_option(&socket, libc::SOL_IP, libc::IP_RECVERR, 1)?,
        _ => set_option(&socket, libc::SOL_IPV6, libc::IPV6_RECVERR, 1)?,
    }
    connect(&socket, &address)?;
    let sent = by_send(&socket, &payload(300))?;
    work.sent(&socket, sent);
    wait_for_error(&socket)?;
    let mut buffer = [0; 500];
    let parts = &mut [IoSliceMut::new(&mut buffer)];
    let back = recvmsg(&socket, parts, libc::MSG_ERRQUEUE)?;
    expect("what came back", back, 300)
}

/// Connects and sends with one call.
fn fast_open(work: &mut Work, kind: Kind) -> Result<()> {
    const FASTOPEN: SendFlags = SendFlags::from_bits_retain(libc::MSG_FASTOPEN as u32);
    let (listener, address) = work.place.listener(kind)?;
    set_option(&listener, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, 8)?;
    // The first one gets the cookie, the second one sends data with it, where that is allowed.
    for _ in 0..2 {
        let near = Socket::new(kind)?;
        let sent = sendto(&near, &payload(700), FASTOPEN, &address)?;
        work.moved.opened += 1;
        work.sent(&near, sent);
        let far = listener.accept()?;
        work.moved.accepted += 1;
        collect(work, &far, &payload(700), &by_recv)?;
        transfer(work, &far, &near, 300, &by_send, &by_recv)?;
    }
    Ok(())
}

/// Connects with the first call that sends.
fn fast_open_connect(work: &mut Work, kind: Kind) -> Result<()> {
    let (listener, address) = work.place.listener(kind)?;
    set_option(&listener, libc::IPPROTO_TCP, libc::TCP_FASTOPEN, 8)?;
    for _ in 0..2 {
        let near = Socket::new(kind)?;
        set_option(&near, libc::IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)?;
        work.connect(&near, &address)?;
        let sent = by_send(&near, &payload(700))?;
        work.sent(&near, sent);
        let far = listener.accept()?;
        work.moved.accepted += 1;
        collect(work, &far, &payload(700), &by_recv)?;
    }
    Ok(())
}

fn wait_for_error(socket: &Socket) -> Result<()> {
    let limit = Timespec {
        tv_sec: 5,
        tv_nsec: 0,
    };
    let mut polled = [PollFd::new(socket, PollFlags::empty())];
    expect("an error", poll(&mut polled, Some(&limit))?, 1)
}
