//! Connections of the control socket. Whatever one of them does, the agent and the others go on.

use std::{future::Future, sync::Arc, time::Duration};

use rustix::{net::sockopt::socket_peercred, process::geteuid};
use subjiffy_proto::control::{Command, parse};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream, unix::OwnedReadHalf, unix::OwnedWriteHalf},
    sync::Semaphore,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    access::{Others, admit, groups_of},
    lines::{LONGEST, Line, Lines},
};

/// Connections at the same time.
const CONNECTIONS: usize = 32;

/// Who says nothing for so long is sent away.
const IDLE: Duration = Duration::from_secs(600);

/// Who is refused may go on talking for so long.
const FAREWELL: Duration = Duration::from_secs(1);

/// After an error of `accept` that is not the client's, such as too many open files.
const PAUSE: Duration = Duration::from_millis(100);

/// Who has said all may take so long to read the last replies.
const LINGER: Duration = Duration::from_secs(5);

/// How long a client that has much to read is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

/// Replies that a client has not read yet, bytes; what comes on top of them it never sees.
const UNREAD: usize = 64 << 10;

/// Does what commands say.
pub trait Operator: Send + Sync + 'static {
    /// Obeys, and says in one line what came of it.
    fn obey(&self, command: Command) -> impl Future<Output = String> + Send;
}

/// Serves until `stop`.
pub async fn serve(
    listener: UnixListener,
    operator: Arc<impl Operator>,
    others: Others,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let refusals = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                debug!("control socket: {error}");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        if let Err(reason) = check(&stream, others) {
            warn!("control socket: refused {reason}");
            refuse(stream, &refusals, &reason);
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let reason = format!("{CONNECTIONS} connections are open already");
            refuse(stream, &refusals, &reason);
            continue;
        };
        let (operator, stop) = (Arc::clone(&operator), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = converse(stream, &*operator) => {}
            }
            drop(place);
        });
    }
}

/// Says why, and lets the client say what it has to say: it would see an error before the reason
/// otherwise.
fn refuse(mut stream: UnixStream, refusals: &Arc<Semaphore>, reason: &str) {
    let _ = stream.try_write(format!("error refused: {reason}\n").as_bytes());
    // Of more than these at once the rest is cut off.
    let Ok(place) = Arc::clone(refusals).try_acquire_owned() else {
        return;
    };
    tokio::spawn(async move {
        let _ = stream.shutdown().await;
        let mut ignored = [0; 512];
        let talk = async { while stream.read(&mut ignored).await.is_ok_and(|read| read > 0) {} };
        let _ = timeout(FAREWELL, talk).await;
        drop(place);
    });
}

fn check(stream: &UnixStream, others: Others) -> Result<(), String> {
    let peer = socket_peercred(stream).map_err(|error| format!("a peer nobody knows: {error}"))?;
    admit(peer, geteuid(), others, groups_of)
}

async fn converse(stream: UnixStream, operator: &impl Operator) {
    let (mut input, output) = stream.into_split();
    let mut replies = Replies::to(output);
    let (mut lines, mut number) = (Lines::default(), 0_u64);
    let mut buffer = [0; 4096];
    let mut waiting = Vec::new();
    loop {
        let length = match timeout(IDLE, read(&mut input, &mut replies, &mut buffer)).await {
            Ok(Ok(length)) => length,
            _ => return,
        };
        let mut each = |line: Line<'_>| {
            waiting.push(match line {
                Line::Whole(line) => parse(line).map_err(|error| error.to_string()),
                Line::TooLong => Err(format!("a line of more than {LONGEST} bytes")),
            });
        };
        if length == 0 {
            lines.end(&mut each);
        } else {
            lines.feed(&buffer[..length], &mut each);
        }
        for line in waiting.drain(..) {
            number += 1;
            let reply = match line {
                Ok(None) => continue,
                Ok(Some(command)) => operator.obey(command).await,
                Err(error) => format!("error line={number} {error}"),
            };
            replies.add(&reply);
            replies.flush();
            replies.make_room().await;
        }
        if length == 0 {
            let _ = timeout(LINGER, replies.drain()).await;
            return;
        }
    }
}

/// Waits for bytes, and sends what the client did not take before meanwhile.
async fn read(
    input: &mut OwnedReadHalf,
    replies: &mut Replies,
    buffer: &mut [u8],
) -> std::io::Result<usize> {
    loop {
        tokio::select! {
            length = input.read(buffer) => return length,
            writable = replies.output.writable(), if !replies.unread.is_empty() => {
                if writable.is_ok() {
                    replies.flush();
                } else {
                    replies.unread.clear();
                }
            }
        }
    }
}

/// What goes to a client, which may never read it.
struct Replies {
    output: OwnedWriteHalf,
    unread: Vec<u8>,
    /// It did not read although there was much to read.
    is_deaf: bool,
}

impl Replies {
    fn to(output: OwnedWriteHalf) -> Self {
        Self {
            output,
            unread: Vec::new(),
            is_deaf: false,
        }
    }

    fn add(&mut self, reply: &str) {
        if self.unread.len() + reply.len() < UNREAD {
            self.unread.extend_from_slice(reply.as_bytes());
            self.unread.push(b'\n');
        }
    }

    /// Gives a client that reads the time to do so; one that does not will miss replies.
    async fn make_room(&mut self) {
        if self.unread.len() > UNREAD / 2 && !self.is_deaf {
            self.is_deaf = timeout(PATIENCE, self.drain()).await.is_err();
        }
    }

    /// Waits until the client has taken everything.
    async fn drain(&mut self) {
        while !self.unread.is_empty() && self.output.writable().await.is_ok() {
            self.flush();
        }
    }

    /// Sends what the socket takes now. A client that is gone needs no reply.
    fn flush(&mut self) {
        while !self.unread.is_empty() {
            match self.output.try_write(&self.unread) {
                Ok(sent) => {
                    self.is_deaf = false;
                    drop(self.unread.drain(..sent));
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(_) => self.unread.clear(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        io::{BufRead, BufReader, Read, Write},
        net::Shutdown,
        os::unix::net::UnixStream as Client,
        sync::Mutex,
    };

    use crate::control::socket::ControlSocket;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<String>>);

    impl Operator for Recorder {
        async fn obey(&self, command: Command) -> String {
            self.0.lock().unwrap().push(command.to_string());
            format!("ok {command}")
        }
    }

    struct Served {
        _directory: tempfile::TempDir,
        path: std::path::PathBuf,
        recorder: Arc<Recorder>,
        stop: CancellationToken,
        thread: Option<std::thread::JoinHandle<()>>,
    }

    impl Served {
        fn start() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("control.sock");
            let socket = ControlSocket::open(&path, None).unwrap();
            let (recorder, stop) = (Arc::new(Recorder::default()), CancellationToken::new());
            let (operator, until) = (Arc::clone(&recorder), stop.clone());
            let thread = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime.unwrap().block_on(async move {
                    let listener = socket.listener.try_clone().unwrap();
                    let listener = UnixListener::from_std(listener).unwrap();
                    serve(listener, operator, Others::None, until).await;
                });
            });
            Self {
                _directory: directory,
                path,
                recorder,
                stop,
                thread: Some(thread),
            }
        }

        fn client(&self) -> Client {
            Client::connect(&self.path).unwrap()
        }

        /// All replies to `text`, as socat would show them.
        fn say(&self, text: &[u8]) -> String {
            let mut client = self.client();
            let _ = client.write_all(text);
            let _ = client.shutdown(Shutdown::Write);
            let mut replies = Vec::new();
            // Who is refused with words unread sees a reset behind the reply.
            let _ = client.read_to_end(&mut replies);
            String::from_utf8(replies).unwrap()
        }
    }

    impl Drop for Served {
        fn drop(&mut self) {
            self.stop.cancel();
            let _ = self.thread.take().unwrap().join();
        }
    }

    #[test]
    fn each_command_has_one_reply_and_a_bad_line_costs_only_itself() {
        let served = Served::start();
        let replies = served.say(b"bogus\n\n# comment\ncontrol source resume\r\nversion");
        let replies: Vec<_> = replies.lines().collect();
        assert_eq!(replies.len(), 3, "{replies:?}");
        assert!(
            replies[0].starts_with("error line=1 unknown command"),
            "{replies:?}"
        );
        assert_eq!(replies[1..], ["ok control source resume", "ok version"]);
    }

    #[test]
    fn a_thousand_commands_in_one_write_and_a_line_without_end() {
        let served = Served::start();
        let replies = served.say(&b"list\n".repeat(1000));
        assert_eq!(replies.lines().count(), 1000);
        let replies = served.say(&vec![b'x'; 2 << 20]);
        assert_eq!(replies, "error line=1 a line of more than 4096 bytes\n");
        assert_eq!(served.recorder.0.lock().unwrap().len(), 1000);
    }

    #[test]
    fn who_does_not_read_is_obeyed_and_holds_nobody() {
        let served = Served::start();
        let mut deaf = served.client();
        let commands = b"help\n".repeat(40_000);
        deaf.write_all(&commands).unwrap();
        assert_eq!(served.say(b"version\n"), "ok version\n");
        let mut gone = served.client();
        gone.write_all(b"reload\n").unwrap();
        drop(gone);
        // Its first replies are still whole lines.
        let mut first = String::new();
        BufReader::new(&deaf).read_line(&mut first).unwrap();
        assert_eq!(first, "ok help\n");
        let end = std::time::Instant::now() + Duration::from_secs(20);
        let obeyed = |served: &Served| {
            let all = served.recorder.0.lock().unwrap();
            (
                all.iter().filter(|one| *one == "help").count(),
                all.iter().any(|one| one == "reload"),
            )
        };
        while obeyed(&served) != (40_000, true) {
            assert!(std::time::Instant::now() < end, "{:?}", obeyed(&served));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn one_connection_too_many_is_told_and_there_is_room_again_later() {
        let served = Served::start();
        let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| served.client()).collect();
        for client in &mut clients {
            client.write_all(b"version\n").unwrap();
            let mut reply = [0; 11];
            client.read_exact(&mut reply).unwrap();
        }
        let refused = served.say(b"");
        assert!(
            refused.starts_with("error refused: 32 connections"),
            "{refused}"
        );
        clients.clear();
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while served.say(b"version\n") != "ok version\n" {
            assert!(std::time::Instant::now() < end);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
