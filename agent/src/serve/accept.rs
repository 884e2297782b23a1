//! The listening socket: admits connections, ends them.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use rustix::net::sockopt;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use super::{
    Answers, Limits,
    backoff::Backoff,
    http::{self, Path},
    stream, websocket,
};

/// Clients over the limit that are told so at the same time; further ones are cut off.
const REFUSALS: usize = 32;

/// Serves HTTP and WebSocket clients of `listener` until `shutdown`, then closes them politely and
/// returns within [`Limits::drain`].
pub async fn serve<A: Answers>(
    listener: TcpListener,
    answers: Arc<A>,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let admitted = Arc::new(Semaphore::new(limits.connections));
    let refused = Arc::new(Semaphore::new(REFUSALS));
    let client = Client {
        answers,
        limits: Arc::new(limits),
        shutdown: shutdown.clone(),
    };
    let (tasks, abort) = (TaskTracker::new(), CancellationToken::new());
    let mut backoff = Backoff::default();

    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        let (stream, peer) = match accepted {
            Ok(connection) => connection,
            Err(error) => {
                let pause = backoff.failed(&error, Instant::now());
                shutdown.run_until_cancelled(sleep(pause)).await;
                continue;
            }
        };
        backoff.reset();
        let (client, abort) = (client.clone(), abort.clone());
        if let Ok(permit) = admitted.clone().try_acquire_owned() {
            tasks.spawn(abort.run_until_cancelled_owned(client.serve(stream, permit)));
        } else if let Ok(permit) = refused.clone().try_acquire_owned() {
            debug!(%peer, "refused a client: too many connections");
            tasks.spawn(abort.run_until_cancelled_owned(client.refuse(stream, permit)));
        }
    }

    drop(listener);
    tasks.close();
    if timeout(client.limits.drain, tasks.wait()).await.is_err() {
        abort.cancel();
        tasks.wait().await;
    }
}

/// All that one connection needs.
struct Client<A> {
    answers: Arc<A>,
    limits: Arc<Limits>,
    shutdown: CancellationToken,
}

impl<A> Clone for Client<A> {
    fn clone(&self) -> Self {
        Self {
            answers: self.answers.clone(),
            limits: self.limits.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

impl<A: Answers> Client<A> {
    async fn serve(self, socket: TcpStream, _permit: OwnedSemaphorePermit) {
        if let Err(error) = tune(&socket) {
            debug!("cannot set socket options: {error}");
        }
        let request = http::serve(socket, &self.limits, http::Room::Free);
        // Between two polls no request is half answered, so that one may be dropped.
        let Some(Some((path, upgraded))) = self.shutdown.run_until_cancelled(request).await else {
            return;
        };
        let (answers, limits, shutdown) = (&*self.answers, &self.limits, &self.shutdown);
        match path {
            Path::Requests => websocket::serve(upgraded, answers, limits, shutdown).await,
            Path::Stream => stream::serve(upgraded, answers, limits, shutdown).await,
        }
    }

    async fn refuse(self, stream: TcpStream, _permit: OwnedSemaphorePermit) {
        let request = http::serve(stream, &self.limits, http::Room::Full);
        self.shutdown.run_until_cancelled(request).await;
    }
}

/// Answers leave at once, and a peer that vanished is found within two minutes. WebSocket pings
/// would do that too, but socktop's clients take one for an answer.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, Duration::from_secs(60))?;
    sockopt::set_tcp_keepintvl(stream, Duration::from_secs(15))?;
    sockopt::set_tcp_keepcnt(stream, 4)?;
    Ok(())
}
