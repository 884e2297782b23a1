//! `-f` and what belongs to it: `-r`, `-R`.

use std::time::Duration;

use super::Error;
use crate::options::Roll;

const DAY: u16 = 24 * 60;

/// Days that files are kept if nothing else is said.
const KEPT: u16 = 7;

/// Reads `-r HH:MM[,DAYS][,MINUTES]`.
pub(super) fn roll(name: &str, text: &str) -> Result<Roll, Error> {
    let wrong = |problem: String| Error::value(name, text, problem);
    let parts: Vec<&str> = text.split(',').collect();
    let (time, days, minutes) = match parts[..] {
        [time] => (time, "", ""),
        [time, days] => (time, days, ""),
        [time, days, minutes] => (time, days, minutes),
        _ => return Err(wrong("has at most three parts: TIME,DAYS,MINUTES".into())),
    };
    let at_minute = minute_of_day(time).ok_or_else(|| {
        wrong(format!(
            "{time:?} is no time of the day; right would be 00:00, 00:00,7 or 00:00,7,60"
        ))
    })?;
    if days.contains(':') {
        return Err(Error::unsupported(
            format!("months in {name}"),
            "there are no log files to be kept for months",
        ));
    }
    let number = |text: &str, usual: u16, what: &str| match text {
        "" => Ok(usual),
        text => text
            .parse()
            .map_err(|_| wrong(format!("{text:?} is no number of {what}"))),
    };
    let days = number(days, KEPT, "days")?;
    let minutes = number(minutes, DAY, "minutes")?;
    if minutes == 0 || !DAY.is_multiple_of(minutes) || minutes > 60 && !minutes.is_multiple_of(60) {
        return Err(wrong(format!(
            "files of {minutes} minutes do not fill a day evenly: it must be a divisor of 60, or of 1440 in whole hours"
        )));
    }
    if at_minute > minutes {
        return Err(wrong(format!(
            "the first time, {time}, must be within the first {minutes} minutes of the day"
        )));
    }
    Ok(Roll {
        at_minute: at_minute % minutes,
        days,
        minutes,
    })
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str, end: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|&number: &u16| number < end);
        number.filter(|_| digits)
    };
    Some(two(hour, 24)? * 60 + two(minute, 60)?)
}

/// Reads `-R NUMBER` with a unit.
pub(super) fn run_time(name: &str, text: &str) -> Result<Duration, Error> {
    let wrong = || {
        Error::value(
            name,
            text,
            "must be a number and one of the letters s, m, h, d and w, such as 90s or 2h",
        )
    };
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 24 * 3600,
        'w' => 7 * 24 * 3600,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - 1];
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}
