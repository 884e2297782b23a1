//! Fields of a plot line, each with a separator before it.

use std::fmt::{Display, Write as _};

use crate::options::Plot;

/// Appends fields.
pub(super) struct Fields<'a> {
    to: &'a mut String,
    plot: Plot,
}

impl<'a> Fields<'a> {
    pub(super) fn new(to: &'a mut String, plot: Plot) -> Self {
        Self { to, plot }
    }

    /// A text or a whole number.
    pub(super) fn put(&mut self, field: impl Display) {
        let _ = write!(self.to, "{}{field}", self.plot.separator);
    }

    /// A number with the digits that are wanted.
    pub(super) fn number(&mut self, value: f64) {
        self.precise(value, self.plot.decimals);
    }

    /// Numbers with the digits that are wanted.
    pub(super) fn numbers(&mut self, values: &[f64]) {
        for &value in values {
            self.number(value);
        }
    }

    /// A number with so many digits behind the point.
    pub(super) fn precise(&mut self, value: f64, decimals: u8) {
        let digits = usize::from(decimals);
        let _ = write!(self.to, "{}{value:.digits$}", self.plot.separator);
    }

    /// Names of a group: `[CPU]User%`.
    pub(super) fn names(&mut self, group: impl Display, names: &[&str]) {
        for name in names {
            let _ = write!(self.to, "{}[{group}]{name}", self.plot.separator);
        }
    }
}
