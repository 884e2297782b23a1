//! Processes as lines of columns and as plot lines.

use jiff::tz::TimeZone;

use super::Table;
use crate::options::{Options, ProcessOptions};

/// Writes the line above the columns, `# PROCESS SUMMARY (counters are /sec)`, with its end. With
/// `totals` (`-on`) counters are not divided by the time.
pub fn title(options: &ProcessOptions, totals: bool, to: &mut String) {
    let _ = (options, totals, to);
}

/// Writes the line of column names with its end. `filler` stands between `#` and the first of them:
/// `Time     ` where data lines begin with a time, else nothing.
pub fn columns(options: &ProcessOptions, filler: &str, to: &mut String) {
    let _ = (options, filler, to);
}

/// Writes the names of plot columns from `PID` on, without a separator before the first and without
/// the end of the line.
pub fn plot_columns(options: &ProcessOptions, separator: char, to: &mut String) {
    let _ = (options, separator, to);
}

/// Writes rows and keeps the text of those that do not change. There is one for each place where rows
/// go with looks of its own.
pub struct Rows {}

impl Rows {
    /// Lines of columns. Start times are shown in the time zone.
    #[must_use]
    pub fn of_columns(options: &Options, zone: TimeZone) -> Self {
        let _ = (options, zone);
        Self {}
    }

    /// Plot lines.
    #[must_use]
    pub fn of_plot(options: &Options, separator: char) -> Self {
        let _ = (options, separator);
        Self {}
    }

    /// Writes a line a row, each with its end. Each begins with `prefix`: nothing or `HH:MM:SS ` before
    /// columns, date and time with a separator after each in plot lines.
    pub fn write(&mut self, table: &Table, prefix: &str, to: &mut String) {
        let _ = (table, prefix, to);
    }
}
