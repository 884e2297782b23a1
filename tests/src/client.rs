//! A client that shows what is really sent.

use flate2::bufread::GzDecoder;
use serde_json::Value;
use std::io::Read;
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(10);

/// A connection to the agent.
pub struct Client(WebSocket<TcpStream>);

impl Client {
    /// Connects to `ws://ADDRESS/ws`.
    ///
    /// # Panics
    /// When that fails.
    pub fn connect(url: &str) -> Self {
        let address = url.trim_start_matches("ws://").trim_end_matches("/ws");
        let stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("{url}: {e}"));
        stream
            .set_read_timeout(Some(PATIENCE))
            .expect("a socket option");
        let (socket, _) = client(url, stream).unwrap_or_else(|e| panic!("{url}: {e}"));
        Self(socket)
    }

    /// The JSON that answers a request.
    ///
    /// # Panics
    /// When no JSON comes within ten seconds.
    pub fn ask(&mut self, request: &str) -> Value {
        self.0.send(Message::text(request)).expect("a request sent");
        let json = match self.0.read() {
            Ok(Message::Text(text)) => text.as_bytes().to_vec(),
            Ok(Message::Binary(bytes)) => {
                let mut json = Vec::new();
                let mut gzip = GzDecoder::new(&bytes[..]);
                gzip.read_to_end(&mut json).expect("gzip");
                json
            }
            other => panic!("{request} is answered by {other:?}"),
        };
        serde_json::from_slice(&json).expect("JSON")
    }

    /// Asks again and again until the answer is right; it has `limit`.
    ///
    /// # Panics
    /// When it never is.
    pub fn ask_until(
        &mut self,
        request: &str,
        limit: Duration,
        mut right: impl FnMut(&Value) -> bool,
    ) -> Value {
        let end = Instant::now() + limit;
        loop {
            let answer = self.ask(request);
            if right(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "still after {limit:?}: {answer:#}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
