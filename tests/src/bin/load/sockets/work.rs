//! An operation counts by itself what it moves.

use super::calls::tcp_info;
use super::place::{Kind, Place, Socket};
use crate::fork;
use rustix::net::{SocketAddrAny, connect};
use rustix::pipe::pipe;
use std::fs::File;
use std::io::{Error, Read, Result, Write};
use std::os::fd::OwnedFd;
use subjiffy_tests::traffic::{Flow, Other, Traffic};

/// The books of one operation.
pub struct Work<'a> {
    pub place: &'a Place,
    pub moved: Traffic,
    pub others: Vec<Other>,
    /// See `Step`.
    pub split: bool,
}

impl<'a> Work<'a> {
    pub fn new(place: &'a Place) -> Self {
        Self {
            place,
            moved: Traffic::default(),
            others: Vec::new(),
            split: false,
        }
    }

    fn flow(&mut self, kind: Kind) -> &mut Flow {
        match kind {
            Kind::Tcp4 | Kind::Tcp6 => &mut self.moved.tcp,
            Kind::Udp4 | Kind::Udp6 => &mut self.moved.udp,
            Kind::Stream | Kind::Dgram | Kind::Seqpacket => &mut self.moved.unix,
        }
    }

    /// Counts what a call says it sent; nothing is a message only where messages have borders.
    pub fn sent(&mut self, socket: &Socket, bytes: usize) {
        if bytes == 0 && socket.kind.is_stream() {
            return;
        }
        let flow = self.flow(socket.kind);
        flow.tx_bytes += bytes as u64;
        flow.tx_calls += 1;
        socket.sent.set(socket.sent.get() + bytes as u64);
    }

    /// Counts what a call says it received.
    pub fn received(&mut self, socket: &Socket, bytes: usize) {
        if bytes == 0 && socket.kind.is_stream() {
            return;
        }
        let flow = self.flow(socket.kind);
        flow.rx_bytes += bytes as u64;
        flow.rx_calls += 1;
        socket.received.set(socket.received.get() + bytes as u64);
    }

    /// A connected pair.
    pub fn pair(&mut self, kind: Kind) -> Result<(Socket, Socket)> {
        let pair = self.place.pair(kind)?;
        if kind.is_tcp() {
            self.moved.opened += 1;
            self.moved.accepted += 1;
        }
        Ok(pair)
    }

    /// Connects a TCP socket, which counts whatever comes of it.
    pub fn connect(&mut self, socket: &Socket, address: &SocketAddrAny) -> Result<()> {
        self.moved.opened += 1;
        Ok(connect(socket, address)?)
    }

    /// The kernel's own counts of a TCP pair that nobody else used agree with ours, as long as
    /// neither end was shut down and nothing waits. Counts retransmissions.
    pub fn prove(&mut self, near: &Socket, far: &Socket) -> Result<()> {
        if !near.kind.is_tcp() {
            return Ok(());
        }
        for (from, to) in [(near, far), (far, near)] {
            let (from_info, to_info) = (tcp_info(from)?, tcp_info(to)?);
            let ours = (from.sent.get(), from.sent.get());
            let kernels = (from_info.sent_once(), to_info.received);
            if ours != kernels {
                return fail(&format!(
                    "counted {ours:?}, by TCP_INFO {kernels:?} were sent and received"
                ));
            }
        }
        self.count_retransmits(near, far)
    }

    /// How often the two sent something again. Their bytes are not compared: the kernel counts what
    /// did not even leave its interface as sent once more, but not as sent again.
    pub fn count_retransmits(&mut self, near: &Socket, far: &Socket) -> Result<()> {
        for socket in [near, far] {
            self.moved.retransmits += u64::from(tcp_info(socket)?.retransmits);
        }
        Ok(())
    }

    /// A child does this with books of its own, to its end.
    pub fn child(&mut self, work: impl FnOnce(&mut Work) -> Result<()>) -> Result<()> {
        let child = self.begin(work)?;
        self.finish(child)
    }

    /// A child begins to do this.
    pub fn begin(&self, work: impl FnOnce(&mut Work) -> Result<()>) -> Result<Child> {
        self.fork(None, work)
    }

    /// The same with a pid, which must be free.
    pub fn begin_as(&self, pid: u32, work: impl FnOnce(&mut Work) -> Result<()>) -> Result<Child> {
        self.fork(Some(pid), work)
    }

    fn fork(&self, pid: Option<u32>, work: impl FnOnce(&mut Work) -> Result<()>) -> Result<Child> {
        let (report, write) = pipe()?;
        let place = self.place;
        let life = move || {
            fork::die_with_parent();
            let mut own = Work::new(place);
            let done = work(&mut own);
            let text = match done {
                Ok(()) => serde_json::to_string(&own.moved).unwrap_or_default(),
                Err(error) => format!("child: {error}"),
            };
            i32::from(File::from(write).write_all(text.as_bytes()).is_err())
        };
        let pid = match pid {
            Some(pid) => fork::fork_with_pid(pid.cast_signed(), life),
            None => fork::fork(life),
        };
        let pid = pid.map_err(Error::other)?.unsigned_abs();
        Ok(Child { pid, report })
    }

    /// Waits for the end of a child.
    pub fn finish(&mut self, child: Child) -> Result<()> {
        let mut text = String::new();
        File::from(child.report).read_to_string(&mut text)?;
        fork::reap(child.pid);
        let moved = serde_json::from_str(&text).map_err(|_| Error::other(text))?;
        let pid = child.pid;
        self.others.push(Other { pid, moved });
        Ok(())
    }
}

/// A child that has books of its own.
pub struct Child {
    pub pid: u32,
    report: OwnedFd,
}

/// An operation that did not do what it is meant to.
pub fn fail<T>(what: &str) -> Result<T> {
    Err(Error::other(what.to_owned()))
}

/// What must be so for the numbers to mean anything.
pub fn expect<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<()> {
    if got == wanted {
        Ok(())
    } else {
        fail(&format!("{what}: {got:?} instead of {wanted:?}"))
    }
}

/// A call that must fail in this way.
pub fn refused<T: std::fmt::Debug>(result: Result<T>, errno: i32) -> Result<()> {
    match result {
        Err(error) if error.raw_os_error() == Some(errno) => Ok(()),
        other => fail(&format!(
            "{other:?} instead of {}",
            Error::from_raw_os_error(errno)
        )),
    }
}

/// Bytes that are not all the same.
pub fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}
