//! System calls without a safe wrapper.
#![allow(
    unsafe_code,
    reason = "vectors of messages, socket options and calls with bad addresses have no safe wrapper"
)]

use super::place::Socket;
use std::io::{Error, IoSlice, IoSliceMut, Result};
use std::os::fd::{AsRawFd, OwnedFd};

/// The kernel's own count of a TCP socket.
pub struct TcpInfo {
    sent: u64,
    sent_again: u64,
    /// Bytes received, with a byte for the end of the stream.
    pub received: u64,
    /// Segments sent again.
    pub retransmits: u32,
}

impl TcpInfo {
    /// Bytes sent, each of them once.
    pub fn sent_once(&self) -> u64 {
        self.sent - self.sent_again
    }
}

pub fn tcp_info(socket: &Socket) -> Result<TcpInfo> {
    // libc's struct ends before the fields that are needed; the offsets are the kernel's interface.
    let mut info = [0_u8; 256];
    let mut length = info.len() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into `info`.
    let done = unsafe {
        libc::getsockopt(
            socket.raw(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    check(done as isize)?;
    let word = |at: usize| u32::from_ne_bytes(std::array::from_fn(|i| info[at + i]));
    let long = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| info[at + i]));
    Ok(TcpInfo {
        sent: long(200),
        sent_again: long(208),
        received: long(128),
        retransmits: word(100),
    })
}

/// Sets an option that is an int.
pub fn set_option(socket: &Socket, level: i32, name: i32, value: i32) -> Result<()> {
    // SAFETY: the kernel reads an int, which outlives the call.
    let done = unsafe {
        libc::setsockopt(
            socket.raw(),
            level,
            name,
            (&raw const value).cast(),
            size_of_val(&value) as libc::socklen_t,
        )
    };
    check(done as isize).map(drop)
}

/// `send` with any flags.
pub fn send(socket: &Socket, bytes: &[u8], flags: i32) -> Result<usize> {
    // SAFETY: the kernel reads within `bytes`; what it keeps longer is its pages, not the address.
    check(unsafe { libc::send(socket.raw(), bytes.as_ptr().cast(), bytes.len(), flags) })
}

/// `recv` with any flags.
pub fn recv(socket: &Socket, bytes: &mut [u8], flags: i32) -> Result<usize> {
    // SAFETY: the kernel writes within `bytes`.
    check(unsafe { libc::recv(socket.raw(), bytes.as_mut_ptr().cast(), bytes.len(), flags) })
}

/// Sends from an address that is none.
pub fn send_from_nowhere(socket: &Socket, length: usize) -> Result<usize> {
    // SAFETY: the kernel refuses the address, which is never mapped.
    check(unsafe { libc::send(socket.raw(), 8 as *const libc::c_void, length, 0) })
}

/// Sends a buffer, and then one at an address that is none.
pub fn send_half_from_nowhere(socket: &Socket, bytes: &[u8]) -> Result<usize> {
    let mut parts =
        [(bytes.as_ptr(), bytes.len()), (8 as *const u8, 100)].map(|(base, length)| libc::iovec {
            iov_base: base.cast_mut().cast(),
            iov_len: length,
        });
    // SAFETY: msghdr consists of integers and pointers, for which zero means "not used".
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = parts.len() as _;
    // SAFETY: the kernel reads `bytes` and refuses the other address.
    check(unsafe { libc::sendmsg(socket.raw(), &raw const message, libc::MSG_NOSIGNAL) })
}

/// Receives to an address that is none.
pub fn recv_to_nowhere(socket: &Socket, length: usize) -> Result<usize> {
    // SAFETY: the kernel refuses the address, which is never mapped.
    check(unsafe { libc::recv(socket.raw(), 8 as *mut libc::c_void, length, 0) })
}

/// `sendmsg` of several buffers.
pub fn sendmsg(socket: &Socket, parts: &[IoSlice], flags: i32) -> Result<usize> {
    let message = outgoing(parts);
    // SAFETY: the kernel reads the message and its buffers, which outlive the call.
    check(unsafe { libc::sendmsg(socket.raw(), &raw const message, flags) })
}

/// `recvmsg` into several buffers.
pub fn recvmsg(socket: &Socket, parts: &mut [IoSliceMut], flags: i32) -> Result<usize> {
    let mut control = [0_u64; 64];
    let mut message = incoming(parts);
    message.msg_control = control.as_mut_ptr().cast();
    message.msg_controllen = size_of_val(&control) as _;
    // SAFETY: the kernel writes into the message, its buffers and the control buffer.
    check(unsafe { libc::recvmsg(socket.raw(), &raw mut message, flags) })
}

/// `sendmmsg`; the lengths that were sent. A message of `None` lies at an address that is none.
pub fn sendmmsg(socket: &Socket, messages: &[Option<&[u8]>], flags: i32) -> Result<Vec<usize>> {
    let mut parts: Vec<_> = messages
        .iter()
        .map(|message| libc::iovec {
            iov_base: message.map_or(8 as *mut _, |m| m.as_ptr().cast_mut().cast()),
            iov_len: message.map_or(8, <[u8]>::len),
        })
        .collect();
    let mut headers: Vec<_> = parts.iter_mut().map(header).collect();
    // SAFETY: the kernel reads the messages, whose buffers outlive the call, and writes lengths.
    let sent = check(unsafe {
        let count = headers.len() as u32;
        libc::sendmmsg(socket.raw(), headers.as_mut_ptr(), count, flags as _) as isize
    })?;
    Ok(lengths(&headers[..sent]))
}

/// `recvmmsg` of at most `count` messages of at most `size`; the lengths that came.
pub fn recvmmsg(socket: &Socket, count: usize, size: usize, flags: i32) -> Result<Vec<usize>> {
    let mut buffers = vec![vec![0_u8; size]; count];
    let mut parts: Vec<_> = buffers
        .iter_mut()
        .map(|buffer| libc::iovec {
            iov_base: buffer.as_mut_ptr().cast(),
            iov_len: buffer.len(),
        })
        .collect();
    let mut headers: Vec<_> = parts.iter_mut().map(header).collect();
    // SAFETY: the kernel writes into the messages' buffers, which outlive the call, and lengths.
    let received = check(unsafe {
        libc::recvmmsg(
            socket.raw(),
            headers.as_mut_ptr(),
            count as u32,
            flags as _,
            std::ptr::null_mut(),
        ) as isize
    })?;
    Ok(lengths(&headers[..received]))
}

/// `vmsplice` into a pipe.
pub fn vmsplice(pipe: &OwnedFd, bytes: &[u8]) -> Result<usize> {
    let part = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    // SAFETY: the kernel only reads these pages, and the caller changes them no more.
    check(unsafe { libc::vmsplice(pipe.as_raw_fd(), &raw const part, 1, 0) })
}

fn outgoing(parts: &[IoSlice]) -> libc::msghdr {
    // SAFETY: msghdr consists of integers and pointers, for which zero means "not used".
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    // IoSlice is an iovec.
    message.msg_iov = parts.as_ptr().cast_mut().cast();
    message.msg_iovlen = parts.len() as _;
    message
}

fn incoming(parts: &mut [IoSliceMut]) -> libc::msghdr {
    // SAFETY: as above.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr().cast();
    message.msg_iovlen = parts.len() as _;
    message
}

fn header(part: &mut libc::iovec) -> libc::mmsghdr {
    // SAFETY: as above.
    let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
    header.msg_hdr.msg_iov = part;
    header.msg_hdr.msg_iovlen = 1;
    header
}

fn lengths(headers: &[libc::mmsghdr]) -> Vec<usize> {
    headers.iter().map(|h| h.msg_len as usize).collect()
}

fn check(result: isize) -> Result<usize> {
    usize::try_from(result).map_err(|_| Error::last_os_error())
}
