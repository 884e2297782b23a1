//! Listens: any number of clients, none of which can delay another.
//!
//! A client that closes only its sending side still listens, as far as one can tell, and is served until
//! its connection fails; but of those only so many, because one that has gone looks the same until the
//! next lines.

mod accept;
mod bind;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError, mpsc},
    time::Duration,
};

use tokio::{
    runtime::Handle,
    sync::{Semaphore, broadcast, watch},
};

use super::{
    Audience, Lines, Manner, Prefixed,
    sockets::{QUEUE, Shared},
};

pub use bind::ListenError;

/// Clients at a time if nobody says otherwise.
pub const CLIENTS: usize = 1024;

/// Clients at a time that have closed their sending side.
const HALF_CLOSED: usize = 64;

/// At the end, clients have so long to take what is left for them.
const FAREWELL: Duration = Duration::from_secs(2);

/// A server of lines, while it lives.
#[derive(Debug)]
pub struct Server {
    hall: Arc<Hall>,
    prefixed: Prefixed,
    /// Dropped, it ends everything.
    feed: Option<broadcast::Sender<Lines>>,
    addresses: Vec<SocketAddr>,
    has_shown: bool,
    /// Dropped, it ends listening.
    open: Option<watch::Sender<()>>,
    /// Disconnected when all is over.
    over: mpsc::Receiver<()>,
}

/// What those who accept and their clients share.
#[derive(Debug)]
struct Hall {
    shared: Arc<Shared>,
    /// A place for each client.
    places: Arc<Semaphore>,
    most: usize,
    half_closed: Arc<Semaphore>,
    /// What a new client is shown at once.
    header: Mutex<Arc<str>>,
}

impl Server {
    /// Listens at all of these addresses; port 0 is any. With a host, lines begin with its name.
    ///
    /// # Errors
    /// If one of them is not to be had.
    pub fn start(
        runtime: &Handle,
        at: &[SocketAddr],
        host: Option<&str>,
        manner: Manner,
        clients: usize,
    ) -> Result<Self, ListenError> {
        let entered = runtime.enter();
        let listeners = bind::all(at)?;
        drop(entered);
        let prefixed = Prefixed::new(host);
        let shared = Shared {
            manner,
            prefix: prefixed.prefix(),
            audience: Audience::default(),
        };
        let hall = Arc::new(Hall {
            shared: Arc::new(shared),
            places: Arc::new(Semaphore::new(clients)),
            most: clients,
            half_closed: Arc::new(Semaphore::new(HALF_CLOSED)),
            header: Mutex::default(),
        });
        let (feed, _) = broadcast::channel(QUEUE);
        let (open, closed) = watch::channel(());
        let (over_tx, over) = mpsc::channel();
        let addresses = listeners.iter().filter_map(|one| one.local_addr().ok());
        let addresses = addresses.collect();
        for listener in listeners {
            let desk = accept::Desk {
                hall: Arc::clone(&hall),
                feed: feed.downgrade(),
                closed: closed.clone(),
                over: over_tx.clone(),
            };
            runtime.spawn(desk.accept(listener));
        }
        Ok(Self {
            hall,
            prefixed,
            feed: Some(feed),
            addresses,
            has_shown: false,
            open: Some(open),
            over,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Clients at the moment.
    #[must_use]
    pub fn clients(&self) -> usize {
        self.hall.shared.audience.present()
    }

    /// Whether lines would be of use: there is somebody, or nothing yet to greet newcomers with.
    #[must_use]
    pub fn wants_lines(&self) -> bool {
        !self.has_shown || self.clients() > 0
    }

    /// Figures of all clients, also after the end.
    #[must_use]
    pub fn audience(&self) -> Audience {
        self.hall.shared.audience.clone()
    }

    /// Hands lines to every client; waits for none.
    pub fn show(&mut self, lines: &Lines) {
        let lines = self.prefixed.lines(lines);
        self.hall.set_header(&lines.header);
        self.has_shown = true;
        if let Some(feed) = &self.feed {
            // It is an error when there is nobody.
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

    /// Ends: clients get what is left for them, and see an orderly close. Waits a moment for those who
    /// are slow, then cuts them off.
    pub fn close(mut self) {
        self.stop();
        // Disconnected is what it is to be.
        let _ = self.over.recv_timeout(FAREWELL + Duration::from_secs(1));
    }

    fn stop(&mut self) {
        drop(self.open.take());
        drop(self.feed.take());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Hall {
    fn header(&self) -> Arc<str> {
        Arc::clone(&self.header.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn set_header(&self, header: &Arc<str>) {
        let mut current = self.header.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&current, header) {
            *current = Arc::clone(header);
        }
    }

    /// What a peer is told that does not get in.
    fn full(&self) -> String {
        format!(
            "{}# no place left: {} clients are here, and no more are served\n",
            self.shared.prefix, self.most
        )
    }
}

/// Whether another try to accept may do better.
fn is_passing(error: &io::Error) -> bool {
    // Of the peer, not of us: accept(2).
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | Interrupted
    )
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
