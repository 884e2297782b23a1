//! The listening sockets: admit connections, end them.

use std::{
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{join_all, select};
use rustix::net::sockopt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{sleep, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::debug;

use super::{
    Answers, Event, Setup,
    admission::{Admission, Full},
    backoff::Backoff,
    http::{self, Endpoint, Upgraded},
    report::report,
    stream, tls, websocket,
};

/// Clients over the limit that are told so at the same time; further ones are cut off.
const REFUSALS: usize = 32;

/// Serves HTTP and WebSocket clients of all `listeners` until `shutdown`, then closes them politely
/// and returns within [`Limits::drain`](super::Limits::drain).
pub async fn serve<A: Answers>(
    listeners: Vec<TcpListener>,
    answers: Arc<A>,
    setup: Setup,
    shutdown: CancellationToken,
) {
    let drain = setup.limits.drain;
    let admission = Admission::new(&setup.limits, setup.counters.clone(), setup.after_crowd);
    let doors = Doors {
        admission,
        refused: Arc::new(Semaphore::new(REFUSALS)),
        client: Client {
            answers,
            setup: Arc::new(setup),
            shutdown,
        },
        tasks: TaskTracker::new(),
        abort: CancellationToken::new(),
    };
    let accepting = join_all(listeners.into_iter().map(|listener| doors.accept(listener)));
    let Client {
        setup, shutdown, ..
    } = &doors.client;
    let end = async {
        accepting.await;
        doors.tasks.close();
        if timeout(drain, doors.tasks.wait()).await.is_err() {
            doors.abort.cancel();
            doors.tasks.wait().await;
        }
    };
    tokio::join!(end, report(&setup.counters, shutdown));
}

/// What the listening sockets share.
struct Doors<A> {
    admission: Arc<Admission>,
    refused: Arc<Semaphore>,
    client: Client<A>,
    tasks: TaskTracker,
    abort: CancellationToken,
}

impl<A: Answers> Doors<A> {
    async fn accept(&self, listener: TcpListener) {
        let Client {
            setup, shutdown, ..
        } = &self.client;
        let mut backoff = Backoff::default();
        while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    backoff.reset();
                    setup.counters.count(Event::Accepted);
                    self.receive(stream, peer);
                }
                Err(error) => {
                    setup.counters.count(Event::AcceptError);
                    let pause = backoff.failed(&error, Instant::now());
                    shutdown.run_until_cancelled(sleep(pause)).await;
                }
            }
        }
    }

    /// Serves a connection in a task of its own, or says that there is no room.
    fn receive(&self, stream: TcpStream, peer: SocketAddr) {
        let client = self.client.clone();
        let full = match self.admission.admit(peer.ip()) {
            Ok(permit) => {
                let served = async move {
                    client.serve(stream).await;
                    drop(permit);
                };
                let served = self.abort.clone().run_until_cancelled_owned(served);
                self.tasks.spawn(served);
                return;
            }
            Err(full) => full,
        };
        client.setup.counters.count(match full {
            Full::Server => Event::RefusedFull,
            Full::Address => Event::RefusedPerAddress,
        });
        debug!(%peer, ?full, "refused a client");
        if let Ok(permit) = self.refused.clone().try_acquire_owned() {
            let refused = async move {
                client.refuse(stream, full).await;
                drop(permit);
            };
            let refused = self.abort.clone().run_until_cancelled_owned(refused);
            self.tasks.spawn(refused);
        }
    }
}

/// All that one connection needs.
struct Client<A> {
    answers: Arc<A>,
    setup: Arc<Setup>,
    shutdown: CancellationToken,
}

impl<A> Clone for Client<A> {
    fn clone(&self) -> Self {
        Self {
            answers: self.answers.clone(),
            setup: self.setup.clone(),
            shutdown: self.shutdown.clone(),
        }
    }
}

// Each stage is a box of its own: a task is as large as its largest stage otherwise, for as long as
// the client stays, and the handshakes are ten times larger than what follows.
impl<A: Answers> Client<A> {
    async fn serve(self, stream: TcpStream) {
        if let Err(error) = tune(&stream) {
            debug!("cannot set socket options: {error}");
        }
        match &self.setup.tls {
            Some(tls) => {
                if let Some(upgraded) = Box::pin(self.greet_tls(stream, tls, None)).await {
                    Box::pin(self.converse(upgraded)).await;
                }
            }
            None => {
                if let Some(upgraded) = Box::pin(self.greet_plain(stream, None)).await {
                    Box::pin(self.converse(upgraded)).await;
                }
            }
        }
    }

    async fn refuse(self, stream: TcpStream, full: Full) {
        match &self.setup.tls {
            Some(tls) => drop(Box::pin(self.greet_tls(stream, tls, Some(full))).await),
            None => drop(Box::pin(self.greet_plain(stream, Some(full))).await),
        }
    }

    async fn greet_plain(
        &self,
        stream: TcpStream,
        full: Option<Full>,
    ) -> Option<Upgraded<TcpStream>> {
        self.greet(http::serve(stream, &self.setup, full, self.is_closed()))
            .await
    }

    async fn greet_tls(
        &self,
        stream: TcpStream,
        tls: &Arc<rustls::ServerConfig>,
        full: Option<Full>,
    ) -> Option<Upgraded<tls::Stream>> {
        let both = async {
            let stream = tls::accept(stream, tls, &self.setup).await?;
            http::serve(stream, &self.setup, full, self.is_closed()).await
        };
        self.greet(both).await
    }

    fn is_closed(&self) -> impl Fn(Endpoint) -> bool {
        |endpoint| self.answers.is_closed(endpoint)
    }

    /// The handshakes, within their time limit and until the shutdown.
    async fn greet<T>(&self, handshake: impl Future<Output = Option<T>>) -> Option<T> {
        let limit = self.setup.limits.handshake;
        let within = timeout_at(tokio::time::Instant::now() + limit, handshake);
        // Between two polls no request is half answered, so that one may be dropped.
        match self.shutdown.run_until_cancelled(within).await? {
            Ok(upgraded) => upgraded,
            Err(_) => {
                debug!("client took more than {limit:?} for its handshake");
                self.setup.counters.count(Event::HandshakeTimeout);
                None
            }
        }
    }

    async fn converse<S>(
        &self,
        Upgraded {
            endpoint,
            stream,
            read,
        }: Upgraded<S>,
    ) where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Self {
            answers,
            setup,
            shutdown,
        } = self;
        let end = shutdown.child_token();
        let closed = async {
            answers.closed(endpoint).await;
            end.cancel();
            std::future::pending::<()>().await;
        };
        let (answers, end) = (&**answers, &end);
        let served = async {
            match endpoint {
                Endpoint::Socktop => websocket::serve(stream, read, answers, setup, end).await,
                Endpoint::Stream => stream::serve(stream, read, answers, setup, end).await,
            }
        };
        select(pin!(served), pin!(closed)).await;
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
