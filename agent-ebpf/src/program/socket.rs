//! Reading a `struct sock`.

use aya_ebpf::Global;
use subjiffy_common::net::kind;

use crate::{layout, task::read_at};

/// Address families and protocols (include/linux/socket.h, include/uapi/linux/in.h).
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const IPPROTO_TCP: u16 = 6;
const IPPROTO_UDP: u16 = 17;
const IPPROTO_MPTCP: u16 = 262;

/// `SOCK_STREAM` of include/linux/net.h.
const SOCK_STREAM: u16 = 1;

/// A socket as a hook hands it over: a pointer whose type the verifier knows.
#[derive(Clone, Copy)]
pub struct Socket(pub *const u8);

impl Socket {
    /// As `Task::load`.
    #[inline(always)]
    fn load<T>(self, offset: &Global<u64>) -> T {
        // SAFETY: the verifier accepts only an offset and size that lie within the socket.
        unsafe { core::ptr::read_volatile(self.0.add(offset.load() as usize).cast::<T>()) }
    }

    /// One of [`kind`], if it is one that we count.
    #[inline(always)]
    pub fn kind(self) -> Option<usize> {
        match self.load::<u16>(&layout::SOCK_FAMILY) {
            AF_UNIX => Some(kind::UNIX),
            AF_INET | AF_INET6 => match self.load::<u16>(&layout::SOCK_PROTOCOL) {
                IPPROTO_TCP | IPPROTO_MPTCP => Some(kind::TCP),
                IPPROTO_UDP => Some(kind::UDP),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it is a `struct tcp_sock` (one of MPTCP is not).
    #[inline(always)]
    pub fn is_tcp(self) -> bool {
        self.load::<u16>(&layout::SOCK_PROTOCOL) == IPPROTO_TCP
    }

    /// Whether nothing in it is a message: reading nothing is then its end.
    #[inline(always)]
    pub fn is_stream(self) -> bool {
        self.load::<u16>(&layout::SOCK_TYPE) == SOCK_STREAM
    }

    /// Whether a process has it open (`sk_socket`): not before it is accepted.
    #[inline(always)]
    pub fn is_open(self) -> bool {
        self.load::<u64>(&layout::SOCK_SOCKET) != 0
    }

    /// Whether a process, not an interrupt, works on it (`lock_sock`).
    #[inline(always)]
    pub fn is_owned(self) -> bool {
        self.load::<u32>(&layout::SOCK_OWNED) != 0
    }

    /// A field of the `struct tcp_sock` that it is.
    #[inline(always)]
    pub fn of_tcp(self, offset: &Global<u64>) -> u32 {
        read_at(self.0 as u64, offset).unwrap_or(0)
    }
}
