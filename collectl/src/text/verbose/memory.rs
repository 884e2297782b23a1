//! Blocks of memory, its fragments, and of files.

use std::fmt::Write as _;

use crate::{
    text::{context::Context, scale::Column},
    values::ORDERS,
};

const KILO7: Column = Column::of_kilo(7);
const KILO5: Column = Column::of_kilo(5);
const COUNT4: Column = Column::of(4, 1000);
const COUNT5: Column = Column::of(5, 1000);
const COUNT6: Column = Column::of(6, 1000);
const COUNT7: Column = Column::of(7, 1000);

pub(super) fn title(to: &mut String, time: &str) {
    // Names have no word for the time, only its place.
    let blank = time.len();
    let _ = write!(
        to,
        "# MEMORY SUMMARY\n\
         #{:blank$}<------------------------------------Physical Memory------------------------------------------>\
         <-----------Swap------------><-------Paging------>\n\
         #{:blank$}   Total    Used    Free    Buff  Cached    Slab  Mapped    Anon   AnonH  Commit  Locked Inact \
         Total  Used  Free   In  Out Fault MajFt   In  Out\n",
        "", ""
    );
}

pub(super) fn lines(to: &mut String, context: &Context<'_>, time: &str) {
    let interval = context.interval;
    let memory = interval.memory.unwrap_or_default();
    let paging = interval.paging.unwrap_or_default();
    let form = context.form;
    let bytes = |pages: f64| interval.rate(pages * context.facts.page_bytes as f64);
    let _ = write!(to, "{time} ");
    for kb in [
        memory.total,
        memory.total.saturating_sub(memory.free),
        memory.free,
        memory.buffers,
        memory.cached,
        memory.slab,
        memory.mapped,
        memory.anonymous,
        memory.anonymous_huge,
        memory.committed,
        memory.locked,
    ] {
        to.push(' ');
        KILO7.put(to, kb as f64, form);
    }
    for kb in [
        memory.inactive,
        memory.swap_total,
        memory.swap_total.saturating_sub(memory.swap_free),
        memory.swap_free,
    ] {
        to.push(' ');
        KILO5.put(to, kb as f64, form);
    }
    for swapped in [paging.swapped_in, paging.swapped_out] {
        to.push(' ');
        KILO5.put_wide(to, bytes(swapped), form, 4);
    }
    for (column, change) in [
        (COUNT5, paging.faults),
        (COUNT5, paging.major_faults),
        (COUNT4, paging.paged_in),
        (COUNT4, paging.paged_out),
    ] {
        to.push(' ');
        column.put(to, interval.rate(change), form);
    }
    to.push('\n');
}

pub(super) fn buddies_title(to: &mut String, context: &Context<'_>, time: &str) {
    let kb = context.facts.page_bytes / 1024;
    let _ = write!(to, "# MEMORY FRAGMENTATION SUMMARY ({kb}K pages)\n#{time}");
    for order in 0..ORDERS {
        let pages = 1_u32 << order;
        let many = if order == 0 { "Pg" } else { "Pgs" };
        let width = 8 - many.len();
        let _ = write!(to, "{pages:>width$}{many}");
    }
    to.push('\n');
}

pub(super) fn buddies(to: &mut String, context: &Context<'_>, time: &str) {
    let _ = write!(to, "{time} ");
    for free in context.interval.buddies.unwrap_or_default() {
        let _ = write!(to, "{free:>8}");
    }
    to.push('\n');
}

pub(super) fn files_title(to: &mut String, time: &str) {
    let blank = time.len();
    let _ = write!(
        to,
        "# INODE SUMMARY\n\
         #{:blank$}     Dentries       File Handles    Inodes\n\
         #{time}  Number   Unused   Alloc  MaxPct   Number\n",
        ""
    );
}

pub(super) fn files(to: &mut String, context: &Context<'_>, time: &str) {
    let files = context.interval.files.unwrap_or_default();
    let form = context.form;
    let used = files.inodes.saturating_sub(files.unused_inodes);
    let share = match files.most {
        0 => 0.0,
        most => files.open as f64 * 100.0 / most as f64,
    };
    let _ = write!(to, "{time}  ");
    COUNT7.put(to, files.entries as f64, form);
    to.push_str("  ");
    COUNT7.put(to, files.unused_entries as f64, form);
    to.push_str("  ");
    COUNT6.put(to, files.open as f64, form);
    let _ = write!(to, "   {share:>5.2}   ");
    COUNT6.put(to, used as f64, form);
    to.push('\n');
}
