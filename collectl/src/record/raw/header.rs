//! What a raw file says once, at its beginning; plot files begin with the same lines.

use std::{fmt, fmt::Write as _};

use jiff::{
    Timestamp,
    civil::DateTime,
    tz::{Offset, TimeZone},
};

use super::System;
use crate::options::{Options, Subsystem};

/// The version of collectl whose form files have; it plays back nothing that claims to be older.
pub const VERSION: &str = "4.3.1-1";

/// The line above and below.
const RULE: &str =
    "################################################################################";

/// A file's header.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// The version of collectl whose form the file has.
    pub version: String,
    /// Who wrote it, if it was not collectl.
    pub writer: Option<String>,
    /// The switches it was started with.
    pub words: String,
    /// Those of a daemon.
    pub daemon_words: String,
    /// When the file was begun, seconds since the epoch.
    pub begun: u64,
    /// What local time is ahead of UTC, seconds.
    pub ahead: i32,
    /// Letters of what is recorded; those that we do not know are kept.
    pub subsystems: String,
    /// Periods in seconds: the main one, that of processes, that of the environment, with colons between.
    pub interval: String,
    /// Kinds of NFS calls that are recorded; empty is all.
    pub nfs_filter: String,
    /// Protocols that are recorded.
    pub tcp_filter: String,
    /// `i`: processes have I/O; `x`: they have context switches; others mean nothing here.
    pub flags: String,
    /// The machine.
    pub system: System,
    /// What somebody wanted to be said.
    pub comment: Option<String>,
}

impl Header {
    /// That of a file that is begun now.
    #[must_use]
    pub fn of(options: &Options, system: System, wall_ns: u64, zone: &TimeZone) -> Self {
        let begun = wall_ns / 1_000_000_000;
        let processes = options.subsystems.has(Subsystem::Processes);
        let mut interval = options.intervals.main.as_secs_f64().to_string();
        if processes {
            let _ = write!(interval, ":{}", options.intervals.processes.as_secs_f64());
        }
        let mut flags = String::new();
        for (flag, is) in [
            ('i', system.process_io),
            ('x', processes),
            ('D', system.cpus_disabled),
        ] {
            flags.extend(is.then_some(flag));
        }
        Self {
            version: VERSION.to_owned(),
            writer: Some(concat!("subjiffy ", env!("CARGO_PKG_VERSION")).to_owned()),
            words: one_line(&options.words),
            daemon_words: String::new(),
            begun,
            ahead: zone.to_offset(timestamp(begun)).seconds(),
            subsystems: options.subsystems.iter().map(Subsystem::letter).collect(),
            interval,
            nfs_filter: String::new(),
            tcp_filter: "ituc".to_owned(),
            flags,
            system,
            comment: options.comment.as_deref().map(one_line),
        }
    }

    /// The time zone of the recorded machine when the file was begun: times are shown in it, wherever the
    /// file is played back.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        TimeZone::fixed(offset(self.ahead))
    }

    /// The main period in seconds; 0 if it says nothing sensible.
    #[must_use]
    pub fn main_interval(&self) -> f64 {
        let main = self.interval.split(':').next().unwrap_or_default();
        let main = main.parse().unwrap_or_default();
        if (0.0..1e9).contains(&main) {
            main
        } else {
            0.0
        }
    }

    /// Reads the lines of a header. What is not there or makes no sense is empty or 0.
    ///
    /// # Errors
    /// In words, if it is no header of collectl.
    pub fn parse(text: &str) -> Result<Self, String> {
        let version = field(text, "# Collectl:").and_then(|word| word.strip_prefix('V'));
        let Some(version) = version else {
            return Err(
                "the lines above should have one like \"# Collectl:   V4.3.1-1  …\", but have none"
                    .to_owned(),
            );
        };
        let words = rest(text, "# Collectl:").and_then(|rest| rest.split_once("Options:"));
        let comment = rest(text, "# Comment:");
        // What people have written may look like anything.
        let ours = ["# Collectl:", "# Writer:", "# Comment:"];
        let others = text
            .lines()
            .filter(|line| !ours.iter().any(|one| line.starts_with(one)));
        let facts: Vec<_> = others.collect();
        let facts = &*facts.join("\n");
        let (begun, ahead) = begun(facts);
        let subsystems = field(facts, "SubSys:").filter(|word| *word != "Options:");
        let owned = |word: Option<&str>| word.unwrap_or_default().to_owned();
        Ok(Self {
            version: version.to_owned(),
            writer: rest(text, "# Writer:").map(str::to_owned),
            words: owned(words.map(|words| words.1.trim_ascii())),
            daemon_words: owned(rest(facts, "DaemonOpts:")),
            begun,
            ahead,
            subsystems: owned(subsystems),
            interval: owned(field(facts, "Interval:")),
            nfs_filter: owned(field(facts, "NfsFilt:").filter(|word| *word != "EnvFilt:")),
            tcp_filter: owned(field(facts, "TcpFilt:")),
            flags: owned(field(facts, "Flags:")),
            system: System::parse(facts),
            comment: comment.map(str::to_owned),
        })
    }
}

impl fmt::Display for Header {
    /// The lines, each with its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = &self.system;
        writeln!(f, "{RULE}")?;
        writeln!(
            f,
            "# Collectl:   V{}  HiRes: 1  Options: {} ",
            self.version, self.words
        )?;
        if let Some(writer) = &self.writer {
            writeln!(f, "# Writer:     {writer}")?;
        }
        writeln!(
            f,
            "# Host:       {}  DaemonOpts: {}",
            system.host, self.daemon_words
        )?;
        writeln!(
            f,
            "# Booted:     {} [{}]",
            system.booted(),
            local("%Y%m%d-%H:%M:%S", system.booted_cs / 100, self.ahead)
        )?;
        writeln!(
            f,
            "# Distro:     {}  Platform: {}",
            system.distro, system.platform
        )?;
        let (begun, zone) = (
            local("%Y%m%d-%H%M%S", self.begun, self.ahead),
            Zone(self.ahead),
        );
        writeln!(f, "# Date:       {begun}  Secs: {} TZ: {zone}", self.begun)?;
        write!(
            f,
            "# SubSys:     {} Options:  Interval: {} ",
            self.subsystems, self.interval
        )?;
        write!(
            f,
            "NumCPUs: {} {}",
            system.cpus,
            if system.hyper() { "[HYPER]" } else { "" }
        )?;
        if system.cpus_disabled {
            f.write_str(" CPUsDis: 1")?;
        }
        writeln!(f, " NumBud: {} Flags: {}", system.zones, self.flags)?;
        writeln!(
            f,
            "# Filters:    NfsFilt: {} EnvFilt:  TcpFilt: {}",
            self.nfs_filter, self.tcp_filter
        )?;
        write!(f, "{system}")?;
        if let Some(comment) = &self.comment {
            writeln!(f, "# Comment:    {comment}")?;
        }
        writeln!(f, "{RULE}")
    }
}

/// The first word behind `name`.
pub(super) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let behind = rest(text, name)?;
    behind.split_ascii_whitespace().next()
}

/// What is behind `name` on its line, if that is anything.
pub(super) fn rest<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let behind = |line: &'a str| Some(&line[line.find(name)? + name.len()..]);
    let line = text.lines().find_map(behind)?;
    Some(line.trim_ascii()).filter(|line| !line.is_empty())
}

/// When the file was begun, and what local time was ahead then: what the clock showed tells it best.
fn begun(text: &str) -> (u64, i32) {
    let seconds = field(text, "Secs:").and_then(|word| word.parse::<u64>().ok());
    let shown =
        field(text, "Date:").and_then(|word| DateTime::strptime("%Y%m%d-%H%M%S", word).ok());
    let shown = shown.and_then(|shown| Offset::UTC.to_timestamp(shown).ok());
    let shown = shown.and_then(|shown| u64::try_from(shown.as_second()).ok());
    match (seconds, shown) {
        (Some(seconds), Some(shown)) => {
            let ahead = i128::from(shown) - i128::from(seconds);
            let sane = ahead.unsigned_abs() < 26 * 3600;
            (seconds, if sane { ahead as i32 } else { 0 })
        }
        (seconds, shown) => (seconds.or(shown).unwrap_or_default(), 0),
    }
}

fn offset(ahead: i32) -> Offset {
    Offset::from_seconds(ahead).unwrap_or(Offset::UTC)
}

fn timestamp(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

/// `20261120-173904` or the like.
fn local(format: &str, seconds: u64, ahead: i32) -> impl fmt::Display {
    let local = offset(ahead).to_datetime(timestamp(seconds));
    local.strftime(format).to_string()
}

/// `+0100`
struct Zone(i32);

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.0.unsigned_abs() / 60;
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}{:02}", minutes / 60, minutes % 60)
    }
}

/// Text for one line of a header.
fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split(|one: char| one.is_control()).collect();
    words.join(" ").trim_ascii().to_owned()
}
