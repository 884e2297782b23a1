//! Files of processes, by way of one open directory and into one reused buffer.

use std::{fmt::Write as _, path::Path};

use rustix::{
    buffer::spare_capacity,
    fd::{AsFd, OwnedFd},
    fs::{Mode, OFlags, RawDir, open, openat},
    io::{Errno, read, retry_on_intr},
};

/// The most of a file that is read. Only command lines come near it.
const MOST: usize = 64 << 10;

/// `/proc`, kept open.
#[derive(Debug)]
pub struct Files {
    proc: OwnedFd,
    path: String,
    text: Vec<u8>,
}

/// Whose file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// All of a process.
    Process(u32),
    /// A thread of a process.
    Thread(u32, u32),
}

impl Files {
    /// # Errors
    /// It is no directory that may be opened.
    pub fn open(proc: &Path) -> Result<Self, Errno> {
        Ok(Self {
            proc: open(
                proc,
                OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
                Mode::empty(),
            )?,
            path: String::with_capacity(64),
            text: Vec::with_capacity(4096),
        })
    }

    /// What a file says, or its beginning.
    ///
    /// # Errors
    /// It cannot be read: its owner has gone, or it is not for us.
    pub fn read(&mut self, owner: Owner, name: &str) -> Result<&[u8], Errno> {
        self.path(owner, name);
        let file = self.opened(OFlags::RDONLY)?;
        self.text.clear();
        while self.text.len() < MOST {
            if self.text.len() == self.text.capacity() {
                self.text.reserve(self.text.len().max(4096));
            }
            let space = self.text.capacity() - self.text.len();
            let text = &mut self.text;
            let count = retry_on_intr(|| read(&file, spare_capacity(text)))?;
            // These files come in one piece: a short one is the last.
            if count < space {
                break;
            }
        }
        Ok(&self.text)
    }

    /// Puts the threads of a process into `to`, reusing its memory.
    ///
    /// # Errors
    /// The process has gone.
    pub fn threads(&mut self, pid: u32, to: &mut Vec<u32>) -> Result<(), Errno> {
        to.clear();
        self.path(Owner::Process(pid), "task");
        let directory = self.opened(OFlags::RDONLY | OFlags::DIRECTORY)?;
        self.text.clear();
        self.text.reserve(4096);
        let mut entries = RawDir::new(directory.as_fd(), self.text.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let id = entry.file_name().to_str().ok();
            to.extend(id.and_then(|id| id.parse::<u32>().ok()));
        }
        Ok(())
    }

    fn path(&mut self, owner: Owner, name: &str) {
        self.path.clear();
        // Writing to a string never fails.
        let _ = match owner {
            Owner::Process(pid) => write!(self.path, "{pid}/{name}"),
            Owner::Thread(pid, tid) => write!(self.path, "{pid}/task/{tid}/{name}"),
        };
    }

    fn opened(&self, flags: OFlags) -> Result<OwnedFd, Errno> {
        let path = self.path.as_str();
        retry_on_intr(|| openat(&self.proc, path, flags | OFlags::CLOEXEC, Mode::empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn files_and_threads_are_read_into_the_same_memory() {
        let root = tempfile::tempdir().unwrap();
        for tid in [5, 7, 70] {
            fs::create_dir_all(root.path().join(format!("5/task/{tid}"))).unwrap();
        }
        fs::write(root.path().join("5/stat"), "of all").unwrap();
        fs::write(root.path().join("5/task/7/stat"), "of one").unwrap();
        fs::write(root.path().join("5/cmdline"), vec![b'x'; MOST * 3]).unwrap();
        let mut files = Files::open(root.path()).unwrap();
        assert_eq!(files.read(Owner::Process(5), "stat").unwrap(), b"of all");
        assert_eq!(files.read(Owner::Thread(5, 7), "stat").unwrap(), b"of one");
        assert_eq!(files.read(Owner::Process(6), "stat"), Err(Errno::NOENT));
        let long = files.read(Owner::Process(5), "cmdline").unwrap().len();
        assert!((MOST..MOST * 3).contains(&long), "{long}");
        let memory = files.text.as_ptr();
        let mut threads = vec![1];
        files.threads(5, &mut threads).unwrap();
        threads.sort_unstable();
        assert_eq!(threads, [5, 7, 70]);
        assert_eq!(files.threads(6, &mut threads), Err(Errno::NOENT));
        files.read(Owner::Process(5), "cmdline").unwrap();
        assert_eq!(files.text.as_ptr(), memory);
    }
}
