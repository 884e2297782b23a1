//! A file of the machine that is read again and again: it stays open, and its content is made anew
//! whenever it is read from its start (`seq_read_iter` in fs/seq_file.c).

use std::{os::fd::OwnedFd, path::Path, sync::Arc};

use rustix::{
    buffer::spare_capacity,
    fs::{Mode, OFlags, open, openat},
    io::{Errno, pread, retry_on_intr},
};

/// No file read here comes near this.
const LIMIT: usize = 16 << 20;

/// How the end of a file shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A read that does not fill the space: the kernel gives these in one piece (`single_open` in
    /// fs/seq_file.c), which saves the read that would return nothing.
    Short,
    /// A read that returns nothing.
    Nothing,
}

#[derive(Debug)]
pub(super) struct File {
    proc: Arc<OwnedFd>,
    path: &'static str,
    end: End,
    file: Option<OwnedFd>,
    complained: bool,
}

pub(super) fn directory(path: &Path) -> Result<Arc<OwnedFd>, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    open(path, flags, Mode::empty()).map(Arc::new)
}

impl File {
    /// A file below the directory `proc`; it is opened when it is read.
    pub(super) fn new(proc: &Arc<OwnedFd>, path: &'static str, end: End) -> Self {
        Self {
            proc: Arc::clone(proc),
            path,
            end,
            file: None,
            complained: false,
        }
    }

    /// Replaces `text` by the content of the file. After an error it is opened anew.
    pub(super) fn read(&mut self, text: &mut Vec<u8>) -> Result<(), Errno> {
        let read = self.fill(text);
        if read.is_err() {
            self.file = None;
        }
        read
    }

    fn fill(&mut self, text: &mut Vec<u8>) -> Result<(), Errno> {
        let file = match &self.file {
            Some(file) => file,
            None => {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let file = openat(&*self.proc, self.path, flags, Mode::empty())?;
                self.file.insert(file)
            }
        };
        text.clear();
        loop {
            if text.len() >= LIMIT {
                return Err(Errno::FBIG);
            }
            if text.len() == text.capacity() {
                text.reserve(text.len().max(4096));
            }
            let space = text.capacity() - text.len();
            let at = text.len() as u64;
            let count = retry_on_intr(|| pread(file, spare_capacity(text), at))?;
            if count == 0 || (self.end == End::Short && count < space) {
                return Ok(());
            }
        }
    }

    /// Says once that it cannot be read; that there is none is no news.
    pub(super) fn complain(&mut self, errno: Errno) {
        if errno != Errno::NOENT && !self.complained {
            self.complained = true;
            tracing::warn!(
                "/proc/{}: {errno}; recordings and samples go without it",
                self.path
            );
        }
    }
}
