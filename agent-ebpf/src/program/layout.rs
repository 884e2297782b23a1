//! Where the running kernel keeps the fields we read.
//!
//! rustc emits no CO-RE relocations, so the loader looks every offset up in the kernel's own type
//! information and sets these globals before the verifier sees the program. The section is frozen
//! then: the verifier knows each as a constant and accepts the typed load at that offset.

use aya_ebpf::Global;

macro_rules! offsets {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])* #[unsafe(no_mangle)] pub static $name: Global<u64> = Global::new(0);)*
    };
}

offsets! {
    TASK_PID;
    TASK_TGID;
    TASK_START_BOOTTIME;
    TASK_RUN_NS;
    TASK_EXEC_START;
    /// 0 where the kernel is built without `CONFIG_SCHED_INFO`.
    TASK_RUN_DELAY;
    /// 0 where the kernel is built without `CONFIG_SCHED_INFO`.
    TASK_RUN_COUNT;
    TASK_NVCSW;
    TASK_NIVCSW;
    TASK_UTIME;
    TASK_STIME;
    TASK_STATE;
    TASK_COMM;
    TASK_REAL_PARENT;
    TASK_CRED;
    TASK_EXIT_CODE;
    TASK_FLAGS;
    TASK_SIGNAL;
    /// This and the next four are 0 where run queues are not reached from tasks
    /// (no `CONFIG_FAIR_GROUP_SCHED`).
    TASK_CFS_RQ;
    CFS_RQ_RQ;
    RQ_CPU;
    RQ_CLOCK;
    RQ_CLOCK_TASK;
    CRED_EUID;
    SIGNAL_RUN_NS;
    SIGNAL_UTIME;
    SIGNAL_STIME;
    SIGNAL_NVCSW;
    SIGNAL_NIVCSW;
    SIGNAL_THREADS;
    /// This and the next six are 0 where sockets are not counted.
    SOCK_FAMILY;
    SOCK_PROTOCOL;
    SOCK_TYPE;
    SOCK_SOCKET;
    SOCK_OWNED;
    SOCKET_SK;
    TCP_TOTAL_RETRANS;
    /// 1 where tracing programs can keep values on sockets (`bpf_sk_storage_get`, Linux 5.11).
    SOCKET_STORAGE;
    /// Arguments of `inet_csk_accept`: 4, since Linux 6.10 2.
    ACCEPT_ARGUMENTS;
}
