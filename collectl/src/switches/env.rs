//! What a command line means depends a little on where it is given: files and the day.

use std::{
    io,
    path::{Path, PathBuf},
};

use jiff::{Zoned, civil::Date};

use super::pattern;

/// The surroundings of a command line.
pub struct Env<'a> {
    /// The text of a file, for `--procfilt FILE`.
    pub read: &'a dyn Fn(&Path) -> io::Result<String>,
    /// The files whose names match a pattern, in the order of their names, for `-p 'DIR/*.raw.gz'`.
    pub find: &'a dyn Fn(&Path) -> io::Result<Vec<PathBuf>>,
    /// `TODAY` in `-p`.
    pub today: Date,
}

impl Env<'static> {
    /// This machine, now.
    #[must_use]
    pub fn here() -> Self {
        Self {
            read: &|path| std::fs::read_to_string(path),
            find: &pattern::find,
            today: Zoned::now().date(),
        }
    }
}
