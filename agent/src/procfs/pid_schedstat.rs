//! `/proc/PID/schedstat` and `/proc/PID/task/TID/schedstat`
//! (Documentation/scheduler/sched-stats.rst).

use super::error::ParseError;
use super::text::{Words, whole};

/// The scheduler's books of **one thread**; read for a process, they are its leader's alone.
///
/// The time of a running thread is as of its last accounting, at most one kernel tick ago.
/// All zero if the kernel keeps no such books (`proc_pid_schedstat` in fs/proc/base.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SchedStat {
    /// Time on a CPU, in ns (`se.sum_exec_runtime`).
    pub run_ns: u64,
    /// Time runnable but waiting for a CPU, in ns (`sched_info.run_delay`).
    pub run_delay_ns: u64,
    /// Times it got a CPU (`sched_info.pcount`).
    pub run_count: u64,
}

/// Reads the text of a `schedstat` file.
///
/// # Errors
/// One of the three numbers is missing or is none, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<SchedStat, ParseError> {
    let mut words = Words::new(whole(text, "schedstat")?, 1);
    Ok(SchedStat {
        run_ns: words.unsigned("run time")?,
        run_delay_ns: words.unsigned("run delay")?,
        run_count: words.unsigned("run count")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/pid_schedstat");

    #[test]
    fn captured_file() {
        assert_eq!(
            parse(PLAIN),
            Ok(SchedStat {
                run_ns: 920_814,
                run_delay_ns: 209_012,
                run_count: 3
            })
        );
        assert_eq!(
            parse(b"1 2 3 4\n").unwrap().run_count,
            3,
            "unknown trailing fields"
        );
        assert_eq!(
            parse(b"1 x 3\n"),
            Err(ParseError::new(1, "run delay", "u64", b"x"))
        );
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        assert!(beginnings(PLAIN).all(|text| parse(text).is_err()));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(PLAIN)) {
            let _ = parse(&text);
        }
    }
}
