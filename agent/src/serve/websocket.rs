//! Socktop's requests and answers on one WebSocket.
//!
//! A client takes the next message of any kind as its answer. So nothing is sent without a request:
//! no ping, no greeting, no push; and every request gets one message, in order.

use futures_util::{SinkExt, StreamExt};
use subjiffy_proto::socktop::{ErrorObject, Form, Frame, Request, RequestError};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{Answers, Limits};

/// Most bytes of one answer; clients take no larger frame.
const MAX_ANSWER: usize = 16 << 20;
const READ_BUFFER: usize = 4 << 10;

/// How a conversation ends.
pub(super) enum End {
    /// The client does not listen any more.
    Gone,
    /// The client has sent a close frame.
    ClosedByClient,
    /// We close it.
    Close(CloseCode, &'static str),
}

/// Answers the requests of one client until it leaves, breaks the rules or the server ends.
pub(super) async fn serve<S, A>(
    stream: S,
    answers: &A,
    limits: &Limits,
    shutdown: &CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Answers,
{
    let mut socket = open(stream, limits).await;
    let attached = answers.attach();
    let end = converse(&mut socket, answers, limits, shutdown).await;
    drop(attached);
    part_with(socket, end, limits).await;
}

/// The server's side of a connection whose handshake is done.
pub(super) async fn open<S>(stream: S, limits: &Limits) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_ANSWER)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// Ends a conversation politely, within [`Limits::close`].
pub(super) async fn part_with<S>(socket: WebSocketStream<S>, end: End, limits: &Limits)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let close = match end {
        End::Gone => return,
        End::ClosedByClient => None,
        End::Close(code, reason) => Some(CloseFrame {
            code,
            reason: reason.into(),
        }),
    };
    if timeout(limits.close, part(socket, close)).await.is_err() {
        debug!("client did not close within {:?}", limits.close);
    }
}

async fn converse<S, A>(
    socket: &mut WebSocketStream<S>,
    answers: &A,
    limits: &Limits,
    shutdown: &CancellationToken,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Answers,
{
    loop {
        let Some(message) = shutdown.run_until_cancelled(socket.next()).await else {
            return End::Close(CloseCode::Away, "the server shuts down");
        };
        let (request, form) = match message {
            Some(Ok(Message::Text(text))) => (Request::parse(&text), Form::of(&text)),
            Some(Ok(Message::Binary(_))) => (Err(RequestError::Binary), Form::Words),
            // The reply to a ping is already on its way.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Ok(Message::Close(_))) => return End::ClosedByClient,
            Some(Err(error)) => return end_for(&error),
            None => return End::Gone,
        };
        let answer = match request {
            Ok(request) => answers.answer(request).await,
            Err(error) => ErrorObject::from(&error).to_frame(),
        };
        let answer = match form {
            Form::Words => answer,
            Form::Json => answer.plain(),
        };
        match timeout(limits.write, socket.send(message_of(answer))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return end_for(&error),
            Err(_) => {
                debug!("client did not take its answer within {:?}", limits.write);
                return End::Gone;
            }
        }
    }
}

fn message_of(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::text(&*text),
        Frame::Binary(bytes) | Frame::Packed { gzip: bytes, .. } => Message::Binary(bytes),
    }
}

pub(super) fn end_for(error: &Error) -> End {
    debug!("WebSocket connection broken: {error}");
    match error {
        Error::Capacity(_) => End::Close(CloseCode::Size, "message too large; requests are short"),
        Error::Utf8(_) => End::Close(CloseCode::Invalid, "text is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(_) => End::Close(CloseCode::Protocol, "invalid WebSocket frame"),
        _ => End::Gone,
    }
}

/// Sends the close frame, then reads on until the client ends its side: closing while its bytes
/// arrive would make the system send a reset, which can overtake the close frame.
async fn part<S>(mut socket: WebSocketStream<S>, close: Option<CloseFrame>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let sent = match close {
        Some(frame) => socket.close(Some(frame)).await,
        None => socket.flush().await,
    };
    let mut stream = socket.into_inner();
    if sent.is_ok() && stream.shutdown().await.is_ok() {
        let _ = copy(&mut stream, &mut sink()).await;
    }
}
