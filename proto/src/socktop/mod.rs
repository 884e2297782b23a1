//! The WebSocket protocol of socktop 1.60 clients.
//!
//! - [`Request`], [`RequestError`], [`Form`]: what a client asks, and how
//! - [`Encoder`]: makes an answer out of [`Metrics`], [`Disk`]s, a [`List`] of [`Row`]s,
//!   [`ProcessMetrics`] or a [`Journal`]
//! - [`ErrorObject`]: the answer when there is no other
//! - [`Frame`]: one encoded answer, text or binary or both
//!
//! A client takes the next message of any kind as its answer, so a server sends exactly one frame
//! for each request, in order, and nothing else.

mod ascii;
mod details;
mod disks;
mod encoder;
mod error;
mod frame;
mod gpu;
mod gzip;
mod journal;
mod metrics;
mod parts;
mod processes;
mod protocols;
mod request;
#[cfg(test)]
mod tests;

pub use details::{Detail, Flow, ProcessMetrics, Sockets, Thread};
pub use disks::Disk;
pub use encoder::Encoder;
pub use error::ErrorObject;
pub use frame::{COMPRESS_ABOVE, Frame};
pub use gpu::Gpu;
pub use journal::{Journal, JournalEntry, Priority};
pub use metrics::{Metrics, Network, ServerCounters};
pub use processes::{List, Row};
pub use protocols::{Tcp, Udp};
pub use request::{Form, Request, RequestError};

/// A finite value within `low..=high`, 0 for NaN: JSON has no NaN and clients reject `null`.
fn finite(value: f32, low: f32, high: f32) -> f32 {
    if value.is_nan() {
        0.0
    } else {
        value.clamp(low, high)
    }
}
