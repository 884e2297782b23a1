//! The same through io_uring: by the process itself, by the kernel's workers and by its poller, all
//! on behalf of the process.
#![allow(
    unsafe_code,
    reason = "the kernel reads and writes what an entry of a ring points to"
)]

use super::Table;
use super::place::{ALL, DATAGRAMS, Kind, Socket, TCP, UDP};
use super::ways::{Receive, Send, by_recv, by_send, collect, exchange};
use super::work::{Work, expect, payload};
use io_uring::squeue::{Entry, Flags};
use io_uring::types::Fd;
use io_uring::{IoUring, cqueue, opcode};
use std::cell::RefCell;
use std::io::{Error, Result};

pub fn table(table: &mut Table) {
    let none = Flags::empty();
    for kind in ALL {
        for (name, poller, flags) in [
            ("io_uring", false, none),
            ("io_uring by a worker", false, Flags::ASYNC),
            ("io_uring by the poller", true, none),
        ] {
            table.add(kind, name, move |work| ways(work, kind, poller, flags));
        }
    }
    table.each(&ALL, "io_uring waits", waiting);
    table.each(&TCP, "io_uring send_zc", without_copy);
    table.each(&UDP, "io_uring send_zc", without_copy);
    table.each(&DATAGRAMS, "io_uring multishot", many_of_one);
}

/// A ring that has one call under way.
struct Ring {
    ring: RefCell<IoUring>,
    flags: Flags,
}

impl Ring {
    fn new(poller: bool, flags: Flags) -> Result<Self> {
        let mut builder = IoUring::builder();
        if poller {
            builder.setup_sqpoll(2000);
        }
        let ring = RefCell::new(builder.build(8)?);
        Ok(Self { ring, flags })
    }

    /// Begins a call.
    ///
    /// # Safety
    /// What the entry points to must live until the call has ended.
    unsafe fn begin(&self, entry: Entry) -> Result<()> {
        let mut ring = self.ring.borrow_mut();
        // SAFETY: as the caller promises.
        let pushed = unsafe { ring.submission().push(&entry.flags(self.flags)) };
        pushed.map_err(Error::other)?;
        ring.submit()?;
        Ok(())
    }

    /// Waits for a result and its flags.
    fn wait(&self) -> Result<(usize, u32)> {
        let mut ring = self.ring.borrow_mut();
        ring.submit_and_wait(1)?;
        let entry = ring.completion().next();
        let entry = entry.ok_or_else(|| Error::other("no completion"))?;
        match usize::try_from(entry.result()) {
            Ok(length) => Ok((length, entry.flags())),
            Err(_) => Err(Error::from_raw_os_error(-entry.result())),
        }
    }

    /// Makes a call; what it points to lives until this returns.
    fn call(&self, entry: Entry) -> Result<usize> {
        // SAFETY: its end is waited for.
        unsafe { self.begin(entry)? };
        let (length, flags) = self.wait()?;
        if cqueue::more(flags) {
            // The pages that were not copied are the process's again.
            self.wait()?;
        }
        Ok(length)
    }
}

fn fd(socket: &Socket) -> Fd {
    Fd(socket.raw())
}

fn iovec(base: *const u8, length: usize) -> libc::iovec {
    libc::iovec {
        iov_base: base.cast_mut().cast(),
        iov_len: length,
    }
}

fn message(part: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: msghdr consists of integers and pointers, for which zero means "not used".
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message
}

fn ways(work: &mut Work, kind: Kind, poller: bool, flags: Flags) -> Result<()> {
    let ring = Ring::new(poller, flags)?;
    let ring = &ring;
    let ways: [(&Send, &Receive); 4] = [
        (
            &|socket, bytes| {
                let length = bytes.len() as u32;
                ring.call(opcode::Send::new(fd(socket), bytes.as_ptr(), length).build())
            },
            &|socket, buffer| {
                let length = buffer.len() as u32;
                ring.call(opcode::Recv::new(fd(socket), buffer.as_mut_ptr(), length).build())
            },
        ),
        (
            &|socket, bytes| {
                let mut part = iovec(bytes.as_ptr(), bytes.len());
                let message = message(&mut part);
                ring.call(opcode::SendMsg::new(fd(socket), &raw const message).build())
            },
            &|socket, buffer| {
                let mut part = iovec(buffer.as_mut_ptr(), buffer.len());
                let mut message = message(&mut part);
                ring.call(opcode::RecvMsg::new(fd(socket), &raw mut message).build())
            },
        ),
        (
            &|socket, bytes| {
                let length = bytes.len() as u32;
                ring.call(opcode::Write::new(fd(socket), bytes.as_ptr(), length).build())
            },
            &|socket, buffer| {
                let length = buffer.len() as u32;
                ring.call(opcode::Read::new(fd(socket), buffer.as_mut_ptr(), length).build())
            },
        ),
        (
            &|socket, bytes| {
                let part = iovec(bytes.as_ptr(), bytes.len());
                ring.call(opcode::Writev::new(fd(socket), &raw const part, 1).build())
            },
            &|socket, buffer| {
                let part = iovec(buffer.as_mut_ptr(), buffer.len());
                ring.call(opcode::Readv::new(fd(socket), &raw const part, 1).build())
            },
        ),
    ];
    for (send, receive) in ways {
        exchange(work, kind, send, receive)?;
    }
    Ok(())
}

/// A receive that is there before its data.
fn waiting(work: &mut Work, kind: Kind) -> Result<()> {
    let ring = Ring::new(false, Flags::empty())?;
    let (near, far) = work.pair(kind)?;
    for length in [300, 4000] {
        let mut buffer = vec![0; 5000];
        let room = buffer.len() as u32;
        let entry = opcode::Recv::new(fd(&far), buffer.as_mut_ptr(), room).build();
        // SAFETY: the buffer lives until the end, which is waited for.
        unsafe { ring.begin(entry)? };
        let bytes = payload(length);
        let sent = by_send(&near, &bytes)?;
        work.sent(&near, sent);
        let (received, _) = ring.wait()?;
        work.received(&far, received);
        expect("the same bytes", buffer[..received] == bytes, true)?;
    }
    work.prove(&near, &far)
}

fn without_copy(work: &mut Work, kind: Kind) -> Result<()> {
    let ring = Ring::new(false, Flags::empty())?;
    let (near, far) = work.pair(kind)?;
    let bytes = payload(9000);
    let length = bytes.len() as u32;
    // SAFETY: call() waits until the pages are not used any more; the far end has received by then.
    unsafe { ring.begin(opcode::SendZc::new(fd(&near), bytes.as_ptr(), length).build())? };
    let (sent, flags) = ring.wait()?;
    work.sent(&near, sent);
    collect(work, &far, &bytes, &by_recv)?;
    if cqueue::more(flags) {
        ring.wait()?;
    }
    work.prove(&near, &far)
}

/// One entry that receives again and again.
fn many_of_one(work: &mut Work, kind: Kind) -> Result<()> {
    const SIZE: usize = 2000;
    let ring = Ring::new(false, Flags::empty())?;
    let (near, far) = work.pair(kind)?;
    let mut buffers = vec![0_u8; 8 * SIZE];
    let buffers = buffers.as_mut_ptr();
    ring.call(opcode::ProvideBuffers::new(buffers, SIZE as i32, 8, 1, 0).build())?;
    // SAFETY: the buffers live longer than the ring, which is closed first.
    unsafe { ring.begin(opcode::RecvMulti::new(fd(&far), 1).build())? };
    for length in [100, 200, 300, 1500] {
        let sent = by_send(&near, &payload(length))?;
        work.sent(&near, sent);
        let (received, flags) = ring.wait()?;
        work.received(&far, received);
        expect("received", received, length)?;
        expect("more to come", cqueue::more(flags), true)?;
    }
    drop(ring);
    Ok(())
}
