//! A file that grows.

use std::{
    fs::File,
    io::{self, Write},
    mem,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};

use super::{FileError, mend::mend};

/// What is ready to be written is written before the flush interval is over if it is so much.
const AHEAD: usize = 1 << 20;

/// What is kept while it cannot be written.
const KEPT: usize = 16 << 20;

/// A file that grows. What is written to it is in the file after [`flush`](Self::flush) only.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    text: Text,
    /// So much of the file is whole.
    written: u64,
}

#[derive(Debug)]
enum Text {
    Plain(Vec<u8>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    /// Too much could not be written: there is no going on with this file.
    Lost,
}

impl Log {
    /// Opens a file to append to it, or makes it, as the process's umask allows.
    pub fn open(path: PathBuf, gzip: bool) -> Result<Self, FileError> {
        let open = || -> io::Result<(File, u64)> {
            let mut file = append(&path)?;
            if gzip && mend(&path)? {
                file = append(&path)?;
            }
            let length = file.metadata()?.len();
            Ok((file, length))
        };
        let (file, written) = open().map_err(|error| FileError::new("open", &path, error))?;
        let text = match gzip {
            true => Text::Gzip(Box::new(GzEncoder::new(Vec::new(), Compression::default()))),
            false => Text::Plain(Vec::new()),
        };
        Ok(Self {
            path,
            file,
            text,
            written,
        })
    }

    /// Whether there is no going on with it.
    pub fn is_lost(&self) -> bool {
        matches!(self.text, Text::Lost)
    }

    /// Adds text.
    pub fn push(&mut self, text: &str) -> Result<(), FileError> {
        let ready = match &mut self.text {
            Text::Plain(plain) => {
                plain.extend_from_slice(text.as_bytes());
                plain.len()
            }
            Text::Gzip(gzip) => {
                // It goes to memory.
                let _ = gzip.write_all(text.as_bytes());
                gzip.get_ref().len()
            }
            Text::Lost => 0,
        };
        if ready > AHEAD { self.write() } else { Ok(()) }
    }

    /// Everything up to here is in the file and can be read.
    pub fn flush(&mut self) -> Result<(), FileError> {
        if let Text::Gzip(gzip) = &mut self.text {
            let _ = gzip.flush();
        }
        self.write()
    }

    /// The end of the file.
    pub fn finish(mut self) -> Result<(), FileError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), FileError> {
        if let Text::Gzip(gzip) = &mut self.text {
            let _ = gzip.try_finish();
        }
        let written = self.write();
        self.text = Text::Lost;
        written
    }

    /// As if we were killed.
    #[cfg(test)]
    pub fn kill(mut self) {
        self.text = Text::Lost;
    }

    /// Writes what is ready, all or nothing.
    fn write(&mut self) -> Result<(), FileError> {
        let ready = match &mut self.text {
            Text::Plain(plain) => plain,
            Text::Gzip(gzip) => gzip.get_mut(),
            Text::Lost => return Ok(()),
        };
        if ready.is_empty() {
            return Ok(());
        }
        let Err(error) = self.file.write_all(ready) else {
            self.written += ready.len() as u64;
            ready.clear();
            if ready.capacity() > AHEAD {
                drop(mem::take(ready));
            }
            return Ok(());
        };
        if ready.len() > KEPT {
            self.text = Text::Lost;
        }
        // Half of it would be in the way of the next attempt.
        let _ = self.file.set_len(self.written);
        Err(FileError::new("write", &self.path, error))
    }
}

/// Opens a file to append to it, and keeps others from doing the same: what two write would be mixed.
fn append(path: &Path) -> io::Result<File> {
    let file = File::options().append(true).create(true).open(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another run writes to it; name another place with -f",
        )),
        // Where files cannot be locked, there is nothing to be done.
        _ => Ok(file),
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::MultiGzDecoder;
    use std::{fs, io::Read, os::unix::fs::PermissionsExt};

    /// What can be read, whether or not the end is there.
    fn readable(path: &Path) -> String {
        let mut text = Vec::new();
        let _ = MultiGzDecoder::new(File::open(path).unwrap()).read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn everything_up_to_a_flush_can_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        let mut log = Log::open(path.clone(), true).unwrap();
        let mut expected = String::new();
        for number in 0..500 {
            let line = format!("line {number}\n");
            log.push(&line).unwrap();
            expected += &line;
            if number % 7 == 0 {
                log.flush().unwrap();
                assert_eq!(readable(&path), expected);
            }
        }
        log.finish().unwrap();
        let mut text = String::new();
        let mut whole = MultiGzDecoder::new(File::open(&path).unwrap());
        whole.read_to_string(&mut text).unwrap();
        assert_eq!(text, expected);
    }

    #[test]
    fn a_file_of_before_is_appended_to_even_if_its_end_is_missing() {
        let directory = tempfile::tempdir().unwrap();
        for gzip in [true, false] {
            let path = directory.path().join(if gzip { "x.gz" } else { "x" });
            let mut log = Log::open(path.clone(), gzip).unwrap();
            log.push("1\n").unwrap();
            log.finish().unwrap();
            let mut killed = Log::open(path.clone(), gzip).unwrap();
            killed.push("2\n").unwrap();
            killed.flush().unwrap();
            killed.kill();
            let mut log = Log::open(path.clone(), gzip).unwrap();
            log.push("3\n").unwrap();
            log.finish().unwrap();
            let text = match gzip {
                true => readable(&path),
                false => fs::read_to_string(&path).unwrap(),
            };
            assert_eq!(text, "1\n2\n3\n");
        }
    }

    #[test]
    fn a_full_disk_is_told_and_what_was_kept_is_lost_at_last() {
        let mut log = Log::open("/dev/full".into(), false).unwrap();
        log.push("1\n").unwrap();
        let error = log.flush().unwrap_err().to_string();
        assert!(
            error.starts_with("could not write /dev/full: No space left"),
            "{error}"
        );
        assert!(!log.is_lost());
        let text = "x".repeat(KEPT);
        assert!(log.push(&text).is_err());
        assert!(log.is_lost());
        log.push("2\n").unwrap();
        log.flush().unwrap();
    }

    #[test]
    fn what_could_not_be_written_is_written_later_and_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        let mut log = Log::open(path.clone(), true).unwrap();
        log.push("1\n").unwrap();
        log.flush().unwrap();
        let file = mem::replace(&mut log.file, File::open("/dev/null").unwrap());
        log.push("2\n").unwrap();
        assert!(log.flush().is_err());
        log.file = file;
        log.push("3\n").unwrap();
        log.finish().unwrap();
        assert_eq!(readable(&path), "1\n2\n3\n");
    }

    #[test]
    fn permissions_are_those_of_the_umask() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x");
        drop(Log::open(path.clone(), false).unwrap());
        let plain = directory.path().join("y");
        drop(File::create(&plain).unwrap());
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(path), mode(plain));
    }

    #[test]
    fn two_do_not_write_to_the_same_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        let first = Log::open(path.clone(), true).unwrap();
        let error = Log::open(path.clone(), true).unwrap_err().to_string();
        assert!(error.contains("x.gz: another run writes to it"), "{error}");
        drop(first);
        Log::open(path, true).unwrap();
    }

    #[test]
    fn what_cannot_be_opened_is_told() {
        let error = Log::open("/no/such/x".into(), true)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("could not open /no/such/x: No such file"),
            "{error}"
        );
    }
}
