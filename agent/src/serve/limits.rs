//! What clients may use, and for how long.

use std::time::Duration;

/// Limits of one server, over all its listening sockets.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time; over it clients get 503. Each takes one file descriptor: leave
    /// some of the process's limit to its other work (see [`fit_descriptors`]).
    pub connections: usize,
    /// The same for one client address, or for one /64 of IPv6.
    pub connections_per_address: usize,
    /// From the connection to the end of its TLS handshake, HTTP request and response.
    pub handshake: Duration,
    /// Bytes of the HTTP request line and headers.
    pub header_bytes: usize,
    /// Bytes of one WebSocket message from a client; a larger one closes the connection.
    pub message_bytes: usize,
    /// For a client to take one answer off the network; a slower one is disconnected.
    pub write: Duration,
    /// For a client to end its side after a close frame.
    pub close: Duration,
    /// From the shutdown to the end of the last connection.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_address: 1024,
            handshake: Duration::from_secs(10),
            header_bytes: 16 << 10,
            message_bytes: 64 << 10,
            write: Duration::from_secs(30),
            close: Duration::from_secs(1),
            drain: Duration::from_millis(500),
        }
    }
}

/// File descriptors that are not connections: `/proc`, BPF maps and links, pipes of helper
/// programs, clients that are just told that there is no room.
pub const OTHER_DESCRIPTORS: u64 = 256;

/// What becomes of the limit on open files and of the one on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fit {
    /// The soft limit to set, if it has to change.
    pub soft: Option<u64>,
    /// How many connections fit under it; at most as many as wanted, at least one.
    pub connections: usize,
}

/// Makes room for `connections` under the limits of getrlimit(2) (`None`: no limit): the soft one
/// may be raised to the hard one, and what does not fit is taken from the connections.
#[must_use]
pub fn fit_descriptors(soft: Option<u64>, hard: Option<u64>, connections: usize) -> Fit {
    let needed = (connections as u64).saturating_add(OTHER_DESCRIPTORS);
    let allowed = hard.unwrap_or(u64::MAX).min(needed);
    let raised = soft.filter(|&soft| soft < allowed).map(|_| allowed);
    let have = raised.or(soft).unwrap_or(u64::MAX);
    let room = have.saturating_sub(OTHER_DESCRIPTORS).max(1);
    Fit {
        soft: raised,
        connections: connections.min(usize::try_from(room).unwrap_or(usize::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_only_as_far_as_needed() {
        let fit = |soft, hard, wanted| {
            let fit = fit_descriptors(soft, hard, wanted);
            (fit.soft, fit.connections)
        };
        assert_eq!(fit(Some(1024), Some(4096), 1024), (Some(1280), 1024));
        assert_eq!(fit(Some(1024), None, 1024), (Some(1280), 1024));
        assert_eq!(fit(Some(4096), Some(4096), 1024), (None, 1024));
        assert_eq!(fit(None, None, 1024), (None, 1024));
        assert_eq!(fit(Some(300), Some(300), 1024), (None, 44));
        assert_eq!(fit(Some(300), Some(400), 1024), (Some(400), 144));
        assert_eq!(fit(Some(0), Some(0), 1024), (None, 1));
        assert_eq!(fit(Some(1), None, usize::MAX).0, Some(u64::MAX));
    }
}
