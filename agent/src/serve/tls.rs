//! The TLS handshake.

use std::{io, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tracing::debug;

use super::{Event, Setup};

/// A connection after its handshake.
pub(super) type Stream = TlsStream<TcpStream>;

/// What a client reads that speaks plain HTTP to a port with TLS.
const PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\
      Content-Type: text/plain\r\nContent-Length: 53\r\n\r\n\
      this port speaks TLS; use wss:// or https:// instead\n";

/// Does the handshake; `None` if there is nothing to go on with.
pub(super) async fn accept(
    stream: TcpStream,
    config: &Arc<ServerConfig>,
    setup: &Setup,
) -> Option<Stream> {
    // A handshake begins with byte 22 (RFC 8446, section 5.1), an HTTP request with a letter.
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first[0].is_ascii_alphabetic() {
        debug!("client speaks no TLS");
        setup.counters.count(Event::TlsFailure);
        let _ = timeout(setup.limits.close, refuse_plain(stream)).await;
        return None;
    }
    match TlsAcceptor::from(config.clone()).accept(stream).await {
        Ok(stream) => Some(stream),
        Err(error) => {
            debug!("TLS handshake failed: {error}");
            // The others are clients that left.
            if error.kind() == io::ErrorKind::InvalidData {
                setup.counters.count(Event::TlsFailure);
            }
            None
        }
    }
}

/// Closing while bytes of the client arrive would make the system send a reset, which can overtake
/// the answer: so they are read.
async fn refuse_plain(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(PLAIN).await?;
    stream.shutdown().await?;
    copy(&mut (&mut stream).take(1 << 20), &mut sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_answer_counts_its_body() {
        let text = std::str::from_utf8(PLAIN).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("Content-Length: {}", body.len())),
            "{}",
            body.len()
        );
    }
}
