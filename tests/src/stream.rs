//! A client of `/stream`.

use crate::sample::Sample;
use serde_json::Value;
use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

/// Longer than any sample of these tests takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub struct Stream {
    socket: WebSocket<TcpStream>,
}

impl Stream {
    /// Connects to the agent whose `/ws` is at `url` and asks.
    ///
    /// # Panics
    /// When that is refused.
    pub fn open(url: &str, request: &str) -> Self {
        let url = format!("{}stream", url.trim_end_matches("ws"));
        let host = url.trim_start_matches("ws://");
        let address = host.trim_end_matches("/stream");
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        let (socket, _) = client(&url, stream).expect("a handshake");
        let mut stream = Self { socket };
        stream.ask(request);
        stream
    }

    /// Asks for something else.
    ///
    /// # Panics
    /// When the connection is broken.
    pub fn ask(&mut self, request: &str) {
        self.socket.send(Message::text(request)).expect("a server");
    }

    /// The next message.
    ///
    /// # Panics
    /// When none comes, or no text.
    pub fn text(&mut self) -> String {
        let message = self.socket.read().expect("a message");
        message.into_text().expect("text").as_str().to_owned()
    }

    /// The next message, or how the connection ended; `None` if nothing comes within `limit`.
    ///
    /// # Panics
    /// When the message is no text.
    pub fn text_within(&mut self, limit: Duration) -> Option<Result<String, String>> {
        let timeout = |stream: &TcpStream, limit| stream.set_read_timeout(Some(limit));
        timeout(self.socket.get_ref(), limit).expect("a time-out");
        let read = self.socket.read();
        timeout(self.socket.get_ref(), PATIENCE).expect("a time-out");
        match read {
            Ok(Message::Close(frame)) => Some(Err(format!("closed: {frame:?}"))),
            Ok(message) => Some(Ok(message.into_text().expect("text").as_str().to_owned())),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }

    /// The next message as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&mut self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// The next sample with all of its fields, checked.
    pub fn sample(&mut self) -> Sample {
        Sample::parse(&self.text())
    }

    /// All samples up to the first whose acquisition began after the time in `wall_ns`, 0 as long as
    /// it is not known.
    ///
    /// # Panics
    /// When it does not come.
    pub fn until(&mut self, wall_ns: &AtomicU64) -> Vec<Sample> {
        let end = Instant::now() + PATIENCE;
        let mut samples = Vec::new();
        while Instant::now() < end {
            let sample = self.sample();
            let end = wall_ns.load(Ordering::Acquire);
            let last = end > 0 && sample.at_ns - sample.window_ns > end;
            samples.push(sample);
            if last {
                return samples;
            }
        }
        panic!("no sample after {wall_ns:?} in {PATIENCE:?}");
    }
}
