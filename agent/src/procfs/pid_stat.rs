//! `/proc/PID/stat` and `/proc/PID/task/TID/stat` (proc_pid_stat(5); `do_task_stat` in
//! fs/proc/array.c).

use super::error::ParseError;
use super::name::Name;
use super::text::{Words, whole};

/// A process's name. Programs have up to 15 bytes; kernel workers show more (`proc_task_name`,
/// fs/proc/array.c).
pub type Comm = Name<64>;

/// `PF_KTHREAD` of include/linux/sched.h.
const KERNEL_THREAD: u32 = 0x0020_0000;

/// One process, or one thread if read from `task/TID`. A process's counts cover its live and its
/// reaped threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidStat {
    /// Process or thread id.
    pub pid: u32,
    /// Name; any bytes except NUL, so blanks, parentheses and newlines too.
    pub comm: Comm,
    /// `R` running, `S` sleeping, `D` disk sleep, `T` stopped, `t` traced, `Z` zombie, `X` dead,
    /// `I` idle, `P` parked.
    pub state: char,
    /// Parent process id; 0 if there is none in this pid namespace.
    pub ppid: u32,
    /// The kernel's `PF_*` flags.
    pub flags: u32,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Page faults that read from disk.
    pub major_faults: u64,
    /// CPU time in user mode, in ticks; includes guest time.
    pub utime: u64,
    /// CPU time in kernel mode, in ticks.
    pub stime: u64,
    /// Kernel priority: nice + 20, or -2..-100 for real-time policies.
    pub priority: i32,
    /// Nice value, -20..19.
    pub nice: i32,
    /// Threads of the process.
    pub num_threads: u32,
    /// Start in ticks since boot. With the pid, the identity of the process.
    pub starttime: u64,
    /// Virtual memory, in bytes; 0 for zombies and kernel threads.
    pub vsize: u64,
    /// Resident memory, in pages; 0 for zombies and kernel threads. May lag, see proc_pid_stat(5).
    pub rss: u64,
    /// CPU it last ran on.
    pub processor: Option<u32>,
}

impl PidStat {
    /// Whether this is a thread of the kernel.
    #[must_use]
    pub fn is_kernel_thread(&self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }
}

/// Reads the text of a `stat` file.
///
/// # Errors
/// A field up to `rss` is missing or is no number of its type, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<PidStat, ParseError> {
    let text = whole(text, "stat")?;
    let wrong = |item, wanted| ParseError::new(1, item, wanted, text);
    // The name may hold parentheses; nothing after it does.
    let open = text
        .iter()
        .position(|&byte| byte == b'(')
        .ok_or_else(|| wrong("comm", "("))?;
    let close = text
        .iter()
        .rposition(|&byte| byte == b')')
        .ok_or_else(|| wrong("comm", ")"))?;
    let comm = text
        .get(open + 1..close)
        .ok_or_else(|| wrong("comm", "( before )"))?;
    let mut words = Words::new(&text[close + 1..], 1);
    Ok(PidStat {
        pid: Words::new(&text[..open], 1).unsigned("pid")?,
        comm: Comm::new(comm)
            .ok_or_else(|| ParseError::new(1, "comm", "at most 64 bytes", comm))?,
        state: state(words.word("state")?)?,
        ppid: words.unsigned("ppid")?,
        flags: {
            words.pass(4); // pgrp, session, tty_nr, tpgid
            words.unsigned("flags")?
        },
        minor_faults: words.unsigned("minflt")?,
        major_faults: {
            words.pass(1); // cminflt
            words.unsigned("majflt")?
        },
        utime: {
            words.pass(1); // cmajflt
            words.unsigned("utime")?
        },
        stime: words.unsigned("stime")?,
        priority: {
            words.pass(2); // cutime, cstime
            words.signed("priority")?
        },
        nice: words.signed("nice")?,
        num_threads: words.unsigned("num_threads")?,
        starttime: {
            words.pass(1); // itrealvalue
            words.unsigned("starttime")?
        },
        vsize: words.unsigned("vsize")?,
        rss: words.unsigned("rss")?,
        processor: {
            words.pass(14); // rsslim .. exit_signal
            words.unsigned_if_any("processor")?
        },
    })
}

fn state(word: &[u8]) -> Result<char, ParseError> {
    match word {
        [letter] if letter.is_ascii_alphabetic() => Ok(char::from(*letter)),
        _ => Err(ParseError::new(1, "state", "one letter", word)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/pid_stat");
    const ODD_NAME: &[u8] = include_bytes!("fixtures/6.18/pid_stat_odd_name");
    const KTHREAD: &[u8] = include_bytes!("fixtures/6.18/pid_stat_kthread");
    const WORKER: &[u8] = include_bytes!("fixtures/6.18/pid_stat_worker");
    const OLD: &[u8] = include_bytes!("fixtures/5.10/pid_stat");

    #[test]
    fn every_field_is_taken_from_its_place() {
        let numbers: Vec<_> = (4..=52).map(|field| field.to_string()).collect();
        let text = format!("1 (x) S {}\n", numbers.join(" "));
        let expected = PidStat {
            pid: 1,
            comm: Comm::shortened(b"x"),
            state: 'S',
            ppid: 4,
            flags: 9,
            minor_faults: 10,
            major_faults: 12,
            utime: 14,
            stime: 15,
            priority: 18,
            nice: 19,
            num_threads: 20,
            starttime: 22,
            vsize: 23,
            rss: 24,
            processor: Some(39),
        };
        assert_eq!(parse(text.as_bytes()), Ok(expected));
        let with_more = text.replace('\n', " 53 new things\n");
        assert_eq!(
            parse(with_more.as_bytes()),
            Ok(expected),
            "unknown trailing fields"
        );
        let up_to_rss = text.replace(&format!(" {}\n", numbers[21..].join(" ")), "\n");
        assert_eq!(
            parse(up_to_rss.as_bytes()),
            Ok(PidStat {
                processor: None,
                ..expected
            }),
            "an old kernel"
        );
    }

    #[test]
    fn captured_files() {
        let plain = parse(PLAIN).unwrap();
        assert_eq!(
            (
                plain.comm.as_bytes(),
                plain.ppid,
                plain.starttime,
                plain.rss
            ),
            (&b"sleep"[..], 17643, 121_530, 33)
        );
        let old = parse(OLD).unwrap();
        assert_eq!(
            (old.pid, old.comm.as_bytes(), old.utime, old.stime),
            (1, &b"systemd"[..], 143, 211)
        );
        assert_eq!((old.vsize, old.processor), (104_181_760, Some(3)));
        let kthread = parse(KTHREAD).unwrap();
        assert!(kthread.is_kernel_thread() && !plain.is_kernel_thread());
        assert_eq!((kthread.ppid, kthread.vsize, kthread.rss), (0, 0, 0));
    }

    #[test]
    fn names_hold_any_bytes() {
        let odd = parse(ODD_NAME).unwrap();
        assert_eq!(odd.comm.as_bytes(), b"a) R (b\n \xff)");
        assert_eq!((odd.state, odd.ppid), ('R', 17643));
        let worker = parse(WORKER).unwrap();
        assert_eq!(
            worker.comm.as_bytes(),
            b"kworker/1:0-events_power_efficient"
        );
        assert_eq!(worker.nice, 0);
    }

    #[test]
    fn negative_priorities_and_the_largest_numbers() {
        let big = u64::MAX;
        let text = format!(
            "1 (x) S 1 0 0 0 -1 0 0 0 0 0 {big} {big} 0 0 -100 -20 1 0 {big} {big} {big} 0\n"
        );
        let stat = parse(text.as_bytes()).unwrap();
        assert_eq!((stat.priority, stat.nice), (-100, -20));
        assert_eq!(
            (stat.utime, stat.stime, stat.starttime, stat.vsize, stat.rss),
            (big, big, big, big, big)
        );
        let error = parse(text.replace(" -20 ", " minus ").as_bytes()).unwrap_err();
        assert_eq!(error, ParseError::new(1, "nice", "i32", b"minus"));
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        for text in [PLAIN, ODD_NAME, KTHREAD, WORKER, OLD] {
            assert!(beginnings(text).all(|text| parse(text).is_err()));
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(ODD_NAME)) {
            let _ = parse(&text);
        }
    }
}
