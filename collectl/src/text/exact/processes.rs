//! Processes of a sample.

use crate::{
    process::{Row, Table},
    text::json::Json,
};

/// Appends all of a sample.
pub(super) fn fields(to: &mut Json<'_>, table: &Table) {
    to.whole("interval_ns", table.interval_ns)
        .whole("exact", table.exact)
        .whole("unlisted", table.unlisted);
    to.list("rows", |list| {
        for row in table.rows() {
            list.item(|to| process(to, row));
        }
    });
}

fn process(to: &mut Json<'_>, row: &Row) {
    to.whole("pid", row.pid);
    if let Some(process) = row.thread_of {
        to.whole("thread_of", process);
    }
    to.whole("ppid", row.ppid)
        .whole("uid", row.uid)
        .text("user", &row.user)
        .text("name", &row.name)
        .text("command", &row.command)
        .text("state", row.state.encode_utf8(&mut [0; 4]))
        .whole("exited", row.exited)
        .maybe("priority", row.priority)
        .whole("nice", row.nice)
        .whole("threads", row.threads)
        .maybe("cpu", row.cpu)
        .whole("start_ns_since_boot", row.start_ns)
        .whole("size_kb", row.memory.size)
        .whole("resident_kb", row.memory.resident)
        .object("total", |to| {
            to.whole("user_ns", row.total.user_ns)
                .whole("system_ns", row.total.system_ns)
                .whole("voluntary_switches", row.total_switches.voluntary)
                .whole("involuntary_switches", row.total_switches.involuntary)
                .whole("minor_faults", row.total_faults.minor)
                .whole("major_faults", row.total_faults.major);
        })
        .object("changes", |to| {
            to.whole("user_ns", row.time.user_ns)
                .whole("system_ns", row.time.system_ns)
                .maybe("run_delay_ns", row.run_delay_ns)
                .whole("voluntary_switches", row.switches.voluntary)
                .whole("involuntary_switches", row.switches.involuntary)
                .whole("minor_faults", row.faults.minor)
                .whole("major_faults", row.faults.major);
            if let Some(io) = row.io {
                to.whole("read_bytes", io.read_bytes)
                    .whole("written_bytes", io.written_bytes)
                    .whole("cancelled_write_bytes", io.cancelled_bytes)
                    .whole("read_char_bytes", io.read_chars)
                    .whole("written_char_bytes", io.written_chars)
                    .whole("read_calls", io.read_calls)
                    .whole("write_calls", io.write_calls);
            }
            if let Some((received, sent)) = row.network {
                to.whole("network_received_bytes", received)
                    .whole("network_sent_bytes", sent);
            }
        });
}
