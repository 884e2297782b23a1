//! The exact books: brings what the kernel side wrote up to a moment.

use std::{
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use aya_log::EbpfLogger;
use rustix::{
    thread::{CpuSet, sched_setaffinity},
    time::{ClockId, Timespec, clock_gettime},
};
use subjiffy_common::sched::{Cpu, Slot};

use super::{
    clocks::Clocks,
    moment::Moment,
    sample::{CpuSample, Lost},
    seed,
    stolen::Stolen,
    tracker::{Leaders, Tracker, Unlisted},
};
use crate::{
    kernel::{
        load::{Kernel, LoadError},
        scheduler::{Reader, Tables},
        size::Sizes,
        traffic,
    },
    memory::release_memory,
    procfs,
};

/// How long the first visit of all CPUs may take; one that a real-time task holds is skipped.
const VISIT_LIMIT: Duration = Duration::from_millis(50);

/// How often the programs' own counters are read: each costs a few system calls.
const MISSES_PERIOD_NS: u64 = 10_000_000_000;

impl Leaders for Tables {
    fn slot(&self, tid: u32) -> Option<Slot> {
        self.slot_of(tid).map(|index| self.slots.read(index))
    }
    fn consume(&self, index: usize, slot: &Slot) {
        Tables::consume(self, index, slot);
    }
}

/// The kernel side and what was read of it.
pub struct Exact {
    kernel: Kernel,
    reader: Reader,
    traffic: traffic::Reader,
    logger: Option<EbpfLogger<&'static dyn log::Log>>,
    /// The processes.
    pub tracker: Tracker,
    /// How long the last reading of what happened on sockets took.
    pub traffic_cost: Duration,
    cpus: Vec<Cpu>,
    own: Own,
    stolen: Stolen,
    clocks: Clocks,
    /// Idle times that were shown: none goes back.
    idle_ns: Vec<u64>,
    misses: u64,
    misses_read_ns: u64,
}

impl std::fmt::Debug for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exact")
            .field("kernel", &self.kernel)
            .finish_non_exhaustive()
    }
}

impl Exact {
    /// Loads and attaches the programs and counts who lives; with `sockets`, what happens on those, too.
    ///
    /// # Errors
    /// [`LoadError`]: what is missing.
    pub fn start(
        sizes: Sizes,
        sockets: bool,
        procfs: &mut procfs::Reader,
    ) -> Result<Self, LoadError> {
        let (mut kernel, mut reader, traffic) = Kernel::load(sizes, sockets)?;
        let logger = kernel.logger().ok();
        let tracker = Tracker::new(std::mem::take(&mut reader.reaped));
        visit_cpus(sizes.cpus);
        let mut exact = Self {
            kernel,
            reader,
            traffic,
            logger,
            tracker,
            traffic_cost: Duration::ZERO,
            cpus: Vec::new(),
            own: Own::default(),
            stolen: Stolen::default(),
            clocks: Clocks::default(),
            idle_ns: Vec::new(),
            misses: 0,
            misses_read_ns: 0,
        };
        exact.update(&Moment::now());
        let tables = &exact.reader.tables;
        seed::from_proc(&mut exact.tracker, tables, procfs);
        release_memory();
        Ok(exact)
    }

    /// Puts the hooks on sockets on or takes them off.
    ///
    /// # Errors
    /// Why they cannot be put on.
    pub fn count_sockets(&mut self, count: bool) -> Result<(), String> {
        match (count, self.kernel.sockets.are_counted()) {
            (true, false) => {
                let attached = self.kernel.attach_sockets();
                attached.map_err(|error| error.to_string())?;
            }
            (false, true) => self.kernel.detach_sockets(),
            _ => return Ok(()),
        }
        let why_not = self.kernel.sockets.why_not().filter(|_| count);
        why_not.map_or(Ok(()), |reason| Err(reason.to_owned()))
    }

    /// The loaded programs.
    #[must_use]
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Brings the processes up to `now`, which must just have been read.
    pub fn update(&mut self, now: &Moment) {
        // The CPUs first: a thread that leaves its CPU after that has its end in its slot, and
        // the slots are read later.
        self.read_cpus();
        let tracker = &mut self.tracker;
        self.reader
            .changed(|tables, index, slot| tracker.visit(index, slot, tables));
        // After the threads, so that the end of a process finds all that it did.
        let begun = Instant::now();
        self.traffic.changed(|slot| tracker.visit_traffic(slot));
        self.traffic_cost = begun.elapsed();
        tracker.settle();
        tracker.clear_cpus();
        for cpu in self.cpus.iter().filter(|cpu| cpu.tid != 0) {
            let Some(index) = self.reader.tables.slot_of(cpu.tid) else {
                continue;
            };
            let run_ns = if cpu.tid == self.own.tid {
                self.own.run_ns_at(now.monotonic_ns).max(cpu.run_ns)
            } else {
                cpu.run_ns + self.clocks.since_switch(cpu, now.monotonic_ns)
            };
            tracker.extrapolate(index, cpu.tid, run_ns);
        }
        self.reader.release_chunks();
        if now.monotonic_ns.saturating_sub(self.misses_read_ns) >= MISSES_PERIOD_NS {
            self.reader.tables.slots.forget_unused();
            self.traffic.forget_unused();
            self.misses_read_ns = now.monotonic_ns;
            let misses = self.kernel.recursion_misses();
            self.misses = misses.saturating_sub(self.traffic.lost().recovered);
        }
        if let Some(logger) = &mut self.logger {
            logger.flush();
        }
    }

    /// Reads what each CPU does.
    pub fn read_cpus(&mut self) {
        // Asking also makes the scheduler read this CPU's clock now.
        let own = clock_gettime(ClockId::ThreadCPUTime);
        let monotonic_ns = nanoseconds(clock_gettime(ClockId::Monotonic));
        self.copy_cpus();
        self.own = Own {
            tid: own_tid(),
            run_ns: nanoseconds(own),
            monotonic_ns,
        };
        if !self.stolen.is_due(monotonic_ns, &self.cpus, self.own.tid) {
            return;
        }
        let here = self
            .kernel
            .read_clocks(self.reader.tables.cpus.len() as u32);
        self.copy_cpus();
        self.stolen.note(monotonic_ns);
        if let Some(cpu) = here.and_then(|id| self.cpus.get(id)) {
            self.clocks.add(monotonic_ns, cpu.clock_ns);
        }
    }

    fn copy_cpus(&mut self) {
        self.cpus.clear();
        for id in 0.. {
            let Some(cpu) = self.reader.cpu(id) else {
                break;
            };
            self.cpus.push(cpu);
        }
    }

    /// Fills in the idle time of the CPUs named in `cpus`, up to `now`, at which
    /// [`Exact::read_cpus`] or [`Exact::update`] was called.
    pub fn idle_into(&mut self, now: &Moment, cpus: &mut [CpuSample]) {
        self.idle_ns.resize(self.cpus.len(), 0);
        for sample in cpus {
            let id = sample.id as usize;
            if let (Some(cpu), Some(shown)) = (self.cpus.get(id), self.idle_ns.get_mut(id)) {
                let idle = |cpu| self.clocks.since_switch(cpu, now.monotonic_ns);
                let idle_ns = cpu.idle_ns + if cpu.tid == 0 { idle(cpu) } else { 0 };
                *shown = idle_ns.max(*shown);
                sample.idle_ns = *shown;
            }
        }
    }

    /// Exits that could not be listed, in all.
    #[must_use]
    pub fn unlisted(&self) -> Unlisted {
        let shown = self.tracker.shown_of_unlisted();
        let sum = |field: fn(&Cpu) -> u64| self.cpus.iter().map(field).sum::<u64>();
        Unlisted {
            exits: (sum(|cpu| cpu.unlisted_exits) + self.reader.unplaced)
                .saturating_sub(shown.exits),
            cpu_ns: (sum(|cpu| cpu.unlisted_exit_ns) + self.reader.unplaced_ns)
                .saturating_sub(shown.cpu_ns)
                + self.tracker.orphaned_ns(),
        }
    }

    /// What the kernel side could not keep, in all.
    #[must_use]
    pub fn lost(&self) -> Lost {
        let sum = |field: fn(&Cpu) -> u64| self.cpus.iter().map(field).sum::<u64>();
        Lost {
            slots: sum(|cpu| cpu.unslotted_births),
            records: sum(|cpu| cpu.overwritten_slots),
            misses: self.misses,
            net_bytes: self.traffic.lost().bytes,
            net_retransmits: self.traffic.lost().retransmits,
        }
    }
}

/// The thread that takes the samples: the kernel tells it what it has used by now.
#[derive(Debug, Clone, Copy, Default)]
struct Own {
    tid: u32,
    run_ns: u64,
    /// When that was.
    monotonic_ns: u64,
}

impl Own {
    /// What it had used at a moment shortly before.
    fn run_ns_at(&self, monotonic_ns: u64) -> u64 {
        let since = self.monotonic_ns.saturating_sub(monotonic_ns);
        self.run_ns.saturating_sub(since)
    }
}

thread_local! {
    static TID: u32 = rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned();
}

fn own_tid() -> u32 {
    TID.with(|tid| *tid)
}

fn nanoseconds(time: Timespec) -> u64 {
    let seconds = (time.tv_sec as u64).wrapping_mul(1_000_000_000);
    seconds.wrapping_add(time.tv_nsec as u64)
}

/// Makes every CPU switch once, so that its line says who is on it, by going there.
fn visit_cpus(cpus: u32) {
    let (done, finished) = mpsc::channel();
    let visit = move || {
        for cpu in 0..cpus as usize {
            let mut set = CpuSet::new();
            set.set(cpu);
            // An offline CPU, or one outside of our cpuset: its line fills at its first switch.
            let _ = sched_setaffinity(None, &set);
        }
        let _ = done.send(());
    };
    if thread::Builder::new()
        .name("first-visit".into())
        .spawn(visit)
        .is_ok()
    {
        let _ = finished.recv_timeout(VISIT_LIMIT);
    }
}
