//! A row as columns.

use super::{
    super::{
        Table, command,
        row::{CpuTime, Row},
    },
    Look, fields,
};
use crate::{
    options::{Columns, Start},
    text::scale::Column,
};

const SIZE4: Column = Column::of_kilo(4);
const SIZE6: Column = Column::of_kilo(6);
const BYTES4: Column = Column::of(4, 1024);
const BYTES5: Column = Column::of(5, 1024);
const COUNT4: Column = Column::of(4, 1000);

/// What stands for a number that is not known.
const UNKNOWN: &str = "-";

/// Numbers of a row as they are shown.
pub struct Shown<'a> {
    look: &'a Look,
    row: &'a Row,
    seconds: f64,
    /// CPU time in the interval, with that of children if wanted.
    pub time: CpuTime,
    /// CPU time since it began, likewise.
    pub total: CpuTime,
    /// CPU time in percent of one CPU, cut.
    pub percent: u64,
}

impl<'a> Shown<'a> {
    pub fn of(look: &'a Look, table: &Table, row: &'a Row) -> Self {
        let (time, total) = match look.options.with_children {
            true => (
                row.time.plus(row.children),
                row.total.plus(row.total_children),
            ),
            false => (row.time, row.total),
        };
        let percent = u128::from(time.sum_ns()) * 100;
        let percent = percent.checked_div(table.interval_ns.into()).unwrap_or(0);
        Self {
            look,
            row,
            seconds: if look.totals { 1.0 } else { table.seconds() },
            time,
            total,
            percent: u64::try_from(percent).unwrap_or(u64::MAX),
        }
    }

    /// A counter a second.
    pub fn rate(&self, count: u64) -> f64 {
        count as f64 / self.seconds
    }

    /// Bytes as KB a second.
    pub fn kilo(&self, bytes: u64) -> f64 {
        bytes as f64 / 1024.0 / self.seconds
    }

    /// Major and minor faults: a second or since it began.
    pub fn faults(&self) -> [f64; 2] {
        if self.look.options.total_faults {
            let total = self.row.total_faults;
            [total.major as f64, total.minor as f64]
        } else {
            let faults = self.row.faults;
            [self.rate(faults.major), self.rate(faults.minor)]
        }
    }

    /// A number in its column, and a blank.
    fn scaled(&self, value: f64, column: Column, to: &mut String) {
        self.scaled_in(column.width, value, column, to);
    }

    /// A number in a column that is wider than numbers are, and a blank.
    fn scaled_in(&self, width: usize, value: f64, column: Column, to: &mut String) {
        column.put_wide(to, value, self.look.form, width);
        to.push(' ');
    }

    fn write_faults(&self, to: &mut String) {
        for faults in self.faults() {
            self.scaled(faults, COUNT4, to);
        }
    }
}

/// Writes a row without the end of its line.
pub fn write(look: &Look, table: &Table, row: &Row, to: &mut String) {
    let shown = Shown::of(look, table, row);
    fields::right(row.pid, 5, to);
    to.push(if row.thread_of.is_some() { '+' } else { ' ' });
    to.push(' ');
    fields::left(&row.user, fields::user_width(&look.options), to);
    to.push(' ');
    match look.options.columns {
        Columns::Standard => standard(&shown, table, to),
        Columns::InputOutput => input_output(&shown, to),
        Columns::Memory => memory(&shown, to),
    }
    if look.options.exact {
        exact(row, to);
    }
    if look.options.network {
        network(&shown, to);
    }
    command::write(row, &look.options, to);
}

fn standard(shown: &Shown<'_>, table: &Table, to: &mut String) {
    let (row, look) = (shown.row, shown.look);
    priority(row.priority, look.options.priority_numbers, to);
    to.push(' ');
    fields::right(parent(row), 5, to);
    to.push(' ');
    fields::right(row.threads.saturating_sub(1), 4, to);
    to.push(' ');
    to.push(row.state);
    to.push(' ');
    for size in [row.memory.size, row.memory.resident] {
        shown.scaled_in(5, size as f64, SIZE4, to);
    }
    match row.cpu {
        Some(cpu) => fields::right(cpu, 2, to),
        None => fields::right(UNKNOWN, 2, to),
    }
    to.push(' ');
    times(shown, to);
    if look.options.start != Start::None {
        let wall_ns = table.boot_wall_ns.saturating_add(row.start_ns);
        fields::start(wall_ns, look.options.start, &look.zone, to);
        to.push(' ');
    }
    if !look.options.without_io {
        let io = row.io.unwrap_or_default();
        for bytes in [io.read_bytes, io.written_bytes] {
            shown.scaled(shown.kilo(bytes), BYTES4, to);
        }
    }
    if look.options.switches {
        for count in [row.switches.voluntary, row.switches.involuntary] {
            shown.scaled(shown.rate(count), BYTES4, to);
        }
    }
    shown.write_faults(to);
}

fn input_output(shown: &Shown<'_>, to: &mut String) {
    let row = shown.row;
    fields::right(parent(row), 5, to);
    to.push(' ');
    to.push(row.state);
    to.push(' ');
    times(shown, to);
    let io = row.io.unwrap_or_default();
    let values = [
        shown.kilo(io.read_bytes),
        shown.kilo(io.written_bytes),
        shown.kilo(io.read_chars),
        shown.kilo(io.written_chars),
        shown.rate(io.read_calls),
        shown.rate(io.write_calls),
        shown.kilo(io.cancelled_bytes),
    ];
    for value in values {
        shown.scaled(value, BYTES5, to);
    }
}

fn memory(shown: &Shown<'_>, to: &mut String) {
    let memory = shown.row.memory;
    to.push(shown.row.state);
    to.push(' ');
    let sizes = [
        memory.size,
        memory.locked,
        memory.resident,
        memory.data,
        memory.stack,
        memory.code,
        memory.library,
        memory.swap,
    ];
    for size in sizes {
        shown.scaled(size as f64, SIZE6, to);
    }
    shown.write_faults(to);
}

/// System and user time, percent, CPU time since it began.
fn times(shown: &Shown<'_>, to: &mut String) {
    fields::seconds(shown.time.system_ns, 2, to);
    to.push(' ');
    fields::seconds(shown.time.user_ns, 2, to);
    to.push(' ');
    fields::right(shown.percent, 3, to);
    to.push(' ');
    fields::accumulated(shown.total.sum_ns(), to);
    to.push(' ');
}

/// The parent; of a thread its process.
fn parent(row: &Row) -> u32 {
    row.thread_of.unwrap_or(row.ppid)
}

/// Real-time priorities are `RT` unless numbers are wanted.
pub fn priority(priority: Option<i32>, numbers: bool, to: &mut String) {
    match (priority, numbers) {
        (None, true) => fields::right(UNKNOWN, 4, to),
        (None, false) => fields::right(UNKNOWN, 2, to),
        (Some(priority), true) => fields::right(priority, 4, to),
        (Some(..0), false) => to.push_str("RT"),
        (Some(priority), false) => fields::right(priority, 2, to),
    }
}

/// What only we know: times in ms.
fn exact(row: &Row, to: &mut String) {
    for ns in [
        Some(row.time.system_ns),
        Some(row.time.user_ns),
        row.run_delay_ns,
    ] {
        match ns {
            Some(ns) => fields::millis(ns, 9, to),
            None => fields::right(UNKNOWN, 9, to),
        }
        to.push(' ');
    }
}

/// What only we know: KB a second on sockets.
fn network(shown: &Shown<'_>, to: &mut String) {
    match shown.row.network {
        Some((received, sent)) => {
            shown.scaled(shown.kilo(received), BYTES5, to);
            shown.scaled(shown.kilo(sent), BYTES5, to);
        }
        None => to.push_str("    -     - "),
    }
}
