//! Records of a raw file.

use std::{fmt, path::Path};

use super::{END, Header, seconds, time};
use crate::record::{
    Time,
    input::{Error, Input, Next},
};

/// No record is longer than this, in bytes.
const LONGEST: usize = 256 << 20;

/// A record of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// When. The steady clock begins with the wall clock's time of the file's first record; in collectl's files,
    /// which have no other, it is the wall clock.
    pub time: Time,
    /// Its lines, each with its end.
    pub text: String,
}

/// A raw file, plain or compressed, of collectl or ours.
///
/// As an iterator it gives the records in turn. Of a file that was cut it gives those that are whole, then an
/// error that says so ([`Error::is_cut`]); after an error there is nothing more.
pub struct Reader {
    input: Input,
    header: Header,
    /// The time of the record that comes next, if its line was read.
    next: Option<u64>,
    /// The wall clock and the steady clock of a record, which others are counted from.
    base: Option<(u64, u64)>,
    ended: bool,
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// It cannot be read, is empty, was cut in its header or is no raw file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::of(Input::open(path)?)
    }

    fn of(mut input: Input) -> Result<Self, Error> {
        let mut text = String::new();
        let next = loop {
            match input.next()? {
                Next::Line if input.line().starts_with('#') => {
                    text.push_str(input.line());
                    text.push('\n');
                }
                Next::Line if text.is_empty() => {
                    return Err(input.content(
                        "a raw file of collectl begins with lines that begin with #; this one does not"
                            .to_owned(),
                    ));
                }
                Next::Line => break marker(&input)?,
                Next::End if text.is_empty() => {
                    return Err(input.content("the file is empty".to_owned()));
                }
                Next::End => break None,
                Next::Cut(why) => {
                    return Err(input.cut(format!(
                        "{why}, and it is still the header; nothing is recorded"
                    )));
                }
            }
        };
        let header = Header::parse(&text).map_err(|what| input.content(what))?;
        Ok(Self {
            input,
            header,
            next,
            base: None,
            ended: false,
        })
    }

    /// What the file says once.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next record into the memory of another; whether there was one.
    ///
    /// # Errors
    /// As of the iterator. Nothing comes after an error.
    pub fn read(&mut self, record: &mut Record) -> Result<bool, Error> {
        if self.ended {
            return Ok(false);
        }
        let read = self.try_read(record);
        self.ended = !matches!(read, Ok(true));
        read
    }

    fn try_read(&mut self, record: &mut Record) -> Result<bool, Error> {
        record.text.clear();
        loop {
            let cut = match self.input.next()? {
                Next::Line => match self.line(record)? {
                    Some(time) => {
                        record.time = time;
                        return Ok(true);
                    }
                    None => continue,
                },
                Next::Cut(why) => why,
                // The last time of a file that was closed, or the end behind a whole record.
                Next::End if record.text.is_empty() => return Ok(false),
                Next::End => "the file ends where another record should begin",
            };
            let lost = match self.next {
                Some(wall_ns) => format!(
                    "the record of {} is not whole and left out",
                    Seconds(wall_ns)
                ),
                None => "no record is lost".to_owned(),
            };
            return Err(self.input.cut(format!("{cut}; {lost}")));
        }
    }

    /// Takes up the line that was read; the time of the record if it is whole now.
    fn line(&mut self, record: &mut Record) -> Result<Option<Time>, Error> {
        let line = self.input.line();
        if line.starts_with(">>>") {
            let next = marker(&self.input)?;
            let whole = std::mem::replace(&mut self.next, next);
            return Ok(whole.map(|wall_ns| self.steady(wall_ns, None)));
        }
        if let Some(comment) = line.strip_prefix('#') {
            let steady_ns = seconds(comment.trim_ascii());
            let is_end = line == END || steady_ns.is_some();
            let whole = self.next.take_if(|_| is_end);
            return Ok(whole.map(|wall_ns| self.steady(wall_ns, steady_ns)));
        }
        // Before the first time there is nothing of interest.
        if self.next.is_none() {
            return Ok(None);
        }
        if record.text.len() + line.len() > LONGEST {
            return Err(self
                .input
                .content(format!("the record is longer than {LONGEST} bytes")));
        }
        record.text.push_str(line);
        record.text.push('\n');
        Ok(None)
    }
}

impl Reader {
    /// The time of a record by the wall clock, and by the steady clock if it says so.
    fn steady(&mut self, wall_ns: u64, steady_ns: Option<u64>) -> Time {
        let since = |base: (u64, u64)| base.0.checked_add(steady_ns?.checked_sub(base.1)?);
        let known = self.base.and_then(since);
        if known.is_none() {
            // The first one, or another machine's: clocks do not go back.
            self.base = steady_ns.map(|steady_ns| (wall_ns, steady_ns));
        }
        Time {
            wall_ns,
            steady_ns: known.unwrap_or(wall_ns),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = Record::default();
        match self.read(&mut record) {
            Ok(true) => Some(Ok(record)),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

/// The time of the line that was read; none if it is no line with a time.
fn marker(input: &Input) -> Result<Option<u64>, Error> {
    let line = input.line();
    if !line.starts_with(">>>") {
        return Ok(None);
    }
    let shown: String = line.chars().take(60).collect();
    let wrong = || {
        input.content(format!(
            "{shown:?} should be a time like \">>> 1795196345.001 <<<\""
        ))
    };
    time(line).map(Some).ok_or_else(wrong)
}

/// Seconds since the epoch.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000_000;
        write!(f, "{}.{:03}", ms / 1000, ms % 1000)
    }
}
