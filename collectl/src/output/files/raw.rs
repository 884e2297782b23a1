//! Raw files: records as text, which collectl and we play back.

use std::fmt;

use jiff::Timestamp;

use super::{FileError, Header, Keeping, log::Log, purge::purge, roll};
use crate::record::{Time, raw::push_close};

/// Moments of the wall clock.
pub(super) fn timestamp(time: Time) -> Timestamp {
    Timestamp::from_nanosecond(time.wall_ns.into()).unwrap_or(Timestamp::MAX)
}

/// When something of every file is due.
#[derive(Debug)]
pub(super) struct Due {
    roll: Option<Timestamp>,
    flushed: Time,
}

impl Due {
    pub fn new(keeping: &Keeping, now: Time) -> Self {
        let next = |of| roll::next(&of, timestamp(now), &keeping.zone);
        Self {
            roll: keeping.roll.map(next),
            flushed: now,
        }
    }

    /// Whether new files are to be begun; once.
    pub fn roll(&mut self, keeping: &Keeping, now: Time) -> bool {
        let due = self.roll.is_some_and(|at| timestamp(now) >= at);
        if due {
            *self = Self::new(keeping, now);
        }
        due
    }

    /// Whether it is time to flush; once.
    pub fn flush(&mut self, keeping: &Keeping, now: Time) -> bool {
        let since = u128::from(now.steady_ns.saturating_sub(self.flushed.steady_ns));
        let due = since >= keeping.flush.as_nanos();
        if due {
            self.flushed = now;
        }
        due
    }
}

/// A raw file, and the next one when it is time for that.
pub struct RawFile {
    keeping: Keeping,
    header: Header,
    due: Due,
    /// There is none if it could not be opened.
    log: Option<Log>,
}

impl fmt::Debug for RawFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawFile")
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

impl RawFile {
    /// Begins one.
    ///
    /// # Errors
    /// If there is no writing there.
    pub fn begin(keeping: Keeping, header: Header, now: Time) -> Result<Self, FileError> {
        let mut file = Self {
            due: Due::new(&keeping, now),
            keeping,
            header,
            log: None,
        };
        file.open(now)?;
        Ok(file)
    }

    fn open(&mut self, now: Time) -> Result<(), FileError> {
        let Keeping {
            naming, zone, roll, ..
        } = &self.keeping;
        let failed = |error| FileError::new("make the directory", naming.directory(), error);
        naming.make_directory().map_err(failed)?;
        let path = naming.raw(timestamp(now).to_zoned(zone.clone()).datetime());
        let mut log = Log::open(path, true)?;
        let mut written = log.push(&(self.header)(now));
        // A file that is there tells more than one that is not, even before the first flush.
        written = log.flush().and(written);
        // On a full disk it is kept, and tried again, as all that follows.
        self.log = Some(log);
        written?;
        if let Some(roll) = roll.filter(|roll| roll.days > 0) {
            let failed = |error| FileError::new("remove old files in", naming.directory(), error);
            purge(naming, roll.days, timestamp(now), zone).map_err(failed)?;
        }
        Ok(())
    }

    /// Adds a record of [`push_record`](crate::record::raw::push_record).
    ///
    /// # Errors
    /// If it cannot be written now. It is kept, as long as there is room.
    pub fn record(&mut self, now: Time, record: &str) -> Result<(), FileError> {
        let mut result = Ok(());
        if self.due.roll(&self.keeping, now) {
            // The end of the last interval of the old file is the beginning of the new one.
            result = self.finish(now);
        }
        if self.log.as_ref().is_none_or(Log::is_lost) {
            result = self.open(now).and(result);
        }
        if let Some(log) = &mut self.log {
            result = log.push(record).and(result);
            if self.due.flush(&self.keeping, now) {
                result = log.flush().and(result);
            }
        }
        result
    }

    /// The end of the recording, now.
    ///
    /// # Errors
    /// If what is left cannot be written.
    pub fn finish(&mut self, now: Time) -> Result<(), FileError> {
        let Some(mut log) = self.log.take() else {
            return Ok(());
        };
        let mut close = String::new();
        push_close(&mut close, now.wall_ns);
        log.push(&close)?;
        log.finish()
    }
}

#[cfg(test)]
#[path = "raw_tests.rs"]
mod tests;
