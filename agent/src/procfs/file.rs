//! Opening and reading files below the proc root, into one reused buffer.

use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags, SeekFrom, open, openat, seek};
use rustix::io::{Errno, read, retry_on_intr};

use super::error::{Error, ParseError};
use super::path::ProcPath;

/// No file read here comes near this.
pub(super) const LIMIT: usize = 16 << 20;

/// How much of a file to read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// A file that the kernel prints in one piece (`single_open` in fs/seq_file.c): a short read is
    /// its end, which saves the read that would return nothing.
    Record,
    /// A file of many records: reads may be short before the end.
    Records,
    /// At least the first so many bytes, if there are as many.
    Prefix(usize),
}

/// The proc root, or the directory of one process below it, kept open, and the buffer.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) root: OwnedFd,
    /// Whether `root` is the directory of a process.
    process: bool,
    text: Vec<u8>,
    /// Files of the machine that are read often.
    kept: Vec<(ProcPath, OwnedFd)>,
}

impl Files {
    pub(super) fn open(proc: &Path) -> Result<Self, Error> {
        let root = open(
            proc,
            OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )
        .map_err(|errno| Error::system(ProcPath::System("."), errno))?;
        Ok(Self {
            root,
            process: false,
            text: Vec::with_capacity(4096),
            kept: Vec::new(),
        })
    }

    /// The files of one process, all of them of the process that has this id now.
    pub(super) fn of_process(&self, pid: u32) -> Result<Self, Error> {
        let path = ProcPath::Process(pid, "");
        Ok(Self {
            root: self.descriptor(path, OFlags::RDONLY | OFlags::DIRECTORY)?,
            process: true,
            text: Vec::with_capacity(4096),
            kept: Vec::new(),
        })
    }

    /// The parsed content of one file.
    pub(super) fn parse<T>(
        &mut self,
        path: ProcPath,
        extent: Extent,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Result<T, Error> {
        let fd = self.descriptor(path, OFlags::RDONLY)?;
        fill(fd, &mut self.text, path, extent)?;
        parse(&self.text).map_err(|error| Error::Parse { path, error })
    }

    /// As [`Files::parse`], for a file of the machine that is read again and again: it stays open,
    /// which saves more than half of its cost. Its content is made anew whenever it is read from
    /// the start (`seq_read_iter` in fs/seq_file.c).
    pub(super) fn parse_again<T>(
        &mut self,
        path: ProcPath,
        extent: Extent,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Result<T, Error> {
        let place = match self.kept.iter().position(|kept| kept.0 == path) {
            Some(place) => place,
            None => {
                let file = self.descriptor(path, OFlags::RDONLY)?;
                self.kept.push((path, file));
                self.kept.len() - 1
            }
        };
        let file = &self.kept[place].1;
        let read = seek(file, SeekFrom::Start(0))
            .map_err(|errno| Error::system(path, errno))
            .and_then(|_| fill(file, &mut self.text, path, extent));
        if let Err(error) = read {
            // Opened anew next time.
            self.kept.swap_remove(place);
            return Err(error);
        }
        parse(&self.text).map_err(|error| Error::Parse { path, error })
    }

    /// An open descriptor of one file or directory.
    pub(super) fn descriptor(&self, path: ProcPath, flags: OFlags) -> Result<OwnedFd, Error> {
        self.path(path, |name| {
            openat(&self.root, name, flags | OFlags::CLOEXEC, Mode::empty())
        })
    }

    /// Does something with a path that is relative to `root`.
    pub(super) fn path<T>(
        &self,
        path: ProcPath,
        act: impl FnOnce(&CStr) -> Result<T, Errno>,
    ) -> Result<T, Error> {
        let mut buffer = [0; 64];
        path.c_str(&mut buffer)
            .and_then(|name| {
                act(if self.process {
                    ProcPath::below_process(name)
                } else {
                    name
                })
            })
            .map_err(|errno| Error::system(path, errno))
    }
}

/// Replaces the content of `text` by that of the file.
pub(super) fn fill(
    fd: impl AsFd,
    text: &mut Vec<u8>,
    path: ProcPath,
    extent: Extent,
) -> Result<(), Error> {
    text.clear();
    loop {
        if text.len() >= LIMIT {
            return Err(Error::TooLarge { path, limit: LIMIT });
        }
        if text.len() == text.capacity() {
            text.reserve(text.len().max(4096));
        }
        let space = text.capacity() - text.len();
        let count = retry_on_intr(|| read(&fd, spare_capacity(text)))
            .map_err(|errno: Errno| Error::system(path, errno))?;
        let enough = match extent {
            Extent::Record => count < space,
            Extent::Records => false,
            Extent::Prefix(wanted) => text.len() >= wanted,
        };
        if count == 0 || enough {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    const PATH: ProcPath = ProcPath::System("file");

    fn content(size: usize, extent: Extent) -> Result<Vec<u8>, Error> {
        let tree = Tree::new();
        let bytes: Vec<u8> = (0..size).map(|at| (at % 251) as u8).collect();
        tree.file("proc/file", &bytes);
        let mut files = Files::open(&tree.root.proc)?;
        let read = files.parse(PATH, extent, |text| Ok(text.to_vec()))?;
        assert_eq!(read[..], bytes[..read.len()]);
        Ok(read)
    }

    #[test]
    fn files_of_any_length_are_read_whole() {
        for size in [0, 1, 4095, 4096, 4097, 100_000] {
            assert_eq!(content(size, Extent::Record).unwrap().len(), size);
            assert_eq!(content(size, Extent::Records).unwrap().len(), size);
        }
    }

    #[test]
    fn a_prefix_stops_early() {
        let length = content(100_000, Extent::Prefix(5000)).unwrap().len();
        assert!((5000..20_000).contains(&length), "{length}");
        assert_eq!(content(10, Extent::Prefix(5000)).unwrap().len(), 10);
    }

    #[test]
    fn a_short_read_ends_only_a_file_of_one_record() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        std::io::Write::write_all(&mut writer, b"first").unwrap();
        let mut text = Vec::new();
        fill(&reader, &mut text, PATH, Extent::Record).unwrap();
        assert_eq!(text, b"first");
        let writing = std::thread::spawn(move || {
            for part in [b"second", b" third"] {
                std::io::Write::write_all(&mut writer, part).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        fill(&reader, &mut text, PATH, Extent::Records).unwrap();
        writing.join().unwrap();
        assert_eq!(text, b"second third");
    }

    #[test]
    fn an_endless_file_is_refused() {
        let zero = std::fs::File::open("/dev/zero").unwrap();
        let error = fill(zero, &mut Vec::new(), PATH, Extent::Records);
        assert_eq!(
            error,
            Err(Error::TooLarge {
                path: PATH,
                limit: LIMIT
            })
        );
    }

    #[test]
    fn a_file_that_stays_open_is_read_from_its_start_each_time() {
        let tree = Tree::new();
        let mut files = Files::open(&tree.root.proc).unwrap();
        let mut read = || files.parse_again(PATH, Extent::Record, |text| Ok(text.to_vec()));
        assert!(read().unwrap_err().is_not_found());
        for text in ["first", "and the second"] {
            tree.file("proc/file", text);
            assert_eq!(read().unwrap(), text.as_bytes());
            assert_eq!(read().unwrap(), text.as_bytes());
        }
        assert_eq!(files.kept.len(), 1);
    }

    #[test]
    fn reading_again_needs_no_more_memory() {
        let tree = Tree::new();
        tree.file("proc/file", [b'x'; 10_000]);
        let mut files = Files::open(&tree.root.proc).unwrap();
        files.parse(PATH, Extent::Record, |_| Ok(())).unwrap();
        let (place, capacity) = (files.text.as_ptr(), files.text.capacity());
        for _ in 0..10 {
            files.parse(PATH, Extent::Record, |_| Ok(())).unwrap();
        }
        assert_eq!(
            (files.text.as_ptr(), files.text.capacity()),
            (place, capacity)
        );
    }
}
