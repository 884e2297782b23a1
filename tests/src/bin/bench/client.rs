//! A client of either agent that does nothing with the answers.

use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub struct Client {
    socket: WebSocket<TcpStream>,
}

impl Client {
    /// Connects to `ws://ADDRESS/ws`.
    pub fn connect(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|e| format!("{address}: {e}"))?;
        let prepared = stream
            .set_nodelay(true)
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)));
        prepared.map_err(|e| format!("{address}: {e}"))?;
        let (socket, _) =
            client(format!("ws://{address}/ws"), stream).map_err(|e| format!("{address}: {e}"))?;
        Ok(Self { socket })
    }

    /// Sends a request and waits for its answer: the bytes and how long it took.
    pub fn ask(&mut self, request: &str) -> Result<(Vec<u8>, Duration), String> {
        let begun = Instant::now();
        let sent = self.socket.send(Message::text(request));
        sent.map_err(|e| format!("{request}: {e}"))?;
        let answer = self.socket.read().map_err(|e| format!("{request}: {e}"))?;
        Ok((answer.into_data().to_vec(), begun.elapsed()))
    }
}
