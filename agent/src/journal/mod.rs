//! What a process has logged, the answer to `get_journal_entries`.
//!
//! `journalctl` is asked, since the journal's files have no stable format of their own. Clients that
//! get an error here wait for ever, so every answer is a list; an empty one says why it is.
//!
//! - [`entry`]: a line of its output, parsed
//! - [`life`]: whose entry it is, when a process id was used more than once
//! - [`command`]: running it
//! - [`assemble`]: from its output to the answer

pub mod assemble;
pub mod command;
pub mod entry;
pub mod life;

#[cfg(test)]
mod tests;

use std::{ffi::OsString, sync::Arc, time::Duration};

use subjiffy_proto::socktop::{Encoder, Frame, Journal};
use tokio::{
    sync::Semaphore,
    task::spawn_blocking,
    time::{Instant, timeout},
};

use crate::{
    collect::moment::Moment,
    details::{self, Spare, identity::Identity},
    flights::Flights,
    procfs::{Clock, Reader, Root},
};
use life::Life;

/// Its name on the `PATH`.
const PROGRAM: &str = "journalctl";

/// So many run at once.
const AT_ONCE: usize = 2;

/// How long one answer may take, waiting for others included: clients give up after 2 s.
const LIMIT: Duration = Duration::from_millis(1500);

/// How long of that it may wait for others.
const WAIT: Duration = Duration::from_millis(1000);

/// Beyond that limit, for parsing and encoding.
const PATIENCE: Duration = Duration::from_millis(1750);

/// For how long an answer is given again, and how many are kept.
const KEEP: (Duration, usize) = (Duration::from_secs(1), 64);

/// Answers requests about the journal.
#[derive(Debug)]
pub struct Journals {
    source: Arc<Source>,
    flights: Flights<Identity, Frame>,
}

/// Where entries come from.
#[derive(Debug)]
struct Source {
    root: Root,
    path: OsString,
    running: Semaphore,
    encoder: Spare,
}

impl Journals {
    /// Asks the `journalctl` found in the directories of `path`, about processes below `root`.
    #[must_use]
    pub fn new(root: Root, path: Option<OsString>) -> Self {
        Self {
            source: Arc::new(Source {
                root,
                path: path.unwrap_or_default(),
                running: Semaphore::new(AT_ONCE),
                encoder: Spare::default(),
            }),
            flights: Flights::new(KEEP.0, KEEP.1),
        }
    }

    /// The answer about a process.
    pub async fn answer(&self, pid: u32) -> Frame {
        // An answer that is kept is no answer about a process that has died since.
        let id = match details::identify(&self.source.root, pid).await {
            Ok(id) => id,
            Err(error) => return self.source.empty(error).await,
        };
        let read = self.flights.get(id, || {
            let source = Arc::clone(&self.source);
            async move {
                match source.read(id).await {
                    Ok(journal) => source.encode(journal).await,
                    Err(notice) => source.empty(notice).await,
                }
            }
        });
        match timeout(PATIENCE, read).await {
            Ok(Some(frame)) => frame,
            Ok(None) => self.source.empty("the journal could not be read").await,
            Err(_) => {
                let notice = format!("no answer within {PATIENCE:?}");
                self.source.empty(notice).await
            }
        }
    }
}

impl Source {
    /// # Errors
    /// Why there are no entries.
    async fn read(&self, id: Identity) -> Result<Journal, String> {
        let deadline = Instant::now() + LIMIT;
        let permit = timeout(WAIT, self.running.acquire()).await;
        let Ok(permit) = permit else {
            return Err("too many journals are read at the moment; this one will be soon".into());
        };
        let Some(program) = command::find(PROGRAM, &self.path) else {
            return Err(format!(
                "{PROGRAM} is not on the agent's PATH: this system keeps no journal, or the program \
                 is missing"
            ));
        };
        let reader = Reader::open(&self.root);
        let boot = reader.and_then(|mut reader| reader.boot_id());
        let boot = boot.map_err(|error| format!("which boot this is cannot be read: {error}"))?;
        let arguments = assemble::arguments(id.pid, &boot.lossy());
        let said = command::run(&program, &arguments, &self.path, deadline).await;
        drop(permit);
        let said = said.map_err(|error| format!("{} cannot be run: {error}", program.display()))?;
        let life = Life::new(Clock::system().ticks_to_ns(id.start), Moment::now());
        spawn_blocking(move || assemble::journal(&said, &life, LIMIT))
            .await
            .map_err(|error| error.to_string())
    }

    /// A short answer without entries.
    async fn empty(self: &Arc<Self>, notice: impl Into<String>) -> Frame {
        self.encode(assemble::empty(notice.into())).await
    }

    async fn encode(self: &Arc<Self>, journal: Journal) -> Frame {
        let source = Arc::clone(self);
        let encode = move || details::encode(&source.encoder, |to| to.journal(journal));
        let encoded = spawn_blocking(encode).await;
        encoded.unwrap_or_else(|error| Encoder::new().journal(assemble::empty(error.to_string())))
    }
}
