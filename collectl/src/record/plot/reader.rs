//! Rows of a plot file.

use std::{fmt, path::Path, sync::Arc};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{Columns, Row};
use crate::record::{
    input::{Error, Input, Next},
    raw::Header,
};

/// A plot file, plain or compressed, of collectl or ours. A file that was continued has its header and its
/// columns again wherever it was.
///
/// As an iterator it gives the rows in turn. A line that is no row is an error that says why, and what is
/// behind it comes next; behind any other error nothing does.
pub struct Reader {
    input: Input,
    header: Option<Header>,
    /// Lines of a header that is being read.
    text: String,
    columns: Arc<Columns>,
    zone: TimeZone,
    begun: Date,
    ended: bool,
}

impl Reader {
    /// Opens a file and reads what is above its first row. `zone` is that of its times if it does not say so.
    ///
    /// # Errors
    /// It cannot be read, is empty, or names no columns before its first row.
    pub fn open(path: &Path, zone: &TimeZone) -> Result<Self, Error> {
        Self::of(Input::open(path)?, zone)
    }

    fn of(mut input: Input, zone: &TimeZone) -> Result<Self, Error> {
        let mut text = String::new();
        let columns = loop {
            let missing = match input.next()? {
                Next::Line => match Columns::parse(input.line()) {
                    Some(columns) => break columns,
                    None if input.line().starts_with('#') => {
                        push(&mut text, input.line());
                        continue;
                    }
                    // Plot lines on a terminal and on sockets have an empty line at times.
                    None if input.line().is_empty() => continue,
                    None => "is above the names of columns",
                },
                Next::Cut(why) => {
                    return Err(input.cut(format!("{why}; there is no row before it")));
                }
                Next::End => "is the end of the file",
            };
            return Err(input.content(format!(
                "this {missing}; a plot file has a line like \"#Date Time [CPU]User% …\" before its rows"
            )));
        };
        let begun = zone.to_datetime(Timestamp::now()).date();
        let mut reader = Self {
            input,
            header: None,
            text,
            columns: Arc::new(columns),
            zone: zone.clone(),
            begun: begun.saturating_sub(jiff::Span::new().days(360)),
            ended: false,
        };
        reader.take_header();
        Ok(reader)
    }

    /// What the file says once, if it does.
    #[must_use]
    pub fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// The columns of the rows that come next.
    #[must_use]
    pub fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// The zone of the file's times.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Makes use of the lines above the names of columns; they may be somebody's remarks.
    fn take_header(&mut self) {
        let text = std::mem::take(&mut self.text);
        let Ok(header) = Header::parse(&text) else {
            return;
        };
        self.zone = header.zone();
        if header.begun > 0 {
            let begun = Timestamp::from_second(header.begun.try_into().unwrap_or(i64::MAX));
            self.begun = self
                .zone
                .to_datetime(begun.unwrap_or(Timestamp::MAX))
                .date();
        }
        self.header = Some(header);
    }

    fn try_next(&mut self) -> Result<Option<Row>, Error> {
        loop {
            match self.input.next()? {
                Next::Line => {}
                Next::End => return Ok(None),
                Next::Cut(why) => return Err(self.input.cut(format!("{why}; it is left out"))),
            }
            let line = self.input.line();
            if let Some(columns) = Columns::parse(line) {
                if columns != *self.columns {
                    self.columns = Arc::new(columns);
                }
                self.take_header();
            } else if line.starts_with('#') {
                push(&mut self.text, line);
            } else if !line.is_empty() {
                let row = Row::parse(line, &self.columns, &self.zone, self.begun);
                return row.map(Some).map_err(|what| self.input.content(what));
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.try_next();
        // Behind a line that is no row there may be others.
        self.ended = matches!(
            next,
            Ok(None) | Err(Error::System { .. } | Error::Cut { .. })
        );
        next.transpose()
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("input", &self.input)
            .finish_non_exhaustive()
    }
}

/// Remarks may be any number; a header has not many lines.
fn push(text: &mut String, line: &str) {
    if text.len() + line.len() < 1 << 20 {
        text.push_str(line);
        text.push('\n');
    }
}
