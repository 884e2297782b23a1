//! Samples of recordings, as fast as their receiver takes them.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{
    Control, End, Error, Observer, live::facts, receiver::Receiver, recording::Plot,
    replay::Samples,
};
use crate::{
    options::{Options, Style, Subsystem, Subsystems},
    output::{Keeping, Lines},
    process::raw::Replay,
    record::{
        Counters, Recording, Time, plot,
        raw::{Header, Reader, Record},
    },
    text::Renderer,
    values::Interval,
};

/// The next file goes on where the one before ended if no more than this is between them, in intervals.
const GAP: f64 = 1.5;

/// Plays files back, one after the other.
pub struct Playback<'a> {
    options: &'a Options,
    root: &'a Path,
    /// Of plot files that do not tell theirs.
    zone: &'a TimeZone,
    receiver: &'a mut Receiver,
    control: &'a Control,
    /// Samples shown.
    shown: u64,
    machine: Option<Machine>,
    plot: Option<(String, Plot)>,
}

/// What is known of the machine that was recorded.
struct Machine {
    header: Header,
    options: Options,
    renderer: Renderer,
    replay: Replay,
    before: Option<Counters>,
    now: Counters,
    interval: Interval,
}

impl<'a> Playback<'a> {
    /// Of the options' files, to a receiver.
    pub fn new(
        options: &'a Options,
        root: &'a Path,
        zone: &'a TimeZone,
        receiver: &'a mut Receiver,
        control: &'a Control,
    ) -> Self {
        Self {
            options,
            root,
            zone,
            receiver,
            control,
            shown: 0,
            machine: None,
            plot: None,
        }
    }

    /// Plays all of them.
    ///
    /// # Errors
    /// If nothing could be shown. What is wrong with some of several files is told to the observer.
    pub fn play(&mut self, observer: &(impl Observer + ?Sized)) -> Result<End, Error> {
        let mut first = None;
        for path in &self.options.playback {
            let played = match Recording::open(path, self.zone) {
                Ok(Recording::Raw(reader)) => self.play_raw(*reader, path),
                Ok(Recording::Plot(reader)) => self.play_plot(*reader, path, observer),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = played {
                let cut = matches!(&error, Error::Recording(error) if error.is_cut());
                if self.options.playback.len() > 1 || cut {
                    observer.trouble(&error.to_string());
                }
                first.get_or_insert(error);
            }
            if let Some(end) = self.ended() {
                self.finish(observer);
                return Ok(end);
            }
        }
        self.finish(observer);
        match first {
            Some(error) if self.shown == 0 => Err(error),
            _ if self.shown == 0 => Err(Error::Nothing(
                "there is nothing to show: it takes two records of the same machine".to_owned(),
            )),
            _ => Ok(End::Finished),
        }
    }

    fn ended(&self) -> Option<End> {
        let counted = self.options.count.is_some_and(|count| self.shown >= count);
        self.control.ended().or(counted.then_some(End::Counted))
    }

    fn finish(&mut self, observer: &(impl Observer + ?Sized)) {
        if let Some((_, mut plot)) = self.plot.take()
            && let Err(error) = plot.finish()
        {
            observer.trouble(&error.to_string());
        }
        self.receiver.wait(true, self.control);
    }

    fn play_raw(&mut self, mut reader: Reader, path: &Path) -> Result<(), Error> {
        let mut machine = self.machine(reader.header(), path)?;
        let mut record = Record::default();
        let mut first = true;
        let mut result = Ok(());
        while self.ended().is_none() {
            match reader.read(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    result = Err(error.into());
                    break;
                }
            }
            if std::mem::take(&mut first) {
                machine.begin(record.time);
                self.begin_plot(&machine, path)?;
            }
            self.sample(&mut machine, &record)?;
        }
        self.machine = Some(machine);
        result
    }

    /// The machine of before if this is its next file.
    fn machine(&mut self, header: &Header, path: &Path) -> Result<Machine, Error> {
        if let Some(mut machine) = self.machine.take()
            && machine.is_of(header)
        {
            machine.header = header.clone();
            return Ok(machine);
        }
        let recorded = recorded(&header.subsystems);
        let options = self.options.for_recording(recorded);
        let wanted = options.subsystems;
        let options = Options {
            subsystems: wanted
                .iter()
                .filter(|&one| recorded.has(one) || has_source(recorded, one))
                .collect(),
            ..options
        };
        let nothing = |text: &str| Err(Error::Nothing(format!("{}: {text}", path.display())));
        if options.subsystems.is_empty() {
            return nothing(&format!(
                "nothing of what -s asks for was recorded, but {:?}",
                header.subsystems
            ));
        }
        let processes = options.subsystems.has(Subsystem::Processes);
        let others = !options.subsystems.without(Subsystem::Processes).is_empty();
        if processes
            && others
            && self.receiver.is_somebody()
            && matches!(options.style, Style::Plot(_))
        {
            return nothing(
                "processes have lines of their own columns with -P: choose them with -sZ, or the others with -s-Z",
            );
        }
        let system = &header.system;
        let boot_ns = system.booted_cs.saturating_mul(10_000_000);
        Ok(Machine {
            renderer: Renderer::in_zone(&options, facts(system), header.zone()),
            replay: Replay::new(&options.processes, self.root, boot_ns),
            header: header.clone(),
            options,
            before: None,
            now: Counters::default(),
            interval: Interval::default(),
        })
    }

    /// Plot files of the day of the recording, if they are wanted and it is another day or its files have
    /// other names. Theirs begin as that of the recording does.
    fn begin_plot(&mut self, machine: &Machine, path: &Path) -> Result<(), Error> {
        let Some(files) = self.options.files.as_ref().filter(|files| files.plot) else {
            return Ok(());
        };
        let header = &machine.header;
        let zone = header.zone();
        let begun = Time {
            wall_ns: header.begun.saturating_mul(1_000_000_000),
            steady_ns: 0,
        };
        let beginning = raw_beginning(path).unwrap_or(&header.system.host);
        let keeping = Keeping {
            fresh: true,
            roll: None,
            ..Keeping::new(files, beginning, zone)
        };
        let key = format!("{beginning}-{}", keeping.day(begun));
        if self.plot.as_ref().is_some_and(|(old, _)| *old == key) {
            return Ok(());
        }
        if let Some((_, mut plot)) = self.plot.take() {
            plot.finish()?;
        }
        let text = header.to_string();
        let header = Box::new(move |_| text.clone());
        let facts = facts(&machine.header.system);
        let plot = Plot::begin(
            &machine.options,
            keeping,
            header,
            &facts,
            &machine.renderer,
            begun,
        )?;
        self.plot = Some((key, plot));
        Ok(())
    }

    fn sample(&mut self, machine: &mut Machine, record: &Record) -> Result<(), Error> {
        let table = match machine.options.subsystems.has(Subsystem::Processes) {
            true => machine.replay.take(record.time, &record.text),
            false => None,
        };
        machine.now.update(&record.text, record.time);
        let Some(before) = &mut machine.before else {
            machine.before = Some(std::mem::take(&mut machine.now));
            return Ok(());
        };
        machine
            .interval
            .set(before, &machine.now, machine.options.totals);
        std::mem::swap(before, &mut machine.now);
        let table = table.filter(|table| table.interval_ns > 0);
        let interval = &machine.interval;
        let lines = machine.renderer.render(Some(interval), table);
        self.show(&lines)?;
        if let Some((_, plot)) = &mut self.plot {
            plot.write(interval, table, machine.renderer.parts())?;
        }
        Ok(())
    }

    fn play_plot(
        &mut self,
        reader: plot::Reader,
        path: &Path,
        observer: &(impl Observer + ?Sized),
    ) -> Result<(), Error> {
        let options = self.options;
        let mut samples = Samples::new(options, reader);
        if samples.is_empty() {
            return Err(Error::Nothing(format!(
                "{}: it has no columns of what -s asks for",
                path.display()
            )));
        }
        while self.ended().is_none() {
            match samples.read() {
                None => break,
                Some(Ok(lines)) => self.show(&lines)?,
                Some(Err(error)) => observer.trouble(&error.to_string()),
            }
        }
        Ok(())
    }

    fn show(&mut self, lines: &Lines) -> Result<(), Error> {
        if lines.body.is_empty() {
            return Ok(());
        }
        self.shown += 1;
        self.receiver.wait(false, self.control);
        self.receiver.show(lines, self.control)
    }
}

impl Machine {
    /// Whether a file is one more of the same recording.
    fn is_of(&self, header: &Header) -> bool {
        let mine = &self.header;
        let same = |of: fn(&Header) -> &str| of(mine) == of(header);
        same(|header| &header.system.host)
            && same(|header| &header.subsystems)
            && same(|header| &header.interval)
            && mine.system.booted_cs.abs_diff(header.system.booted_cs) < 1000
            && mine.system.cpus == header.system.cpus
            && mine.ahead == header.ahead
    }

    /// A file begins: the last record of the one before is of no use if it is too far away.
    fn begin(&mut self, first: Time) {
        let gap = self.header.main_interval() * GAP;
        let near = |before: &Counters| {
            let between = first.wall_ns.checked_sub(before.time.wall_ns);
            between.is_some_and(|ns| ns > 0 && ns as f64 / 1e9 <= gap)
        };
        if !self.before.as_ref().is_some_and(near) {
            self.before = None;
        }
    }
}

/// What was recorded, by its letters. We know nothing of the others.
fn recorded(letters: &str) -> Subsystems {
    letters.chars().filter_map(Subsystem::of_letter).collect()
}

/// Whether details or sums can be had from what was recorded for the other one.
fn has_source(recorded: Subsystems, of: Subsystem) -> bool {
    use Subsystem as S;
    let pairs = [
        (S::Cpu, S::CpuDetail),
        (S::Interrupts, S::InterruptDetail),
        (S::Disks, S::DiskDetail),
        (S::Network, S::NetworkDetail),
    ];
    pairs.into_iter().any(|(sum, details)| {
        sum == of && recorded.has(details) || details == of && recorded.has(sum)
    })
}

/// What is before date and time in the name of a raw file: `vm` of `vm-20261120-174206.raw.gz`.
fn raw_beginning(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    let (name, _) = name.split_once(".raw")?;
    let (rest, time) = name.rsplit_once('-')?;
    let (beginning, date) = rest.rsplit_once('-')?;
    let digits =
        |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(date, 8) && digits(time, 6) && !beginning.is_empty()).then_some(beginning)
}
