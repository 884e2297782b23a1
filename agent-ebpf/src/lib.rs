//! The kernel side of subjiffy, as bytes: the committed BPF object and the names in it.
//!
//! The object is built from `src/program` by `cargo xtask ebpf`; `cargo xtask ebpf --check` proves
//! that the committed bytes are what those sources give. Users need neither the BPF toolchain nor
//! a nightly compiler.
#![no_std]

#[repr(C, align(64))]
struct Aligned<B: ?Sized>(B);

static ALIGNED: &Aligned<[u8]> = &Aligned(*include_bytes!("../subjiffy.bpf.o"));

/// The BPF object, aligned as ELF readers want it. Copying the bytes loses the alignment.
pub static OBJECT: &[u8] = &ALIGNED.0;

/// Names of the programs in [`OBJECT`].
pub mod program {
    /// `tp_btf/sched_switch`: harvests the leaving thread, notes the coming one.
    pub const SCHED_SWITCH: &str = "subjiffy_switch";
    /// `tp_btf/sched_process_fork`: gives a new thread its slot.
    pub const PROCESS_FORK: &str = "subjiffy_fork";
    /// `tp_btf/sched_process_exec`: takes the new user and parent.
    pub const PROCESS_EXEC: &str = "subjiffy_exec";
    /// `tp_btf/task_rename`: takes the new command name.
    pub const TASK_RENAME: &str = "subjiffy_rename";
    /// `tp_btf/sched_switch`: does nothing; what the benchmark compares with.
    pub const EMPTY: &str = "subjiffy_empty";
    /// `raw_tp`: brings the CPUs' clocks up to date when it is run; never attached.
    pub const CLOCKS: &str = "subjiffy_clocks";
    /// `iter/task`: gives every thread that lived before us a slot.
    pub const CENSUS: &str = "subjiffy_census";
}

/// Names of the maps in [`OBJECT`].
pub mod map {
    /// Array of [`subjiffy_common::directory::Entry`].
    pub const DIRECTORY: &str = "DIRECTORY";
    /// Array of [`subjiffy_common::sched::Slot`], sixteen a chunk.
    pub const SLOTS: &str = "SLOTS";
    /// Array of [`subjiffy_common::directory::MarkGroup`].
    pub const MARKS: &str = "MARKS";
    /// Array of [`subjiffy_common::sched::Cpu`].
    pub const CPUS: &str = "CPUS";
    /// Ring buffer of [`subjiffy_common::sched::Slot`], of threads that are dead.
    pub const GRAVES: &str = "GRAVES";
    /// Queue of free chunk numbers.
    pub const FREE_CHUNKS: &str = "FREE_CHUNKS";
}
