//! When to ask what the hypervisor took of the CPUs.
//!
//! [`Cpu::behind_ns`] is only needed to tell how long a task has been on its CPU, and it changes when
//! the scheduler reads the CPU's clock: at a switch, and with each timer tick. Asking costs more
//! than all else of a sample, so it is done for a task that came since the last time, and every
//! tick for those that stay.

use subjiffy_common::sched::Cpu;

/// A tick of the usual kernels (`CONFIG_HZ` of 250).
const TICK_NS: u64 = 4_000_000;

/// What was asked for last.
#[derive(Debug, Default)]
pub struct Stolen {
    /// `CLOCK_MONOTONIC`, ns.
    asked_ns: Option<u64>,
    /// Since when the CPUs were doing then what they did.
    since_ns: Vec<u64>,
}

impl Stolen {
    /// Whether to ask again. What the thread `own` has used is known without.
    #[must_use]
    pub fn is_due(&self, now_ns: u64, cpus: &[Cpu], own: u32) -> bool {
        let Some(asked_ns) = self.asked_ns else {
            return true;
        };
        let has_come = |(at, cpu): (usize, &Cpu)| {
            let known = self.since_ns.get(at) == Some(&cpu.since_ns);
            !known && cpu.tid != 0 && cpu.tid != own
        };
        now_ns.saturating_sub(asked_ns) >= TICK_NS || cpus.iter().enumerate().any(has_come)
    }

    /// Has asked while the CPUs were doing this.
    pub fn note(&mut self, now_ns: u64, cpus: &[Cpu]) {
        self.asked_ns = Some(now_ns);
        self.since_ns.clear();
        self.since_ns.extend(cpus.iter().map(|cpu| cpu.since_ns));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 9;

    fn cpu(tid: u32, since_ns: u64) -> Cpu {
        Cpu {
            tid,
            since_ns,
            ..Cpu::default()
        }
    }

    #[test]
    fn it_is_asked_for_who_has_come_and_for_who_stays_once_a_tick() {
        let mut stolen = Stolen::default();
        assert!(stolen.is_due(1, &[], OWN), "never asked");
        stolen.note(1, &[cpu(5, 100), cpu(OWN, 200)]);
        let due = |now, first, second| stolen.is_due(now, &[first, second], OWN);
        assert!(!due(2, cpu(5, 100), cpu(OWN, 200)));
        assert!(!due(2, cpu(5, 100), cpu(OWN, 300)), "it knows its own time");
        assert!(!due(2, cpu(0, 300), cpu(OWN, 300)), "nobody runs there");
        assert!(due(2, cpu(5, 300), cpu(OWN, 300)), "it left and came back");
        assert!(due(2, cpu(6, 300), cpu(OWN, 300)));
        assert!(!due(TICK_NS, cpu(5, 100), cpu(OWN, 200)));
        assert!(due(TICK_NS + 1, cpu(5, 100), cpu(OWN, 200)));
        assert!(
            stolen.is_due(2, &[cpu(5, 100), cpu(0, 0), cpu(4, 1)], OWN),
            "a CPU more"
        );
    }
}
