//! What a run of collectl is to do, checked.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

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

/// What `-s` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// Nothing.
    #[default]
    Default,
    /// `-scdn`: these.
    These(Subsystems),
    /// `-s-d+m`: the usual ones without some, with others.
    Change {
        /// Not these.
        without: Subsystems,
        /// These, too.
        with: Subsystems,
    },
}

impl Selection {
    /// What it is where these are the usual ones.
    #[must_use]
    pub const fn of(self, usual: Subsystems) -> Subsystems {
        match self {
            Self::Default => usual,
            Self::These(these) => these,
            Self::Change { without, with } => Subsystems(usual.0 & !without.0 | with.0),
        }
    }
}

/// Subsystems by collectl's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subsystems(u32);

/// A subsystem: lower case is a summary, upper case the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Subsystem {
    /// `c`: CPU time, interrupts, switches, load.
    Cpu,
    /// `j`: interrupts of each CPU.
    Interrupts,
    /// `m`: memory.
    Memory,
    /// `b`: free memory by order.
    Buddies,
    /// `d`: disks.
    Disks,
    /// `n`: network interfaces.
    Network,
    /// `t`: IP, TCP, UDP, ICMP.
    Tcp,
    /// `s`: sockets.
    Sockets,
    /// `i`: files, inodes, directory entries.
    Files,
    /// `f`: NFS.
    Nfs,
    /// `C`: each CPU.
    CpuDetail,
    /// `J`: each interrupt.
    InterruptDetail,
    /// `D`: each disk.
    DiskDetail,
    /// `N`: each interface.
    NetworkDetail,
    /// `Z`: processes.
    Processes,
}

impl Subsystem {
    /// All of them, in the order of brief lines, then details.
    pub const ALL: [(char, Self); 15] = [
        ('c', Self::Cpu),
        ('j', Self::Interrupts),
        ('m', Self::Memory),
        ('b', Self::Buddies),
        ('d', Self::Disks),
        ('n', Self::Network),
        ('t', Self::Tcp),
        ('s', Self::Sockets),
        ('i', Self::Files),
        ('f', Self::Nfs),
        ('C', Self::CpuDetail),
        ('J', Self::InterruptDetail),
        ('D', Self::DiskDetail),
        ('N', Self::NetworkDetail),
        ('Z', Self::Processes),
    ];

    /// The one of a letter.
    #[must_use]
    pub fn of_letter(letter: char) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|one| one.0 == letter).map(|one| one.1)
    }

    /// Its letter.
    #[must_use]
    pub fn letter(self) -> char {
        Self::ALL[self as usize].0
    }

    /// Whether it is a line a device or process, not one a sample.
    #[must_use]
    pub fn is_detail(self) -> bool {
        self >= Self::CpuDetail
    }
}

impl Subsystems {
    /// `cdn`: what is shown unless somebody says otherwise.
    pub const INTERACTIVE: Self = Self::NONE
        .with(Subsystem::Cpu)
        .with(Subsystem::Disks)
        .with(Subsystem::Network);

    /// `bcdfijmnst`: all summaries, the usual ones of a daemon.
    pub const SUMMARIES: Self = Self((1 << Subsystem::CpuDetail as u8) - 1);

    const NONE: Self = Self(0);

    /// Whether a brief line can hold them.
    #[must_use]
    pub const fn are_brief(self) -> bool {
        self.0 & !Self::SUMMARIES.0 == 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, one: Subsystem) -> Self {
        Self(self.0 | 1 << one as u8)
    }

    /// With one less.
    #[must_use]
    pub const fn without(self, one: Subsystem) -> Self {
        Self(self.0 & !(1 << one as u8))
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, one: Subsystem) -> bool {
        self.0 & 1 << one as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Subsystem::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Subsystem> {
        let all = Subsystem::ALL.into_iter().map(|one| one.1);
        all.filter(move |&one| self.has(one))
    }
}

impl FromIterator<Subsystem> for Subsystems {
    fn from_iter<I: IntoIterator<Item = Subsystem>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), Self::with)
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

/// Of processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessOptions {
    /// Which columns.
    pub columns: Columns,
    /// `c`: CPU time of dead children is added.
    pub with_children: bool,
    /// `k`: commands lose the shell that runs them.
    pub strip_shells: bool,
    /// `p`: no new processes are looked for.
    pub fixed: bool,
    /// `r`: commands without their directory.
    pub base_name: bool,
    /// `t`: threads, too.
    pub threads: bool,
    /// `w`: commands with their arguments, cut to so many characters if given.
    pub arguments: Option<Option<u16>>,
    /// `u`: how wide users are; 8 by default.
    pub user_width: Option<u8>,
    /// `z`: only processes that did something.
    pub active: bool,
    /// `f`: totals of page faults.
    pub total_faults: bool,
    /// `s`, `S`: when it began.
    pub start: Start,
    /// `x`: context switches.
    pub switches: bool,
    /// `R`: priorities as numbers.
    pub priority_numbers: bool,
    /// `e` (ours): exact CPU time in ms with decimals and run delay.
    pub exact: bool,
    /// `n` (ours): bytes on sockets.
    pub network: bool,
    /// `I`: without the columns of input and output.
    pub without_io: bool,
    /// Only processes in one of these states, as `ps` has their letters; empty is any (`--procstate`).
    pub states: String,
    /// Which processes; those that any of them selects. Empty is all.
    pub filters: Vec<Filter>,
}

/// Which columns processes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Columns {
    /// A little of everything.
    #[default]
    Standard,
    /// `i`: input and output.
    InputOutput,
    /// `m`: memory.
    Memory,
}

/// The column of a process's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// None.
    #[default]
    None,
    /// `s`: `HH:MM:SS`.
    Time,
    /// `S`: `Mon DD-HH:MM:SS`.
    Date,
}

/// A part of `--procfilt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// `c`: the command name contains it.
    CommandPart(String),
    /// `C`: the command name begins with it.
    CommandStart(String),
    /// `f`: the command line contains it.
    Arguments(String),
    /// `p`: the process id.
    Pid(u32),
    /// `P`: its parent's.
    Parent(u32),
    /// `u`: user ids, both included.
    Uids(u32, u32),
    /// `U`: a user's name.
    User(String),
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
    /// Compressed.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_subsystems_are_the_same() {
        for (at, (letter, one)) in Subsystem::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, at);
            assert_eq!(Subsystem::of_letter(letter), Some(one));
            assert_eq!(one.letter(), letter);
            assert_eq!(one.is_detail(), letter.is_uppercase());
        }
        assert_eq!(Subsystem::of_letter('?'), None);
        let some = Subsystems::default()
            .with(Subsystem::Cpu)
            .with(Subsystem::Processes);
        assert_eq!(some.iter().map(Subsystem::letter).collect::<String>(), "cZ");
        assert!(
            some.without(Subsystem::Cpu)
                .without(Subsystem::Processes)
                .is_empty()
        );
    }
}
