//! Reading a `task_struct`.

use aya_ebpf::{Global, helpers::bpf_probe_read_kernel};
use subjiffy_common::sched::{Slot, flag};

use crate::layout;

/// `TASK_DEAD` of include/linux/sched.h: set by `do_task_dead` right before the last switch.
pub const TASK_DEAD: u32 = 0x80;

/// `PF_KTHREAD` of include/linux/sched.h.
const PF_KTHREAD: u32 = 0x0020_0000;

/// A task as a tracepoint hands it over: a pointer whose type the verifier knows.
#[derive(Clone, Copy)]
pub struct Task(pub *const u8);

impl Task {
    /// A typed load: the verifier checks it against the kernel's layout and turns it into a plain
    /// load, without a helper call.
    #[inline(always)]
    fn load<T>(self, offset: &Global<u64>) -> T {
        // SAFETY: the verifier accepts only an offset and size that lie within the task.
        unsafe { core::ptr::read_volatile(self.0.add(offset.load() as usize).cast::<T>()) }
    }

    #[inline(always)]
    pub fn tid(self) -> u32 {
        self.load(&layout::TASK_PID)
    }

    #[inline(always)]
    pub fn tgid(self) -> u32 {
        self.load(&layout::TASK_TGID)
    }

    #[inline(always)]
    pub fn start_ns(self) -> u64 {
        self.load(&layout::TASK_START_BOOTTIME)
    }

    #[inline(always)]
    pub fn run_ns(self) -> u64 {
        self.load(&layout::TASK_RUN_NS)
    }

    /// Reading of the CPU's task clock when run time was last counted (`se.exec_start`).
    #[inline(always)]
    pub fn exec_start(self) -> u64 {
        self.load(&layout::TASK_EXEC_START)
    }

    /// Address of the run queue of CPU `id` (`se.cfs_rq->rq`), if that is the task's.
    #[inline(always)]
    pub fn run_queue(self, id: u32) -> Option<u64> {
        if layout::RQ_CLOCK_TASK.load() == 0 {
            return None;
        }
        let cfs_rq: u64 = self.read(&layout::TASK_CFS_RQ)?;
        let run_queue: u64 = read_at(cfs_rq, &layout::CFS_RQ_RQ)?;
        // Tasks of other scheduling classes may keep that of a CPU they have left.
        let cpu: u32 = read_at(run_queue, &layout::RQ_CPU)?;
        (cpu == id).then_some(run_queue)
    }

    /// The `TASK_*` bits, `__state` (`state` before Linux 5.14).
    #[inline(always)]
    pub fn state(self) -> u32 {
        self.load(&layout::TASK_STATE)
    }

    /// Copies the absolute counters. At `sched_switch` they are up to date for the leaving task:
    /// the scheduler has closed its books by then.
    #[inline(always)]
    pub fn counters_into(self, slot: &mut Slot) {
        slot.run_ns = self.run_ns();
        if layout::TASK_RUN_DELAY.load() != 0 {
            slot.run_delay_ns = self.load(&layout::TASK_RUN_DELAY);
            slot.runs = self.load(&layout::TASK_RUN_COUNT);
        }
        slot.voluntary = self.load(&layout::TASK_NVCSW);
        slot.involuntary = self.load(&layout::TASK_NIVCSW);
        slot.user_ns = self.load(&layout::TASK_UTIME);
        slot.system_ns = self.load(&layout::TASK_STIME);
    }

    /// Copies what changes rarely. Not for the hot path: it follows pointers by helper calls.
    #[inline(always)]
    pub fn metadata_into(self, slot: &mut Slot) {
        slot.comm = self.read(&layout::TASK_COMM).unwrap_or_default();
        slot.ppid = self
            .read(&layout::TASK_REAL_PARENT)
            .and_then(|parent: u64| read_at(parent, &layout::TASK_TGID))
            .unwrap_or(0);
        slot.uid = self.uid();
        let flags: u32 = self.load(&layout::TASK_FLAGS);
        slot.flags = if flags & PF_KTHREAD != 0 {
            flag::KERNEL_THREAD
        } else {
            0
        };
    }

    #[inline(always)]
    pub fn uid(self) -> u32 {
        self.read(&layout::TASK_CRED)
            .and_then(|cred: u64| read_at(cred, &layout::CRED_EUID))
            .unwrap_or(u32::MAX)
    }

    #[inline(always)]
    pub fn exit_code(self) -> u32 {
        self.load(&layout::TASK_EXIT_CODE)
    }

    /// Reads a field of the process's `signal_struct`, where the books of reaped threads are.
    #[inline(always)]
    pub fn of_signal<T: Copy + Default>(self, offset: &Global<u64>) -> T {
        self.read(&layout::TASK_SIGNAL)
            .and_then(|signal: u64| read_at(signal, offset))
            .unwrap_or_default()
    }

    #[inline(always)]
    fn read<T>(self, offset: &Global<u64>) -> Option<T> {
        read_at(self.0 as u64, offset)
    }
}

/// Reads the field at `offset` of what lies at `base`.
#[inline(always)]
pub fn read_at<T>(base: u64, offset: &Global<u64>) -> Option<T> {
    // SAFETY: the helper checks the address and fails instead of faulting.
    unsafe { bpf_probe_read_kernel((base + offset.load()) as *const T) }.ok()
}
