//! What a run would write above its lines and files, for who asks for nothing else.

use std::{fmt::Write as _, path::Path};

use jiff::tz::TimeZone;

use super::{Error, SystemClock, live::facts};
use crate::{
    options::Options,
    reading::Machine,
    record::{
        Counters,
        raw::{Header, Reader, System},
    },
    text,
    values::Interval,
};

/// The lines above the columns (`--showcolheaders`).
///
/// # Errors
/// If the machine cannot be read.
pub fn column_headers(options: &Options, root: &Path) -> Result<String, Error> {
    let now = SystemClock::read();
    let mut lines = String::new();
    Machine::open(root, options.subsystems)?.read(&mut lines);
    let mut counters = Counters::default();
    counters.update(&lines, now);
    let machine = Interval::between(&counters, &counters, options.totals);
    let facts = facts(&System::of(root, now.wall_ns));
    Ok(text::column_headers(options, &facts, &machine))
}

/// The header that files have which such a run writes, or those which are played back (`--showheader`).
///
/// # Errors
/// If a file cannot be read.
pub fn header(options: &Options, root: &Path, zone: &TimeZone) -> Result<String, Error> {
    if options.playback.is_empty() {
        let now_ns = SystemClock::read().wall_ns;
        let header = Header::of(options, System::of(root, now_ns), now_ns, zone);
        return Ok(header.to_string());
    }
    let mut all = String::new();
    for path in &options.playback {
        let header = Reader::open(path)?.header().to_string();
        let _ = writeln!(all, "{}\n{header}", path.display());
    }
    Ok(all)
}
