//! The values of a moment.

use std::{fmt::Write as _, sync::Arc};

use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::Columns;
use crate::{
    options::{DateFormat, Plot, TimeFormat},
    record::Time,
};

/// A row of a plot file.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// When; both clocks are the wall clock.
    pub time: Time,
    /// What its values are. The same as of the row before is the same allocation.
    pub columns: Arc<Columns>,
    /// A value for each column, as it was written.
    pub values: Vec<String>,
}

impl Row {
    /// Reads a row whose local times are of `zone`. `begun` is a day shortly before it: the year of dates
    /// without one.
    ///
    /// # Errors
    /// In words, if it is none.
    pub(super) fn parse(
        line: &str,
        columns: &Arc<Columns>,
        zone: &TimeZone,
        begun: Date,
    ) -> Result<Self, String> {
        let shown = || -> String { line.chars().take(40).collect() };
        let mut words = Fields {
            rest: Some(line),
            separator: columns.separator,
        };
        let wall_ns = if columns.utc {
            let seconds = words.next().and_then(seconds);
            seconds
                .ok_or_else(|| format!("{:?} should begin with seconds since the epoch", shown()))?
        } else {
            let time = words.next().zip(words.next());
            let time = time.and_then(|(date, time)| local(date, time, zone, begun));
            time.ok_or_else(|| {
                format!(
                    "{:?} should begin with a date and a time like 20261120 17:39:05",
                    shown()
                )
            })?
        };
        let count = columns.names().len();
        let mut values = Vec::with_capacity(count);
        while values.len() < count {
            // The command of a process is the rest of its line.
            let last = values.len() + 1 == count && columns.are_of_processes();
            let word = if last {
                words.rest.take()
            } else {
                words.next()
            };
            values.extend(Some(
                word.ok_or_else(|| {
                    format!(
                        "{:?} has {} values; the columns above are {count}",
                        shown(),
                        values.len()
                    )
                })?
                .to_owned(),
            ));
        }
        if words.next().is_some() {
            return Err(format!(
                "{:?} has more values than the {count} columns above",
                shown()
            ));
        }
        Ok(Self {
            time: Time {
                wall_ns,
                steady_ns: wall_ns,
            },
            columns: Arc::clone(columns),
            values,
        })
    }

    /// The line that shows the values `chosen`, with its end. Times are those of `zone`.
    #[must_use]
    pub fn line(
        &self,
        chosen: &[usize],
        plot: &Plot,
        time: Option<TimeFormat>,
        zone: &TimeZone,
    ) -> String {
        let time = time.unwrap_or_default();
        let mut line = String::new();
        let seconds = self.time.wall_ns / 1_000_000_000;
        if plot.utc {
            let _ = write!(line, "{seconds}");
        } else {
            let local = Timestamp::from_second(seconds.try_into().unwrap_or(i64::MAX))
                .unwrap_or(Timestamp::MAX);
            let format = match time.date {
                DateFormat::Short => "%m/%d",
                DateFormat::None | DateFormat::Long => "%Y%m%d",
            };
            let local = zone.to_datetime(local);
            let _ = write!(
                line,
                "{}{}{}",
                local.strftime(format),
                plot.separator,
                local.strftime("%H:%M:%S")
            );
        }
        if time.millis {
            let _ = write!(line, ".{:03}", self.time.wall_ns / 1_000_000 % 1000);
        }
        for value in chosen.iter().filter_map(|&at| self.values.get(at)) {
            line.push(plot.separator);
            line.push_str(value);
        }
        line.push('\n');
        line
    }
}

/// The fields of a line; several blanks are one.
struct Fields<'a> {
    rest: Option<&'a str>,
    separator: char,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let mut rest = self.rest?;
        if self.separator == ' ' {
            rest = rest.trim_start_matches(' ');
            if rest.is_empty() {
                self.rest = None;
                return None;
            }
        }
        let (field, behind) = match rest.split_once(self.separator) {
            Some((field, behind)) => (field, Some(behind)),
            None => (rest, None),
        };
        self.rest = behind;
        Some(field)
    }
}

/// `1795196345` or `1795196345.001`, as ns since the epoch.
fn seconds(word: &str) -> Option<u64> {
    let (seconds, part) = decimals(word)?;
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(part)
}

/// What is before the point, and what is behind it in ns.
fn decimals(word: &str) -> Option<(&str, u64)> {
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    if part.is_empty() || !part.bytes().all(|one| one.is_ascii_digit()) {
        return None;
    }
    let digits = part.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((
        whole,
        digits.fold(0, |ns, digit| 10 * ns + u64::from(digit - b'0')),
    ))
}

/// `20261120` or `11/20`, and `17:39:05` or `17:39:05.001`, as ns since the epoch.
fn local(date: &str, time: &str, zone: &TimeZone, begun: Date) -> Option<u64> {
    let (time, part) = decimals(time)?;
    let date = match date.split_once('/') {
        None if date.len() == 8 => Date::strptime("%Y%m%d", date).ok()?,
        None => return None,
        Some((month, day)) => {
            let of_year = |year| Date::new(year, month.parse().ok()?, day.parse().ok()?).ok();
            let year = begun.year();
            // What is before the beginning is a year later.
            of_year(year)
                .filter(|date| *date >= begun)
                .or_else(|| of_year(year.checked_add(1)?))?
        }
    };
    let time = jiff::civil::Time::strptime("%H:%M:%S", time).ok()?;
    let moment = zone.to_timestamp(DateTime::from_parts(date, time)).ok()?;
    let seconds = u64::try_from(moment.as_second()).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(part)
}
