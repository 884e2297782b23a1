//! Runs: ticks, readings, numbers, lines, and where they go.
//!
//! * [`Run`]: all of it, from [`Options`]
//! * [`Schedule`]: when samples are due; pure
//! * [`Control`]: ends, pauses and changes a run from outside
//! * [`repeat`]: the loop, over any [`Work`] and any [`Clock`]

mod clock;
mod control;
mod error;
mod live;
mod pace;
mod playback;
mod receiver;
mod recording;
mod replay;
mod schedule;
pub mod show;

#[cfg(test)]
mod tests;

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};

use jiff::tz::TimeZone;
use tokio::runtime::Handle;

use crate::{
    options::{Address, Options, Subsystem, Subsystems},
    output::Audience,
    process::Source,
};
use live::{Live, Watched};
use playback::Playback;
use receiver::Receiver;

pub use clock::{Clock, SystemClock};
pub use control::{Control, End};
pub use error::Error;
pub use pace::{Bounds, Observer, Parent, Rhythm, Tick, Work, repeat};
pub use schedule::Schedule;

/// What a run needs of its surroundings.
pub struct Parts {
    /// Where `proc`, `sys` and `etc` are: `/`.
    pub root: PathBuf,
    /// Local time.
    pub zone: TimeZone,
    /// Where numbers of processes come from, if they are wanted of the running machine.
    pub source: Option<Box<dyn Source>>,
    /// Who serves sockets.
    pub runtime: Handle,
    /// Tells the process that started this one, if the run is to end with it. [`Options::nohup`] says
    /// otherwise.
    pub parent: Option<Parent>,
    /// Ends it.
    pub control: Arc<Control>,
}

/// A run that has all it needs.
pub struct Run {
    options: Options,
    bounds: Bounds,
    root: PathBuf,
    zone: TimeZone,
    control: Arc<Control>,
    kind: Kind,
}

enum Kind {
    Live(Box<Live>),
    Playback(Receiver),
}

impl Run {
    /// Opens files, sockets and connections, so that what is wrong with them is known before anything
    /// begins.
    ///
    /// # Errors
    /// What cannot be had.
    pub fn open(options: Options, parts: Parts) -> Result<Self, Error> {
        let Parts {
            root,
            zone,
            source,
            runtime,
            parent,
            control,
        } = parts;
        let receiver = |host: &str| Receiver::open(&options, host, &runtime, &control);
        let kind = match options.playback.is_empty() {
            true => {
                let now = SystemClock::read();
                let live = Live::open(&options, &root, &zone, source, receiver, &control, now)?;
                Kind::Live(Box::new(live))
            }
            false => {
                let host = rustix::system::uname();
                Kind::Playback(receiver(&host.nodename().to_string_lossy())?)
            }
        };
        let bounds = Bounds {
            count: options.count,
            runtime: options.runtime,
            // Who connects out ends with its peer; the shells that began it are gone at once.
            parent: parent.filter(|_| !options.nohup && !connects(&options)),
        };
        Ok(Self {
            options,
            bounds,
            root,
            zone,
            control,
            kind,
        })
    }

    fn receiver(&self) -> &Receiver {
        match &self.kind {
            Kind::Live(live) => &live.receiver,
            Kind::Playback(receiver) => receiver,
        }
    }

    /// Where it listens, if it does.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        self.receiver().addresses()
    }

    /// Figures of those who receive its lines over sockets. They stay up to date while it runs.
    #[must_use]
    pub fn audience(&self) -> Audience {
        self.receiver().audience()
    }

    /// Runs until there is a reason to end, on the calling thread. Connections see an orderly end.
    ///
    /// # Errors
    /// What it cannot go on with.
    pub fn go(self, observer: &(impl Observer + ?Sized)) -> Result<End, Error> {
        let Self {
            options,
            bounds,
            root,
            zone,
            control,
            kind,
        } = self;
        match kind {
            Kind::Live(mut live) => {
                let clock = SystemClock::of_this_thread();
                announce(&options);
                let mut work = Watched {
                    live: &mut live,
                    observer,
                };
                let end = repeat(
                    rhythm(&options),
                    &bounds,
                    &clock,
                    &control,
                    observer,
                    &mut work,
                );
                live.close(clock.now(), observer);
                end
            }
            Kind::Playback(mut receiver) => {
                let end =
                    Playback::new(&options, &root, &zone, &mut receiver, &control).play(observer);
                receiver.close();
                end
            }
        }
    }
}

fn connects(options: &Options) -> bool {
    matches!(options.address, Some(Address::Connect { .. }))
}

fn rhythm(options: &Options) -> Rhythm {
    Rhythm {
        intervals: options.intervals,
        align: options.align,
        processes: options.subsystems.has(Subsystem::Processes),
    }
}

/// Says that nothing is shown before the second sample, on standard output as collectl does.
fn announce(options: &Options) {
    if options.quiet || options.daemon || options.files.is_some() {
        return;
    }
    let only = Subsystems::default().with(Subsystem::Processes);
    let interval = match options.subsystems == only {
        true => options.intervals.processes,
        false => options.intervals.main,
    };
    // Who does not read it will not read the rest, which is noticed then.
    let mut output = io::stdout();
    let _ = writeln!(
        output,
        "waiting for {} second sample...",
        interval.as_secs_f64()
    );
    let _ = output.flush();
}
