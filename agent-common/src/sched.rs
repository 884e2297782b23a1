//! What the scheduler hooks keep: a slot for every thread and one for every CPU.
//!
//! All counters are absolute: the kernel's own totals since the thread began. A missed event
//! therefore costs nothing, the next one carries the whole truth again.

/// The exact books of one thread, and what is needed to know whose they are.
///
/// The kernel side writes all of it but [`Slot::consumed`]. A writer makes [`Slot::sequence`] odd
/// before it starts and even when it is done; a reader that saw an odd or a changed value reads
/// again. The first cache line is what every switch writes.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// Odd while a writer is at work.
    pub sequence: u32,
    /// [`life`] in the low 16 bits; above them the task state bits of the last switch
    /// (`TASK_*` of include/linux/sched.h), 0 when it was preempted.
    pub state: u32,
    /// Thread id.
    pub tid: u32,
    /// Process id (thread group id).
    pub tgid: u32,
    /// When the thread began, ns since boot (`start_boottime`); with `tid` its identity.
    pub start_ns: u64,
    /// Time on a CPU, ns (`se.sum_exec_runtime`).
    pub run_ns: u64,
    /// Time runnable but waiting for a CPU, ns (`sched_info.run_delay`).
    pub run_delay_ns: u64,
    /// Times it got a CPU (`sched_info.pcount`).
    pub runs: u64,
    /// Voluntary switches (`nvcsw`).
    pub voluntary: u64,
    /// Involuntary switches (`nivcsw`).
    pub involuntary: u64,

    /// Time in user mode as the timer tick sampled it, ns (`utime`).
    pub user_ns: u64,
    /// Time in kernel mode as the timer tick sampled it, ns (`stime`).
    pub system_ns: u64,
    /// Command name (`comm`), ended by a NUL.
    pub comm: [u8; 16],
    /// Process id of the parent.
    pub ppid: u32,
    /// Effective user id.
    pub uid: u32,
    /// As `wait` reports it; valid once the thread is dead.
    pub exit_code: u32,
    /// Bits of [`flag`].
    pub flags: u32,
    /// Written by the reader: `start_ns` of the dead thread whose final numbers it has taken.
    pub consumed: u64,
    /// The `start_ns` this slot had before a thread other than the leader executed a program and
    /// took over the leader's id; the counters of the two changed places. 0 if that never happened.
    pub exchanged_start_ns: u64,
}

const _: () = assert!(size_of::<Slot>() == 128);

/// What `/proc` rounds times down to, ns (`USER_HZ` is 100 on every common architecture).
pub const TICK_NS: u64 = 10_000_000;

/// Room for final numbers whose slot went to another thread before they were read, bytes; each
/// takes its 128 and a header of 8.
pub const GRAVES_BYTES: u32 = 256 * 1024;

/// Values of the low half of [`Slot::state`].
pub mod life {
    /// Nobody has used the slot yet.
    pub const FREE: u32 = 0;
    /// The thread lives.
    pub const LIVE: u32 = 1;
    /// The thread has left its CPU for the last time: the counters are final.
    pub const DEAD: u32 = 2;
    /// The bits of [`super::Slot::state`] that hold one of these values.
    pub const MASK: u32 = 0xffff;
    /// How far above them the task state lies.
    pub const TASK_STATE_SHIFT: u32 = 16;
}

/// Bits of [`Slot::flags`].
pub mod flag {
    /// A kernel thread (`PF_KTHREAD`).
    pub const KERNEL_THREAD: u32 = 1;
    /// Set by the reader alone, on what it made from `/proc` because the census did not have it:
    /// the start time is rounded down to [`super::TICK_NS`].
    pub const FROM_PROC: u32 = 1 << 31;
}

impl Slot {
    /// The counters on their own.
    #[must_use]
    pub fn counters(&self) -> Counters {
        Counters {
            run_ns: self.run_ns,
            run_delay_ns: self.run_delay_ns,
            runs: self.runs,
            voluntary: self.voluntary,
            involuntary: self.involuntary,
            user_ns: self.user_ns,
            system_ns: self.system_ns,
        }
    }

    /// Takes over the state and the counters of another slot, but not whose they are.
    #[inline(always)]
    pub fn take_books(&mut self, other: &Self) {
        self.state = other.state;
        self.run_ns = other.run_ns;
        self.run_delay_ns = other.run_delay_ns;
        self.runs = other.runs;
        self.voluntary = other.voluntary;
        self.involuntary = other.involuntary;
        self.user_ns = other.user_ns;
        self.system_ns = other.system_ns;
    }

    /// One of [`life`].
    #[must_use]
    pub fn life(&self) -> u32 {
        self.state & life::MASK
    }

    /// The task state bits of the last switch.
    #[must_use]
    pub fn task_state(&self) -> u32 {
        self.state >> life::TASK_STATE_SHIFT
    }

    /// Index of [`Slot::consumed`] in words of eight bytes.
    pub const CONSUMED_WORD: usize = core::mem::offset_of!(Slot, consumed) / 8;
}

/// The counters of a thread, or of all threads of a process together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Time on a CPU, ns.
    pub run_ns: u64,
    /// Time runnable but waiting for a CPU, ns.
    pub run_delay_ns: u64,
    /// Times it got a CPU.
    pub runs: u64,
    /// Voluntary switches.
    pub voluntary: u64,
    /// Involuntary switches.
    pub involuntary: u64,
    /// Time in user mode as the timer tick sampled it, ns.
    pub user_ns: u64,
    /// Time in kernel mode as the timer tick sampled it, ns.
    pub system_ns: u64,
}

impl Counters {
    fn zip(self, other: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            run_ns: join(self.run_ns, other.run_ns),
            run_delay_ns: join(self.run_delay_ns, other.run_delay_ns),
            runs: join(self.runs, other.runs),
            voluntary: join(self.voluntary, other.voluntary),
            involuntary: join(self.involuntary, other.involuntary),
            user_ns: join(self.user_ns, other.user_ns),
            system_ns: join(self.system_ns, other.system_ns),
        }
    }

    /// The sum. Wraps: where two threads changed places (see [`Slot::exchanged_start_ns`]) one
    /// difference is negative until the other is added.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_add)
    }

    /// The difference, wrapping as in [`Counters::plus`].
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.zip(other, u64::wrapping_sub)
    }

    /// What was added since `older`; 0 where a value went back.
    #[must_use]
    pub fn since(self, older: Self) -> Self {
        self.zip(older, u64::saturating_sub)
    }

    /// The larger of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        self.zip(other, u64::max)
    }
}

/// What one CPU is doing now, and what the hooks on it could not put into a slot.
///
/// Its times are of the CPU's task clock (`rq_clock_task` of kernel/sched/sched.h): the clock that
/// run times are measured with, which stands still while the hypervisor has the CPU. Reading it
/// costs nothing, the scheduler has just stored it in the tasks that come and go.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cpu {
    /// Odd while the CPU's hook writes.
    pub sequence: u32,
    /// The thread on the CPU, 0 when it idles.
    pub tid: u32,
    /// That thread's total time on CPUs when it came, ns.
    pub run_ns: u64,
    /// When it came, ns of the task clock; 0 before the first switch that was seen here.
    pub since_ns: u64,
    /// Time this CPU has idled up to `since_ns`, since the first switch that was seen, ns.
    pub idle_ns: u64,
    /// Tells two tasks apart on this CPU; of no meaning outside the hook.
    pub task: u64,
    /// Where the CPU's run queue is; 0 if that is not known. Of no meaning outside the kernel.
    pub run_queue: u64,
    /// Keeps what the clocks program writes on a line of its own.
    pub reserved: [u64; 2],

    /// The CPU's clock (`rq_clock`) when the scheduler last read it, ns. This and the next are
    /// brought up to date by the clocks program; they are a timer tick old at most.
    pub clock_ns: u64,
    /// How far the task clock is behind the CPU's clock, ns: what the hypervisor took, and
    /// interrupts where they are accounted.
    pub behind_ns: u64,
    /// Processes that died without a slot, or whose slot went to another before it was read.
    pub unlisted_exits: u64,
    /// Their CPU time, whole, ns.
    pub unlisted_exit_ns: u64,
    /// Switches of threads that have no slot.
    pub unslotted_switches: u64,
    /// Slots that went to another thread before their final numbers were read.
    pub overwritten_slots: u64,
    /// Births of threads for which there was no slot.
    pub unslotted_births: u64,
    /// Keeps the size a multiple of the cache line.
    pub reserved_loss: u64,
}

/// CPUs that one run of the clocks program brings up to date.
pub const CLOCKS_AT_ONCE: u32 = 64;

const _: () = assert!(size_of::<Cpu>() == 128);

/// What the census writes for every process: the books of its threads that died before we came.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reaped {
    /// Process id.
    pub tgid: u32,
    /// Threads alive when it was counted.
    pub threads: u32,
    /// When the process began, ns since boot.
    pub start_ns: u64,
    /// Time on CPUs of its dead threads, ns (`signal->sum_sched_runtime`).
    pub run_ns: u64,
    /// Voluntary switches of its dead threads.
    pub voluntary: u64,
    /// Involuntary switches of its dead threads.
    pub involuntary: u64,
    /// Time in user mode of its dead threads, ns.
    pub user_ns: u64,
    /// Time in kernel mode of its dead threads, ns.
    pub system_ns: u64,
}

const _: () = assert!(size_of::<Reaped>() == 56);

/// Implemented for what may be read straight out of shared memory.
///
/// # Safety
///
/// Every bit pattern is a value of the type, and the type has no padding.
#[expect(
    unsafe_code,
    reason = "the marker is the contract that the mapped tables rest on"
)]
pub unsafe trait Plain: Copy + 'static {
    /// The value whose bytes are all 0: what is in a table before anybody writes.
    #[must_use]
    fn zeros() -> Self {
        // SAFETY: every bit pattern is a value.
        unsafe { core::mem::zeroed() }
    }
}

// SAFETY: fixed-width integers and arrays of them only; the size assertions above rule out padding.
#[expect(unsafe_code, reason = "see the comment above")]
unsafe impl Plain for Slot {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "see the comment above")]
unsafe impl Plain for Cpu {}
// SAFETY: as above.
#[expect(unsafe_code, reason = "see the comment above")]
unsafe impl Plain for Reaped {}
