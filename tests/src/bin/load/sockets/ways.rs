//! Ways to send and to receive that every kind of socket has.

use super::Table;
use super::calls::{recvmmsg, recvmsg, sendmmsg, sendmsg};
use super::place::{ALL, Kind, Socket, UDP};
use super::work::{Work, expect, payload};
use rustix::io::{ReadWriteFlags, preadv2, pwritev2, read, readv, write, writev};
use rustix::net::{RecvFlags, SendFlags, recv, recvfrom, send, sendto};
use std::io::{IoSlice, IoSliceMut, Result};
use std::net::{IpAddr, SocketAddr};

pub type Send<'a> = dyn Fn(&Socket, &[u8]) -> Result<usize> + 'a;
pub type Receive<'a> = dyn Fn(&Socket, &mut [u8]) -> Result<usize> + 'a;

/// What is sent each way.
const LENGTHS: [usize; 3] = [1, 1001, 8191];

pub fn table(table: &mut Table) {
    for kind in ALL {
        let mut way =
            |name: &str, send: &'static Send<'static>, receive: &'static Receive<'static>| {
                table.add(kind, name, move |work| exchange(work, kind, send, receive));
            };
        way("send, recv", &by_send, &by_recv);
        way("sendto, recvfrom", &by_send, &|socket, buffer| {
            Ok(recvfrom(socket, buffer, RecvFlags::empty())?.0)
        });
        way("sendmsg, recvmsg", &by_sendmsg, &by_recvmsg);
        way(
            "write, read",
            &|socket, bytes| Ok(write(socket, bytes)?),
            &|socket, buffer| Ok(read(socket, buffer)?),
        );
        way(
            "writev, readv",
            &|socket, bytes| Ok(writev(socket, &parts(bytes))?),
            &|socket, buffer| {
                let (one, two) = buffer.split_at_mut(7);
                let mut parts = [IoSliceMut::new(one), IoSliceMut::new(two)];
                Ok(readv(socket, &mut parts)?)
            },
        );
        way(
            "pwritev2, preadv2",
            &|socket, bytes| {
                let none = ReadWriteFlags::empty();
                Ok(pwritev2(socket, &parts(bytes), u64::MAX, none)?)
            },
            &|socket, buffer| {
                let mut parts = [IoSliceMut::new(buffer)];
                let none = ReadWriteFlags::empty();
                Ok(preadv2(socket, &mut parts, u64::MAX, none)?)
            },
        );
    }
    table.each(&ALL, "sendmmsg, recvmmsg", |work, kind| {
        several(work, kind, false)
    });
    table.each(&ALL, "sendmmsg, recvmmsg, one broken", |work, kind| {
        several(work, kind, true)
    });
    let addressed = [Kind::Udp4, Kind::Udp6, Kind::Dgram];
    table.each(&addressed, "sendto, recvfrom unconnected", unconnected);
    table.each(&UDP, "from a socket of IPv6", mapped);
}

pub fn by_send(socket: &Socket, bytes: &[u8]) -> Result<usize> {
    Ok(send(socket, bytes, SendFlags::empty())?)
}

pub fn by_recv(socket: &Socket, buffer: &mut [u8]) -> Result<usize> {
    Ok(recv(socket, buffer, RecvFlags::empty())?.0)
}

fn by_sendmsg(socket: &Socket, bytes: &[u8]) -> Result<usize> {
    sendmsg(socket, &parts(bytes), 0)
}

fn by_recvmsg(socket: &Socket, buffer: &mut [u8]) -> Result<usize> {
    let (one, two) = buffer.split_at_mut(100);
    recvmsg(socket, &mut [IoSliceMut::new(one), IoSliceMut::new(two)], 0)
}

fn parts(bytes: &[u8]) -> [IoSlice<'_>; 3] {
    let (one, rest) = bytes.split_at(bytes.len() / 3);
    let (two, three) = rest.split_at(rest.len() / 2);
    [IoSlice::new(one), IoSlice::new(two), IoSlice::new(three)]
}

/// A connected pair talks both ways.
pub fn exchange(work: &mut Work, kind: Kind, send: &Send, receive: &Receive) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    for length in LENGTHS {
        transfer(work, &near, &far, length, send, receive)?;
        transfer(work, &far, &near, length / 2 + 1, send, receive)?;
    }
    work.prove(&near, &far)
}

/// Sends this much one way, and receives it.
pub fn transfer(
    work: &mut Work,
    from: &Socket,
    to: &Socket,
    length: usize,
    send: &Send,
    receive: &Receive,
) -> Result<()> {
    let bytes = payload(length);
    let sent = send(from, &bytes)?;
    work.sent(from, sent);
    expect("sent", sent, length)?;
    collect(work, to, &bytes, receive)
}

/// Receives exactly these bytes.
pub fn collect(work: &mut Work, to: &Socket, bytes: &[u8], receive: &Receive) -> Result<()> {
    let mut got = Vec::new();
    let mut buffer = vec![0; 16 << 10];
    while got.len() < bytes.len() {
        let received = receive(to, &mut buffer)?;
        work.received(to, received);
        expect("an end", received == 0, false)?;
        got.extend_from_slice(&buffer[..received]);
    }
    expect("the same bytes", got == bytes, true)
}

/// Several messages with one call, of which one may be broken.
fn several(work: &mut Work, kind: Kind, broken: bool) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(2000);
    let mut messages = [&bytes[..100], &bytes[..700], &bytes[..33], &bytes].map(Some);
    if broken {
        messages[2] = None;
    }
    let sent = sendmmsg(&near, &messages, 0)?;
    let wanted: &[usize] = if broken {
        &[100, 700]
    } else {
        &[100, 700, 33, 2000]
    };
    expect("messages sent", sent.as_slice(), wanted)?;
    let mut left: usize = sent.iter().sum();
    for length in sent {
        work.sent(&near, length);
    }
    while left > 0 {
        // More than there are: the last ones stay empty.
        for length in recvmmsg(&far, 9, 2048, libc::MSG_DONTWAIT)? {
            work.received(&far, length);
            left -= length;
        }
    }
    work.prove(&near, &far)
}

fn unconnected(work: &mut Work, kind: Kind) -> Result<()> {
    let [(near, near_address), (far, far_address)] = work.place.unconnected(kind)?;
    let mut buffer = [0; 4096];
    for (from, to, address, length) in [
        (&near, &far, &far_address, 1234),
        (&far, &near, &near_address, 4000),
    ] {
        let sent = sendto(from, &payload(length), SendFlags::empty(), address)?;
        work.sent(from, sent);
        let (received, _, _) = recvfrom(to, &mut buffer, RecvFlags::empty())?;
        work.received(to, received);
        expect("received", received, length)?;
    }
    Ok(())
}

/// IPv4 on a socket of IPv6, which passes through the code of both.
fn mapped(work: &mut Work, kind: Kind) -> Result<()> {
    let near = Socket::new(Kind::Udp6)?;
    let far = work.place.far_socket(kind)?;
    let address = SocketAddr::try_from(work.place.bind(&far, true)?)?;
    let ip = match address.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let address = SocketAddr::new(ip.into(), address.port());
    for length in [17, 3000] {
        let sent = sendto(&near, &payload(length), SendFlags::empty(), &address)?;
        work.sent(&near, sent);
        collect(work, &far, &payload(length), &by_recv)?;
    }
    Ok(())
}
