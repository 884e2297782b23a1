//! What both kinds of sockets have in common.

mod drain;
mod guest;
mod runtime;

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use rustix::net::sockopt;
use tokio::net::TcpStream;

use super::Remarks;
use crate::options::Headers;

pub(super) use drain::Input;
pub(super) use guest::{Ended, Guest};
pub use runtime::Runtime;

/// Samples that wait for a receiver; of what comes after, the oldest are skipped.
pub(super) const QUEUE: usize = 16;

/// What the kernel may hold of lines that a peer has not taken: what is in there is never skipped, and so
/// gets old.
const SEND_BUFFER: usize = 128 << 10;

/// A peer that says nothing for so long is asked whether it is there, and is gone after so many questions
/// at that distance without an answer.
const KEEP_ALIVE: (Duration, Duration, u32) = (Duration::from_secs(60), Duration::from_secs(10), 3);

/// How a receiver gets its lines.
#[derive(Debug, Clone)]
pub struct Manner {
    /// When headers are repeated.
    pub headers: Headers,
    /// How it is told of what it missed.
    pub remarks: Remarks,
    /// Who takes nothing for so long is closed; `None` waits for as long as it takes.
    pub patience: Option<Duration>,
    /// Samples of several lines are followed by an empty one: colmux looks at the lines of a segment after
    /// the first one only when more bytes arrive.
    pub nudges: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            headers: Headers::Every(22),
            remarks: Remarks::Comments,
            patience: Some(Duration::from_secs(30)),
            nudges: false,
        }
    }
}

/// What all receivers of one sender share.
#[derive(Debug)]
pub(super) struct Shared {
    pub manner: Manner,
    /// In front of lines that are not those of a sample.
    pub prefix: Arc<str>,
    pub audience: Audience,
}

/// How many receivers there are, and how they fare; for who wants to know.
#[derive(Debug, Clone, Default)]
pub struct Audience(Arc<Figures>);

#[derive(Debug, Default)]
struct Figures {
    present: AtomicUsize,
    admitted: AtomicU64,
    skipped: AtomicU64,
    bell: Bell,
}

/// Rung when a receiver comes.
#[derive(Default)]
struct Bell(OnceLock<Box<dyn Fn() + Send + Sync>>);

impl fmt::Debug for Bell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bell")
    }
}

impl Audience {
    /// Has `ring` called whenever a receiver has come. The first one who wants that gets it.
    pub fn on_arrival(&self, ring: impl Fn() + Send + Sync + 'static) {
        let _ = self.0.bell.0.set(Box::new(ring));
    }

    /// Receivers at the moment.
    #[must_use]
    pub fn present(&self) -> usize {
        self.0.present.load(Ordering::Relaxed)
    }

    /// Receivers there ever were.
    #[must_use]
    pub fn admitted(&self) -> u64 {
        self.0.admitted.load(Ordering::Relaxed)
    }

    /// Samples that receivers were too slow for, all together.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.0.skipped.load(Ordering::Relaxed)
    }

    fn skip(&self, samples: u64) {
        self.0.skipped.fetch_add(samples, Ordering::Relaxed);
    }

    /// One more, as long as the answer lives.
    fn enter(&self) -> Present {
        self.0.present.fetch_add(1, Ordering::Relaxed);
        self.0.admitted.fetch_add(1, Ordering::Relaxed);
        if let Some(ring) = self.0.bell.0.get() {
            ring();
        }
        Present(self.clone())
    }
}

/// A receiver that is there.
struct Present(Audience);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.0.present.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Sets a connection up. None of it is needed to serve it, so nothing of it fails.
pub(super) fn set_up(stream: &TcpStream) {
    let (idle, interval, count) = KEEP_ALIVE;
    let _ = stream.set_nodelay(true);
    let _ = sockopt::set_socket_send_buffer_size(stream, SEND_BUFFER);
    let _ = sockopt::set_socket_keepalive(stream, true);
    let _ = sockopt::set_tcp_keepidle(stream, idle);
    let _ = sockopt::set_tcp_keepintvl(stream, interval);
    let _ = sockopt::set_tcp_keepcnt(stream, count);
}

/// Ends a connection at once, whatever the peer has not taken.
pub(super) fn reset(stream: &TcpStream) {
    let _ = sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
