//! Who comes gets in at once, up to a limit.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, broadcast, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use super::{FAREWELL, Hall, is_passing};
use crate::output::{
    Lines,
    sockets::{Guest, set_up},
};

/// The pause before accepting again when there are no descriptors left, or no memory.
const PAUSE: Duration = Duration::from_millis(100);

/// Of one listening socket.
pub struct Desk {
    pub hall: Arc<Hall>,
    /// It would not end if it kept the sender.
    pub feed: broadcast::WeakSender<Lines>,
    pub closed: watch::Receiver<()>,
    /// Dropped when all its clients are gone.
    pub over: mpsc::Sender<()>,
}

impl Desk {
    /// Accepts until the server ends, and sees its clients out.
    pub async fn accept(mut self, listener: TcpListener) {
        let mut guests = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                _ = self.closed.changed() => break,
                Some(_) = guests.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    debug!("{peer} connected");
                    self.welcome(stream, &mut guests);
                }
                Err(error) if is_passing(&error) => {}
                Err(error) => {
                    warn!("could not accept a connection: {error}");
                    tokio::select! {
                        _ = self.closed.changed() => break,
                        () = sleep(PAUSE) => {}
                    }
                }
            }
        }
        drop(listener);
        let all = async { while guests.join_next().await.is_some() {} };
        let _ = timeout(FAREWELL, all).await;
        guests.shutdown().await;
        drop(self.over);
    }

    fn welcome(&self, stream: TcpStream, guests: &mut JoinSet<()>) {
        set_up(&stream);
        let Ok(place) = Arc::clone(&self.hall.places).try_acquire_owned() else {
            turn_away(&stream, &self.hall.full());
            return;
        };
        let Some(feed) = self.feed.upgrade() else {
            return;
        };
        // Subscribed first, it misses nothing that comes after the header.
        let guest = Guest {
            stream,
            queue: feed.subscribe(),
            shared: Arc::clone(&self.hall.shared),
            header: self.hall.header(),
        };
        let hall = Arc::clone(&self.hall);
        guests.spawn(async move {
            let half_closed = leave_when_crowded(&hall.half_closed);
            let ended = guest.serve(half_closed).await;
            debug!("a client left: {ended:?}");
            drop(place);
        });
    }
}

/// Returns if there are too many of these already.
async fn leave_when_crowded(half_closed: &Semaphore) {
    if let Ok(_place) = half_closed.try_acquire() {
        std::future::pending().await
    }
}

/// Tells why, as far as it can be told without waiting.
fn turn_away(stream: &TcpStream, why: &str) {
    let _ = stream.try_write(why.as_bytes());
}
