//! Recordings: raw files and plot files.
//!
//! Text is kept until the flush interval is over, then compressed and written so that everything up to
//! there can be read, whatever happens to us afterwards. What cannot be written is kept for a while and
//! tried again.

mod log;
mod mend;
mod naming;
mod plot;
mod purge;
mod raw;
mod roll;

use std::{io, path::PathBuf, time::Duration};

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::{options, record::Time};

pub use naming::Naming;
pub use plot::{PlotFiles, PlotPart};
pub use raw::RawFile;

/// How much can be lost if nobody says otherwise.
const FLUSH: Duration = Duration::from_secs(60);

/// The text in front of a file's records, when it is begun.
pub type Header = Box<dyn Fn(Time) -> String + Send>;

/// A file that cannot be written. What is to be in it is kept as long as there is room, and tried again.
#[derive(Debug, Error)]
#[error("could not {what} {}: {source}", path.display())]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    fn new(what: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        Self { what, path, source }
    }
}

/// How files are kept.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// What they are called.
    pub naming: Naming,
    /// Compressed.
    pub gzip: bool,
    /// A plot file that is there already is left alone, and an error.
    pub fresh: bool,
    /// What a kill at any moment loses at most.
    pub flush: Duration,
    /// When new ones are begun and old ones removed.
    pub roll: Option<options::Roll>,
    /// Local time.
    pub zone: TimeZone,
}

impl Keeping {
    /// As the options say. Raw files are always compressed: only of plot files somebody can want that
    /// they are not.
    #[must_use]
    pub fn new(files: &options::Files, host: &str, zone: TimeZone) -> Self {
        Self {
            naming: Naming::new(&files.path, host),
            gzip: files.gzip,
            fresh: false,
            flush: files.flush.unwrap_or(FLUSH),
            roll: files.roll,
            zone,
        }
    }

    /// What tells files of one day and place from others.
    #[must_use]
    pub fn day(&self, now: Time) -> String {
        let day = raw::timestamp(now).to_zoned(self.zone.clone()).datetime();
        self.naming.plot(day, "", false).display().to_string()
    }
}
