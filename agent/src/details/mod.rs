//! One process in detail, the answer to `get_process_metrics`.
//!
//! CPU time is the one of the snapshot that all consumers share; everything else is read at the
//! moment of the request. A process is held by its open directory, so nothing that is read can be of
//! a later process with the same id, and one that is gone is an error at once.
//!
//! - [`identity`]: which process is meant
//! - [`read`]: the process; [`threads`], [`children`], and [`state`]s in words
//! - [`books`]: CPU time, out of a snapshot
//!
//! Files of `/proc` may block (the command line of a process that changes its memory map). They are
//! read on threads of their own, a few processes at a time, and each process once at a time.

pub mod books;
pub mod children;
pub mod identity;
pub mod read;
pub mod state;
pub mod threads;

#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use subjiffy_proto::socktop::{Encoder, Frame};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::{
    collect::moment::Moment,
    flights::Flights,
    model::Snapshot,
    procfs::{Clock, Root},
};
use identity::{Identity, Missing};

/// So many processes are read at once.
const READERS: usize = 8;

/// Clients give up after two seconds.
const PATIENCE: Duration = Duration::from_millis(1700);

/// After an answer of more bytes than this the encoder's memory is given back.
const LARGE_ANSWER: usize = 64 << 10;

/// An encoder for whoever needs one next, none before the first use.
pub(crate) type Spare = Mutex<Option<Encoder>>;

/// Answers requests about one process.
#[derive(Debug)]
pub struct Details {
    root: Root,
    readers: Arc<Semaphore>,
    flights: Flights<Identity, Result<Frame, String>>,
    // Locked by the threads that read only, so a long answer keeps no other request waiting.
    encoder: Arc<Spare>,
}

impl Details {
    /// Reads processes below `root`.
    #[must_use]
    pub fn new(root: Root) -> Self {
        Self {
            root,
            readers: Arc::new(Semaphore::new(READERS)),
            // Nothing is kept: a process that has died must not be shown as if it lived.
            flights: Flights::new(Duration::ZERO, 0),
            encoder: Arc::default(),
        }
    }

    /// The answer about a process, with CPU times out of `snapshot`, which is only taken if the
    /// process is there.
    ///
    /// # Errors
    /// Why there is none, in words for the client.
    pub async fn answer<F>(&self, pid: u32, snapshot: impl FnOnce() -> F) -> Result<Frame, String>
    where
        F: Future<Output = Option<Arc<Snapshot>>> + Send + 'static,
    {
        let id = identify(&self.root, pid).await?;
        let read = self.flights.get(id, || {
            let (snapshot, root) = (snapshot(), self.root.clone());
            let (readers, encoder) = (Arc::clone(&self.readers), Arc::clone(&self.encoder));
            async move {
                let snapshot = snapshot.await.ok_or("the agent is shutting down")?;
                let permit = readers.acquire_owned().await;
                let frame = spawn_blocking(move || {
                    let _permit = permit;
                    let (clock, now) = (Clock::system(), Moment::now());
                    let metrics = read::read(&root, pid, &snapshot, clock, now)?;
                    Ok::<_, Missing>(encode(&encoder, |encoder| encoder.process_metrics(metrics)))
                });
                let frame = frame.await.map_err(|error| error.to_string())?;
                frame.map_err(|error| error.to_string())
            }
        });
        match timeout(PATIENCE, read).await {
            Ok(Some(answer)) => answer,
            Ok(None) => Err(format!("Process {pid} could not be read")),
            Err(_) => Err(format!(
                "Process {pid} could not be read within {PATIENCE:?}: it holds its memory map, or \
                 too many processes are asked for"
            )),
        }
    }
}

/// Finds the process that has this id now.
///
/// # Errors
/// There is none, in words for the client.
pub async fn identify(root: &Root, pid: u32) -> Result<Identity, String> {
    let root = root.clone();
    let found = spawn_blocking(move || identity::find(&root, pid)).await;
    let found = found.map_err(|error| error.to_string())?;
    found.map_err(|error| error.to_string())
}

/// Encodes on a thread that may block, in memory that is kept unless it was much.
pub(crate) fn encode(spare: &Spare, make: impl FnOnce(&mut Encoder) -> Frame) -> Frame {
    let mut spare = spare.lock().unwrap_or_else(PoisonError::into_inner);
    let frame = make(spare.get_or_insert_with(Encoder::new));
    if frame.len() > LARGE_ANSWER {
        *spare = None;
    }
    frame
}
