//! Between sockets and files or pipes, without a buffer of the process.

use super::Table;
use super::calls::vmsplice;
use super::flags::beside_a_reader;
use super::place::{ALL, Kind, STREAMS, Socket};
use super::ways::{by_recv, by_send, collect, transfer};
use super::work::{Work, expect, payload};
use rustix::fd::OwnedFd;
use rustix::fs::sendfile;
use rustix::pipe::{SpliceFlags, pipe, splice};
use std::fs::File;
use std::io::{Result, Seek, SeekFrom, Write};

/// Fits into a pipe, and into one call of the socket.
const LENGTH: usize = 6000;

pub fn table(table: &mut Table) {
    table.each(&ALL, "sendfile", small_file);
    table.each(&STREAMS, "sendfile of much", large_file);
    table.each(&ALL, "splice in", splice_in);
    table.each(&STREAMS, "vmsplice and splice in", vmsplice_in);
    table.each(&STREAMS, "splice out", splice_out);
    table.each(&STREAMS, "splice through", splice_through);
}

fn small_file(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(LENGTH);
    let sent = sendfile(&near, file(&bytes)?, None, LENGTH)?;
    work.sent(&near, sent);
    expect("sent", sent, LENGTH)?;
    collect(work, &far, &bytes, &by_recv)?;
    work.prove(&near, &far)
}

fn large_file(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let bytes = payload(3_000_000);
    let file = file(&bytes)?;
    let send = || sendfile(&near, file, None, bytes.len());
    let (sent, received) = beside_a_reader(&far, bytes.len(), send)?;
    work.split = true;
    work.sent(&near, sent?);
    for length in received {
        work.received(&far, length);
    }
    work.prove(&near, &far)
}

fn file(bytes: &[u8]) -> Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

fn splice_in(work: &mut Work, kind: Kind) -> Result<()> {
    from_pipe(work, kind, |pipe, bytes| {
        Ok(rustix::io::write(pipe, bytes)?)
    })
}

fn vmsplice_in(work: &mut Work, kind: Kind) -> Result<()> {
    from_pipe(work, kind, vmsplice)
}

fn from_pipe(
    work: &mut Work,
    kind: Kind,
    fill: fn(&OwnedFd, &[u8]) -> Result<usize>,
) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let (from, into) = pipe()?;
    let bytes = payload(LENGTH);
    expect("in the pipe", fill(&into, &bytes)?, LENGTH)?;
    let none = SpliceFlags::empty();
    let sent = splice(from, None, &near, None, LENGTH, none)?;
    work.sent(&near, sent);
    expect("sent", sent, LENGTH)?;
    collect(work, &far, &bytes, &by_recv)?;
    work.prove(&near, &far)
}

fn splice_out(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, far) = work.pair(kind)?;
    let (from, into) = pipe()?;
    let bytes = payload(LENGTH);
    let sent = by_send(&near, &bytes)?;
    work.sent(&near, sent);
    out(work, &far, &into)?;
    let mut buffer = vec![0; LENGTH];
    expect("piped", rustix::io::read(from, &mut buffer)?, LENGTH)?;
    expect("the same bytes", buffer == bytes, true)?;
    transfer(work, &far, &near, 11, &by_send, &by_recv)?;
    work.prove(&near, &far)
}

fn splice_through(work: &mut Work, kind: Kind) -> Result<()> {
    let (near, here) = work.pair(kind)?;
    let (there, far) = work.pair(kind)?;
    let (from, into) = pipe()?;
    let bytes = payload(LENGTH);
    let sent = by_send(&near, &bytes)?;
    work.sent(&near, sent);
    out(work, &here, &into)?;
    let none = SpliceFlags::empty();
    let sent = splice(from, None, &there, None, LENGTH, none)?;
    work.sent(&there, sent);
    collect(work, &far, &bytes, &by_recv)?;
    work.prove(&there, &far)
}

/// All of it from the socket into the pipe.
fn out(work: &mut Work, from: &Socket, into: &OwnedFd) -> Result<()> {
    let mut left = LENGTH;
    while left > 0 {
        let none = SpliceFlags::empty();
        let received = splice(from, None, into, None, left, none)?;
        work.received(from, received);
        expect("an end", received == 0, false)?;
        left -= received;
    }
    Ok(())
}
