//! The time of a sample, as the local clock shows it.

use std::fmt::Write as _;

use jiff::{
    Timestamp,
    civil::{DateTime, Weekday},
    tz::TimeZone,
};

use crate::{
    options::{DateFormat, TimeFormat},
    record::Time,
};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A moment, split as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Local date and time.
    pub local: DateTime,
    /// Seconds since the epoch.
    pub seconds: u64,
    /// The rest, ms.
    pub millis: u64,
}

impl Moment {
    /// The moment of a sample in a time zone.
    #[must_use]
    pub fn of(time: Time, zone: &TimeZone) -> Self {
        let millis = time.wall_ns / 1_000_000;
        let (seconds, millis) = (millis / 1000, millis % 1000);
        let second = i64::try_from(seconds).ok();
        // What is beyond the calendar is as good as its beginning.
        let stamp = second.and_then(|second| Timestamp::from_second(second).ok());
        Self {
            local: zone.to_datetime(stamp.unwrap_or_default()),
            seconds,
            millis,
        }
    }

    /// Appends `HH:MM:SS` with what else is wanted, without a blank.
    pub fn put(&self, to: &mut String, format: TimeFormat) {
        if format.date != DateFormat::None {
            self.put_date(to, format.date);
            to.push(' ');
        }
        self.put_time(to, format.millis);
    }

    /// Appends `HH:MM:SS` or `HH:MM:SS.mmm`.
    pub fn put_time(&self, to: &mut String, millis: bool) {
        let local = self.local;
        let _ = write!(
            to,
            "{:02}:{:02}:{:02}",
            local.hour(),
            local.minute(),
            local.second()
        );
        if millis {
            self.put_millis(to);
        }
    }

    /// Appends `.mmm`.
    pub fn put_millis(&self, to: &mut String) {
        let _ = write!(to, ".{:03}", self.millis);
    }

    /// Appends `MM/DD`, or `YYYYMMDD` for all but [`DateFormat::Short`].
    pub fn put_date(&self, to: &mut String, format: DateFormat) {
        let local = self.local;
        let _ = match format {
            DateFormat::Short => write!(to, "{:02}/{:02}", local.month(), local.day()),
            _ => write!(
                to,
                "{:04}{:02}{:02}",
                local.year(),
                local.month(),
                local.day()
            ),
        };
    }

    /// Appends `Fri Nov 20 03:52:47 2026`.
    pub fn put_long(&self, to: &mut String, millis: bool) {
        let local = self.local;
        let day = match local.weekday() {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        let month = usize::try_from(local.month() - 1).unwrap_or(0);
        let _ = write!(to, "{day} {} {:>2} ", MONTHS[month], local.day());
        self.put_time(to, millis);
        let _ = write!(to, " {}", local.year());
    }
}

/// What a header says above the time of its lines, with the blanks behind.
#[must_use]
pub fn words(format: Option<TimeFormat>) -> &'static str {
    let Some(format) = format else { return "" };
    match (format.date, format.millis) {
        (DateFormat::None, false) => "Time     ",
        (DateFormat::None, true) => "Time         ",
        (DateFormat::Short, false) => "Date Time      ",
        (DateFormat::Short, true) => "Date Time          ",
        (DateFormat::Long, false) => "Date    Time      ",
        (DateFormat::Long, true) => "Date    Time          ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_time_is_shown_in_every_form() {
        let time = Time {
            wall_ns: 1_795_146_767_004_900_000,
            steady_ns: 0,
        };
        let moment = Moment::of(time, &TimeZone::UTC);
        let put = |date, millis| {
            let mut to = String::new();
            moment.put(&mut to, TimeFormat { date, millis });
            assert_eq!(words(Some(TimeFormat { date, millis })).len(), to.len() + 1);
            to
        };
        assert_eq!(put(DateFormat::None, false), "03:52:47");
        assert_eq!(put(DateFormat::Short, true), "11/20 03:52:47.004");
        assert_eq!(put(DateFormat::Long, false), "20261120 03:52:47");
        let mut long = String::new();
        moment.put_long(&mut long, false);
        assert_eq!(long, "Fri Nov 20 03:52:47 2026");
        assert_eq!(words(None), "");
    }

    proptest! {
        #[test]
        fn no_time_panics(wall_ns: u64) {
            let moment = Moment::of(Time { wall_ns, steady_ns: 0 }, &TimeZone::UTC);
            moment.put_long(&mut String::new(), true);
        }
    }
}
