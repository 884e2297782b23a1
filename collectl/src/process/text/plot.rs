//! A row as fields of a plot line.

use std::fmt::Write as _;

use super::{
    super::{Table, command, row::Row},
    Look,
    columns::{Shown, priority},
    fields,
};
use crate::{options::ProcessOptions, text::scale::Column};

const NAMES: [&str; 27] = [
    "PID", "User", "PR", "PPID", "THRD", "S", "VmSize", "VmLck", "VmRSS", "VmData", "VmStk",
    "VmExe", "VmLib", "CPU", "SysT", "UsrT", "PCT", "AccumT", "RKB", "WKB", "RKBC", "WKBC", "RSYS",
    "WSYS", "CNCL", "MajF", "MinF",
];
const EXACT: [&str; 3] = ["SysMs", "UsrMs", "WaitMs"];
const NETWORK: [&str; 2] = ["KBIn", "KBOut"];
const COUNT4: Column = Column::of(4, 1000);

/// Writes the names of the columns, a separator between them.
pub fn columns(options: &ProcessOptions, separator: char, to: &mut String) {
    let exact = EXACT.iter().filter(|_| options.exact);
    let network = NETWORK.iter().filter(|_| options.network);
    for name in NAMES.iter().chain(exact).chain(network) {
        to.push_str(name);
        to.push(separator);
    }
    to.push_str("Command");
}

/// Writes a row from its process id on, without the end of its line.
pub fn write(look: &Look, table: &Table, row: &Row, separator: char, to: &mut String) {
    let shown = Shown::of(look, table, row);
    let memory = row.memory;
    let io = row.io.unwrap_or_default();
    let mut fields = Fields { to, separator };
    fields.number(row.pid);
    fields.with(|to| to.push_str(&row.user));
    fields.with(|to| match row.priority {
        Some(number) if look.options.priority_numbers || number >= 0 => {
            let _ = write!(to, "{number}");
        }
        Some(number) => priority(Some(number), false, to),
        None => to.push('-'),
    });
    fields.number(row.ppid);
    fields.number(row.threads.saturating_sub(1));
    fields.with(|to| to.push(row.state));
    for size in [
        memory.size,
        memory.locked,
        memory.resident,
        memory.data,
        memory.stack,
        memory.code,
        memory.library,
    ] {
        fields.number(size);
    }
    match row.cpu {
        Some(cpu) => fields.number(cpu),
        None => fields.with(|to| to.push('-')),
    }
    fields.with(|to| fields::seconds(shown.time.system_ns, 1, to));
    fields.with(|to| fields::seconds(shown.time.user_ns, 1, to));
    fields.number(shown.percent);
    fields.with(|to| fields::hours(shown.total.sum_ns(), to));
    for rate in [
        shown.kilo(io.read_bytes),
        shown.kilo(io.written_bytes),
        shown.kilo(io.read_chars),
        shown.kilo(io.written_chars),
        shown.rate(io.read_calls),
        shown.rate(io.write_calls),
        shown.kilo(io.cancelled_bytes),
    ] {
        // Cut, as collectl does.
        fields.number(rate as u64);
    }
    for faults in shown.faults() {
        fields.number(COUNT4.shown(faults, look.form));
    }
    if look.options.exact {
        fields.with(|to| fields::millis(row.time.system_ns, 0, to));
        fields.with(|to| fields::millis(row.time.user_ns, 0, to));
        fields.with(|to| match row.run_delay_ns {
            Some(ns) => fields::millis(ns, 0, to),
            None => to.push('-'),
        });
    }
    if look.options.network {
        for bytes in [
            row.network.map(|both| both.0),
            row.network.map(|both| both.1),
        ] {
            fields.with(|to| match bytes {
                Some(bytes) => {
                    let _ = write!(to, "{}", shown.kilo(bytes) as u64);
                }
                None => to.push('-'),
            });
        }
    }
    if row.command.is_empty() {
        command::name(&row.name, to);
    } else {
        // As the NUL that ends the last argument.
        to.push_str(&row.command);
        to.push(' ');
    }
}

/// Fields, each with a separator behind it.
struct Fields<'a> {
    to: &'a mut String,
    separator: char,
}

impl Fields<'_> {
    fn with(&mut self, write: impl FnOnce(&mut String)) {
        write(self.to);
        self.to.push(self.separator);
    }

    fn number(&mut self, number: impl std::fmt::Display) {
        self.with(|to| {
            // Writing to a string never fails.
            let _ = write!(to, "{number}");
        });
    }
}
