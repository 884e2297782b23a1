//! The servers: they take requests from sockets and send back what [`Answers`] gives.
//!
//! - `accept`: the listening sockets, the end
//! - `admission`, `limits`: how many clients there may be, and what one may use
//! - `tls`: the TLS handshake
//! - `http`: the HTTP request that begins every connection: the [`ENDPOINTS`], `/healthz`
//! - `access`, `token`, `origin`: who may connect
//! - `upgrade`: whether a request is a WebSocket handshake
//! - `socket`: a WebSocket after its handshake
//! - `websocket`: socktop's requests and answers
//! - `stream`: samples that come by themselves
//! - `backoff`: waiting while the system refuses new connections
//! - `counters`, `report`: what was accepted and what was refused

mod accept;
mod access;
mod admission;
mod backoff;
mod counters;
mod http;
mod limits;
mod origin;
mod report;
mod socket;
mod stream;
#[cfg(test)]
mod tests;
mod tls;
mod token;
mod upgrade;
mod websocket;

use std::sync::Arc;

use bytes::Bytes;
use subjiffy_proto::socktop::{Frame, Request};

pub use accept::serve;
pub use access::Access;
pub use counters::{Counters, Event};
pub use http::{ENDPOINTS, Endpoint};
pub use limits::{Fit, Limits, fit_descriptors};
pub use origin::{Origin, Origins, own_names};
pub use token::Token;

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

    /// Whether nobody is served there any more.
    fn is_closed(&self, _endpoint: Endpoint) -> bool {
        false
    }

    /// Returns when nobody is to be served there any more.
    fn closed(&self, _endpoint: Endpoint) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }

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

    /// One more that is there already: both can be sent in one go.
    fn more(&mut self) -> Option<Bytes>;
}

/// How clients are served.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// What they may use.
    pub limits: Limits,
    /// Who they may be.
    pub access: Access,
    /// TLS, if they must speak it.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Where they are counted.
    pub counters: Arc<Counters>,
    /// Called when the last of many clients has left, such as to give memory back.
    pub after_crowd: Option<fn()>,
}
