//! Blocks of CPU time and interrupts.

use std::{cmp::Ordering, fmt::Write as _};

use super::whole;
use crate::{
    options::Subsystem,
    text::{context::Context, scale::Column},
    values::Interrupt,
};

const COUNT4: Column = Column::of(4, 1000);

pub(super) fn summary_title(to: &mut String, context: &Context<'_>, time: &str) {
    let (hyper, per) = (context.hyper(), context.per());
    let message = context.disabled_message();
    let _ = writeln!(
        to,
        "# CPU{hyper} SUMMARY (INTR, CTXSW & PROC {per}){message}"
    );
    let _ = writeln!(
        to,
        "#{time} User  Nice   Sys  Wait   IRQ  Soft Steal Guest NiceG  Idle  CPUs  Intr  Ctxsw  Proc  RunQ   \
         Run   Avg1  Avg5 Avg15 RunT BlkT"
    );
}

pub(super) fn summary(to: &mut String, context: &Context<'_>, time: &str) {
    let interval = context.interval;
    let shares = interval.cpu.unwrap_or_default();
    let activity = interval.activity.unwrap_or_default();
    let load = interval.load.unwrap_or_default();
    let online = match context.online {
        0 => context.cpus(),
        some => some,
    };
    let _ = write!(
        to,
        "{time}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {:>4}  {online:>4}  ",
        whole(shares.user),
        whole(shares.nice),
        whole(shares.system),
        whole(shares.iowait),
        whole(shares.irq),
        whole(shares.softirq),
        whole(shares.steal),
        whole(shares.guest),
        whole(shares.guest_nice),
        whole(shares.idle),
    );
    COUNT4.put(to, interval.rate(activity.interrupts), context.form);
    to.push_str("   ");
    COUNT4.put(to, interval.rate(activity.switches), context.form);
    let _ = writeln!(
        to,
        "  {:>4}  {:>4}  {:>4}  {:>5.2} {:>5.2} {:>5.2} {:>4} {:>4}",
        whole(interval.rate(activity.forks)),
        load.tasks,
        load.running.saturating_sub(1),
        load.averages[0],
        load.averages[1],
        load.averages[2],
        activity.running,
        activity.blocked,
    );
}

/// Whether details have a column of interrupts.
fn with_interrupts(context: &Context<'_>) -> bool {
    let all = context.subsystems;
    all.has(Subsystem::Interrupts) || all.has(Subsystem::InterruptDetail)
}

pub(super) fn detail_title(to: &mut String, context: &Context<'_>, time: &str) {
    let (hyper, message) = (context.hyper(), context.disabled_message());
    let _ = writeln!(to, "# SINGLE CPU{hyper} STATISTICS{message}");
    let last = if with_interrupts(context) {
        " Intrpt"
    } else {
        ""
    };
    let _ = writeln!(
        to,
        "#{time}   Cpu  User Nice  Sys Wait IRQ  Soft Steal Guest NiceG Idle{last}"
    );
}

pub(super) fn details(to: &mut String, context: &Context<'_>, time: &str) {
    if context.online == 0 {
        return;
    }
    for number in 0..context.cpus() {
        let cpu = context.cpu(number);
        let shares = cpu.shares;
        let _ = write!(
            to,
            "{time}   {number:>4}   {:>3}  {:>3}  {:>3}  {:>3}  {:>3}  {:>3}   {:>3}   {:>3}   {:>3}  {:>3}",
            whole(shares.user),
            whole(shares.nice),
            whole(shares.system),
            whole(shares.iowait),
            whole(shares.irq),
            whole(shares.softirq),
            whole(shares.steal),
            whole(shares.guest),
            whole(shares.guest_nice),
            whole(shares.idle),
        );
        if with_interrupts(context) {
            let _ = write!(to, " {:>6}", whole(context.interval.rate(cpu.interrupts)));
        }
        to.push('\n');
    }
}

fn cpu_names(to: &mut String, context: &Context<'_>) {
    for cpu in 0..context.cpus() {
        // ` %6s`, without making a text for it.
        let width = 3 - (cpu.max(1).ilog10() as usize).min(3);
        if context.is_online(cpu) {
            let _ = write!(
                to,
                " {:width$}Cpu{cpu}",
                "",
                width = width.saturating_sub(1)
            );
        } else {
            to.push_str("   CpuX");
        }
    }
}

pub(super) fn interrupts_title(to: &mut String, context: &Context<'_>, time: &str) {
    let _ = writeln!(to, "# INTERRUPT SUMMARY{}", context.disabled_message());
    let _ = write!(to, "#{time} ");
    cpu_names(to, context);
    to.push('\n');
}

pub(super) fn interrupts(to: &mut String, context: &Context<'_>, time: &str) {
    let _ = write!(to, "{time}  ");
    for cpu in 0..context.cpus() {
        // In the interval, not a second: so it is there.
        let _ = write!(to, " {:>6}", whole(context.cpu(cpu).interrupts));
    }
    to.push('\n');
}

pub(super) fn kinds_title(to: &mut String, context: &Context<'_>, time: &str) {
    let _ = writeln!(to, "# INTERRUPT DETAILS{}", context.disabled_message());
    let _ = write!(to, "#{time} Int ");
    cpu_names(to, context);
    let _ = writeln!(to, "   {:<15} Device(s)", "Type");
}

/// Numbers first, then names.
fn by_label(one: &&Interrupt, other: &&Interrupt) -> Ordering {
    let number = |of: &Interrupt| of.label.parse::<u64>().unwrap_or(u64::MAX);
    let (first, second) = (number(one), number(other));
    first.cmp(&second).then_with(|| one.label.cmp(&other.label))
}

pub(super) fn kinds(to: &mut String, context: &Context<'_>, time: &str) {
    let interval = context.interval;
    let mut kinds: Vec<_> = interval.interrupts.iter().collect();
    kinds.sort_by(by_label);
    for kind in kinds {
        let numbered = kind.label.starts_with(|first: char| first.is_ascii_digit());
        let is_error = !numbered && (kind.label == "ERR" || kind.label == "MIS");
        if is_error || kind.by_cpu.iter().all(|&change| change == 0.0) {
            continue;
        }
        let _ = if numbered {
            write!(to, "{time}  {:0>3}  ", kind.label)
        } else {
            write!(to, "{time}  {}  ", kind.label)
        };
        for cpu in 0..context.cpus() {
            let change = kind.by_cpu.get(cpu).copied().unwrap_or(0.0);
            let _ = write!(to, "{:>6} ", whole(interval.rate(change)));
        }
        to.push_str("  ");
        described(to, kind, numbered);
        to.push('\n');
    }
}

/// The kind and its devices; blanks within are left out.
fn described(to: &mut String, kind: &Interrupt, numbered: bool) {
    let mut words = kind.text.split_ascii_whitespace();
    let start = to.len();
    if numbered {
        let _ = write!(to, "{:<15} ", words.next().unwrap_or_default());
    }
    to.extend(words);
    if !numbered && to[start..].ends_with("interrupts") {
        to.truncate(to.len() - "interrupts".len());
    }
}
