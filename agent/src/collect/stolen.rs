//! When to ask what the hypervisor took of the CPUs.
//!
//! [`Cpu::behind_ns`] is only needed to tell how long something has been going on on a CPU. Asking
//! costs more than all else of a sample, so while no CPU but our own has anything to do it is done
//! once a timer tick only: then hardly anything is taken.

use subjiffy_common::sched::Cpu;

/// A tick of the usual kernels (`CONFIG_HZ` of 250).
const TICK_NS: u64 = 4_000_000;

/// When it was asked for last.
#[derive(Debug, Default)]
pub struct Stolen {
    /// `CLOCK_MONOTONIC`, ns.
    asked_ns: Option<u64>,
}

impl Stolen {
    /// Whether to ask again. What the thread `own` has used is known without.
    #[must_use]
    pub fn is_due(&self, now_ns: u64, cpus: &[Cpu], own: u32) -> bool {
        let old = |asked_ns| now_ns.saturating_sub(asked_ns) >= TICK_NS;
        let busy = |cpu: &Cpu| cpu.tid != 0 && cpu.tid != own;
        self.asked_ns.is_none_or(old) || cpus.iter().any(busy)
    }

    /// It is asked for now.
    pub fn note(&mut self, now_ns: u64) {
        self.asked_ns = Some(now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: u32 = 9;

    fn cpus(tids: [u32; 2]) -> [Cpu; 2] {
        tids.map(|tid| Cpu {
            tid,
            ..Cpu::default()
        })
    }

    #[test]
    fn it_is_asked_for_when_others_run_and_else_once_a_tick() {
        let mut stolen = Stolen::default();
        assert!(stolen.is_due(1, &cpus([0, OWN]), OWN), "never asked");
        stolen.note(1);
        let due = |now, tids| stolen.is_due(now, &cpus(tids), OWN);
        assert!(!due(2, [0, OWN]));
        assert!(due(2, [5, OWN]));
        assert!(due(2, [OWN, 5]));
        assert!(!due(TICK_NS, [0, OWN]));
        assert!(due(TICK_NS + 1, [0, OWN]));
    }
}
