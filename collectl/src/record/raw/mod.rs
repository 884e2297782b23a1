//! Raw files: a [`Header`], then records, each behind a line with its time. collectl plays ours back, and
//! we play back its.
//!
//! * [`Header`]: what is said once; [`System`] is what of it the machine says
//! * [`push_record`], [`push_close`]: the text of records
//! * [`Reader`]: the records of a file

mod gather;
mod header;
mod reader;
mod system;

#[cfg(test)]
mod header_tests;
#[cfg(test)]
mod tests;

pub use header::{Header, VERSION};
pub use reader::{Reader, Record};
pub use system::System;

use std::fmt::Write as _;

use super::Time;

/// A line of ours behind a record begins with it: the record is whole. The steady time follows: intervals are
/// then as long as they were, also when the clock was set meanwhile, whose time is in front of the record. For
/// collectl it is a comment; it knows a record to be whole only by the next one's time.
const END: &str = "#";

/// Appends a record to a file's text: the line with its time, its lines, and a line that says that it is
/// whole. A file that is cut anywhere behind it has this record.
pub fn push_record(to: &mut String, time: Time, lines: &str) {
    push_time(to, time.wall_ns);
    to.push_str(lines);
    if !lines.is_empty() && !lines.ends_with('\n') {
        to.push('\n');
    }
    let (seconds, ns) = (
        time.steady_ns / 1_000_000_000,
        time.steady_ns % 1_000_000_000,
    );
    let _ = writeln!(to, "{END} {seconds}.{ns:09}");
}

/// Appends what the last record of a file needs behind it so that collectl shows it, too. When one file
/// follows another, the first record of the new one has this time: collectl then goes on with its intervals.
pub fn push_close(to: &mut String, wall_ns: u64) {
    push_time(to, wall_ns);
}

/// `>>> 1795196345.001 <<<`: milliseconds are cut as in the times that are shown.
fn push_time(to: &mut String, wall_ns: u64) {
    let ms = wall_ns / 1_000_000;
    let _ = writeln!(to, ">>> {}.{:03} <<<", ms / 1000, ms % 1000);
}

/// The time of such a line, ns since the epoch, from any number of decimals.
fn time(line: &str) -> Option<u64> {
    seconds(
        line.strip_prefix(">>> ")?
            .trim_ascii_end()
            .strip_suffix(" <<<")?,
    )
}

/// The ns of seconds with any number of decimals.
fn seconds(text: &str) -> Option<u64> {
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) {
        return None;
    }
    let decimals = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    let ns = decimals.fold(0, |ns, digit| 10 * ns + u64::from(digit - b'0'));
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(ns)
}
