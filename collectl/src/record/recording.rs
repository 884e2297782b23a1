//! A recorded file of either kind.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{
    input::{Error, Input, Next},
    plot, raw,
};

/// Of a file's first lines so many may be remarks.
const REMARKS: usize = 10_000;

/// A recorded file.
#[derive(Debug)]
pub enum Recording {
    /// Records.
    Raw(Box<raw::Reader>),
    /// Rows for plotting programs.
    Plot(Box<plot::Reader>),
}

impl Recording {
    /// Opens a file; what it is, its first lines tell. `zone` is that of a plot file's times if it does not say
    /// so.
    ///
    /// # Errors
    /// It cannot be read, or is neither.
    pub fn open(path: &Path, zone: &TimeZone) -> Result<Self, Error> {
        let mut input = Input::open(path)?;
        for _ in 0..REMARKS {
            let line = match input.next()? {
                Next::Line => input.line(),
                // Why it is none, the reader of raw files says.
                Next::End | Next::Cut(_) => break,
            };
            if line.starts_with("#Date") || line.starts_with("#UTC") {
                return plot::Reader::open(path, zone).map(|reader| Self::Plot(Box::new(reader)));
            }
            if !line.starts_with('#') {
                break;
            }
        }
        raw::Reader::open(path).map(|reader| Self::Raw(Box::new(reader)))
    }
}
