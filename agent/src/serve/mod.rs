//! The servers: they take requests from sockets and send back what [`Answers`] gives.
//!
//! - `accept`: the listening socket, how many connections there are, the end
//! - `http`: the HTTP request that begins every connection: `/ws`, `/healthz`
//! - `upgrade`: whether a request is a WebSocket handshake
//! - `websocket`: socktop's requests and answers
//! - `stream`: samples that come by themselves
//! - `backoff`: waiting while the system refuses new connections
//! - `limits`: what one client may use

mod accept;
mod backoff;
mod http;
mod limits;
mod stream;
#[cfg(test)]
mod tests;
mod upgrade;
mod websocket;

use bytes::Bytes;
use subjiffy_proto::socktop::{Frame, Request};

pub use accept::serve;
pub use limits::Limits;

/// What the servers ask of the agent.
pub trait Answers: Send + Sync + 'static {
    /// Kept while a client is connected, dropped when it is gone.
    type Attached: Send + 'static;

    /// A WebSocket client has connected and may ask at any time.
    fn attach(&self) -> Self::Attached;

    /// The one answer to `request`. What goes wrong is an answer too, an
    /// [`ErrorObject`](subjiffy_proto::socktop::ErrorObject) as a frame. The future is dropped
    /// half-way when the server ends.
    fn answer(&self, request: Request) -> impl Future<Output = Frame> + Send;

    /// Samples as a client of `/stream` asks for them.
    type Samples: Samples;

    /// Begins a stream.
    ///
    /// # Errors
    /// What is wrong with the request and what would be right.
    fn samples(&self, request: &str) -> Result<Self::Samples, String>;
}

/// Samples for one client.
pub trait Samples: Send + 'static {
    /// The newest one that was not given yet, UTF-8. `None` if there will be no more. Nothing is
    /// lost when the future is dropped.
    fn next(&mut self) -> impl Future<Output = Option<Bytes>> + Send;
}
