//! The rows of one sample.

use super::{filter, row::Row};

/// All processes that were asked for, at the end of an interval.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Wall clock at the end of the interval, ns since the epoch.
    pub wall_ns: u64,
    /// Its length, ns; 0 for the first one, whose rows have nothing but totals.
    pub interval_ns: u64,
    /// Whether CPU times are the scheduler's own, not ticks.
    pub exact: bool,
    /// Processes that died in the interval but could not be listed.
    pub unlisted: u64,
    /// When the machine began, ns since the epoch; 0 if that is not known.
    pub boot_wall_ns: u64,
    /// By slot; those that nobody uses any more are in it, too.
    pub(super) slots: Vec<Row>,
    /// The slots of the rows, by process id.
    pub(super) order: Vec<u32>,
    /// Those and the ones that are recorded but not shown.
    pub(super) all: Vec<u32>,
}

impl Table {
    /// The rows, by process id, threads among them by their own.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Row> {
        self.order.iter().map(|&slot| &self.slots[slot as usize])
    }

    /// The rows and those that are not shown now for what they did or their state: a recording has them,
    /// or the interval in which they are shown again could not be told from their whole life.
    pub(super) fn recorded(&self) -> impl Iterator<Item = &Row> {
        self.all.iter().map(|&slot| &self.slots[slot as usize])
    }

    /// Fills the list of rows from that of all.
    pub(super) fn show(&mut self, states: &str, active: bool) {
        let slots = &self.slots;
        let shows = |slot: &&u32| filter::shows(states, active, &slots[**slot as usize]);
        self.order.clear();
        self.order.extend(self.all.iter().filter(shows));
    }

    /// Length of the interval in seconds; 1 if it has none, so that nothing is divided by 0.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        match self.interval_ns {
            0 => 1.0,
            ns => ns as f64 / 1e9,
        }
    }
}
