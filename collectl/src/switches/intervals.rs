//! `-i I:I2:I3`.

use std::time::Duration;

use super::Error;
use crate::options::{Intervals, Subsystem, Subsystems};

/// Processes are looked at so often if nothing else is said, as collectl does.
const PROCESSES: Duration = Duration::from_secs(60);

/// The shortest there is.
const SHORTEST: Duration = Duration::from_millis(1);

/// The longest: a year, far from what clocks cannot count.
const LONGEST_S: u64 = 366 * 24 * 3600;

/// What was written; a part that is not there is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Written {
    main: Option<Duration>,
    processes: Option<Duration>,
    /// It began with a colon.
    processes_only: bool,
}

/// Reads the text alone.
pub(super) fn parse(name: &str, text: &str) -> Result<Written, Error> {
    let wrong = |problem: String| Error::value(name, text, problem);
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() > 3 {
        return Err(wrong("has at most three parts, such as 1:60:120".into()));
    }
    let mut durations = [None; 3];
    for (to, part) in durations.iter_mut().zip(&parts) {
        if !part.is_empty() {
            *to = Some(seconds(part).map_err(wrong)?);
        }
    }
    // The third one is of sensors, which are not read.
    let [main, processes, _] = durations;
    Ok(Written {
        main,
        processes,
        processes_only: main.is_none() && processes.is_some(),
    })
}

/// Seconds with decimals, exactly.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time in seconds, such as 10, 1 or .1");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || whole.len() + decimals.len() == 0 {
        return Err(wrong());
    }
    let seconds = if whole.is_empty() {
        Some(0)
    } else {
        whole.parse().ok()
    };
    let seconds = seconds.filter(|&seconds: &u64| seconds <= LONGEST_S);
    let seconds = seconds.ok_or_else(|| format!("{text:?} is more than a year"))?;
    let nanos = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanos = nanos.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let time = Duration::new(seconds, nanos);
    if !time.is_zero() && time < SHORTEST {
        return Err(format!("{text:?} is shorter than a millisecond, .001"));
    }
    Ok(time)
}

/// The rules: processes are looked at every I2, a multiple of I; alone they have no other interval.
/// `lenient` is for where no time passes.
pub(super) fn of(
    name: &str,
    written: Written,
    subsystems: Subsystems,
    daemon: bool,
    lenient: bool,
) -> Result<Intervals, Error> {
    let has_processes = subsystems.has(Subsystem::Processes);
    let only_processes = has_processes && subsystems.without(Subsystem::Processes).is_empty();
    let usual = Duration::from_secs(if daemon { 10 } else { 1 });
    let processes = written.processes.unwrap_or(PROCESSES);
    let main = match written.main {
        Some(main) => main,
        // As collectl: a daemon's usual interval is no reason to look at all the rest oftener.
        None if written.processes_only && daemon => processes,
        None => usual,
    };
    if lenient || main.is_zero() {
        let main = if lenient { usual } else { main };
        return Ok(Intervals {
            main,
            processes: main,
        });
    }
    if !has_processes {
        if written.processes.is_some() {
            return Err(Error::Together(
                "-i I:I2: I2 is the interval of processes, which are not shown: add Z to -s or leave I2 out",
            ));
        }
        return Ok(Intervals {
            main,
            processes: main,
        });
    }
    let shown = |time: Duration| format!("{} s", time.as_secs_f64());
    let value = |problem: String| {
        let part = |time: Option<Duration>| {
            time.map_or(String::new(), |time| time.as_secs_f64().to_string())
        };
        let text = format!("{}:{}", part(written.main), part(written.processes));
        Error::value(name, &text, problem)
    };
    if only_processes && written.main.is_none() {
        return Ok(Intervals {
            main: processes,
            processes,
        });
    }
    if processes < main {
        return Err(value(format!(
            "processes every {} cannot be oftener than the rest every {}: write -i{}:{}",
            shown(processes),
            shown(main),
            processes.as_secs_f64(),
            processes.as_secs_f64(),
        )));
    }
    if only_processes {
        return Ok(Intervals {
            main: processes,
            processes,
        });
    }
    if !processes.as_nanos().is_multiple_of(main.as_nanos()) {
        let times = (processes.as_nanos() / main.as_nanos()) as f64;
        return Err(value(format!(
            "the interval of processes, {}{}, must be a multiple of {}, such as {}",
            shown(processes),
            if written.processes.is_none() {
                " unless it is given"
            } else {
                ""
            },
            shown(main),
            shown(main.mul_f64(times)),
        )));
    }
    Ok(Intervals { main, processes })
}
