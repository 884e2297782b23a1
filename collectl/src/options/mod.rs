//! What a run of collectl is to do, checked.

mod processes;
mod subsystems;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

pub use processes::{Columns, Filter, ProcessOptions, Start};
pub use subsystems::{Selection, Subsystem, Subsystems};

/// Everything that switches say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is shown or recorded.
    pub subsystems: Subsystems,
    /// What was asked for: a recording has other defaults, see [`Options::for_recording`].
    pub selection: Selection,
    /// Sampling periods.
    pub intervals: Intervals,
    /// Samples to show, counted in main intervals; `None` is until somebody ends it.
    pub count: Option<u64>,
    /// How long to run, from `-R`.
    pub runtime: Option<Duration>,
    /// Samples on multiples of the interval since the epoch.
    pub align: bool,
    /// How lines look.
    pub style: Style,
    /// How plot files look, and plot lines: the same as in [`Style::Plot`].
    pub plot: Plot,
    /// How each of them begins.
    pub time: Option<TimeFormat>,
    /// When headers come again.
    pub headers: Headers,
    /// Numbers are not scaled to K, M, G (`-w`).
    pub wide: bool,
    /// More digits for values of 1 G and above (`-og`, `-oG`).
    pub digits: Digits,
    /// Counters are changes, not divided by the time (`-on`).
    pub totals: bool,
    /// Mean sizes of requests and packets in brief lines (`--iosize`).
    pub sizes: bool,
    /// Of processes: columns and which of them.
    pub processes: ProcessOptions,
    /// Where lines go besides or instead of the terminal.
    pub address: Option<Address>,
    /// What is written to files.
    pub files: Option<Files>,
    /// Raw or plot files to play back instead of looking at this machine.
    pub playback: Vec<PathBuf>,
    /// Goes on in the background (`-D`).
    pub daemon: bool,
    /// Goes on when the process that started it is gone.
    pub nohup: bool,
    /// No remarks on the terminal.
    pub quiet: bool,
    /// Text for the headers of files.
    pub comment: Option<String>,
    /// The words that were given, for the header of files.
    pub words: String,
}

/// One line a sample of CPU, disks and network on the terminal, every second.
impl Default for Options {
    fn default() -> Self {
        Self {
            subsystems: Subsystems::INTERACTIVE,
            selection: Selection::Default,
            intervals: Intervals {
                main: Duration::from_secs(1),
                processes: Duration::from_secs(1),
            },
            count: None,
            runtime: None,
            align: false,
            style: Style::Brief,
            plot: Plot::default(),
            time: None,
            headers: Headers::Every(HEADERS_EVERY),
            wide: false,
            digits: Digits::Plain,
            totals: false,
            sizes: false,
            processes: ProcessOptions::default(),
            address: None,
            files: None,
            playback: Vec::new(),
            daemon: false,
            nohup: false,
            quiet: false,
            comment: None,
            words: String::new(),
        }
    }
}

impl Options {
    /// The same for a recording of these subsystems: what is shown is what was recorded, unless `-s` says
    /// otherwise, and so is the style.
    #[must_use]
    pub fn for_recording(&self, recorded: Subsystems) -> Self {
        let subsystems = self.selection.of(recorded);
        let style = match self.style {
            Style::Brief if !subsystems.are_brief() => Style::Verbose,
            style => style,
        };
        Self {
            subsystems,
            style,
            ..self.clone()
        }
    }
}

/// Sampling periods, at least 1 ms; [`Duration::ZERO`] is one sample after the other, without a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// Of all but processes.
    pub main: Duration,
    /// Of processes: a multiple of the main one.
    pub processes: Duration,
}

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line a sample.
    Brief,
    /// Blocks of columns.
    Verbose,
    /// Fields for plotting programs (`-P`).
    Plot(Plot),
    /// `name value` lines (`--export lexpr`).
    Lexpr,
    /// A JSON object a sample, with what only we know (`--export subjiffy`).
    Exact,
}

/// Of plot lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plot {
    /// Between fields.
    pub separator: char,
    /// Digits after the point: 0, 1 or 2.
    pub decimals: u8,
    /// One column of seconds since the epoch instead of date and time.
    pub utc: bool,
}

/// Blanks, whole numbers, date and time.
impl Default for Plot {
    fn default() -> Self {
        Self {
            separator: ' ',
            decimals: 0,
            utc: false,
        }
    }
}

/// The time in front of a line, as the local clock shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeFormat {
    /// With the date.
    pub date: DateFormat,
    /// With thousandths of a second.
    pub millis: bool,
}

/// A date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateFormat {
    /// None: `HH:MM:SS` alone.
    #[default]
    None,
    /// `MM/DD`.
    Short,
    /// `YYYYMMDD`.
    Long,
}

/// When headers are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headers {
    /// They are never shown.
    Never,
    /// Once.
    Once,
    /// Every so many samples, from 1.
    Every(u32),
}

/// Samples between two headers of text: a screen of 24 lines without the headers themselves.
pub const HEADERS_EVERY: u32 = 22;

/// How numbers of 1 G and above are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Digits {
    /// No digit after the point.
    #[default]
    Plain,
    /// `-og`
    Some,
    /// `-oG`
    More,
}

/// Where lines go over TCP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Connects there; its lines have the host's name in front.
    Connect {
        /// A name or an address.
        host: String,
        /// TCP port.
        port: u16,
        /// How long a connection attempt may take.
        timeout: Duration,
    },
    /// Listens.
    Listen {
        /// Where; several of one port for IPv4 and IPv6.
        at: Vec<SocketAddr>,
        /// Whether lines have the host's name in front.
        prefix: bool,
    },
}

/// The port when none is named.
pub const PORT: u16 = 2655;

/// What is written to files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// A directory, or the beginning of files' names.
    pub path: PathBuf,
    /// Raw files.
    pub raw: bool,
    /// Plot files.
    pub plot: bool,
    /// Whether plot files are compressed; raw files always are.
    pub gzip: bool,
    /// Time between two flushes.
    pub flush: Option<Duration>,
    /// New files at times of the day, and how long old ones are kept.
    pub roll: Option<Roll>,
}

/// When files are closed and new ones begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roll {
    /// The first time of the day, minutes since midnight, local.
    pub at_minute: u16,
    /// How many days files are kept.
    pub days: u16,
    /// Minutes between two files.
    pub minutes: u16,
}
