//! Rows as lines of raw files.

use std::fmt::Write as _;

use super::{
    super::{
        Table,
        kept::Kept,
        row::{Memory, Row, TICK_NS},
    },
    lines::{Exact, Sample},
};

/// Writes lines of recordings and keeps the text of processes that do not change.
#[derive(Debug, Default)]
pub struct Writer {
    kept: Kept,
}

impl Writer {
    /// Appends the lines of one record, from a table of
    /// [`Processes::with_records`](crate::process::Processes::with_records).
    pub fn write(&mut self, table: &Table, to: &mut String) {
        Sample::of(table).write(to);
        let page_kb = (rustix::param::page_size() as u64 / 1024).max(1);
        for row in table.recorded() {
            self.kept.write(row, to, |to| lines(row, page_kb, to));
        }
    }
}

/// `proc:PID ` or `procT:TID `.
fn tag(row: &Row, to: &mut String) {
    let kind = if row.thread_of.is_some() {
        "procT"
    } else {
        "proc"
    };
    // Writing to a string never fails.
    let _ = write!(to, "{kind}:{} ", row.pid);
}

fn lines(row: &Row, page_kb: u64, to: &mut String) {
    tag(row, to);
    let _ = write!(to, "stat {} (", row.pid);
    // collectl takes this for the end of a name.
    for (at, part) in row.name.split(") ").enumerate() {
        to.push_str(if at > 0 { ")_" } else { "" });
        to.push_str(part);
    }
    let _ = write!(to, ") {} {}", row.state, row.ppid);
    stat(row, page_kb, to);
    to.push('\n');
    let mut line = |key: &str, value: &dyn std::fmt::Display| {
        tag(row, to);
        let _ = writeln!(to, "{key}{value}");
    };
    line("Tgid:\t", &row.thread_of.unwrap_or(row.pid));
    let uid = row.uid;
    line("Uid:\t", &format_args!("{uid}\t{uid}\t{uid}\t{uid}"));
    if row.memory != Memory::default() {
        for (key, size) in sizes(&row.memory) {
            line(key, &format_args!(":\t{size:8} kB"));
        }
    }
    let switches = row.total_switches;
    line("voluntary_ctxt_switches:\t", &switches.voluntary);
    line("nonvoluntary_ctxt_switches:\t", &switches.involuntary);
    if !row.command.is_empty() {
        line("cmd ", &format_args!("{} ", row.command));
    }
    if let Some(io) = row.total_io {
        line("io rchar: ", &io.read_chars);
        line("io wchar: ", &io.written_chars);
        line("io syscr: ", &io.read_calls);
        line("io syscw: ", &io.write_calls);
        line("io read_bytes: ", &io.read_bytes);
        line("io write_bytes: ", &io.written_bytes);
        line("io cancelled_write_bytes: ", &io.cancelled_bytes);
    }
    tag(row, to);
    to.push_str("subjiffy ");
    Exact::of(row).write(to);
}

/// By the names of `/proc/PID/status`.
fn sizes(memory: &Memory) -> [(&'static str, u64); 12] {
    [
        ("VmPeak", memory.peak),
        ("VmSize", memory.size),
        ("VmLck", memory.locked),
        ("VmPin", memory.pinned),
        ("VmHWM", memory.high_water),
        ("VmRSS", memory.resident),
        ("VmData", memory.data),
        ("VmStk", memory.stack),
        ("VmExe", memory.code),
        ("VmLib", memory.library),
        ("VmPTE", memory.tables),
        ("VmSwap", memory.swap),
    ]
}

/// The fields that follow the parent, each with a blank before it: as the file had them, with the exact
/// numbers in their places; of a process that was never met, those that are known.
fn stat(row: &Row, page_kb: u64, to: &mut String) {
    let mut known = row.stat.split(' ').filter(|field| !field.is_empty());
    // Fields have the numbers of proc_pid_stat(5).
    for field in 5.. {
        let had = known.next();
        if had.is_none() && field > 52 {
            break;
        }
        let ours: Option<u64> = match field {
            10 => Some(row.total_faults.minor),
            12 => Some(row.total_faults.major),
            14 => Some(row.total.user_ns / TICK_NS),
            15 => Some(row.total.system_ns / TICK_NS),
            16 => Some(row.total_children.user_ns / TICK_NS),
            17 => Some(row.total_children.system_ns / TICK_NS),
            // collectl takes one away; the dead have none left.
            20 => Some(row.threads.max(1).into()),
            24 => Some(row.memory.resident / page_kb),
            _ => None,
        };
        let unmet: i64 = match field {
            18 => row.priority.unwrap_or(20).into(),
            19 => row.nice.into(),
            22 => i64::try_from(row.start_ns / TICK_NS).unwrap_or(i64::MAX),
            23 => i64::try_from(row.memory.size.saturating_mul(1024)).unwrap_or(i64::MAX),
            39 => row.cpu.unwrap_or(0).into(),
            _ => 0,
        };
        let _ = match (ours, had) {
            (Some(number), _) => write!(to, " {number}"),
            (None, Some(had)) => write!(to, " {had}"),
            (None, None) => write!(to, " {unmet}"),
        };
    }
}
