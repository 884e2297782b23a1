//! TCP and UDP in numbers: an extension. In [`Metrics`](super::Metrics) they are totals, in samples
//! differences. They cover both IP versions.

use serde::{Deserialize, Serialize};

/// TCP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tcp {
    /// Connections opened from here, tried ones included.
    pub active_opens: u64,
    /// Connections accepted by listening sockets.
    pub passive_opens: u64,
    /// Connections that failed before they were established.
    pub attempt_fails: u64,
    /// Established connections that were reset.
    pub established_resets: u64,
    /// Connections that are established or half closed now; never a difference.
    pub established: u64,
    /// Segments received, broken ones included.
    pub in_segments: u64,
    /// Segments sent, without those that were only retransmitted.
    pub out_segments: u64,
    /// Segments retransmitted.
    pub retransmitted_segments: u64,
    /// Broken segments received.
    pub in_errors: u64,
    /// Segments sent with the RST flag.
    pub out_resets: u64,
    /// Segments received with a wrong checksum; they are in `in_errors` too.
    pub in_checksum_errors: u64,
}

/// UDP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Udp {
    /// Datagrams that reached a socket's reader.
    pub in_datagrams: u64,
    /// Datagrams for a port where nobody listens.
    pub no_ports: u64,
    /// Datagrams that could not be delivered for other reasons.
    pub in_errors: u64,
    /// Datagrams sent.
    pub out_datagrams: u64,
    /// Datagrams dropped because the socket's buffer was full; they are in `in_errors` too.
    pub receive_buffer_errors: u64,
    /// Datagrams not sent for want of buffer.
    pub send_buffer_errors: u64,
    /// Datagrams received with a wrong checksum; they are in `in_errors` too.
    pub in_checksum_errors: u64,
}
