//! Fields of rows: scaled numbers, times, padding.

use std::fmt::{Display, Write as _};

use jiff::{Timestamp, tz::TimeZone};

use super::super::row::TICK_NS;
use crate::options::{ProcessOptions, Start};

/// How wide users are.
pub fn user_width(options: &ProcessOptions) -> usize {
    options.user_width.map_or(8, usize::from)
}

/// A word, cut or with blanks behind it so that it has a width.
pub fn left(word: &str, width: usize, to: &mut String) {
    let mut missing = width;
    for letter in word.chars().take(width) {
        to.push(letter);
        missing -= 1;
    }
    to.extend(std::iter::repeat_n(' ', missing));
}

/// Anything, with blanks before it so that it has at least a width.
pub fn right(value: impl Display, width: usize, to: &mut String) {
    let start = to.len();
    // Writing to a string never fails.
    let _ = write!(to, "{value}");
    let missing = width.saturating_sub(to[start..].chars().count());
    for _ in 0..missing {
        to.insert(start, ' ');
    }
}

/// CPU seconds of an interval, hundredths cut: `%2d.%02d` with `width` 2.
pub fn seconds(ns: u64, width: usize, to: &mut String) {
    let ticks = ns / TICK_NS;
    right(ticks / 100, width, to);
    let _ = write!(to, ".{:02}", ticks % 100);
}

/// CPU time since the beginning: `MM:SS.hh`, from an hour on `HH:MM:SS`, with blanks before it to
/// 9 characters.
pub fn accumulated(ns: u64, to: &mut String) {
    let ticks = ns / TICK_NS;
    let seconds = ticks / 100;
    let minutes = seconds / 60;
    let start = to.len();
    let _ = if minutes < 60 {
        write!(to, "{minutes:02}:{:02}.{:02}", seconds % 60, ticks % 100)
    } else {
        write!(
            to,
            "{:02}:{:02}:{:02}",
            minutes / 60,
            minutes % 60,
            seconds % 60
        )
    };
    if to.len() - start == 8 {
        to.insert(start, ' ');
    }
}

/// CPU time since the beginning in plot lines: `H:MM:SS`.
pub fn hours(ns: u64, to: &mut String) {
    let seconds = ns / TICK_NS / 100;
    let minutes = seconds / 60;
    let _ = write!(
        to,
        "{}:{:02}:{:02}",
        minutes / 60,
        minutes % 60,
        seconds % 60
    );
}

/// Milliseconds with three decimals, cut.
pub fn millis(ns: u64, width: usize, to: &mut String) {
    let micros = ns / 1000;
    let start = to.len();
    let _ = write!(to, "{}.{:03}", micros / 1000, micros % 1000);
    for _ in 0..width.saturating_sub(to.len() - start) {
        to.insert(start, ' ');
    }
}

/// When a process began, by the local clock.
pub fn start(wall_ns: u64, how: Start, zone: &TimeZone, to: &mut String) {
    let wall_s = i64::try_from(wall_ns / 1_000_000_000).unwrap_or(i64::MAX);
    let at = Timestamp::from_second(wall_s).unwrap_or(Timestamp::MAX);
    let at = at.to_zoned(zone.clone()).datetime();
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if how == Start::Date {
        let month = usize::try_from(at.month() - 1).unwrap_or(0);
        let _ = write!(to, "{}{:02}-", MONTHS[month.min(11)], at.day());
    }
    let _ = write!(to, "{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut String)) -> String {
        let mut to = String::new();
        write(&mut to);
        to
    }

    #[test]
    fn times_are_those_of_collectl() {
        let hundredth = TICK_NS;
        let interval = |ns| text(|to| seconds(ns, 2, to));
        assert_eq!(interval(0), " 0.00");
        assert_eq!(interval(9_999_999), " 0.00");
        assert_eq!(interval(1_239_999_999), " 1.23");
        assert_eq!(interval(123 * 100 * hundredth), "123.00");
        assert_eq!(text(|to| seconds(1_239_999_999, 1, to)), "1.23");
        let all = |ns| text(|to| accumulated(ns, to));
        assert_eq!(all(2 * hundredth), " 00:00.02");
        assert_eq!(all((59 * 6000 + 59 * 100 + 99) * hundredth), " 59:59.99");
        assert_eq!(all(60 * 6000 * hundredth), " 01:00:00");
        assert_eq!(all(100 * 60 * 6000 * hundredth), "100:00:00");
        assert_eq!(text(|to| hours(341 * 100 * hundredth, to)), "0:05:41");
        assert_eq!(text(|to| millis(1_234_567, 9, to)), "    1.234");
        assert_eq!(text(|to| millis(u64::MAX, 9, to)), "18446744073709.551");
    }

    #[test]
    fn starts_are_local() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        // 2026-11-20 03:43:40 UTC
        let at = 1_795_146_220_000_000_000;
        assert_eq!(text(|to| start(at, Start::Time, &zone, to)), "05:43:40");
        assert_eq!(
            text(|to| start(at, Start::Date, &zone, to)),
            "Nov20-05:43:40"
        );
    }

    #[test]
    fn words_are_cut_and_filled_by_characters() {
        assert_eq!(text(|to| left("äb", 4, to)), "äb  ");
        assert_eq!(text(|to| left("systemd-network", 8, to)), "systemd-");
        assert_eq!(text(|to| right("äb", 4, to)), "  äb");
        assert_eq!(text(|to| right(12345, 4, to)), "12345");
    }

    proptest! {
        #[test]
        fn no_number_panics(ns: u64, width in 0_usize..20) {
            text(|to| {
                seconds(ns, width, to);
                accumulated(ns, to);
                hours(ns, to);
                millis(ns, width, to);
                start(ns, Start::Date, &TimeZone::UTC, to);
            });
        }
    }
}
