//! What can go wrong. All values are `Copy`: an error costs no allocation.

use rustix::io::Errno;

use super::name::Name;
use super::path::ProcPath;

/// Why a file could not be had. The first two are ordinary while processes come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The process is gone (at open or after it), hidden by `hidepid=2`, or this kernel has no such
    /// file.
    #[error("{0}: not found")]
    NotFound(ProcPath),
    /// Refused to this user, for example by `hidepid=1`.
    #[error("{0}: permission denied")]
    Denied(ProcPath),
    /// Any other system error.
    #[error("{path}: {errno}")]
    Io {
        /// The file.
        path: ProcPath,
        /// The system error.
        errno: Errno,
    },
    /// More text than any sane file of this kind has.
    #[error("{path}: longer than {limit} bytes")]
    TooLarge {
        /// The file.
        path: ProcPath,
        /// The limit that it passed, in bytes.
        limit: usize,
    },
    /// The text is not what the kernel's documentation promises.
    #[error("{path}: {error}")]
    Parse {
        /// The file.
        path: ProcPath,
        /// Where in it, and what was wrong.
        error: ParseError,
    },
}

impl Error {
    pub(super) fn system(path: ProcPath, errno: Errno) -> Self {
        match errno {
            // ESRCH: the file was opened, then its process went away.
            Errno::NOENT | Errno::SRCH => Self::NotFound(path),
            Errno::ACCESS | Errno::PERM => Self::Denied(path),
            errno => Self::Io { path, errno },
        }
    }

    /// Whether the process (or file) was simply not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound(_))
    }
}

/// Text that could not be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, {item}: wanted {wanted}, found {shown:?}")]
pub struct ParseError {
    /// Line of the file, from 1.
    pub line: u32,
    /// Name of the field or line.
    pub item: &'static str,
    /// What should have been there.
    pub wanted: &'static str,
    /// The start of what was there.
    pub shown: Name<32>,
}

impl ParseError {
    pub(super) fn new(line: u32, item: &'static str, wanted: &'static str, found: &[u8]) -> Self {
        Self {
            line,
            item,
            wanted,
            shown: Name::shortened(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vanished_process_and_a_refusal_are_told_apart() {
        let path = ProcPath::Process(7, "stat");
        assert!(Error::system(path, Errno::NOENT).is_not_found());
        assert!(Error::system(path, Errno::SRCH).is_not_found());
        assert_eq!(Error::system(path, Errno::PERM), Error::Denied(path));
        assert_eq!(Error::system(path, Errno::ACCESS), Error::Denied(path));
        assert_eq!(
            Error::system(path, Errno::IO),
            Error::Io {
                path,
                errno: Errno::IO
            }
        );
    }

    #[test]
    fn a_parse_error_tells_file_line_item_wanted_and_a_short_sample() {
        let error = ParseError::new(3, "utime", "u64", &[b'x'; 100]);
        let text = Error::Parse {
            path: ProcPath::Process(7, "stat"),
            error,
        }
        .to_string();
        assert_eq!(
            text,
            format!(
                "7/stat: line 3, utime: wanted u64, found \"{}\"",
                "x".repeat(32)
            )
        );
    }

    #[test]
    fn errors_are_small() {
        assert!(size_of::<Error>() <= 128);
    }
}
