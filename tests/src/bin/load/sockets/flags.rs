//! Flags of the calls, and messages and ends of no length.

use super::Table;
use super::calls::{recv, send};
use super::place::{ALL, DATAGRAMS, Kind, STREAMS, Socket, TCP, UDP};
use super::ways::{by_recv, by_send, collect, transfer};
use super::work::{Work, expect, payload, refused};
use rustix::net::{Shutdown, shutdown};
use std::io::{Error, ErrorKind, Result};

const NOW: i32 = libc::MSG_DONTWAIT;

pub fn table(table: &mut Table) {
    table.each(&ALL, "MSG_PEEK", peek);
    table.each(&STREAMS, "MSG_WAITALL", wait_for_all);
    table.each(&TCP, "MSG_TRUNC throws away", throw_away);
    table.each(&DATAGRAMS, "MSG_TRUNC tells the length", tell_length);
    table.each(&DATAGRAMS, "short buffer", short_buffer);
    table.each(&DATAGRAMS, "buffer of no length", no_buffer);
    table.each(&DATAGRAMS, "message of no length", empty_message);
    table.each(&DATAGRAMS, "write of no length", empty_write);
    table.each(&STREAMS, "send of no length", empty_send);
    table.each(&ALL, "read of no length", empty_read);
    table.each(&STREAMS, "end", end);
    table.each(&[Kind::Seqpacket], "end", end_of_messages);
    table.each(&STREAMS, "MSG_OOB", out_of_band);
    table.each(&TCP, "MSG_MORE", more_of_a_stream);
    table.each(&UDP, "MSG_MORE", more_of_a_datagram);
    table.each(&ALL, "nothing there", nothing_there);
    table.each(&STREAMS, "no room", no_room);
    table.each(&[Kind::Dgram, Kind::Seqpacket], "no room", no_room);
    table.each(&STREAMS, "blocked for long", blocked);
    table.each(&STREAMS, "given up half way", given_up);
}

fn peek(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(500);
    let sent = by_send(&near, &bytes)?;
    work.sent(&near, sent);
    let mut buffer = [0; 1000];
    expect("peek", recv(&far, &mut buffer, libc::MSG_PEEK)?, 500)?;
    recv(&far, &mut buffer[..10], libc::MSG_PEEK | libc::MSG_TRUNC)?;
    collect(work, &far, &bytes, &by_recv)?;
    work.prove(&near, &far)
}

fn wait_for_all(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    for length in [300, 400] {
        let sent = by_send(&near, &payload(length))?;
        work.sent(&near, sent);
    }
    let received = recv(&far, &mut [0; 700], libc::MSG_WAITALL)?;
    work.received(&far, received);
    expect("received", received, 700)
}

fn throw_away(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let sent = by_send(&near, &payload(900))?;
    work.sent(&near, sent);
    let mut buffer = [0xff; 600];
    for wanted in [600, 300] {
        let received = recv(&far, &mut buffer, libc::MSG_TRUNC)?;
        work.received(&far, received);
        expect("received", received, wanted)?;
    }
    expect("untouched", buffer, [0xff; 600])
}

fn tell_length(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    truncated(work, &near, &far, libc::MSG_TRUNC, 1000)
}

fn short_buffer(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    truncated(work, &near, &far, 0, 100)
}

fn truncated(
    work: &mut Work,
    near: &Socket,
    far: &Socket,
    flags: i32,
    wanted: usize,
) -> Result<()> {
    let sent = by_send(near, &payload(1000))?;
    work.sent(near, sent);
    let received = recv(far, &mut [0; 100], flags)?;
    work.received(far, received);
    expect("received", received, wanted)?;
    would_block(recv(far, &mut [0; 100], NOW))
}

fn no_buffer(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let sent = by_send(&near, &payload(1000))?;
    work.sent(&near, sent);
    let received = recv(&far, &mut [], 0)?;
    work.received(&far, received);
    would_block(recv(&far, &mut [0; 100], NOW))
}

fn empty_message(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    for _ in 0..3 {
        let sent = send(&near, &[], 0)?;
        work.sent(&near, sent);
        let received = recv(&far, &mut [0; 10], NOW)?;
        work.received(&far, received);
    }
    transfer(work, &near, &far, 5, &by_send, &by_recv)
}

/// A message of no length, or nothing at all: whether one comes tells.
fn empty_write(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    rustix::io::write(&near, &[])?;
    if let Ok(received) = recv(&far, &mut [0; 10], NOW) {
        work.sent(&near, 0);
        work.received(&far, received);
    }
    Ok(())
}

fn empty_send(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    expect("sent", send(&near, &[], 0)?, 0)?;
    expect("written", rustix::io::write(&near, &[])?, 0)?;
    would_block(recv(&far, &mut [0; 10], NOW))?;
    transfer(work, &near, &far, 5, &by_send, &by_recv)?;
    work.prove(&near, &far)
}

/// The kernel does not even ask the socket.
fn empty_read(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let sent = by_send(&near, &payload(10))?;
    work.sent(&near, sent);
    expect("read", rustix::io::read(&far, &mut [0; 0])?, 0)?;
    collect(work, &far, &payload(10), &by_recv)
}

fn end(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    transfer(work, &near, &far, 77, &by_send, &by_recv)?;
    shutdown(&near, Shutdown::Write)?;
    for _ in 0..2 {
        expect("the end", by_recv(&far, &mut [0; 10])?, 0)?;
        expect("the end", rustix::io::read(&far, &mut [0; 10])?, 0)?;
    }
    // The other way is still open.
    transfer(work, &far, &near, 55, &by_send, &by_recv)?;
    refused(send(&near, &[1], libc::MSG_NOSIGNAL), libc::EPIPE)
}

/// Nobody can tell it from a message of no length, and it counts as one.
fn end_of_messages(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    transfer(work, &near, &far, 77, &by_send, &by_recv)?;
    shutdown(&near, Shutdown::Write)?;
    for _ in 0..2 {
        let received = by_recv(&far, &mut [0; 10])?;
        work.received(&far, received);
        expect("the end", received, 0)?;
    }
    Ok(())
}

/// The last byte is urgent: it is received with the flag, by a call of its own.
fn out_of_band(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let sent = send(&near, &payload(10), libc::MSG_OOB)?;
    work.sent(&near, sent);
    expect("sent", sent, 10)?;
    for (flags, wanted) in [(0, 9), (libc::MSG_OOB, 1)] {
        let received = recv(&far, &mut [0; 20], flags)?;
        work.received(&far, received);
        expect("received", received, wanted)?;
    }
    transfer(work, &near, &far, 20, &by_send, &by_recv)
}

fn more_of_a_stream(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    held_back(work, &near)?;
    let mut left = 350;
    while left > 0 {
        let received = by_recv(&far, &mut [0; 1000])?;
        work.received(&far, received);
        left -= received;
    }
    work.prove(&near, &far)
}

fn more_of_a_datagram(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    held_back(work, &near)?;
    let received = by_recv(&far, &mut [0; 1000])?;
    work.received(&far, received);
    expect("one datagram", received, 350)
}

fn held_back(work: &mut Work, near: &Socket) -> Result<()> {
    for (length, flags) in [(100, libc::MSG_MORE), (200, libc::MSG_MORE), (50, 0)] {
        let sent = send(near, &payload(length), flags)?;
        work.sent(near, sent);
    }
    Ok(())
}

fn nothing_there(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    for socket in [&near, &far] {
        would_block(recv(socket, &mut [0; 10], NOW))?;
    }
    work.prove(&near, &far)
}

/// Until a send would block, of which the last one may have been cut short.
fn no_room(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(if kind.is_stream() { 100_001 } else { 10_001 });
    let (mut left, mut messages) = (0, 0);
    loop {
        match send(&near, &bytes, NOW) {
            Ok(sent) => {
                work.sent(&near, sent);
                (left, messages) = (left + sent, messages + 1);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    expect("something sent", messages > 0, true)?;
    let mut buffer = vec![0; 70_000];
    while left > 0 {
        let received = by_recv(&far, &mut buffer)?;
        work.received(&far, received);
        left -= received;
    }
    work.prove(&near, &far)
}

/// One send of far more than fits, while another thread receives.
fn blocked(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(8_000_000);
    let (sent, received) = beside_a_reader(&far, bytes.len(), || by_send(&near, &bytes))?;
    work.sent(&near, sent?);
    for length in received {
        work.received(&far, length);
    }
    work.prove(&near, &far)
}

/// One send of far more than fits, which returns when its time is over.
fn given_up(work: &mut Work, kind: Kind) -> Result<()> {
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    let (near, far) = work.pair(kind)?;
    let time = Some(std::time::Duration::from_millis(50));
    set_socket_timeout(&near, Timeout::Send, time)?;
    let sent = by_send(&near, &payload(30_000_000))?;
    work.sent(&near, sent);
    expect("a part", sent > 0 && sent < 30_000_000, true)?;
    let (_, received) = beside_a_reader(&far, sent, || ())?;
    for length in received {
        work.received(&far, length);
    }
    work.prove(&near, &far)
}

/// Does something while another thread receives this many bytes; returns what each call said.
pub fn beside_a_reader<T>(
    far: &Socket,
    bytes: usize,
    work: impl FnOnce() -> T,
) -> Result<(T, Vec<usize>)> {
    let fd = rustix::io::dup(far)?;
    let reader = std::thread::spawn(move || {
        let mut lengths = Vec::new();
        let mut buffer = vec![0; 50_000];
        let mut left = bytes;
        while left > 0 {
            let received = rustix::io::read(&fd, &mut buffer)?;
            if received == 0 {
                break;
            }
            lengths.push(received);
            left -= received;
        }
        Ok(lengths)
    });
    let done = work();
    let lengths: Result<Vec<usize>> = reader.join().map_err(|_| Error::other("a panic"))?;
    Ok((done, lengths?))
}

fn would_block(result: Result<usize>) -> Result<()> {
    refused(result, libc::EAGAIN)
}
