//! `/proc/stat` (proc_stat(5); `show_stat` in fs/proc/stat.c).

use super::error::ParseError;
use super::text::{Words, lines, number};

/// CPU time since boot by kind, in ticks.
///
/// `idle` and `iowait` can go backwards by a little (`get_cpu_idle_time_us` in
/// kernel/time/tick-sched.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTimes {
    /// User mode; includes `guest`.
    pub user: u64,
    /// User mode at a nice value above 0; includes `guest_nice`.
    pub nice: u64,
    /// Kernel mode.
    pub system: u64,
    /// Nothing to do.
    pub idle: u64,
    /// Nothing to do while a disk was waited for. This and the following are 0 where the kernel has
    /// no such count.
    pub iowait: u64,
    /// Hard interrupts.
    pub irq: u64,
    /// Soft interrupts.
    pub softirq: u64,
    /// Wanted, but taken by the hypervisor.
    pub steal: u64,
    /// Running a guest; also counted in `user`.
    pub guest: u64,
    /// Running a guest at a nice value above 0; also counted in `nice`.
    pub guest_nice: u64,
}

impl CpuTimes {
    /// All time, each tick once: the first eight kinds.
    #[must_use]
    pub fn total(&self) -> u64 {
        [
            self.user,
            self.nice,
            self.system,
            self.idle,
            self.iowait,
            self.irq,
            self.softirq,
            self.steal,
        ]
        .iter()
        .fold(0, |sum: u64, ticks| sum.saturating_add(*ticks))
    }
}

/// One CPU's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpu {
    /// The kernel's number of the CPU. Offline CPUs have no line, so numbers may have gaps.
    pub id: u32,
    /// Its times.
    pub times: CpuTimes,
}

/// The machine's counters since boot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stat {
    /// All CPUs together, also those that are offline now.
    pub total: CpuTimes,
    /// CPUs that are online, by number.
    pub cpus: Vec<Cpu>,
    /// Context switches.
    pub context_switches: u64,
    /// Boot in seconds since the epoch; it follows when the wall clock is set.
    pub boot_time: u64,
    /// Forks, threads included.
    pub forks: u64,
    /// Threads that run or wait for a CPU now.
    pub running: u64,
}

/// Reads the text of `/proc/stat` into `stat`, reusing its memory. On an error its content is
/// meaningless.
///
/// # Errors
/// A line that every supported kernel has is missing, a value is no number, or the text was cut
/// short.
pub fn parse(text: &[u8], stat: &mut Stat) -> Result<(), ParseError> {
    stat.cpus.clear();
    let (mut total, mut context_switches, mut boot_time, mut forks, mut running) =
        (None, None, None, None, None);
    let mut count = 0;
    for (line, text) in lines(text, "stat")? {
        count = line;
        let mut words = Words::new(text, line);
        match words.next().unwrap_or_default() {
            b"cpu" => total = Some(times(&mut words)?),
            b"ctxt" => context_switches = Some(words.unsigned("ctxt")?),
            b"btime" => boot_time = Some(words.unsigned("btime")?),
            b"processes" => forks = Some(words.unsigned("processes")?),
            b"procs_running" => running = Some(words.unsigned("procs_running")?),
            word => {
                if let Some(id) = word.strip_prefix(b"cpu") {
                    let id =
                        number(id).ok_or_else(|| ParseError::new(line, "cpu number", "u32", id))?;
                    stat.cpus.push(Cpu {
                        id,
                        times: times(&mut words)?,
                    });
                }
            }
        }
    }
    let missing = |item| ParseError::new(count, item, "a line", b"");
    stat.total = total.ok_or_else(|| missing("cpu"))?;
    stat.context_switches = context_switches.ok_or_else(|| missing("ctxt"))?;
    stat.boot_time = boot_time.ok_or_else(|| missing("btime"))?;
    stat.forks = forks.ok_or_else(|| missing("processes"))?;
    stat.running = running.ok_or_else(|| missing("procs_running"))?;
    Ok(())
}

fn times(words: &mut Words<'_>) -> Result<CpuTimes, ParseError> {
    Ok(CpuTimes {
        user: words.unsigned("user")?,
        nice: words.unsigned("nice")?,
        system: words.unsigned("system")?,
        idle: words.unsigned("idle")?,
        iowait: words.unsigned_if_any("iowait")?.unwrap_or(0),
        irq: words.unsigned_if_any("irq")?.unwrap_or(0),
        softirq: words.unsigned_if_any("softirq")?.unwrap_or(0),
        steal: words.unsigned_if_any("steal")?.unwrap_or(0),
        guest: words.unsigned_if_any("guest")?.unwrap_or(0),
        guest_nice: words.unsigned_if_any("guest_nice")?.unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/stat");
    const NEW: &[u8] = include_bytes!("fixtures/6.18/stat");

    fn parsed(text: &[u8]) -> Result<Stat, ParseError> {
        let mut stat = Stat::default();
        parse(text, &mut stat).map(|()| stat)
    }

    #[test]
    fn every_value_is_taken_from_its_place_and_offline_cpus_leave_gaps() {
        let stat = parsed(OLD).unwrap();
        let total = CpuTimes {
            user: 4705,
            nice: 356,
            system: 584,
            idle: 3_699_176,
            iowait: 23_060,
            irq: 0,
            softirq: 277,
            steal: 11,
            guest: 120,
            guest_nice: 7,
        };
        assert_eq!(stat.total, total);
        assert_eq!(
            stat.cpus
                .iter()
                .map(|cpu| (cpu.id, cpu.times.user))
                .collect::<Vec<_>>(),
            [(0, 1393), (1, 1042), (3, 2270)]
        );
        assert_eq!(
            (stat.context_switches, stat.boot_time),
            (1_990_473, 1_717_171_717)
        );
        assert_eq!((stat.forks, stat.running), (2915, 1));
    }

    #[test]
    fn guest_time_is_in_the_total_once() {
        assert_eq!(
            parsed(OLD).unwrap().total.total(),
            4705 + 356 + 584 + 3_699_176 + 23_060 + 277 + 11
        );
        let full = CpuTimes {
            user: u64::MAX,
            idle: 1,
            ..CpuTimes::default()
        };
        assert_eq!(full.total(), u64::MAX);
    }

    #[test]
    fn an_earlier_result_leaves_no_trace() {
        let mut stat = parsed(OLD).unwrap();
        parse(NEW, &mut stat).unwrap();
        assert_eq!(stat, parsed(NEW).unwrap());
        assert_eq!(stat.cpus.len(), 2);
    }

    #[test]
    fn late_columns_may_be_missing_and_new_ones_are_passed_over() {
        let rest = "\nctxt 1\nbtime 2\nprocesses 3\nprocs_running 4\n";
        let short = parsed(format!("cpu 1 2 3 4{rest}").as_bytes()).unwrap();
        assert_eq!(
            (short.total.idle, short.total.iowait, short.total.guest_nice),
            (4, 0, 0)
        );
        let long = parsed(format!("cpu 1 2 3 4 5 6 7 8 9 10 11 12{rest}").as_bytes()).unwrap();
        assert_eq!(long.total.guest_nice, 10);
        let bad = parsed(format!("cpu 1 2 3 4 x{rest}").as_bytes());
        assert_eq!(bad, Err(ParseError::new(1, "iowait", "u64", b"x")));
        let bad = parsed(format!("cpu 1 2 3 4\ncpux 1 2 3 4{rest}").as_bytes());
        assert_eq!(bad, Err(ParseError::new(2, "cpu number", "u32", b"x")));
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        let end = NEW
            .windows(13)
            .position(|part| part == b"procs_running")
            .unwrap();
        assert!(beginnings(&NEW[..end + 13]).all(|text| parsed(text).is_err()));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(OLD)) {
            let _ = parsed(&text);
        }
    }
}
