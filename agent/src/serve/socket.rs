//! A WebSocket after its handshake, whatever is spoken on it.

use std::{fmt::Display, io};

use bytes::{Buf, Bytes};
use futures_util::SinkExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, sink},
    time::{error::Elapsed, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error,
        error::ProtocolError,
        protocol::{CloseFrame, Role, WebSocketConfig, frame::coding::CloseCode},
    },
};
use tracing::debug;

use super::{Event, Limits, Setup};

/// Memory for what a client has sent; each client keeps it.
const READ_BUFFER: usize = 1 << 10;

/// Memory for control frames that a client has not taken yet.
const WRITE_BUFFER: usize = 1 << 10;

/// The longest header of a frame, bytes.
const HEADER: usize = 10;

/// How a conversation ends.
pub(super) enum End {
    /// The client does not listen any more.
    Gone,
    /// The client has sent a close frame.
    ClosedByClient,
    /// We close it.
    Close(CloseCode, &'static str),
}

/// What a message holds; the opcodes of RFC 6455, section 5.2.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text = 1,
    Binary = 2,
}

/// The server's side of a connection whose handshake is done. `read` is what was already taken from
/// the stream.
pub(super) async fn open<S>(stream: S, read: Bytes, limits: &Limits) -> WebSocketStream<S>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(limits.message_bytes))
        .max_frame_size(Some(limits.message_bytes));
    if read.is_empty() {
        WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
    } else {
        let read = read.to_vec();
        WebSocketStream::from_partially_read(stream, read, Role::Server, Some(config)).await
    }
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

/// Whether what was to be written has been, within [`Limits::write`].
pub(super) fn sent<E: Display>(
    result: Result<Result<(), E>, Elapsed>,
    setup: &Setup,
) -> Result<(), End> {
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => {
            debug!("WebSocket connection broken: {error}");
            Err(End::Gone)
        }
        Err(_) => {
            debug!(
                "client did not take a message within {:?}",
                setup.limits.write
            );
            setup.counters.count(Event::SlowClosed);
            Err(End::Gone)
        }
    }
}

/// Writes one message straight to the stream, without a copy: the library would keep, for every
/// client, memory for the largest answer it ever got. A server's frames are not masked (RFC 6455,
/// section 5.2), so that a header and the bytes are all there is to one.
pub(super) async fn send<S>(
    socket: &mut WebSocketStream<S>,
    kind: Kind,
    message: &[u8],
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    // Before it goes what the library still has: the reply to a ping.
    flush(socket).await?;
    let (head, length) = header(kind, message.len() as u64);
    let head = &head[..length];
    let stream = socket.get_mut();
    stream.write_all_buf(&mut head.chain(message)).await?;
    stream.flush().await
}

/// As [`send`], several messages in one go; who sends few bytes has them copied.
pub(super) async fn send_all<S>(
    socket: &mut WebSocketStream<S>,
    kind: Kind,
    messages: &[Bytes],
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let [message] = messages {
        return send(socket, kind, message).await;
    }
    flush(socket).await?;
    let mut all = Vec::with_capacity(messages.iter().map(|one| one.len() + HEADER).sum());
    for message in messages {
        let (head, length) = header(kind, message.len() as u64);
        all.extend_from_slice(&head[..length]);
        all.extend_from_slice(message);
    }
    let stream = socket.get_mut();
    stream.write_all(&all).await?;
    stream.flush().await
}

/// Writes what the library still has.
pub(super) async fn flush<S>(socket: &mut WebSocketStream<S>) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.flush().await.map_err(io::Error::other)
}

/// The header of an unfragmented message, and its length in bytes.
fn header(kind: Kind, length: u64) -> ([u8; HEADER], usize) {
    const FINAL: u8 = 0x80;
    let mut header = [0; HEADER];
    header[0] = FINAL | kind as u8;
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

pub(super) fn end_for(error: &Error, setup: &Setup) -> End {
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
