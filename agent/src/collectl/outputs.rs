//! Outputs of the running agent in collectl's formats: each is an element and a thread of its own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;
use subjiffy_collectl::{
    options::{Address, Intervals, Options, Subsystem},
    process::Source,
    record::Time,
    run::{Control, End, Error, Observer, Parts, Run},
};
use subjiffy_proto::control::Element;
use tokio::runtime::Handle as Runtime;
use tracing::{info, warn};

use super::source::Shared;
use crate::{
    elements::{Elements, Entry, State},
    sampler::Handle,
};

/// After what went wrong it is tried again so soon; then after twice the time, and so on.
const FIRST_AGAIN: Duration = Duration::from_secs(1);

/// The longest time between two attempts.
const LAST_AGAIN: Duration = Duration::from_secs(60);

/// What outputs need besides their options.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where numbers of processes come from.
    pub sampler: Handle,
    /// Who serves sockets.
    pub runtime: Runtime,
}

/// Outputs by name.
pub type Wanted = BTreeMap<Element, Options>;

/// Makes elements of outputs, to be found among the others. Their period is the interval of their lines.
pub fn add(wanted: &Wanted, elements: &Elements) {
    for (name, options) in wanted {
        let period = rhythm(options).1;
        elements.add(&Arc::new(Entry::new(name.clone(), Some(period))));
    }
}

/// All outputs. They end in an orderly way when this is dropped.
#[derive(Debug, Default)]
pub struct Outputs(Vec<Output>);

#[derive(Debug)]
struct Output {
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
}

impl Outputs {
    /// Starts those that were added.
    ///
    /// # Errors
    /// If one cannot listen or write its files. A peer that is not there yet is called again and again.
    pub fn start(wanted: Wanted, elements: &Elements, setup: &Setup) -> Result<Self, String> {
        let mut all = Self::default();
        for (name, options) in wanted {
            let Some(entry) = elements.get(&name) else {
                continue;
            };
            let desk = Arc::new(Desk::new(entry, options, setup.clone()));
            let run = match desk.options.address {
                Some(Address::Connect { .. }) => None,
                _ => Some(desk.open().map_err(|error| format!("{name}: {error}"))?),
            };
            for address in run.iter().flat_map(Run::addresses) {
                info!("{name} listens on {address}");
                if !address.ip().is_loopback() {
                    warn!("{name}: everybody who reaches {address} can read its lines");
                }
            }
            setup.runtime.spawn(Arc::clone(&desk).follow());
            let thread = thread::Builder::new().name("collectl".to_owned());
            let work = Arc::clone(&desk);
            let thread = thread.spawn(move || work.run(run));
            let thread = Some(thread.map_err(|error| format!("{name}: {error}"))?);
            all.0.push(Output { desk, thread });
        }
        Ok(all)
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        for one in &self.0 {
            one.desk.end();
        }
        for thread in self.0.iter_mut().filter_map(|one| one.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// One output: what it is to do, and who does it now.
#[derive(Debug)]
struct Desk {
    entry: Arc<Entry>,
    options: Options,
    setup: Setup,
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Now {
    /// Of the run that goes on or begins.
    control: Arc<Control>,
    /// That it has.
    intervals: Option<Intervals>,
    ended: bool,
}

impl Desk {
    fn new(entry: Arc<Entry>, options: Options, setup: Setup) -> Self {
        Self {
            entry,
            options,
            setup,
            now: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a run as its element is now.
    fn open(&self) -> Result<Run, Error> {
        let control = Arc::<Control>::default();
        let intervals = self.intervals();
        {
            let mut now = self.now();
            now.control = Arc::clone(&control);
            now.intervals = Some(intervals);
            if now.ended {
                control.end(End::Asked);
            }
        }
        control.pause(self.entry.state() == State::Paused);
        let source = self.options.subsystems.has(Subsystem::Processes).then(|| {
            let shared: Box<dyn Source> = Box::new(Shared::new(self.setup.sampler.clone()));
            shared
        });
        let options = Options {
            intervals,
            quiet: true,
            ..self.options.clone()
        };
        Run::open(
            options,
            Parts {
                root: "/".into(),
                zone: TimeZone::system(),
                source,
                runtime: self.setup.runtime.clone(),
                parent: None,
                control,
            },
        )
    }

    /// The intervals by the element's period.
    fn intervals(&self) -> Intervals {
        let (ratio, usual) = rhythm(&self.options);
        let main = self.entry.period().unwrap_or(usual);
        Intervals {
            main,
            processes: main.saturating_mul(ratio),
        }
    }

    /// Tells the run of every change, until the output ends.
    async fn follow(self: Arc<Self>) {
        let mut changes = self.entry.watch();
        while changes.changed().await.is_ok() {
            let state = self.entry.state();
            if state == State::Stopped {
                return self.end();
            }
            let intervals = Some(self.intervals());
            let mut now = self.now();
            now.control.pause(state == State::Paused);
            if now.intervals != intervals {
                now.intervals = intervals;
                now.control.set_intervals(self.intervals());
            }
        }
    }

    fn end(&self) {
        let mut now = self.now();
        now.ended = true;
        now.control.end(End::Asked);
        drop(now);
        self.changed.notify_all();
    }

    /// One run after the other; `first` is open already.
    fn run(&self, mut first: Option<Run>) {
        let mut again = FIRST_AGAIN;
        while !self.now().ended {
            let run = first.take().map_or_else(|| self.open(), Ok);
            let begun = Instant::now();
            let ended = run.and_then(|run| {
                self.entry.set_reason("");
                run.go(self)
            });
            if self.now().ended {
                return;
            }
            if begun.elapsed() > LAST_AGAIN {
                again = FIRST_AGAIN;
            }
            let why = match ended {
                Ok(End::PeerGone) => "the peer has gone".to_owned(),
                Ok(end) => format!("it has ended: {end:?}"),
                Err(error) => error.to_string(),
            };
            warn!("{}: {why}; again in {} s", self.entry.name, again.as_secs());
            self.entry.set_reason(&format!("waits to try again: {why}"));
            self.rest(again);
            again = (2 * again).min(LAST_AGAIN);
        }
    }

    /// Waits, unless it is to end.
    fn rest(&self, time: Duration) {
        let now = self.now();
        let waited = self.changed.wait_timeout_while(now, time, |now| !now.ended);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

impl Observer for Desk {
    fn sampled(&self, begun: Time, late: Duration, took: Duration) {
        self.entry.figures.poll(begun.wall_ns, took, Some(late));
    }

    fn missed(&self, ticks: u64) {
        self.entry.figures.miss(ticks);
    }

    fn trouble(&self, text: &str) {
        warn!("{}: {text}", self.entry.name);
    }
}

/// How many main intervals there are between two of processes, and the main one.
fn rhythm(options: &Options) -> (u32, Duration) {
    let Intervals { main, processes } = options.intervals;
    let main = main.max(Duration::from_millis(1));
    let ratio = processes.as_nanos().div_ceil(main.as_nanos());
    (u32::try_from(ratio).unwrap_or(u32::MAX).max(1), main)
}
