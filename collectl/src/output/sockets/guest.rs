//! One connection: lines from a queue to a peer.

use std::{
    io::{self, IoSlice},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, timeout, timeout_at},
};

use super::{Input, Shared, drain::drain, reset};
use crate::output::{Lines, Remark, Repeats};

/// After a sample of several lines, when empty lines follow it. A reader that takes a line whenever there
/// is something to read has the sample's last line in its own buffer by then; of a long sample it takes
/// longer to read all.
const NUDGES: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(60),
    Duration::from_millis(250),
];

/// What a reader's buffer holds: up to here one nudge is enough.
const READER: usize = 8 << 10;

/// After the last line a peer has so long to close its end.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// There are no more lines, and the peer has got all.
    Finished,
    /// The peer is gone.
    Gone,
    /// The peer did not take anything for too long.
    Stalled,
}

/// A connection.
pub struct Guest {
    pub stream: TcpStream,
    pub queue: Receiver<Lines>,
    pub shared: Arc<Shared>,
    /// To be shown before the first sample.
    pub header: Arc<str>,
}

impl Guest {
    /// Serves it to its end. `half_closed` says what becomes of a peer that will send no more: it returns
    /// when the connection is to end for that.
    pub async fn serve(mut self, half_closed: impl Future<Output = ()>) -> Ended {
        let _present = self.shared.audience.enter();
        let (mut read, write) = self.stream.split();
        let mut feed = Feed {
            to: write,
            repeats: Repeats::new(self.shared.manner.headers),
            shared: &self.shared,
        };
        let gone = async {
            if drain(&mut read).await == Input::Closed {
                half_closed.await;
            }
        };
        let ended = tokio::select! {
            () = gone => Ended::Gone,
            ended = feed.run(&mut self.queue, &self.header) => ended,
        };
        match ended {
            Ended::Stalled => reset(&self.stream),
            // What it still sends would reset the connection before it has read the last lines.
            Ended::Finished => {
                let _ = timeout(FAREWELL, drain(&mut self.stream)).await;
            }
            Ended::Gone => {}
        }
        ended
    }
}

/// The way to a peer.
struct Feed<'a, W> {
    to: W,
    repeats: Repeats,
    shared: &'a Shared,
}

impl<W: AsyncWrite + Unpin> Feed<'_, W> {
    async fn run(&mut self, queue: &mut Receiver<Lines>, header: &Arc<str>) -> Ended {
        let ended = self.feed(queue, header).await;
        let Err(error) = ended else {
            // What was written is on its way; a peer that does not want it can not be helped.
            let _ = self.to.shutdown().await;
            return Ended::Finished;
        };
        match error.kind() {
            io::ErrorKind::TimedOut => Ended::Stalled,
            _ => Ended::Gone,
        }
    }

    async fn feed(&mut self, queue: &mut Receiver<Lines>, header: &Arc<str>) -> io::Result<()> {
        let greeting = self.repeats.begin(header);
        self.write([greeting, ""]).await?;
        let mut written = Instant::now();
        let mut nudges = &NUDGES[..0];
        loop {
            let received = match nudges.split_first() {
                None => queue.recv().await,
                Some((&after, rest)) => match timeout_at(written + after, queue.recv()).await {
                    Ok(received) => received,
                    Err(_) => {
                        nudges = rest;
                        let shared = self.shared;
                        self.write([&shared.prefix, "\n"]).await?;
                        continue;
                    }
                },
            };
            match received {
                Ok(lines) => {
                    let header = self.repeats.due(&lines);
                    self.write([header, &lines.body]).await?;
                    written = Instant::now();
                    nudges = &NUDGES[..self.nudges(header, &lines.body)];
                }
                Err(RecvError::Lagged(samples)) => {
                    let shared = self.shared;
                    shared.audience.skip(samples);
                    let line = shared.manner.remarks.line(Remark::Skipped(samples));
                    self.write([&shared.prefix, &line]).await?;
                }
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }

    /// How many empty lines a sample needs.
    fn nudges(&self, header: &str, body: &str) -> usize {
        let several = || body.bytes().filter(|&byte| byte == b'\n').nth(1).is_some();
        let wanted = self.shared.manner.nudges && !body.is_empty();
        match wanted && (!header.is_empty() || several()) {
            false => 0,
            true if header.len() + body.len() <= READER => 1,
            true => NUDGES.len(),
        }
    }

    /// Writes all of it, in one go if the peer takes it.
    ///
    /// # Errors
    /// `TimedOut` if the peer takes nothing for too long, or that it is gone.
    async fn write(&mut self, parts: [&str; 2]) -> io::Result<()> {
        let mut slices = parts.map(|part| IoSlice::new(part.as_bytes()));
        let mut left = &mut slices[..];
        IoSlice::advance_slices(&mut left, 0);
        while !left.is_empty() {
            let written = write_vectored(&mut self.to, left);
            let written = match self.shared.manner.patience {
                Some(patience) => timeout(patience, written).await??,
                None => written.await?,
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            IoSlice::advance_slices(&mut left, written);
        }
        Ok(())
    }
}

async fn write_vectored(
    to: &mut (impl AsyncWrite + Unpin),
    parts: &[IoSlice<'_>],
) -> io::Result<usize> {
    to.write_vectored(parts).await
}

#[cfg(test)]
#[path = "guest_tests.rs"]
mod tests;
