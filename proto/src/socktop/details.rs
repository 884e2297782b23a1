//! The answer to `get_process_metrics`.
//!
//! Fields down to `threads` are socktop's; clients ignore the rest, which is this agent's own.

use serde::{Deserialize, Serialize};

use super::{ascii, finite};

/// More CPU than any machine has, in percent of one CPU.
const MOST_CPU: f32 = 10_000_000.0;

/// One process in detail. Field names, types and their order are the wire format.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessMetrics {
    /// The process.
    pub process: Detail,
    /// When it was read, in seconds of Unix time.
    pub cached_at: u64,
}

/// A process. Children have the same shape and the same units, without children and threads of
/// their own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Process id.
    pub pid: u32,
    /// The kernel's name for it (`comm`).
    pub name: String,
    /// Arguments parted by blanks; the name in brackets where there are none.
    pub command: String,
    /// CPU use in percent of **one** CPU: 200 is two CPUs. Clients show it divided by
    /// `thread_count`.
    pub cpu_usage: f32,
    /// Resident memory in bytes.
    pub mem_bytes: u64,
    /// Address space in bytes.
    pub virtual_mem_bytes: u64,
    /// The part of the resident memory that is shared or maps files, in bytes.
    pub shared_mem_bytes: Option<u64>,
    /// Threads, the first one included.
    pub thread_count: u32,
    /// Open file descriptors; `None` where that is a secret.
    pub fd_count: Option<u32>,
    /// State in words.
    pub status: String,
    /// Parent process; `None` if it has none.
    pub parent_pid: Option<u32>,
    /// Real user id.
    pub user_id: u32,
    /// Real group id.
    pub group_id: u32,
    /// Start in seconds of Unix time.
    pub start_time: u64,
    /// CPU time in user mode since its start, in microseconds.
    pub cpu_time_user: u64,
    /// CPU time in kernel mode since its start, in microseconds.
    pub cpu_time_system: u64,
    /// Bytes it read by system calls, from anything (`rchar`).
    pub read_bytes: Option<u64>,
    /// Bytes it wrote by system calls, to anything (`wchar`).
    pub write_bytes: Option<u64>,
    /// Current directory; ASCII.
    pub working_directory: Option<String>,
    /// Its program; ASCII.
    pub executable_path: Option<String>,
    /// Direct children.
    pub child_processes: Vec<Self>,
    /// Threads, the first one included.
    pub threads: Vec<Thread>,

    /// State letter, as `ps` has it.
    #[serde(default)]
    pub state: String,
    /// Effective user id, which `ps -o user` shows.
    #[serde(default)]
    pub uid: u32,
    /// Effective group id.
    #[serde(default)]
    pub gid: u32,
    /// Start in nanoseconds since boot, time of suspension included.
    #[serde(default)]
    pub start_ns: u64,
    /// CPU time since its start, in ns.
    #[serde(default)]
    pub cpu_total_ns: u64,
    /// CPU time in the interval that `cpu_usage` is about, in ns.
    #[serde(default)]
    pub cpu_ns: u64,
    /// Length of that interval in ns.
    #[serde(default)]
    pub interval_ns: u64,
    /// Time its threads waited for a CPU in the interval, in ns. This and the switches are `None`
    /// where only ticks can be counted.
    #[serde(default)]
    pub run_delay_ns: Option<u64>,
    /// Switches in the interval because it waited.
    #[serde(default)]
    pub voluntary_switches: Option<u64>,
    /// Switches in the interval because it was preempted.
    #[serde(default)]
    pub involuntary_switches: Option<u64>,
    /// Bytes it caused to be read from storage.
    #[serde(default)]
    pub storage_read_bytes: Option<u64>,
    /// Bytes it caused to be written to storage.
    #[serde(default)]
    pub storage_write_bytes: Option<u64>,
    /// What it did on sockets; `None` where that is not counted.
    #[serde(default)]
    pub sockets: Option<Sockets>,
    /// Number of direct children, of which `child_processes` may hold only a part; `None` for the
    /// children themselves, which are not asked for theirs.
    #[serde(default)]
    pub child_count: Option<u32>,
    /// `working_directory` unchanged, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory_text: Option<String>,
    /// `executable_path` unchanged, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable_path_text: Option<String>,
}

/// Bytes and calls on sockets in the interval, and totals. Calls that fail, would block or only look
/// (`MSG_PEEK`) count nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sockets {
    /// All of the following together.
    #[serde(flatten)]
    pub all: Flow,
    /// TCP.
    pub tcp: Flow,
    /// UDP.
    pub udp: Flow,
    /// Unix sockets.
    pub unix: Flow,
    /// TCP connections it opened.
    pub tcp_opened: u64,
    /// TCP connections it accepted.
    pub tcp_accepted: u64,
    /// Segments that its TCP sockets sent again.
    pub tcp_retransmits: u64,
    /// Bytes received since it began, or since the agent came.
    pub rx_total_bytes: u64,
    /// Bytes sent since it began, or since the agent came.
    pub tx_total_bytes: u64,
}

/// Both directions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Calls that received something.
    pub rx_calls: u64,
    /// Calls that sent something.
    pub tx_calls: u64,
}

/// A thread of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Thread id.
    pub tid: u32,
    /// The kernel's name for it (`comm`).
    pub name: String,
    /// CPU time in user mode since its start, in microseconds.
    pub cpu_time_user: u64,
    /// CPU time in kernel mode since its start, in microseconds.
    pub cpu_time_system: u64,
    /// State in words.
    pub status: String,

    /// CPU time since its start, in ns.
    #[serde(default)]
    pub cpu_total_ns: u64,
    /// Time it waited for a CPU since its start, in ns; `None` where the kernel does not count it.
    #[serde(default)]
    pub run_delay_ns: Option<u64>,
}

impl ProcessMetrics {
    /// Puts every value into the range that clients bear; some crash outside it.
    pub fn sanitize(&mut self) {
        self.process.sanitize();
    }
}

impl Detail {
    fn sanitize(&mut self) {
        self.cpu_usage = finite(self.cpu_usage, 0.0, MOST_CPU);
        let directory = self.working_directory.as_mut().and_then(ascii::enforce);
        self.working_directory_text = directory.or(self.working_directory_text.take());
        let executable = self.executable_path.as_mut().and_then(ascii::enforce);
        self.executable_path_text = executable.or(self.executable_path_text.take());
        for child in &mut self.child_processes {
            child.sanitize();
        }
    }
}
