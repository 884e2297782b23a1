//! When the next file is due, in local time.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use crate::options::Roll;

const MINUTE: i64 = 60;

/// The first time after `now` at which files are rolled. Where local time is put forward or back, files
/// of more than an hour keep to the hours that clocks show, shorter ones to their length.
#[must_use]
pub fn next(roll: &Roll, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let minutes = i64::from(roll.minutes.clamp(1, 24 * 60));
    let local = now.to_zoned(zone.clone());
    let first = i64::from(roll.at_minute) % minutes;
    if minutes <= 60 {
        let offset = i64::from(local.offset().seconds());
        let step = minutes * MINUTE;
        let seconds = now.as_second() + offset - first * MINUTE;
        let next = seconds - seconds.rem_euclid(step) + step + first * MINUTE - offset;
        return Timestamp::from_second(next).unwrap_or(Timestamp::MAX);
    }
    let midnight = local.date().at(0, 0, 0, 0);
    let in_a_day = 24 * 60 / minutes;
    // One more than there are in two days: an hour that is left out may be one of them.
    let candidates = (0..=2 * in_a_day).filter_map(|number| {
        let at = midnight
            .checked_add((first + number * minutes).minutes())
            .ok()?;
        zone.to_ambiguous_zoned(at).compatible().ok()
    });
    let mut later = candidates.map(|at| at.timestamp()).filter(|&at| at > now);
    let day = || {
        now.saturating_add(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MAX)
    };
    later.next().unwrap_or_else(day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// With the rules of 2026 in Europe.
    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn rolls(
        at_minute: u16,
        minutes: u16,
        from: &str,
        zone: &TimeZone,
        count: usize,
    ) -> Vec<String> {
        let roll = Roll {
            at_minute,
            days: 7,
            minutes,
        };
        let mut now: Timestamp = from.parse().unwrap();
        let mut next = || {
            now = next(&roll, now, zone);
            now.to_zoned(zone.clone())
                .strftime("%d %H:%M%z")
                .to_string()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn days_begin_where_the_local_clock_says() {
        let utc = TimeZone::UTC;
        assert_eq!(
            rolls(0, 1440, "2026-11-20T17:39:05Z", &utc, 2),
            ["21 00:00+0000", "22 00:00+0000"]
        );
        assert_eq!(
            rolls(30, 1440, "2026-11-20T00:29:59Z", &utc, 1),
            ["20 00:30+0000"]
        );
        assert_eq!(
            rolls(30, 1440, "2026-11-20T00:30:00Z", &utc, 1),
            ["21 00:30+0000"]
        );
        assert_eq!(
            rolls(60, 120, "2026-11-20T21:39:05Z", &utc, 3),
            ["20 23:00+0000", "21 01:00+0000", "21 03:00+0000"]
        );
        assert_eq!(
            rolls(5, 15, "2026-11-20T23:39:05Z", &utc, 3),
            ["20 23:50+0000", "21 00:05+0000", "21 00:20+0000"]
        );
    }

    #[test]
    fn hours_stay_those_of_the_clock_when_it_is_put_forward_or_back() {
        assert_eq!(
            rolls(0, 1440, "2026-03-28T12:00:00Z", &berlin(), 2),
            ["29 00:00+0100", "30 00:00+0200"]
        );
        assert_eq!(
            rolls(0, 120, "2026-03-28T23:30:00Z", &berlin(), 2),
            ["29 03:00+0200", "29 04:00+0200"],
            "there is no 2 o'clock"
        );
        assert_eq!(
            rolls(0, 120, "2026-10-24T22:30:00Z", &berlin(), 2),
            ["25 02:00+0200", "25 04:00+0100"]
        );
        assert_eq!(
            rolls(0, 60, "2026-10-24T23:30:00Z", &berlin(), 3),
            ["25 02:00+0200", "25 02:00+0100", "25 03:00+0100"]
        );
    }

    proptest! {
        #[test]
        fn the_next_file_is_always_later_and_within_two_days(
            at_minute in 0_u16..1500,
            minutes: u16,
            second in 0_i64..4_000_000_000,
        ) {
            let roll = Roll { at_minute, days: 1, minutes };
            let now = Timestamp::from_second(second).unwrap();
            let next = next(&roll, now, &berlin());
            prop_assert!(next > now);
            prop_assert!(next.as_second() - second <= 2 * 86_400 + 3600);
        }
    }
}
