//! Socktop's requests and answers on one WebSocket.
//!
//! A client takes the next message of any kind as its answer. So nothing is sent without a request:
//! no ping, no greeting, no push; and every request gets one message, in order.

use std::io;

use bytes::Bytes;
use futures_util::StreamExt;
use subjiffy_proto::socktop::{ErrorObject, Form, Frame, Request, RequestError};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use super::{
    Answers, Event, Setup,
    socket::{End, Kind, end_for, flush, open, part_with, send, sent},
};

/// Answers the requests of one client until it leaves, breaks the rules or the server ends. `read` is
/// what was already taken from the stream.
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
    let attached = answers.attach();
    let end = converse(&mut socket, answers, setup, shutdown).await;
    drop(attached);
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
    let (limits, counters) = (&setup.limits, &setup.counters);
    loop {
        let Some(message) = shutdown.run_until_cancelled(socket.next()).await else {
            return End::Close(CloseCode::Away, "the server shuts down");
        };
        let request = match message {
            Some(Ok(Message::Text(text))) => Some((Request::parse(&text), Form::of(&text))),
            Some(Ok(Message::Binary(_))) => Some((Err(RequestError::Binary), Form::Words)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
            Some(Ok(Message::Close(_))) => return End::ClosedByClient,
            Some(Err(error)) => return end_for(&error, setup),
            None => return End::Gone,
        };
        let written = match request {
            Some((request, form)) => {
                counters.count(match request {
                    Ok(_) => Event::Request,
                    Err(_) => Event::BadRequest,
                });
                let answer = match request {
                    Ok(request) => answers.answer(request).await,
                    Err(error) => ErrorObject::from(&error).to_frame(),
                };
                timeout(limits.write, send_frame(socket, &answer, form)).await
            }
            // The reply to a ping is made, and must be gone before anything else is read or
            // written: a client that only pings would fill our memory.
            None => timeout(limits.write, flush(socket)).await,
        };
        if let Err(end) = sent(written, setup) {
            return end;
        }
    }
}

async fn send_frame<S>(socket: &mut WebSocketStream<S>, frame: &Frame, form: Form) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match (frame, form) {
        (Frame::Text(text), _) | (Frame::Packed { text, .. }, Form::Json) => {
            send(socket, Kind::Text, text.as_bytes()).await
        }
        (Frame::Binary(bytes) | Frame::Packed { gzip: bytes, .. }, _) => {
            send(socket, Kind::Binary, bytes).await
        }
    }
}
