//! Samples of the running machine.

use std::{path::Path, sync::Arc};

use jiff::tz::TimeZone;

use super::{
    Control, Error, Observer, Tick, Work,
    receiver::{Receiver, remarks},
    recording::{Recording, Troubles},
};
use crate::{
    options::{Options, Style, Subsystem},
    output::{Lines, Remark, Remarks},
    process::{Processes, Source},
    reading::Machine,
    record::{Counters, Time, raw::System},
    text::{Facts, Renderer},
    values::Interval,
};

/// Reads this machine, and tells what it read.
pub struct Live {
    reader: Reader,
    renderer: Renderer,
    recording: Recording,
    pub receiver: Receiver,
    control: Arc<Control>,
    remarks: Remarks,
    troubles: Troubles,
    stamp: Stamp,
}

/// Recordings tell times in milliseconds. So do the numbers that are computed with them: what is shown is
/// what a recording says later.
#[derive(Debug, Default)]
struct Stamp {
    /// The wall clock is ahead of the steady one by that, ns.
    ahead: Option<i128>,
}

impl Stamp {
    const MS: u64 = 1_000_000;

    /// A clock that was set by less than that makes one interval a little wrong, as it is in a recording.
    const SET: u128 = 20_000_000;

    /// The time of a sample.
    fn cut(&mut self, now: Time) -> Time {
        let ahead = i128::from(now.wall_ns) - i128::from(now.steady_ns);
        let known = self.ahead.filter(|known| known.abs_diff(ahead) < Self::SET);
        // The wall clock was set, or it is the first time.
        let known = *self.ahead.insert(known.unwrap_or(ahead));
        let wall_ns = now.wall_ns - now.wall_ns % Self::MS;
        Time {
            wall_ns,
            steady_ns: u64::try_from(i128::from(wall_ns) - known).unwrap_or(now.steady_ns),
        }
    }
}

/// The machine and what was read of it.
struct Reader {
    machine: Machine,
    processes: Option<Processes>,
    text: String,
    before: Counters,
    now: Counters,
    interval: Interval,
    totals: bool,
}

impl Live {
    /// Opens all that is needed.
    pub fn open(
        options: &Options,
        root: &Path,
        zone: &TimeZone,
        source: Option<Box<dyn Source>>,
        receiver: impl FnOnce(&str) -> Result<Receiver, Error>,
        control: &Arc<Control>,
        now: Time,
    ) -> Result<Self, Error> {
        let reader = Reader::open(options, root, source)?;
        let system = System::of(root, now.wall_ns);
        let facts = facts(&system);
        let receiver = receiver(&facts.host)?;
        let renderer = Renderer::in_zone(options, facts.clone(), zone.clone());
        let recording = Recording::begin(options, root, &facts, &renderer, zone, now)?;
        Ok(Self {
            reader,
            renderer,
            recording,
            receiver,
            control: Arc::clone(control),
            remarks: remarks(options.style),
            troubles: Troubles::default(),
            stamp: Stamp::default(),
        })
    }

    /// Takes a sample and hands it over.
    fn take(&mut self, tick: &Tick, observer: &(impl Observer + ?Sized)) -> Result<(), Error> {
        let now = self.stamp.cut(tick.time);
        let reader = &mut self.reader;
        reader.read(now, tick.first);
        let mut trouble = Ok(());
        let table = match reader.processes.as_mut().filter(|_| tick.processes) {
            None => None,
            Some(processes) => processes.take().map_err(|error| trouble = Err(error)).ok(),
        };
        self.troubles.tell(trouble, observer);
        if !tick.first {
            let shown = self.receiver.wants_lines() || self.recording.needs_lines();
            if shown {
                let interval = Some(&reader.interval);
                let mut lines = self.renderer.render(interval, table);
                if tick.missed > 0 && !lines.body.is_empty() {
                    lines = with_remark(&lines, &self.remarks.line(Remark::Missed(tick.missed)));
                }
                self.receiver.show(&lines, &self.control)?;
            }
            let parts = self.renderer.parts();
            self.recording
                .plot(&reader.interval, table, parts, observer);
        }
        self.recording.raw(now, &mut reader.text, table, observer);
        Ok(())
    }

    /// The end of files and connections.
    pub fn close(mut self, now: Time, observer: &(impl Observer + ?Sized)) {
        self.recording.finish(now, observer);
        self.receiver.close();
    }
}

/// [`Live`] at work.
pub struct Watched<'a, O: ?Sized> {
    pub live: &'a mut Live,
    pub observer: &'a O,
}

impl<O: Observer + ?Sized> Work for Watched<'_, O> {
    type Error = Error;

    fn sample(&mut self, tick: &Tick) -> Result<(), Error> {
        self.live.take(tick, self.observer)
    }

    fn is_wanted(&self) -> bool {
        self.live.receiver.wants_lines() || self.live.recording.is_on()
    }

    fn rest(&mut self) {
        if let Some(processes) = &mut self.live.reader.processes {
            processes.rest();
        }
    }
}

impl Reader {
    fn open(
        options: &Options,
        root: &Path,
        source: Option<Box<dyn Source>>,
    ) -> Result<Self, Error> {
        let processes = match options.subsystems.has(Subsystem::Processes) {
            false => None,
            true => {
                let source = source.ok_or(Error::NoSource)?;
                let processes = Processes::new(&options.processes, root, source)?;
                Some(with_details(processes, options))
            }
        };
        Ok(Self {
            machine: Machine::open(root, options.subsystems)?,
            processes,
            text: String::new(),
            before: Counters::default(),
            now: Counters::default(),
            interval: Interval::default(),
            totals: options.totals,
        })
    }

    fn read(&mut self, now: Time, first: bool) {
        self.text.clear();
        self.machine.read(&mut self.text);
        std::mem::swap(&mut self.before, &mut self.now);
        self.now.update(&self.text, now);
        if !first {
            self.interval.set(&self.before, &self.now, self.totals);
        }
    }
}

/// What rows have to have.
fn with_details(processes: Processes, options: &Options) -> Processes {
    let files = options.files.as_ref();
    if files.is_some_and(|files| files.raw) {
        processes.with_records()
    } else if files.is_some_and(|files| files.plot)
        || matches!(options.style, Style::Plot(_) | Style::Exact)
    {
        processes.with_status()
    } else {
        processes
    }
}

/// What lines say of the machine.
pub fn facts(system: &System) -> Facts {
    Facts {
        host: system.host.clone(),
        cpus: system.cpus as usize,
        hyper_threads: system.hyper(),
        page_bytes: system.page_size,
    }
}

fn with_remark(lines: &Lines, remark: &str) -> Lines {
    Lines {
        header: Arc::clone(&lines.header),
        body: format!("{remark}{}", lines.body).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_milliseconds_of_both_clocks() {
        let mut stamp = Stamp::default();
        let mut cut = |wall_us: u64, steady_us: u64| {
            let time = stamp.cut(Time {
                wall_ns: wall_us * 1000,
                steady_ns: steady_us * 1000,
            });
            (time.wall_ns / 1000, time.steady_ns / 1000)
        };
        assert_eq!(cut(5_000_100, 1_100), (5_000_000, 1_000));
        // Being late by less does not show, also if the clocks were not read at the same moment.
        assert_eq!(cut(5_100_900, 101_850), (5_100_000, 101_000));
        // The wall clock was set.
        assert_eq!(cut(9_000_300, 201_300), (9_000_000, 201_000));
        assert_eq!(cut(9_100_200, 301_200), (9_100_000, 301_000));
    }
}
