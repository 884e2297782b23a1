//! The answer to `get_processes`.

use prost::Message;

use super::finite;
use crate::generated::socktop::{Process, Processes};

/// Number of the field `rows` in `Processes`.
const ROWS: u32 = 2;

/// What a list says besides its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct List {
    /// Number of living processes.
    pub process_count: u64,
    /// When it was made, ns of Unix time.
    pub at_ns: u64,
    /// Length of the interval, ns.
    pub interval_ns: u64,
    /// CPUs online.
    pub cpus: u32,
    /// `scheduler` or `jiffy`, which knows nothing of waiting and switches.
    pub precision: &'static str,
    /// Whether bytes and calls on sockets are counted.
    pub counts_sockets: bool,
}

/// One process, with its name still in the kernel's memory format. Names and units are those of
/// `socktop.proto`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Row<'a> {
    /// Process id.
    pub pid: u32,
    /// The kernel's `comm`; any bytes.
    pub comm: &'a [u8],
    /// Share of the whole machine in percent, 0 to 100.
    pub cpu_usage: f32,
    /// Resident memory in bytes.
    pub mem_bytes: u64,
    /// CPU time in the interval, ns.
    pub cpu_ns: u64,
    /// Time its threads waited for a CPU in the interval, ns.
    pub run_delay_ns: u64,
    /// Switches it asked for in the interval.
    pub voluntary_switches: u64,
    /// Switches forced on it in the interval.
    pub involuntary_switches: u64,
    /// CPU time since it began, ns.
    pub cpu_total_ns: u64,
    /// When it began, ns since boot.
    pub start_ns: u64,
    /// Process id of its parent.
    pub parent_pid: u32,
    /// Effective user id.
    pub uid: u32,
    /// State letter of `ps`.
    pub state: char,
    /// Threads alive.
    pub threads: u32,
    /// How many dead processes this is the sum of; 0 for a living one.
    pub exited: u32,
    /// Bytes received on sockets in the interval.
    pub rx_bytes: u64,
    /// Bytes sent on sockets in the interval.
    pub tx_bytes: u64,
    /// Calls that received something in the interval.
    pub rx_calls: u64,
    /// Calls that sent something in the interval.
    pub tx_calls: u64,
}

impl Row<'_> {
    /// Fills `process`, whose strings keep their memory. What is not UTF-8 becomes U+FFFD, because
    /// one bad name makes clients reject the whole list.
    fn copy_to(&self, process: &mut Process) {
        process.pid = self.pid;
        process.cpu_usage = finite(self.cpu_usage, 0.0, 100.0);
        process.mem_bytes = self.mem_bytes;
        process.name.clear();
        for chunk in self.comm.utf8_chunks() {
            process.name.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                process.name.push(char::REPLACEMENT_CHARACTER);
            }
        }
        process.cpu_ns = self.cpu_ns;
        process.run_delay_ns = self.run_delay_ns;
        process.voluntary_switches = self.voluntary_switches;
        process.involuntary_switches = self.involuntary_switches;
        process.cpu_total_ns = self.cpu_total_ns;
        process.start_ns = self.start_ns;
        process.parent_pid = self.parent_pid;
        process.uid = self.uid;
        process.state.clear();
        if self.state != '\0' {
            process.state.push(self.state);
        }
        process.threads = self.threads;
        process.exited = self.exited;
        process.rx_bytes = self.rx_bytes;
        process.tx_bytes = self.tx_bytes;
        process.rx_calls = self.rx_calls;
        process.tx_calls = self.tx_calls;
    }
}

/// Appends what a `Processes` message says besides its rows.
pub(super) fn encode_heading(list: List, out: &mut Vec<u8>) {
    // Some of it has higher numbers than the rows; a decoder takes any order.
    Processes {
        process_count: list.process_count,
        rows: Vec::new(),
        at_ns: list.at_ns,
        interval_ns: list.interval_ns,
        cpus: list.cpus,
        precision: list.precision.to_owned(),
        counts_sockets: list.counts_sockets,
    }
    .encode_raw(out);
}

/// Appends a row of a `Processes` message. `scratch` is memory to use again.
pub(super) fn encode_row(row: &Row<'_>, scratch: &mut Process, out: &mut Vec<u8>) {
    row.copy_to(scratch);
    prost::encoding::message::encode(ROWS, scratch, out);
}
