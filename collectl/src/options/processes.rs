//! What is shown of processes, and of which.

/// Of processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessOptions {
    /// Which columns.
    pub columns: Columns,
    /// `c`: CPU time of dead children is added.
    pub with_children: bool,
    /// `k`: commands lose the shell that runs them.
    pub strip_shells: bool,
    /// `p`: no new processes are looked for.
    pub fixed: bool,
    /// `r`: commands without their directory.
    pub base_name: bool,
    /// `t`: threads, too.
    pub threads: bool,
    /// `w`: commands with their arguments, cut to so many characters if given.
    pub arguments: Option<Option<u16>>,
    /// `u`: how wide users are; 8 by default.
    pub user_width: Option<u8>,
    /// `z`: only processes that did something.
    pub active: bool,
    /// `f`: totals of page faults.
    pub total_faults: bool,
    /// `s`, `S`: when it began.
    pub start: Start,
    /// `x`: context switches.
    pub switches: bool,
    /// `R`: priorities as numbers.
    pub priority_numbers: bool,
    /// `e` (ours): exact CPU time in ms with decimals and run delay.
    pub exact: bool,
    /// `n` (ours): bytes on sockets.
    pub network: bool,
    /// `I`: without the columns of input and output.
    pub without_io: bool,
    /// Only processes in one of these states, as `ps` has their letters; empty is any (`--procstate`).
    pub states: String,
    /// Which processes; those that any of them selects. Empty is all.
    pub filters: Vec<Filter>,
}

/// Which columns processes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Columns {
    /// A little of everything.
    #[default]
    Standard,
    /// `i`: input and output.
    InputOutput,
    /// `m`: memory.
    Memory,
}

/// The column of a process's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// None.
    #[default]
    None,
    /// `s`: `HH:MM:SS`.
    Time,
    /// `S`: `Mon DD-HH:MM:SS`.
    Date,
}

/// A part of `--procfilt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// `c`: the command name contains it.
    CommandPart(String),
    /// `C`: the command name begins with it.
    CommandStart(String),
    /// `f`: the command line contains it.
    Arguments(String),
    /// `p`: the process id.
    Pid(u32),
    /// `P`: its parent's.
    Parent(u32),
    /// `u`: user ids, both included.
    Uids(u32, u32),
    /// `U`: a user's name.
    User(String),
}
