//! What happened at the door, in numbers.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use subjiffy_proto::socktop::ServerCounters;
use tokio::sync::Notify;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A connection was taken from the system's queue, whatever became of it.
    Accepted,
    /// There were too many connections.
    RefusedFull,
    /// There were too many connections from its address.
    RefusedPerAddress,
    /// The handshakes (TLS, HTTP) took too long.
    HandshakeTimeout,
    /// It sent no HTTP, or a request that is no handshake (400, 404, 405, 431).
    BadHandshake,
    /// Its token was missing or wrong (401).
    Unauthorized,
    /// It came from a web page that is not allowed to (403).
    ForeignOrigin,
    /// The TLS handshake failed.
    TlsFailure,
    /// A WebSocket request was understood.
    Request,
    /// A WebSocket message was not understood or broke the rules.
    BadRequest,
    /// A WebSocket message was larger than allowed.
    TooLarge,
    /// A client did not take its answer in time.
    SlowClosed,
    /// The system gave no connection.
    AcceptError,
}

const EVENTS: usize = Event::AcceptError as usize + 1;

/// Counts of everything since the start, shared by all listening sockets.
#[derive(Debug, Default)]
pub struct Counters {
    connections: AtomicU64,
    events: [AtomicU64; EVENTS],
    trouble: Notify,
}

impl Counters {
    pub(super) fn count(&self, event: Event) {
        self.events[event as usize].fetch_add(1, Relaxed);
        if !matches!(event, Event::Accepted | Event::Request) {
            self.trouble.notify_one();
        }
    }

    /// Waits until something was refused or failed since the last call.
    pub(super) async fn trouble(&self) {
        self.trouble.notified().await;
    }

    pub(super) fn set_connections(&self, connections: usize) {
        self.connections.store(connections as u64, Relaxed);
    }

    /// All counts. They are read one after the other, so that two of them may differ by what
    /// happens meanwhile.
    #[must_use]
    pub fn snapshot(&self) -> ServerCounters {
        let of = |event: Event| self.events[event as usize].load(Relaxed);
        ServerCounters {
            connections: self.connections.load(Relaxed),
            accepted: of(Event::Accepted),
            refused_full: of(Event::RefusedFull),
            refused_per_address: of(Event::RefusedPerAddress),
            handshake_timeouts: of(Event::HandshakeTimeout),
            bad_handshakes: of(Event::BadHandshake),
            unauthorized: of(Event::Unauthorized),
            foreign_origin: of(Event::ForeignOrigin),
            tls_failures: of(Event::TlsFailure),
            requests: of(Event::Request),
            bad_requests: of(Event::BadRequest),
            too_large: of(Event::TooLarge),
            slow_closed: of(Event::SlowClosed),
            accept_errors: of(Event::AcceptError),
        }
    }
}
