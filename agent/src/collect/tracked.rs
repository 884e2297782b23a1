//! A process as the tracker keeps it.

use subjiffy_common::sched::{Counters, Reaped, Slot, TICK_NS, flag};

use super::{
    process::{Comm, ProcessSample, State},
    sample::Name,
    traffic::Traffic,
};

/// A live process.
#[derive(Debug, Clone, Default)]
pub struct Process {
    /// What goes into a sample. Its counters are the highest totals any sample has shown: none ever
    /// goes back.
    pub facts: ProcessSample,
    /// The sum over its threads, dead and alive.
    pub(super) totals: Counters,
    /// Run time of threads that are on a CPU now, beyond their last switch, ns.
    pub(super) extra_ns: u64,
    pub(super) living: u32,
    /// No other process of the tracker has this number.
    pub(super) number: u32,
    /// Parent and user as the slot last had them.
    pub(super) told: (u32, u32),
    pub(super) on_cpu: bool,
    /// Whether one of its threads ran, or it changed, since
    /// [`Tracker::take_active`](super::tracker::Tracker::take_active).
    pub(super) active: bool,
    /// Whether a sample would show something else than the one before.
    pub(super) changed: bool,
    /// Where it is in a sample.
    pub(super) place: u32,
    /// Whether it is in the list of those that may have died.
    pub(super) suspect: bool,
    pub(super) alive: bool,
    /// Whether its start time is rounded down to a tick.
    pub(super) rounded: bool,
    /// Nothing was read of its leader yet: its start time is that of another thread.
    pub(super) leaderless: bool,
    /// Another process has its id.
    pub(super) superseded: bool,
    /// When all that `/proc` knows was read last, ns of `CLOCK_MONOTONIC`; 0 for never.
    pub checked_ns: u64,
    /// A kernel thread.
    pub kernel_thread: bool,
    /// Its name if that is longer than a `comm`.
    pub long_name: Option<Box<Name>>,
    /// What it did on sockets, if it used one.
    pub(super) traffic: Option<Box<Traffic>>,
    /// The part of it that other hooks had counted before these came.
    pub(super) traffic_before: Option<Box<Traffic>>,
}

impl Process {
    /// Its run time up to the last switches, ns: what the kernel's own books say.
    #[must_use]
    pub fn run_ns(&self) -> u64 {
        self.totals.run_ns.wrapping_add(self.extra_ns)
    }

    /// Adds the time of threads that died before anything was read.
    pub fn add_reaped(&mut self, run_ns: u64) {
        self.totals.run_ns = self.totals.run_ns.wrapping_add(run_ns);
    }

    /// Whether it began then, ns since boot, as far as that is known.
    pub(super) fn began_at(&self, start_ns: u64) -> bool {
        let slack = if self.rounded { TICK_NS } else { 1 };
        self.facts.id.start_ns.abs_diff(start_ns) < slack
    }

    /// Takes what the slot of its leader says besides numbers.
    pub(super) fn take_facts(&mut self, slot: &Slot) {
        self.facts.comm = Comm(slot.comm);
        // The slot has these as of birth or exec: later news from `/proc` are not undone.
        if self.told != (slot.ppid, slot.uid) {
            self.told = (slot.ppid, slot.uid);
            self.facts.ppid = slot.ppid;
            self.facts.uid = slot.uid;
        }
        self.facts.exit_code = slot.exit_code;
        self.facts.state = State::from_task_state(slot.task_state());
        self.kernel_thread = slot.flags & flag::KERNEL_THREAD != 0;
    }

    /// Begins with the books of threads that died before anything was read.
    pub(super) fn take_reaped(&mut self, reaped: &Reaped) {
        self.totals = Counters {
            run_ns: reaped.run_ns,
            voluntary: reaped.voluntary,
            involuntary: reaped.involuntary,
            user_ns: reaped.user_ns,
            system_ns: reaped.system_ns,
            ..Counters::default()
        };
    }

    /// As a sample shows it; what does not fit in there is left to the caller.
    pub(super) fn show(&mut self) -> ProcessSample {
        let mut now = self.totals;
        now.run_ns = now.run_ns.wrapping_add(self.extra_ns);
        // Most processes sleep: what is not written stays clean in the CPU's caches.
        if now != self.facts.counters {
            self.facts.counters = now.max(self.facts.counters);
        }
        let mut sample = self.facts;
        if self.on_cpu {
            sample.state = State::Running;
        }
        sample
    }
}
