//! Netlink sockets: one that asks, one that hears of changes.

use std::os::fd::OwnedFd;

use rustix::{
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send,
        socket_with, sockopt,
    },
};

use super::link::{Link, Part, parse};

/// The group of changes of interfaces (`RTNLGRP_LINK`).
const CHANGES: u32 = 1;

/// The kernel makes no datagram of a dump larger than this (`netlink_dump` in af_netlink.c).
const DATAGRAM: usize = 64 << 10;

/// Whether something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    None,
    Some,
}

/// Both sockets.
#[derive(Debug)]
pub(super) struct Socket {
    asking: OwnedFd,
    hearing: OwnedFd,
    buffer: Vec<u8>,
}

impl Socket {
    pub(super) fn open() -> Result<Self, Errno> {
        let open = |flags, groups| {
            let kind = SocketType::RAW;
            let flags = SocketFlags::CLOEXEC | flags;
            let socket = socket_with(AddressFamily::NETLINK, kind, flags, None)?;
            bind(&socket, &netlink::SocketAddrNetlink::new(0, groups))?;
            Ok::<_, Errno>(socket)
        };
        let hearing = open(SocketFlags::NONBLOCK, CHANGES)?;
        // What does not fit is lost, which counts as news: nobody reads the details.
        let _ = sockopt::set_socket_recv_buffer_size(&hearing, 4096);
        Ok(Self {
            asking: open(SocketFlags::empty(), 0)?,
            hearing,
            buffer: Vec::new(),
        })
    }

    /// Whether an interface came, went or changed since the last call. One system call when not.
    pub(super) fn news(&mut self) -> News {
        let mut news = News::None;
        let mut space = [0; 16];
        // Bounded: a storm of changes must not hold the sampler. What is left is news next time.
        for _ in 0..64 {
            match recv(&self.hearing, &mut space[..], RecvFlags::empty()) {
                Ok(_) => news = News::Some,
                Err(Errno::AGAIN) => break,
                // More than fits, usually.
                Err(_) => return News::Some,
            }
        }
        news
    }

    /// All interfaces of the namespace.
    pub(super) fn links(&mut self) -> Result<Vec<Link>, Errno> {
        send(&self.asking, &request(), SendFlags::empty())?;
        self.buffer.resize(DATAGRAM, 0);
        let mut links = Vec::new();
        loop {
            let receive = || recv(&self.asking, &mut self.buffer[..], RecvFlags::empty());
            let (length, _) = retry_on_intr(receive)?;
            match parse(&self.buffer[..length], &mut links) {
                Part::More if length > 0 => {}
                Part::More | Part::End => break,
                Part::Refused(code) => return Err(Errno::from_raw_os_error(code)),
            }
        }
        // Needed rarely: it goes back.
        self.buffer = Vec::new();
        Ok(links)
    }
}

/// `RTM_GETLINK` for all, without statistics.
fn request() -> [u8; 40] {
    let mut bytes = [0; 40];
    bytes[0..4].copy_from_slice(&40u32.to_ne_bytes());
    bytes[4..6].copy_from_slice(&18u16.to_ne_bytes()); // RTM_GETLINK
    bytes[6..8].copy_from_slice(&0x301u16.to_ne_bytes()); // NLM_F_REQUEST | NLM_F_DUMP
    // 16 bytes of struct ifinfomsg, all zero; then IFLA_EXT_MASK: RTEXT_FILTER_SKIP_STATS.
    bytes[32..34].copy_from_slice(&8u16.to_ne_bytes());
    bytes[34..36].copy_from_slice(&29u16.to_ne_bytes());
    bytes[36..40].copy_from_slice(&8u32.to_ne_bytes());
    bytes
}
