//! Plot files: one for all summaries, one for each kind of details, for each day.

use std::{fmt, io, sync::Arc};

use super::{
    FileError, Header, Keeping,
    log::Log,
    purge::purge,
    raw::{Due, timestamp},
};
use crate::record::Time;

/// What a sample has for one kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlotPart<'a> {
    /// The kind, such as `tab` or `cpu`.
    pub kind: &'a str,
    /// Its columns, a line with its end.
    pub header: &'a str,
    /// Its lines, each with its end.
    pub lines: &'a str,
}

/// Plot files.
pub struct PlotFiles {
    keeping: Keeping,
    header: Header,
    due: Due,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    kind: String,
    /// The columns it has at its end.
    columns: Arc<str>,
    log: Option<Log>,
}

impl fmt::Debug for PlotFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlotFiles")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl PlotFiles {
    /// For files of these kinds. `header` is what each begins with.
    ///
    /// # Errors
    /// If there is no writing there.
    pub fn begin<'a>(
        keeping: Keeping,
        header: Header,
        kinds: impl IntoIterator<Item = &'a str>,
        now: Time,
    ) -> Result<Self, FileError> {
        let mut files = Self {
            due: Due::new(&keeping, now),
            keeping,
            header,
            files: Vec::new(),
        };
        files.prepare(now)?;
        for kind in kinds {
            let mut file = File::new(kind);
            file.open(&files.keeping, &files.header, now)?;
            files.files.push(file);
        }
        Ok(files)
    }

    /// A directory without old files.
    fn prepare(&self, now: Time) -> Result<(), FileError> {
        let Keeping {
            naming, zone, roll, ..
        } = &self.keeping;
        let failed = |error| FileError::new("make the directory", naming.directory(), error);
        naming.make_directory().map_err(failed)?;
        if let Some(roll) = roll.filter(|roll| roll.days > 0) {
            let failed = |error| FileError::new("remove old files in", naming.directory(), error);
            purge(naming, roll.days, timestamp(now), zone).map_err(failed)?;
        }
        Ok(())
    }

    /// Adds lines to each file that there are some for.
    ///
    /// # Errors
    /// If they cannot be written now. They are kept, as long as there is room.
    pub fn write<'a>(
        &mut self,
        now: Time,
        parts: impl IntoIterator<Item = PlotPart<'a>>,
    ) -> Result<(), FileError> {
        let mut result = Ok(());
        if self.due.roll(&self.keeping, now) {
            result = self.finish();
            result = self.prepare(now).and(result);
        }
        for part in parts {
            let at = match self.files.iter().position(|file| file.kind == part.kind) {
                Some(at) => at,
                None => {
                    self.files.push(File::new(part.kind));
                    self.files.len() - 1
                }
            };
            let file = &mut self.files[at];
            result = file
                .write(&part, &self.keeping, &self.header, now)
                .and(result);
        }
        if self.due.flush(&self.keeping, now) {
            for log in self.files.iter_mut().filter_map(|file| file.log.as_mut()) {
                result = log.flush().and(result);
            }
        }
        result
    }

    /// The end of the recording.
    ///
    /// # Errors
    /// If what is left cannot be written.
    pub fn finish(&mut self) -> Result<(), FileError> {
        let mut result = Ok(());
        for log in self.files.iter_mut().filter_map(|file| file.log.take()) {
            // One that fails does not keep others.
            result = log.finish().and(result);
        }
        result
    }
}

impl File {
    fn new(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            columns: Arc::default(),
            log: None,
        }
    }

    fn open(&mut self, keeping: &Keeping, header: &Header, now: Time) -> Result<(), FileError> {
        let day = timestamp(now).to_zoned(keeping.zone.clone()).datetime();
        let path = keeping.naming.plot(day, &self.kind, keeping.gzip);
        if keeping.fresh && path.exists() {
            let there = io::Error::new(
                io::ErrorKind::AlreadyExists,
                "it is there already and is left alone; remove it, or name another place with -f",
            );
            return Err(FileError::new("make", path, there));
        }
        let mut log = Log::open(path, keeping.gzip)?;
        let mut written = log.push(&header(now));
        written = log.flush().and(written);
        // On a full disk it is kept, and tried again, as all that follows.
        self.log = Some(log);
        self.columns = Arc::default();
        written
    }

    fn write(
        &mut self,
        part: &PlotPart<'_>,
        keeping: &Keeping,
        header: &Header,
        now: Time,
    ) -> Result<(), FileError> {
        if part.lines.is_empty() {
            return Ok(());
        }
        let mut result = Ok(());
        if self.log.as_ref().is_none_or(Log::is_lost) {
            result = self.open(keeping, header, now);
        }
        let Some(log) = &mut self.log else {
            return result;
        };
        if *self.columns != *part.header {
            self.columns = part.header.into();
            result = log.push(part.header).and(result);
        }
        log.push(part.lines).and(result)
    }
}

#[cfg(test)]
#[path = "plot_tests.rs"]
mod tests;
