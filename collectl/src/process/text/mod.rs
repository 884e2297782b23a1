//! Processes as lines of columns and as plot lines.

mod columns;
mod fields;
mod plot;
#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;

use super::{Table, kept::Kept};
use crate::{
    options::{Columns, Options, ProcessOptions, Start},
    text::scale::Form,
};

/// Writes the line above the columns, `# PROCESS SUMMARY (counters are /sec)`, with its end. With
/// `totals` (`-on`) counters are not divided by the time.
pub fn title(options: &ProcessOptions, totals: bool, to: &mut String) {
    let counters = match (options.total_faults, totals) {
        (true, _) => "cumulative",
        (false, true) => "/int",
        (false, false) => "/sec",
    };
    to.push_str("# PROCESS SUMMARY (counters are ");
    to.push_str(counters);
    to.push_str(")\n");
}

/// Writes the line of column names with its end. `filler` stands between `#` and the first of them:
/// `Time     ` where data lines begin with a time, else nothing.
pub fn columns(options: &ProcessOptions, filler: &str, to: &mut String) {
    to.push('#');
    to.push_str(filler);
    to.push_str(" PID  ");
    fields::left("User", fields::user_width(options), to);
    match options.columns {
        Columns::Standard => {
            to.push_str(if options.priority_numbers {
                " PRIO"
            } else {
                " PR"
            });
            to.push_str("  PPID THRD S   VSZ   RSS CP  SysT  UsrT Pct  AccuTime ");
            to.push_str(match options.start {
                Start::None => "",
                Start::Time => "StrtTime ",
                Start::Date => "StartTime      ",
            });
            to.push_str(if options.without_io { "" } else { " RKB  WKB " });
            to.push_str(if options.switches { "VCtx NCtx " } else { "" });
            to.push_str("MajF MinF ");
        }
        Columns::InputOutput => to.push_str(
            "  PPID S  SysT  UsrT Pct  AccuTime   RKB   WKB  RKBC  WKBC  RSys  WSys  Cncl ",
        ),
        Columns::Memory => {
            to.push_str(" S VmSize  VmLck  VmRSS VmData  VmStk  VmExe  VmLib  VmSwp MajF MinF ")
        }
    }
    if options.exact {
        to.push_str("    SysMs     UsrMs    WaitMs ");
    }
    if options.network {
        to.push_str(" KBIn KBOut ");
    }
    to.push_str("Command\n");
}

/// Writes the names of plot columns from `PID` on, without a separator before the first and without
/// the end of the line.
pub fn plot_columns(options: &ProcessOptions, separator: char, to: &mut String) {
    plot::columns(options, separator, to);
}

/// Writes rows and keeps the text of those that do not change. There is one for each place where rows
/// go with looks of its own.
pub struct Rows {
    look: Look,
    plot: Option<char>,
    kept: Kept,
}

/// How rows look.
pub(super) struct Look {
    options: ProcessOptions,
    zone: TimeZone,
    form: Form,
    totals: bool,
}

impl Rows {
    /// Lines of columns. Start times are shown in the time zone.
    #[must_use]
    pub fn of_columns(options: &Options, zone: TimeZone) -> Self {
        Self::new(options, zone, None)
    }

    /// Plot lines.
    #[must_use]
    pub fn of_plot(options: &Options, separator: char) -> Self {
        Self::new(options, TimeZone::UTC, Some(separator))
    }

    fn new(options: &Options, zone: TimeZone, plot: Option<char>) -> Self {
        let look = Look {
            options: options.processes.clone(),
            zone,
            form: Form::from(options),
            totals: options.totals,
        };
        Self {
            look,
            plot,
            kept: Kept::default(),
        }
    }

    /// Writes a line a row, each with its end. Each begins with `prefix`: nothing or `HH:MM:SS ` before
    /// columns, date and time with a separator after each in plot lines.
    pub fn write(&mut self, table: &Table, prefix: &str, to: &mut String) {
        for row in table.rows() {
            to.push_str(prefix);
            self.kept.write(row, to, |to| {
                match self.plot {
                    None => columns::write(&self.look, table, row, to),
                    Some(separator) => plot::write(&self.look, table, row, separator, to),
                }
                to.push('\n');
            });
        }
    }
}
