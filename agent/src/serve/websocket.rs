//! Socktop's requests and answers on one WebSocket.
//!
//! A client takes the next message of any kind as its answer. So nothing is sent without a request:
//! no ping, no greeting, no push; and every request gets one message, in order.

use std::io;

use bytes::{Buf, Bytes};
use futures_util::{SinkExt, StreamExt};
use subjiffy_proto::socktop::{ErrorObject, Frame, Request, RequestError};
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

use super::{Answers, Event, Setup};

/// Memory for what a client has sent; each client keeps it.
const READ_BUFFER: usize = 1 << 10;

/// Memory for control frames that a client has not taken yet.
const WRITE_BUFFER: usize = 1 << 10;

/// How a conversation ends.
enum End {
    /// The client does not listen any more.
    Gone,
    /// The client has sent a close frame.
    ClosedByClient,
    /// We close it.
    Close(CloseCode, &'static str),
}

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
    let limits = &setup.limits;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes));
    let mut socket = if read.is_empty() {
        WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
    } else {
        let read = read.to_vec();
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await
    };
    let attached = answers.attach();
    let end = converse(&mut socket, answers, setup, shutdown).await;
    drop(attached);
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
            Some(Ok(Message::Text(text))) => Some(Request::parse(&text)),
            Some(Ok(Message::Binary(_))) => Some(Err(RequestError::Binary)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => None,
            Some(Ok(Message::Close(_))) => return End::ClosedByClient,
            Some(Err(error)) => return end_for(&error, setup),
            None => return End::Gone,
        };
        let sent = match request {
            Some(request) => {
                counters.count(match request {
                    Ok(_) => Event::Request,
                    Err(_) => Event::BadRequest,
                });
                let answer = match request {
                    Ok(request) => answers.answer(request).await,
                    Err(error) => ErrorObject::from(&error).to_frame(),
                };
                timeout(limits.write, send(socket, &answer)).await
            }
            // The reply to a ping is made, and must be gone before anything else is read or
            // written: a client that only pings would fill our memory.
            None => timeout(limits.write, flush(socket)).await,
        };
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                debug!("WebSocket connection broken: {error}");
                return End::Gone;
            }
            Err(_) => {
                debug!("client did not take its answer within {:?}", limits.write);
                counters.count(Event::SlowClosed);
                return End::Gone;
            }
        }
    }
}

/// Writes one message straight to the stream, without a copy: the library would keep, for every
/// client, memory for the largest answer it ever got. A server's frames are not masked (RFC 6455,
/// section 5.2), so that a header and the bytes are all there is to one.
pub(super) async fn send<S>(socket: &mut WebSocketStream<S>, frame: &Frame) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Before it goes what the library still has: the reply to a ping.
    flush(socket).await?;
    let (head, length) = header(frame);
    let head = &head[..length];
    let stream = socket.get_mut();
    match frame {
        Frame::Text(text) => {
            stream
                .write_all_buf(&mut head.chain(text.as_bytes()))
                .await?;
        }
        Frame::Binary(bytes) => stream.write_all_buf(&mut head.chain(&bytes[..])).await?,
    }
    stream.flush().await
}

async fn flush<S>(socket: &mut WebSocketStream<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.flush().await.map_err(io::Error::other)
}

/// The header of an unfragmented message, and its length in bytes.
fn header(frame: &Frame) -> ([u8; 10], usize) {
    const FINAL: u8 = 0x80;
    let mut header = [0; 10];
    header[0] = match frame {
        Frame::Text(_) => FINAL | 1,
        Frame::Binary(_) => FINAL | 2,
    };
    let length = frame.len() as u64;
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=125), _) => {
            header[1] = length;
            (header, 2)
        }
        (_, Ok(length)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&length.to_be_bytes());
            (header, 4)
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&length.to_be_bytes());
            (header, 10)
        }
    }
}

fn end_for(error: &Error, setup: &Setup) -> End {
    debug!("WebSocket connection broken: {error}");
    let (event, code, why) = match error {
        Error::Capacity(_) => (
            Event::TooLarge,
            CloseCode::Size,
            "message too large; requests are short",
        ),
        Error::Utf8(_) => (Event::BadRequest, CloseCode::Invalid, "text is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return End::Gone,
        Error::Protocol(_) => (
            Event::BadRequest,
            CloseCode::Protocol,
            "invalid WebSocket frame",
        ),
        _ => return End::Gone,
    };
    setup.counters.count(event);
    End::Close(code, why)
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
