//! What one client may use, and for how long.

use std::time::Duration;

/// Limits of one listening socket.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at the same time; over it clients get 503. Each takes one file descriptor: leave
    /// some of the process's limit to its other work.
    pub connections: usize,
    /// From the connection to the end of its HTTP request and response.
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
            connections: 512,
            handshake: Duration::from_secs(10),
            header_bytes: 16 << 10,
            message_bytes: 64 << 10,
            write: Duration::from_secs(30),
            close: Duration::from_secs(1),
            drain: Duration::from_millis(500),
        }
    }
}
