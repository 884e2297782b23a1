//! Blocks of disks and interfaces.

use std::fmt::Write as _;

use super::whole;
use crate::{
    text::{context::Context, scale::Column},
    values::Interface,
};

const COUNT4: Column = Column::of(4, 1000);
const SIZE4: Column = Column::of(4, 1024);

/// The narrowest name of an interface.
const NARROWEST: usize = 5;

const INTERFACE_COLUMNS: &str =
    "KBIn  PktIn SizeIn  MultI   CmpI  ErrsI  KBOut PktOut  SizeO   CmpO  ErrsO";

pub(super) fn disks_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let _ = writeln!(
        to,
        "# DISK SUMMARY ({per})\n#{time}KBRead RMerged  Reads SizeKB  KBWrite WMerged Writes SizeKB"
    );
}

pub(super) fn disks(to: &mut String, context: &Context<'_>, time: &str) {
    let disks = &context.interval.disk_total;
    let rate = |change| whole(context.interval.rate(change));
    let _ = writeln!(
        to,
        "{time} {:>6}  {:>6} {:>6} {:>6}   {:>6}  {:>6} {:>6} {:>6}",
        rate(disks.read_kb),
        rate(disks.reads_merged),
        rate(disks.reads),
        whole(disks.read_size()),
        rate(disks.written_kb),
        rate(disks.writes_merged),
        rate(disks.writes),
        whole(disks.write_size()),
    );
}

pub(super) fn disk_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let blank = time.len();
    let _ = write!(
        to,
        "# DISK STATISTICS ({per})\n\
         #{:blank$}          <---------reads---------------><---------writes-------------->\
         <--------averages--------> Pct\n\
         #{time}Name       KBytes Merged  IOs Size  Wait  KBytes Merged  IOs Size  Wait  RWSize  QLen  Wait \
         SvcTim Util\n",
        ""
    );
}

pub(super) fn disk_lines(to: &mut String, context: &Context<'_>, time: &str) {
    let interval = context.interval;
    let form = context.form;
    let rate = |change| whole(interval.rate(change));
    for disk in context.disks() {
        let _ = write!(
            to,
            "{time}{:<11} {:>6} {:>6} {:>4} {:>4} {:>5}  ",
            disk.name,
            rate(disk.read_kb),
            rate(disk.reads_merged),
            COUNT4.shown(interval.rate(disk.reads), form),
            SIZE4.shown(disk.read_size(), form),
            whole(disk.read_wait()),
        );
        let _ = write!(
            to,
            "{:>6} {:>6} {:>4} {:>4} {:>5}   ",
            rate(disk.written_kb),
            rate(disk.writes_merged),
            COUNT4.shown(interval.rate(disk.writes), form),
            SIZE4.shown(disk.write_size(), form),
            whole(disk.write_wait()),
        );
        let _ = writeln!(
            to,
            "{:>5} {:>5}  {:>4}   {:>4}  {:>3}",
            whole(disk.size()),
            whole(disk.queue()),
            whole(disk.wait()),
            whole(disk.service()),
            whole(disk.busy_share(interval.seconds)),
        );
    }
}

pub(super) fn interfaces_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let _ = writeln!(to, "# NETWORK SUMMARY ({per})\n#{time} {INTERFACE_COLUMNS}");
}

/// The eleven numbers of an interface or of all of them, the first without a blank before it.
fn numbers(to: &mut String, context: &Context<'_>, of: &Interface) {
    let rate = |change| whole(context.interval.rate(change));
    let _ = writeln!(
        to,
        "{:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}",
        rate(of.kb_in()),
        rate(of.received[1]),
        whole(of.size_in()),
        rate(of.received[7]),
        rate(of.received[6]),
        rate(of.errors_in()),
        rate(of.kb_out()),
        rate(of.sent[1]),
        whole(of.size_out()),
        rate(of.sent[7]),
        rate(of.errors_out()),
    );
}

pub(super) fn interfaces(to: &mut String, context: &Context<'_>, time: &str) {
    to.push_str(time);
    numbers(to, context, &context.interval.network_total);
}

/// The width of names: that of the longest, and one more.
fn name_width(context: &Context<'_>) -> usize {
    let all = context.interval.interfaces.iter();
    let longest = all.map(|one| one.name.chars().count()).max().unwrap_or(0);
    longest.max(NARROWEST) + 1
}

pub(super) fn interface_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let width = name_width(context) - 1;
    let _ = writeln!(
        to,
        "# NETWORK STATISTICS ({per})\n#{time}Num   {:>width$}   {INTERFACE_COLUMNS}",
        "Name"
    );
}

pub(super) fn interface_lines(to: &mut String, context: &Context<'_>, time: &str) {
    let width = name_width(context);
    for (number, interface) in context.interfaces().enumerate() {
        let _ = write!(to, "{time} {number:>3}  {:>width$} ", interface.name);
        numbers(to, context, interface);
    }
}
