//! Calls that fail and move nothing.

use super::Table;
use super::calls::{recv_to_nowhere, send, send_from_nowhere, send_half_from_nowhere};
use super::place::{ALL, Kind, STREAMS, Socket, TCP, UDP};
use super::ways::{by_recv, by_send};
use super::work::{Work, expect, payload, refused};
use rustix::net::{Shutdown, connect, shutdown};
use std::io::Result;

const QUIET: i32 = libc::MSG_NOSIGNAL;

pub fn table(table: &mut Table) {
    let unix = [Kind::Stream, Kind::Dgram, Kind::Seqpacket];
    table.each(&TCP, "reset", reset);
    table.each(&unix, "left alone", left_alone);
    table.each(&ALL, "shut down", shut_down);
    table.each(&TCP, "refused", tcp_refused);
    table.each(&UDP, "refused", udp_refused);
    table.each(&UDP, "too long", too_long);
    table.each(&[Kind::Dgram, Kind::Seqpacket], "too long", too_long);
    table.each(&ALL, "bad address", bad_address);
    table.each(&STREAMS, "bad address half way", half_bad_address);
    table.each(&ALL, "not connected", not_connected);
}

fn reset(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let sent = by_send(&near, &payload(100))?;
    work.sent(&near, sent);
    // Wait until it is there: closed with unread bytes, the far end resets the connection.
    super::calls::recv(&far, &mut [0; 100], libc::MSG_PEEK)?;
    drop(far);
    refused(by_recv(&near, &mut [0; 10]), libc::ECONNRESET)?;
    refused(send(&near, &[1; 50], QUIET), libc::EPIPE)
}

fn left_alone(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    drop(far);
    let errno = match kind {
        Kind::Dgram => libc::ECONNREFUSED,
        _ => libc::EPIPE,
    };
    refused(send(&near, &[1; 50], QUIET), errno)
}

fn shut_down(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, _far) = work.pair(kind)?;
    shutdown(&near, Shutdown::Write)?;
    refused(send(&near, &[1; 50], QUIET), libc::EPIPE)
}

fn tcp_refused(work: &mut Work, kind: Kind) -> Result<()> {
    let address = work.place.nobody(kind)?;
    let socket = Socket::new(kind)?;
    refused(work.connect(&socket, &address), libc::ECONNREFUSED)?;
    refused(send(&socket, &[1; 50], QUIET), libc::EPIPE)
}

/// The first datagram goes; the answer that nobody is there makes the next calls fail.
fn udp_refused(work: &mut Work, kind: Kind) -> Result<()> {
    let address = work.place.nobody(kind)?;
    let socket = Socket::new(kind)?;
    connect(&socket, &address)?;
    for _ in 0..2 {
        let sent = by_send(&socket, &payload(60))?;
        work.sent(&socket, sent);
        refused(by_recv(&socket, &mut [0; 10]), libc::ECONNREFUSED)?;
    }
    let sent = by_send(&socket, &payload(60))?;
    work.sent(&socket, sent);
    std::thread::sleep(std::time::Duration::from_millis(50));
    refused(by_send(&socket, &payload(60)), libc::ECONNREFUSED)
}

fn too_long(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, _far) = work.pair(kind)?;
    refused(by_send(&near, &payload(2_000_000)), libc::EMSGSIZE)
}

fn bad_address(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    refused(send_from_nowhere(&near, 100), libc::EFAULT)?;
    let sent = by_send(&near, &payload(100))?;
    work.sent(&near, sent);
    refused(recv_to_nowhere(&far, 100), libc::EFAULT)?;
    work.prove(&near, &far)
}

/// What was copied before the fault may have been sent: the call tells.
fn half_bad_address(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    if let Ok(sent) = send_half_from_nowhere(&near, &payload(3000)) {
        work.sent(&near, sent);
    }
    work.prove(&near, &far)
}

fn not_connected(work: &mut Work, kind: Kind) -> Result<()> {
    let socket = Socket::new(kind)?;
    let (sending, receiving) = match kind {
        Kind::Tcp4 | Kind::Tcp6 => (libc::EPIPE, libc::ENOTCONN),
        Kind::Udp4 | Kind::Udp6 => (libc::EDESTADDRREQ, libc::EAGAIN),
        Kind::Stream => (libc::ENOTCONN, libc::EINVAL),
        Kind::Dgram => (libc::ENOTCONN, libc::EAGAIN),
        Kind::Seqpacket => (libc::ENOTCONN, libc::ENOTCONN),
    };
    refused(send(&socket, &[1; 50], QUIET), sending)?;
    let now = libc::MSG_DONTWAIT;
    refused(super::calls::recv(&socket, &mut [0; 50], now), receiving)?;
    expect("nothing moved", work.moved, Default::default())
}
