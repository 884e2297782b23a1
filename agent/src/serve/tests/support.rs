//! A server with canned answers, and clients for it.

use std::{future::pending, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use subjiffy_proto::socktop::{ErrorObject, Frame, Request, ServerCounters};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, protocol::frame::coding::CloseCode},
};
use tokio_util::sync::CancellationToken;

use crate::serve::{Answers, Counters, Limits, Samples, Setup, serve};

/// No step of a test takes longer, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const SHORT: Duration = Duration::from_millis(200);
/// Size of the process list, more than the sockets between server and client hold.
pub const LARGE: usize = 12 << 20;

pub type WebSocket = WebSocketStream<TcpStream>;

/// Answers metrics with `{}`, disks with `[]`, processes with [`LARGE`] bytes, a pid with itself,
/// the journal with an error, and pid 0 never.
#[derive(Default)]
pub struct Fake {
    attached: Arc<()>,
}

impl Answers for Fake {
    type Attached = Arc<()>;

    fn attach(&self) -> Arc<()> {
        self.attached.clone()
    }

    async fn answer(&self, request: Request) -> Frame {
        match request {
            Request::Metrics => Frame::Text("{}".into()),
            Request::Disks => Frame::Text("[]".into()),
            Request::Processes => Frame::Binary(Bytes::from(vec![7; LARGE])),
            Request::ProcessMetrics { pid: 0 } => pending().await,
            Request::ProcessMetrics { pid } => Frame::Text(pid.to_string().into()),
            Request::JournalEntries { .. } => ErrorObject::new(request, "no journal").to_frame(),
        }
    }

    type Samples = Counting;

    fn samples(&self, request: &str) -> Result<Counting, String> {
        let step = request
            .parse()
            .map_err(|_| format!("{request:?} is no number"))?;
        let attached = self.attached.clone();
        Ok(Counting {
            step,
            last: 0,
            _attached: attached,
        })
    }
}

/// Ask for this to get samples of 1 MiB.
pub const HUGE: u64 = 1 << 40;

/// Every millisecond a number that is larger by what was asked for; after 0 there are no more.
pub struct Counting {
    step: u64,
    last: u64,
    _attached: Arc<()>,
}

impl Samples for Counting {
    fn more(&mut self) -> Option<Bytes> {
        None
    }

    async fn next(&mut self) -> Option<Bytes> {
        tokio::time::sleep(Duration::from_millis(1)).await;
        self.last += self.step;
        if self.step == HUGE {
            return Some(vec![b'7'; 1 << 20].into());
        }
        (self.step > 0).then(|| self.last.to_string().into())
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub shutdown: CancellationToken,
    pub task: JoinHandle<()>,
    pub counters: Arc<Counters>,
    fake: Arc<Fake>,
}

impl Server {
    pub async fn start(limits: Limits) -> Self {
        Self::with(Setup {
            limits,
            ..Setup::default()
        })
        .await
    }

    pub async fn with(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, fake) = (listener.local_addr().unwrap(), Arc::new(Fake::default()));
        let (shutdown, counters) = (CancellationToken::new(), setup.counters.clone());
        let serving = serve(vec![listener], fake.clone(), setup, shutdown.clone());
        let task = tokio::spawn(serving);
        Self {
            address,
            shutdown,
            task,
            counters,
            fake,
        }
    }

    pub fn attached(&self) -> usize {
        Arc::strong_count(&self.fake.attached) - 1
    }

    /// Waits until `clients` are attached.
    pub async fn until_attached(&self, clients: usize) {
        let reached = async {
            while self.attached() != clients {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let seen = timeout(PATIENCE, reached).await;
        assert!(
            seen.is_ok(),
            "{} clients attached, expected {clients}",
            self.attached()
        );
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    pub async fn websocket(&self) -> WebSocket {
        let url = format!("ws://{}/ws", self.address);
        client_async(url, self.connect().await).await.unwrap().0
    }

    /// Waits until the counters are as `expected` changes all zeros, and fails if they never are.
    pub async fn counted(&self, expected: impl Fn(&mut ServerCounters)) {
        let mut wanted = ServerCounters::default();
        expected(&mut wanted);
        let reached = async {
            while self.counters.snapshot() != wanted {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let seen = timeout(PATIENCE, reached).await;
        let counted = self.counters.snapshot();
        assert!(seen.is_ok(), "counted {counted:#?}, expected {wanted:#?}");
        // And nothing more.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(self.counters.snapshot(), wanted);
    }

    /// Sends `head` and gives back all that comes until the server closes.
    pub async fn exchange(&self, head: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        String::from_utf8(read_to_end(&mut stream).await).unwrap()
    }
}

/// Reads on to the close frame.
pub async fn close_of(socket: &mut WebSocket) -> CloseCode {
    loop {
        if let Message::Close(frame) = next(socket).await {
            return frame.unwrap().code;
        }
    }
}

/// A request line with `Host` and `headers`, each line of them ended by a line feed.
pub fn head(line: &str, headers: &str) -> String {
    format!("{line}\nHost: localhost\n{headers}\n").replace('\n', "\r\n")
}

/// The headers of a valid handshake, with the key of RFC 6455.
pub const HANDSHAKE: &str = "Connection: Upgrade\nUpgrade: websocket\n\
     Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";

/// One frame of a client, masked with zeros: bit 7 of `first` ends a message, 1 is text.
pub fn raw_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A connection just after the handshake, to be written to by hand.
pub async fn raw_websocket(server: &Server) -> TcpStream {
    let mut stream = server.connect().await;
    stream
        .write_all(head("GET /ws HTTP/1.1", HANDSHAKE).as_bytes())
        .await
        .unwrap();
    read_head(&mut stream).await;
    stream
}

/// Reads up to the empty line after the headers.
pub async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    String::from_utf8(head).unwrap()
}

/// Reads until the server closes; a reset counts as that.
pub async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("server closes");
    bytes
}

/// The next message, which must come.
pub async fn next(socket: &mut WebSocket) -> Message {
    timeout(PATIENCE, socket.next())
        .await
        .expect("no answer")
        .expect("closed")
        .expect("broken")
}

/// Code of the close frame that must come next.
pub async fn close_code(socket: &mut WebSocket) -> u16 {
    match next(socket).await {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("expected a close frame, got {other:?}"),
    }
}
