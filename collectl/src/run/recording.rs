//! What a run writes to files while it goes on.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::{Error, Observer};
use crate::{
    options::{Options, Style},
    output::{FileError, Keeping, PlotFiles, PlotPart, RawFile},
    process::{Table, raw::Writer},
    record::{
        Time,
        raw::{Header, System, push_record},
    },
    text::{Facts, Part, Renderer},
    values::Interval,
};

/// Files of processes have what raw files have, too.
const PROCESSES: &str = "prc";

/// Raw and plot files.
pub struct Recording {
    raw: Option<Raw>,
    plot: Option<Plot>,
    troubles: Troubles,
}

struct Raw {
    file: RawFile,
    writer: Writer,
    record: String,
}

pub struct Plot {
    files: PlotFiles,
    /// `None` if what is shown is in the style of plot lines, too.
    renderer: Option<Renderer>,
    without_processes: bool,
}

/// The same is told once.
#[derive(Debug, Default)]
pub struct Troubles(String);

impl Troubles {
    /// Tells an error, and goes on.
    pub fn tell(
        &mut self,
        result: Result<(), impl std::fmt::Display>,
        observer: &(impl Observer + ?Sized),
    ) {
        match result {
            Ok(()) => self.0.clear(),
            Err(error) => {
                let text = error.to_string();
                if self.0 != text {
                    observer.trouble(&text);
                    self.0 = text;
                }
            }
        }
    }
}

impl Recording {
    /// Begins the files of a run.
    pub fn begin(
        options: &Options,
        root: &Path,
        facts: &Facts,
        renderer: &Renderer,
        zone: &TimeZone,
        now: Time,
    ) -> Result<Self, Error> {
        let mut recording = Self {
            raw: None,
            plot: None,
            troubles: Troubles::default(),
        };
        let Some(files) = &options.files else {
            return Ok(recording);
        };
        let keeping = Keeping::new(files, &facts.host, zone.clone());
        if files.raw {
            recording.raw = Some(Raw {
                file: RawFile::begin(keeping.clone(), header(options, root, zone), now)?,
                writer: Writer::default(),
                record: String::new(),
            });
        }
        if files.plot {
            let header = header(options, root, zone);
            recording.plot = Some(Plot::begin(options, keeping, header, facts, renderer, now)?);
        }
        Ok(recording)
    }

    /// Whether anything is written to files.
    pub fn is_on(&self) -> bool {
        self.raw.is_some() || self.plot.is_some()
    }

    /// Whether lines of plots are needed from the style of what is shown.
    pub fn needs_lines(&self) -> bool {
        self.plot
            .as_ref()
            .is_some_and(|plot| plot.renderer.is_none())
    }

    /// Writes what was read, `text`, to raw files.
    pub fn raw(
        &mut self,
        now: Time,
        text: &mut String,
        processes: Option<&Table>,
        observer: &(impl Observer + ?Sized),
    ) {
        let Some(raw) = &mut self.raw else {
            return;
        };
        if let Some(table) = processes {
            raw.writer.write(table, text);
        }
        raw.record.clear();
        push_record(&mut raw.record, now, text);
        self.troubles
            .tell(raw.file.record(now, &raw.record), observer);
    }

    /// Writes a sample to plot files; `shown` are its parts if it was shown as plot lines.
    pub fn plot(
        &mut self,
        machine: &Interval,
        processes: Option<&Table>,
        shown: &[Part],
        observer: &(impl Observer + ?Sized),
    ) {
        if let Some(plot) = &mut self.plot {
            let written = plot.write(machine, processes, shown);
            self.troubles.tell(written, observer);
        }
    }

    /// The end of all files.
    pub fn finish(&mut self, now: Time, observer: &(impl Observer + ?Sized)) {
        if let Some(raw) = &mut self.raw {
            self.troubles.tell(raw.file.finish(now), observer);
        }
        if let Some(plot) = &mut self.plot {
            self.troubles.tell(plot.finish(), observer);
        }
    }
}

impl Plot {
    pub fn begin(
        options: &Options,
        keeping: Keeping,
        header: Box<dyn Fn(Time) -> String + Send>,
        facts: &Facts,
        renderer: &Renderer,
        now: Time,
    ) -> Result<Self, FileError> {
        let shown = matches!(options.style, Style::Plot(_));
        let own = (!shown).then(|| {
            let options = Options {
                style: Style::Plot(options.plot),
                ..options.clone()
            };
            Renderer::in_zone(&options, facts.clone(), keeping.zone.clone())
        });
        let without_processes = options.files.as_ref().is_some_and(|files| files.raw);
        let parts = own.as_ref().unwrap_or(renderer).parts().iter();
        let kinds = parts
            .map(|part| part.suffix)
            .filter(|&kind| !(without_processes && kind == PROCESSES));
        Ok(Self {
            files: PlotFiles::begin(keeping, header, kinds, now)?,
            renderer: own,
            without_processes,
        })
    }

    pub fn write(
        &mut self,
        machine: &Interval,
        processes: Option<&Table>,
        shown: &[Part],
    ) -> Result<(), FileError> {
        let parts = match &mut self.renderer {
            None => shown,
            Some(renderer) => {
                renderer.render(Some(machine), processes);
                renderer.parts()
            }
        };
        let parts = parts
            .iter()
            .filter(|part| !(self.without_processes && part.suffix == PROCESSES));
        self.files.write(machine.time, parts.map(part))
    }

    pub fn finish(&mut self) -> Result<(), FileError> {
        self.files.finish()
    }
}

/// A part of a plot as its file takes it.
fn part(of: &Part) -> PlotPart<'_> {
    PlotPart {
        kind: of.suffix,
        header: &of.header,
        lines: &of.lines,
    }
}

/// The header of each file, when it is begun.
fn header(options: &Options, root: &Path, zone: &TimeZone) -> Box<dyn Fn(Time) -> String + Send> {
    let (options, root, zone): (_, PathBuf, _) = (options.clone(), root.to_owned(), zone.clone());
    Box::new(move |now| {
        let system = System::of(&root, now.wall_ns);
        Header::of(&options, system, now.wall_ns, &zone).to_string()
    })
}
