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

/// A line of ours behind a record: it is whole. For collectl a comment; it knows a record to be whole only by
/// the line with the time of the next.
const END: &str = "#";

/// Appends a record to a file's text: the line with its time, its lines, and a line that says that it is
/// whole. A file that is cut anywhere behind it has this record.
pub fn push_record(to: &mut String, wall_ns: u64, lines: &str) {
    push_time(to, wall_ns);
    to.push_str(lines);
    if !lines.is_empty() && !lines.ends_with('\n') {
        to.push('\n');
    }
    to.push_str(END);
    to.push('\n');
}

/// Appends what the last record of a file needs behind it so that collectl shows it, too. When one file
/// follows another, the first record of the new one has this time: collectl then goes on with its intervals.
pub fn push_close(to: &mut String, wall_ns: u64) {
    push_time(to, wall_ns);
}

/// `>>> 1795196345.001 <<<`
fn push_time(to: &mut String, wall_ns: u64) {
    let ms = wall_ns / 1_000_000 + u64::from(wall_ns % 1_000_000 >= 500_000);
    let _ = writeln!(to, ">>> {}.{:03} <<<", ms / 1000, ms % 1000);
}

/// The time of such a line, ns since the epoch, from any number of decimals.
fn time(line: &str) -> Option<u64> {
    let text = line
        .strip_prefix(">>> ")?
        .trim_ascii_end()
        .strip_suffix(" <<<")?;
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) {
        return None;
    }
    let mut ns = 0;
    for digit in decimals.bytes().chain(std::iter::repeat(b'0')).take(9) {
        ns = 10 * ns + u64::from(digit - b'0');
    }
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(ns)
}
