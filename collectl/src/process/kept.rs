//! Text of rows that do not change.

use super::row::Row;

/// Text by slot, as long as the row's version stays.
#[derive(Debug, Default)]
pub struct Kept {
    slots: Vec<(u64, String)>,
}

impl Kept {
    /// Writes a row's text, which `make` appends if there is none yet.
    pub fn write(&mut self, row: &Row, to: &mut String, make: impl FnOnce(&mut String)) {
        if row.slot >= self.slots.len() {
            self.slots.resize_with(row.slot + 1, Default::default);
        }
        let (version, text) = &mut self.slots[row.slot];
        if *version != row.version {
            text.clear();
            make(text);
            *version = row.version;
        }
        to.push_str(text);
    }
}
