//! Many clients at the terminal client's pace, in one thread.

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// After this a terminal client gives its connection up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the terminal client asks for on every so many of its ticks.
const TICK: Duration = Duration::from_millis(500);
const REQUESTS: [(&str, u32); 3] = [("get_metrics", 1), ("get_processes", 4), ("get_disks", 10)];

/// What became of all clients.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Clients that were let in.
    pub connected: usize,
    /// Requests, and how many were answered in time.
    pub asked: usize,
    /// See there.
    pub answered: usize,
    /// Milliseconds to each answer to `get_metrics`.
    pub latency_ms: Vec<f64>,
    /// What went wrong, the first few.
    pub errors: Vec<String>,
}

impl Outcome {
    fn add(&mut self, other: Self) {
        self.connected += other.connected;
        self.asked += other.asked;
        self.answered += other.answered;
        self.latency_ms.extend(other.latency_ms);
        let room = 5_usize.saturating_sub(self.errors.len());
        self.errors.extend(other.errors.into_iter().take(room));
    }
}

/// Lets this process open that many files.
///
/// # Errors
/// When the system does not allow it.
pub fn allow_files(count: u64) -> Result<(), String> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    let more = Rlimit {
        current: Some(count),
        maximum: limit.maximum.map(|maximum| maximum.max(count)),
    };
    setrlimit(Resource::Nofile, more).map_err(|e| format!("{count} open files: {e}"))
}

/// `count` clients of `url` for that time from the moment that the last of them connects. All are
/// there for `time`; `halfway` is called in the middle of it.
///
/// # Panics
/// When there is no runtime to be had.
pub fn crowd(url: &str, count: usize, time: Duration, halfway: impl FnOnce() + Send) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    std::thread::scope(|scope| {
        // They come within two seconds, in steps.
        let coming = Duration::from_secs(2);
        let end = std::time::Instant::now() + coming + time;
        scope.spawn(move || {
            std::thread::sleep(coming + time / 2);
            halfway();
        });
        runtime.block_on(async {
            let mut clients = tokio::task::JoinSet::new();
            for number in 0..count {
                let delay = coming * u32::try_from(number).unwrap_or(0)
                    / u32::try_from(count.max(1)).unwrap_or(1);
                let url = url.to_owned();
                clients.spawn(async move {
                    sleep(delay).await;
                    client(&url, end.into()).await
                });
            }
            let mut outcome = Outcome::default();
            while let Some(one) = clients.join_next().await {
                outcome.add(one.expect("a client does not panic"));
            }
            outcome
        })
    })
}

async fn client(url: &str, end: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    match connect(url).await {
        Ok(mut socket) => {
            outcome.connected = 1;
            if let Err(error) = ask(&mut socket, end, &mut outcome).await {
                outcome.errors.push(error);
            }
        }
        Err(error) => outcome.errors.push(error),
    }
    outcome
}

async fn connect(url: &str) -> Result<WebSocketStream<TcpStream>, String> {
    let address = crate::raw::address(url);
    let stream = TcpStream::connect(address)
        .await
        .map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let upgraded = timeout(PATIENCE, client_async(url, stream)).await;
    let upgraded = upgraded.map_err(|_| "no upgrade in time")?;
    Ok(upgraded.map_err(|e| e.to_string())?.0)
}

async fn ask(
    socket: &mut WebSocketStream<TcpStream>,
    end: Instant,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let begun = Instant::now();
    for tick in 0.. {
        let next = begun + TICK * tick;
        if next >= end {
            break;
        }
        sleep_until(next).await;
        for (number, (request, every)) in REQUESTS.into_iter().enumerate() {
            if tick % every != 0 {
                continue;
            }
            let asked = Instant::now();
            outcome.asked += 1;
            let sent = socket.send(Message::text(request)).await;
            sent.map_err(|e| format!("{request}: {e}"))?;
            let answer = timeout(PATIENCE, socket.next()).await;
            match answer.map_err(|_| format!("{request}: no answer in time"))? {
                Some(Ok(Message::Text(_) | Message::Binary(_))) => outcome.answered += 1,
                other => return Err(format!("{request}: {other:?}")),
            }
            if number == 0 {
                outcome.latency_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    Ok(())
}
