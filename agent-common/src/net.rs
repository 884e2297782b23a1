//! What the socket hooks keep: a slot for every process, where its leader's scheduler slot is.
//!
//! Several CPUs write to one slot at the same time, each number by one atomic addition. A slot
//! belongs to one process from its birth until another process gets the same id: nobody else can
//! write in between, since an id is given out again only when the last thread that had it is gone.

use crate::sched::Plain;

/// Calls and bytes on one kind of socket.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flow {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Calls that received something.
    pub rx_calls: u64,
    /// Calls that sent something.
    pub tx_calls: u64,
}

/// The sockets of one process, totals since it began or the hooks came. The first cache line is
/// what TCP writes.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetSlot {
    /// When the process began, ns since boot; with `tgid` its identity. 0 if that is not known.
    pub start_ns: u64,
    /// Process id (thread group id); 0 if the process that has the slot has not used a socket.
    pub tgid: u32,
    /// TCP connections it opened (SYN sent).
    pub opened: u32,
    /// TCP connections it accepted.
    pub accepted: u32,
    /// Segments that its TCP sockets sent again.
    pub retransmits: u32,
    /// Written by the reader: [`NetSlot::events`] as it has read them.
    pub read_events: u64,
    /// By [`kind`].
    pub flows: [Flow; 3],
}

const _: () = assert!(size_of::<NetSlot>() == 128);

impl NetSlot {
    /// Tells whether anything happened: the sum of all counts but the bytes, which come with calls.
    #[inline(always)]
    #[must_use]
    pub fn events(&self) -> u64 {
        let mut sum = u64::from(self.opened)
            .wrapping_add(self.accepted.into())
            .wrapping_add(self.retransmits.into());
        for flow in &self.flows {
            sum = sum.wrapping_add(flow.rx_calls).wrapping_add(flow.tx_calls);
        }
        sum
    }

    /// Bytes in both directions on all sockets.
    #[inline(always)]
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let mut sum = 0_u64;
        for flow in &self.flows {
            sum = sum.wrapping_add(flow.rx_bytes).wrapping_add(flow.tx_bytes);
        }
        sum
    }

    /// Index of [`NetSlot::read_events`] in words of eight bytes.
    pub const READ_EVENTS_WORD: usize = core::mem::offset_of!(NetSlot, read_events) / 8;
}

/// Indices of [`NetSlot::flows`]. Both versions of IP together.
pub mod kind {
    /// TCP.
    pub const TCP: usize = 0;
    /// UDP.
    pub const UDP: usize = 1;
    /// Unix sockets.
    pub const UNIX: usize = 2;
}

/// What the socket hooks could not keep, totals.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetLoss {
    /// Bytes of processes without a slot, and of slots that went to another process unread.
    pub bytes: u64,
    /// Segments sent again on sockets whose process is not known.
    pub retransmits: u64,
    /// Events that a hook missed but the one behind it counted: they are not lost.
    pub recovered: u64,
}

/// What a TCP socket remembers of its process.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connection {
    /// When that process began, ns since boot.
    pub start_ns: u64,
    /// The process that sent on it last, or opened it; 0 for none.
    pub tgid: u32,
    /// Bits of [`connection`].
    pub flags: u32,
    /// Segments sent again that were counted.
    pub retransmits: u32,
    /// Keeps the size a multiple of eight.
    pub reserved: u32,
}

/// Bits of [`Connection::flags`].
pub mod connection {
    /// It came from outside and no process has taken it yet.
    pub const UNCLAIMED: u32 = 1;
    /// A process has accepted it.
    pub const ACCEPTED: u32 = 2;
    /// A process has opened it. It may then come through the same states as one from outside, if
    /// both ends open it at once.
    pub const OPENED: u32 = 4;
}

/// Room for slots that went to another process before they were read, bytes.
pub const NET_GRAVES_BYTES: u32 = 128 * 1024;

// SAFETY: fixed-width integers only; the size assertion rules out padding.
#[expect(unsafe_code, reason = "see the comment above")]
unsafe impl Plain for NetSlot {}
// SAFETY: three words of eight bytes.
#[expect(unsafe_code, reason = "see the comment above")]
unsafe impl Plain for NetLoss {}
