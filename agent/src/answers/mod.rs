//! Answers to socktop's requests: fresh when they are old enough, shared between all clients.

mod cache;
mod lifetimes;
mod metrics;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use subjiffy_proto::{
    socktop::{Encoder, ErrorObject, Frame, Metrics, Request},
    stream::StreamRequest,
};

use crate::{
    collect::moment::Moment,
    details::Details,
    elements::{Catalog, Entry, State},
    hardware::{self, Hardware},
    journal::Journals,
    procfs::Root,
    rows::Rows,
    sampler::{Attached, Handle},
    serve::{Answers, Counters, Endpoint, Samples},
    storage::Storage,
    stream::{Stream, Wish},
};
use cache::Cache;
pub use lifetimes::Lifetimes;

/// How clients are answered.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// For how long answers are given again.
    pub lifetimes: Lifetimes,
    /// What hardware is asked.
    pub hardware: hardware::Settings,
}

/// Everything socktop's clients may ask for.
#[derive(Debug)]
pub struct Socktop {
    sampler: Handle,
    settings: Settings,
    hardware: Hardware,
    storage: Storage,
    details: Details,
    journals: Journals,
    counters: Option<Arc<Counters>>,
    catalog: Catalog,
    metrics: Cache,
    disks: Cache,
    processes: Cache,
    // Never held across an await. Two of them: a long list delays no metrics.
    short: Mutex<Encoder>,
    list: Mutex<(Encoder, Rows)>,
}

impl Socktop {
    /// Answers from what `sampler` collects and what is found below `root`.
    #[must_use]
    pub fn new(sampler: Handle, root: &Root, settings: Settings) -> Self {
        Self {
            sampler,
            settings,
            hardware: Hardware::new(root, settings.hardware),
            storage: Storage::new(root.clone(), settings.hardware.temperatures),
            details: Details::new(root.clone()),
            journals: Journals::new(root.clone(), std::env::var_os("PATH")),
            counters: None,
            catalog: Catalog::default(),
            metrics: Cache::default(),
            disks: Cache::default(),
            processes: Cache::default(),
            short: Mutex::default(),
            list: Mutex::default(),
        }
    }

    /// Tells clients what the server counts, too.
    #[must_use]
    pub fn with_counters(self, counters: Arc<Counters>) -> Self {
        Self {
            counters: Some(counters),
            ..self
        }
    }

    /// What may be asked for, and what is noted of it.
    #[must_use]
    pub fn with_catalog(self, catalog: &Catalog) -> Self {
        Self {
            catalog: catalog.clone(),
            ..self
        }
    }

    async fn metrics(&self) -> Result<Frame, String> {
        let catalog = &self.catalog;
        let (machine, cpu_temp_c, gpus) = tokio::join!(
            self.sampler.machine(Duration::ZERO),
            read(&catalog.sensors, self.hardware.cpu_celsius()),
            read(&catalog.gpus, self.hardware.gpus()),
        );
        let (cpu_temp_c, gpus) = (cpu_temp_c.flatten(), gpus.unwrap_or_default());
        let metrics = Metrics {
            cpu_temp_c,
            gpus: (!gpus.is_empty()).then(|| gpus.iter().map(metrics::gpu).collect()),
            paused: self.paused(),
            server: self.counters.as_ref().map(|counters| counters.snapshot()),
            ..metrics::metrics(&*machine.ok_or(ENDING)?)
        };
        Ok(self.encode(|encoder| encoder.metrics(metrics)))
    }

    async fn disks(&self) -> Result<Frame, String> {
        let disks = read(&self.catalog.disks, self.storage.list()).await;
        let disks = disks.transpose()?.unwrap_or_default();
        let disks = disks.into_iter().map(metrics::disk).collect();
        Ok(self.encode(|encoder| encoder.disks(disks)))
    }

    async fn processes(&self) -> Result<Frame, String> {
        let snapshot = self.sampler.processes().await.ok_or(ENDING)?;
        let mut guard = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        let (encoder, rows) = &mut *guard;
        Ok(encoder.processes(Rows::heading(&snapshot), rows.of(&snapshot)))
    }

    async fn process_metrics(&self, pid: u32) -> Result<Frame, String> {
        let sampler = self.sampler.clone();
        let snapshot = || async move { sampler.details().await };
        self.details.answer(pid, snapshot).await
    }

    /// Sources that the metrics lack.
    fn paused(&self) -> Vec<String> {
        let catalog = &self.catalog;
        let sources = [
            &catalog.kernel,
            &catalog.memory,
            &catalog.network,
            &catalog.sensors,
            &catalog.gpus,
        ];
        let paused = sources.into_iter().filter(|entry| !entry.is_running());
        paused.map(|entry| entry.name.to_string()).collect()
    }

    fn output(&self, endpoint: Endpoint) -> &Entry {
        match endpoint {
            Endpoint::Socktop => &self.catalog.ws,
            Endpoint::Stream => &self.catalog.stream,
        }
    }

    fn encode(&self, make: impl FnOnce(&mut Encoder) -> Frame) -> Frame {
        let mut encoder = self.short.lock().unwrap_or_else(PoisonError::into_inner);
        make(&mut encoder)
    }
}

/// Reads a source unless that is paused.
async fn read<T>(entry: &Entry, source: impl Future<Output = T>) -> Option<T> {
    if !entry.is_running() {
        return None;
    }
    let begun = Moment::now();
    let value = source.await;
    entry.polled(&begun, None);
    Some(value)
}

/// What a client is told that asks while the agent stops.
const ENDING: &str = "the agent is shutting down";

impl Samples for Stream {
    fn more(&mut self) -> Option<Bytes> {
        Self::more(self)
    }

    async fn next(&mut self) -> Option<Bytes> {
        Self::next(self).await
    }
}

impl Answers for Socktop {
    type Attached = Attached;

    fn attach(&self) -> Attached {
        self.sampler.attach()
    }

    async fn answer(&self, request: Request) -> Frame {
        let (lifetimes, ws) = (&self.settings.lifetimes, &self.catalog.ws);
        if !ws.is_running() {
            let error = format!("{} is {}", ws.name, ws.state().as_str());
            return ErrorObject::new(request, error).to_frame();
        }
        let begun = Moment::now();
        let result = match request {
            Request::Metrics => self.metrics.get(lifetimes.metrics, self.metrics()).await,
            Request::Disks => self.disks.get(lifetimes.disks, self.disks()).await,
            Request::Processes => {
                let list = self.processes();
                self.processes.get(lifetimes.processes, list).await
            }
            Request::ProcessMetrics { pid } => self.process_metrics(pid).await,
            Request::JournalEntries { pid } => {
                let entries = read(&self.catalog.journal, self.journals.answer(pid)).await;
                entries.ok_or_else(|| format!("{} is paused", self.catalog.journal.name))
            }
        };
        ws.polled(&begun, None);
        result.unwrap_or_else(|error| ErrorObject::new(request, error).to_frame())
    }

    fn is_closed(&self, endpoint: Endpoint) -> bool {
        self.output(endpoint).state() == State::Stopped
    }

    async fn closed(&self, endpoint: Endpoint) {
        let mut states = self.output(endpoint).watch();
        // The entry outlives all who wait for it.
        let _ = states.wait_for(|state| *state == State::Stopped).await;
    }

    type Samples = Stream;

    fn samples(&self, request: &str) -> Result<Stream, String> {
        let request = StreamRequest::parse(request).map_err(|error| error.to_string())?;
        let wish = Wish::from_request(&request)?;
        Ok(Stream::begin(&self.sampler, wish, &self.catalog.stream))
    }
}
