//! Sockets that another process or thread uses.

use super::Table;
use super::place::{ALL, Kind, Socket, TCP};
use super::ways::{by_recv, by_send, collect, transfer};
use super::work::{Work, expect, payload};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::io::{Error, IoSlice, IoSliceMut, Result};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};

pub fn table(table: &mut Table) {
    table.each(&ALL, "used by a child", inherited);
    table.each(&TCP, "passed to a child", passed);
    table.each(&ALL, "used by two threads", two_threads);
}

/// A pair that this process has used, so that it is its own whoever uses it next.
fn used_pair(work: &mut Work, kind: Kind) -> Result<(Socket, Socket)> {
    let (near, far) = work.pair(kind)?;
    transfer(work, &near, &far, 3, &by_send, &by_recv)?;
    transfer(work, &far, &near, 3, &by_send, &by_recv)?;
    Ok((near, far))
}

fn inherited(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = used_pair(work, kind)?;
    let sent = by_send(&far, &payload(900))?;
    work.sent(&far, sent);
    work.child(|own| {
        let sent = by_send(&near, &payload(5000))?;
        own.sent(&near, sent);
        collect(own, &near, &payload(900), &by_recv)
    })?;
    collect(work, &far, &payload(5000), &by_recv)
}

/// By SCM_RIGHTS; this process keeps none of it.
fn passed(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = used_pair(work, kind)?;
    let (give, take) = work.pair(Kind::Stream)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [near.as_fd()];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    let none = SendFlags::empty();
    let sent = sendmsg(&give, &[IoSlice::new(b"it")], &mut control, none)?;
    work.sent(&give, sent);
    drop(near);
    work.child(|own| {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; 8];
        let parts = &mut [IoSliceMut::new(&mut bytes)];
        let none = RecvFlags::empty();
        let message = recvmsg(&take, parts, &mut control, none)?;
        own.received(&take, message.bytes);
        let near = Socket::from_fd(first(&mut control)?, kind)?;
        let sent = by_send(&near, &payload(3000))?;
        own.sent(&near, sent);
        Ok(())
    })?;
    collect(work, &far, &payload(3000), &by_recv)
}

fn first(control: &mut RecvAncillaryBuffer) -> Result<OwnedFd> {
    let mut descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let first = descriptors.next().and_then(|mut all| all.next());
    first.ok_or_else(|| Error::other("no socket came"))
}

fn two_threads(work: &mut Work, kind: Kind) -> Result<()> {
    let pairs = [work.pair(kind)?, work.pair(kind)?];
    const COUNT: usize = 50;
    std::thread::scope(|scope| {
        let threads = pairs.each_ref().map(|(near, far)| {
            let (near, far) = (near.as_fd(), far.as_fd());
            scope.spawn(move || {
                let mut lengths = Vec::new();
                for length in 1..=COUNT {
                    rustix::io::write(near, &payload(length))?;
                    lengths.push(rustix::io::read(far, &mut [0; 200])?);
                }
                Ok(lengths)
            })
        });
        for (thread, (near, far)) in threads.into_iter().zip(&pairs) {
            let lengths: Result<Vec<usize>> = thread.join().expect("no panic");
            let lengths = lengths?;
            let all: Vec<usize> = (1..=COUNT).collect();
            expect("received", lengths == all, true)?;
            for length in lengths {
                work.sent(near, length);
                work.received(far, length);
            }
        }
        Ok(())
    })
}
