//! Lines of a recorded file, plain or compressed, up to where it was cut.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

/// No line is longer: a file with one is none of ours, or made to fill our memory.
const LONGEST: usize = 16 << 20;

/// Why a recorded file cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system says so.
    #[error("{}: {error}", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
    /// It is not what it should be.
    #[error("{}: line {line}: {what}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Which line of it, from 1.
        line: u64,
        /// What is there and what should be.
        what: String,
    },
    /// It ends before its end, as after a kill or on a full disk. Everything whole was there before.
    #[error("{}: line {line}: {what}", path.display())]
    Cut {
        /// The file.
        path: PathBuf,
        /// The line that is not whole or is missing, from 1.
        line: u64,
        /// How it ends and what is lost.
        what: String,
    },
}

impl Error {
    /// Whether what was read before is all right.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        matches!(self, Self::Cut { .. })
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, in [`Input::line`].
    Line,
    /// The end of a file that is whole.
    End,
    /// Nothing more: why, in words.
    Cut(&'static str),
}

/// A recorded file.
pub(super) struct Input {
    source: Box<dyn BufRead + Send>,
    path: PathBuf,
    number: u64,
    bytes: Vec<u8>,
    text: String,
}

impl Input {
    /// A file; whether it is compressed, its first bytes tell.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let system = |error| Error::System {
            path: path.to_owned(),
            error,
        };
        let mut file = BufReader::with_capacity(64 << 10, File::open(path).map_err(system)?);
        let start = file.fill_buf().map_err(system)?;
        let source: Box<dyn BufRead + Send> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(
                64 << 10,
                MultiGzDecoder::new(file),
            ))
        } else {
            Box::new(file)
        };
        Ok(Self::of(source, path))
    }

    /// Text from anywhere; `path` is for errors.
    pub(super) fn of(source: Box<dyn BufRead + Send>, path: &Path) -> Self {
        Self {
            source,
            path: path.to_owned(),
            number: 0,
            bytes: Vec::new(),
            text: String::new(),
        }
    }

    /// Reads the next line. After anything but a line there is none.
    pub(super) fn next(&mut self) -> Result<Next, Error> {
        self.bytes.clear();
        self.number += 1;
        loop {
            let some = match self.source.fill_buf() {
                Ok(some) => some,
                Err(error) => return self.stopped(error),
            };
            if some.is_empty() {
                return Ok(match self.bytes.is_empty() {
                    true => Next::End,
                    false => Next::Cut("the file ends within it"),
                });
            }
            let end = some.iter().position(|&byte| byte == b'\n');
            let count = end.map_or(some.len(), |end| end + 1);
            self.bytes.extend_from_slice(&some[..count]);
            self.source.consume(count);
            if end.is_some() {
                break;
            }
            if self.bytes.len() > LONGEST {
                return Err(self.content(format!(
                    "it is longer than {LONGEST} bytes; no record has such a line"
                )));
            }
        }
        self.bytes.pop();
        // What comes from command lines may be anything.
        self.text.clear();
        for chunk in self.bytes.utf8_chunks() {
            self.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        Ok(Next::Line)
    }

    /// The line that was read, without its end.
    pub(super) fn line(&self) -> &str {
        &self.text
    }

    fn stopped(&self, error: io::Error) -> Result<Next, Error> {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Next::Cut("the compressed file ends within it")),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                Ok(Next::Cut("the compressed file is damaged from here on"))
            }
            _ => Err(Error::System {
                path: self.path.clone(),
                error,
            }),
        }
    }

    /// An error about the line that was read last.
    pub(super) fn content(&self, what: String) -> Error {
        Error::Content {
            path: self.path.clone(),
            line: self.number,
            what,
        }
    }

    /// The error of a file that was cut there.
    pub(super) fn cut(&self, what: String) -> Error {
        Error::Cut {
            path: self.path.clone(),
            line: self.number,
            what,
        }
    }
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.number)
    }
}
