//! Samples that come by themselves, for clients that know what they asked for.
//!
//! A client sends a request and gets one message a sample from then on; a further request takes the
//! place of the one before. Nothing is queued here: a client that is slow gets the newest sample
//! when it is ready for one, and is told how many it has missed.

use std::pin::pin;

use bytes::Bytes;
use futures_util::{
    StreamExt,
    future::{Either, select},
};
use subjiffy_proto::stream::{StreamError, refusal};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout, timeout_at},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    Answers, Event as Counted, Samples, Setup,
    socket::{End, Kind, end_for, flush, open, part_with, send_all, sent},
};

/// Messages of more bytes than this need no company.
const GROUP_BYTES: usize = 32 << 10;

/// Streams to one client until it leaves, breaks the rules or the server ends.
pub(super) async fn serve<S, A>(
    stream: S,
    read: Bytes,
    answers: &A,
    setup: &Setup,
    shutdown: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Answers,
{
    let mut socket = open(stream, read, &setup.limits).await;
    let end = converse(&mut socket, answers, setup, shutdown).await;
    part_with(socket, end, &setup.limits).await;
}

async fn converse<S, A>(
    socket: &mut WebSocketStream<S>,
    answers: &A,
    setup: &Setup,
    shutdown: &CancellationToken,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Answers,
{
    let mut samples: Option<A::Samples> = None;
    // Pings are no request: they must not put it off.
    let patience = Instant::now() + setup.limits.handshake;
    loop {
        let event = shutdown.run_until_cancelled(next_event(socket, &mut samples, patience));
        let messages = match event.await {
            None => return End::Close(CloseCode::Away, "the server shuts down"),
            Some(Event::Silence) => {
                return End::Close(CloseCode::Policy, "no request; send one JSON object");
            }
            Some(Event::Sample(Some(sample))) => group(sample, samples.as_mut()),
            Some(Event::Sample(None)) => return End::Close(CloseCode::Away, "no more samples"),
            Some(Event::Message(None)) => return End::Gone,
            Some(Event::Message(Some(Err(error)))) => return end_for(&error, setup),
            Some(Event::Message(Some(Ok(message)))) => {
                let begun = match message {
                    Message::Text(text) => answers.samples(&text),
                    Message::Binary(_) => Err(StreamError::binary().to_string()),
                    Message::Close(_) => return End::ClosedByClient,
                    Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {
                        let flushed = timeout(setup.limits.write, flush(socket)).await;
                        if let Err(end) = sent(flushed, setup) {
                            return end;
                        }
                        continue;
                    }
                };
                setup.counters.count(match begun {
                    Ok(_) => Counted::Request,
                    Err(_) => Counted::BadRequest,
                });
                match begun {
                    Ok(begun) => {
                        samples = Some(begun);
                        continue;
                    }
                    // What the client had before goes on.
                    Err(error) => vec![refusal(&error).into()],
                }
            }
        };
        let sending = send_all(socket, Kind::Text, &messages);
        if let Err(end) = sent(timeout(setup.limits.write, sending).await, setup) {
            return end;
        }
    }
}

/// With what else is there already, as far as it is not much.
fn group(first: Bytes, samples: Option<&mut impl Samples>) -> Vec<Bytes> {
    let (mut length, mut messages) = (first.len(), vec![first]);
    if let Some(samples) = samples {
        while length < GROUP_BYTES
            && let Some(more) = samples.more()
        {
            length += more.len();
            messages.push(more);
        }
    }
    messages
}

enum Event {
    Message(Option<Result<Message, tokio_tungstenite::tungstenite::Error>>),
    Sample(Option<Bytes>),
    /// A client that never said what it wants.
    Silence,
}

/// Whatever comes first. Dropping one of the two waits loses nothing.
async fn next_event<S, T>(
    socket: &mut WebSocketStream<S>,
    samples: &mut Option<T>,
    patience: Instant,
) -> Event
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: Samples,
{
    let Some(samples) = samples else {
        return match timeout_at(patience, socket.next()).await {
            Ok(message) => Event::Message(message),
            Err(_) => Event::Silence,
        };
    };
    // What the client says comes first: it may want fewer samples.
    match select(socket.next(), pin!(samples.next())).await {
        Either::Left((message, _)) => Event::Message(message),
        Either::Right((sample, _)) => Event::Sample(sample),
    }
}
