//! Connects out, as colmux wants it: the run ends with the peer.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use thiserror::Error;
use tokio::{runtime::Handle, sync::broadcast};

use super::{
    Audience, Lines, Manner, Prefixed,
    sockets::{Ended, Guest, QUEUE, Shared, set_up},
};

/// At the end, the peer has so long to take what is left for it.
const FAREWELL: Duration = Duration::from_secs(2);

/// A peer that cannot be reached.
#[derive(Debug, Error)]
#[error("could not connect to {host}:{port}: {source}")]
pub struct ConnectError {
    host: String,
    port: u16,
    source: io::Error,
}

/// A connection to a peer that wants lines, while it lives.
#[derive(Debug)]
pub struct Client {
    prefixed: Prefixed,
    /// Dropped, it ends the connection.
    feed: Option<broadcast::Sender<Lines>>,
    audience: Audience,
    /// Disconnected when it has ended.
    over: mpsc::Receiver<()>,
}

impl Client {
    /// Connects within `timeout`, names looked up and all. Lines begin with `host`'s name. `gone` is
    /// called when the peer has ended the connection.
    ///
    /// # Errors
    /// If the peer is not there.
    pub fn connect(
        runtime: &Handle,
        to: (&str, u16),
        timeout: Duration,
        host: &str,
        manner: Manner,
        gone: impl FnOnce() + Send + 'static,
    ) -> Result<Self, ConnectError> {
        let failed = |source| ConnectError {
            host: to.0.to_owned(),
            port: to.1,
            source,
        };
        let stream = connect(to, timeout).map_err(failed)?;
        stream.set_nonblocking(true).map_err(failed)?;
        let entered = runtime.enter();
        let stream = tokio::net::TcpStream::from_std(stream).map_err(failed)?;
        drop(entered);
        set_up(&stream);

        let prefixed = Prefixed::new(Some(host));
        let (feed, queue) = broadcast::channel(QUEUE);
        let (alive, over) = mpsc::channel();
        let shared = Shared {
            manner,
            prefix: prefixed.prefix(),
            audience: Audience::default(),
        };
        let audience = shared.audience.clone();
        let guest = Guest {
            stream,
            queue,
            shared: Arc::new(shared),
            header: Arc::default(),
        };
        runtime.spawn(async move {
            // A peer that closes its end is done with us.
            let ended = guest.serve(std::future::ready(())).await;
            if ended != Ended::Finished {
                gone();
            }
            drop::<mpsc::Sender<()>>(alive);
        });
        Ok(Self {
            prefixed,
            feed: Some(feed),
            audience,
            over,
        })
    }

    /// Figures of the peer, also after the end.
    #[must_use]
    pub fn audience(&self) -> Audience {
        self.audience.clone()
    }

    /// Hands lines to the peer; waits for nothing.
    pub fn show(&mut self, lines: &Lines) {
        let lines = self.prefixed.lines(lines);
        if let Some(feed) = &self.feed {
            // It is an error when the peer is gone, which is told otherwise.
            let _ = feed.send(lines);
        }
    }

    /// Samples that somebody has still to get.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.feed.as_ref().map_or(0, broadcast::Sender::len)
    }

    /// Whether another sample would make nobody skip one.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.waiting() < QUEUE
    }

    /// Ends: the peer gets what is left for it, and sees an orderly close.
    pub fn close(mut self) {
        drop(self.feed.take());
        // Disconnected is what it is to be.
        let _ = self.over.recv_timeout(FAREWELL);
    }
}

/// Tries every address of the peer.
fn connect((host, port): (&str, u16), timeout: Duration) -> io::Result<TcpStream> {
    let begun = Instant::now();
    let mut error = None;
    for address in look_up(host, port, timeout)? {
        let left = timeout.saturating_sub(begun.elapsed());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(failed) => error = Some(failed),
        }
    }
    Err(error.unwrap_or_else(|| io::ErrorKind::TimedOut.into()))
}

/// The addresses of a name. Whoever answers that may take his time, so it is asked on a thread that can be
/// left alone.
fn look_up(host: &str, port: u16, timeout: Duration) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = mpsc::channel();
    let host = host.to_owned();
    thread::Builder::new()
        .name("name".to_owned())
        .spawn(move || {
            let found = (host.as_str(), port).to_socket_addrs();
            // Nobody may want it any more.
            let _ = answer.send(found.map(Iterator::collect));
        })?;
    let late = |_| {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "its name was not resolved in time",
        ))
    };
    answered.recv_timeout(timeout).unwrap_or_else(late)
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
