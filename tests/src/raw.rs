//! A WebSocket client that shows every frame as it came, control frames too.

use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{self, WebSocket, client};

pub use tungstenite::Message;

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection.
pub struct Raw {
    socket: WebSocket<TcpStream>,
}

impl Raw {
    /// Connects to a `ws://HOST:PORT/...`.
    ///
    /// # Panics
    /// When it is refused.
    pub fn connect(url: &str) -> Self {
        Self::try_connect(url).unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    /// The same where it may be refused.
    ///
    /// # Errors
    /// The reason, with the HTTP status if there was one.
    pub fn try_connect(url: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address(url)).map_err(|e| e.to_string())?;
        let prepared = stream.set_nodelay(true);
        prepared
            .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
            .map_err(|e| e.to_string())?;
        let (socket, _) = client(url, stream).map_err(|e| e.to_string())?;
        Ok(Self { socket })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, message: Message) -> Result<(), String> {
        self.socket.send(message).map_err(|e| e.to_string())
    }

    /// Waits for the next frame of any kind.
    ///
    /// # Errors
    /// When the connection is gone or nothing comes for ten seconds.
    pub fn read(&mut self) -> Result<Message, String> {
        self.socket.read().map_err(|e| e.to_string())
    }

    /// Sends a text and waits for the next frame.
    ///
    /// # Panics
    /// When there is none.
    pub fn ask(&mut self, request: &str) -> Message {
        let sent = self.send(Message::text(request));
        sent.unwrap_or_else(|error| panic!("{request}: {error}"));
        let answer = self.read();
        answer.unwrap_or_else(|error| panic!("{request}: {error}"))
    }

    /// What comes within that time although nobody asked; the end of the connection counts.
    pub fn unasked(&mut self, time: Duration) -> Option<Result<Message, String>> {
        let end = Instant::now() + time;
        let limit = |socket: &WebSocket<TcpStream>, time| {
            let set = socket.get_ref().set_read_timeout(Some(time));
            set.expect("a time limit above zero");
        };
        loop {
            let left = end.saturating_duration_since(Instant::now());
            limit(&self.socket, left.max(Duration::from_millis(1)));
            let frame = self.socket.read();
            limit(&self.socket, PATIENCE);
            match frame {
                Err(tungstenite::Error::Io(error)) if error.kind() == TIMED_OUT => {
                    if Instant::now() >= end {
                        return None;
                    }
                }
                frame => return Some(frame.map_err(|e| e.to_string())),
            }
        }
    }
}

/// What Linux says when a read took too long.
const TIMED_OUT: std::io::ErrorKind = std::io::ErrorKind::WouldBlock;

/// `HOST:PORT` of a URL.
pub fn address(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}
