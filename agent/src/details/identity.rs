//! Which process a client means.

use crate::procfs::{Error, PidStat, PidStatus, ProcessDir, Reader, Root};

/// A process that was there a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// Its start in clock ticks since boot.
    pub start: u64,
}

/// Why there is no answer about a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// There is no such process: it is gone, hidden from this user, or the id is that of a thread.
    /// The words are those of the reference agent.
    #[error("Process {0} not found")]
    NotFound(u32),
    /// The kernel does not tell.
    #[error("Process {0} cannot be read: {1}")]
    Unreadable(u32, Error),
}

/// Finds the process that has this id now. Blocks, but not for long.
///
/// # Errors
/// There is none.
pub fn find(root: &Root, pid: u32) -> Result<Identity, Missing> {
    let reader = Reader::open(root).map_err(|error| missing(pid, error))?;
    let found = open(&reader, pid)?;
    Ok(Identity {
        pid,
        start: found.stat.starttime,
    })
}

/// An open process.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) process: ProcessDir,
    pub(super) stat: PidStat,
    pub(super) status: PidStatus,
}

/// Opens the process that has this id now.
pub(super) fn open(reader: &Reader, pid: u32) -> Result<Opened, Missing> {
    let read = || {
        let mut process = reader.process(pid)?;
        let (stat, status) = (process.stat()?, process.status()?);
        Ok(Opened {
            process,
            stat,
            status,
        })
    };
    let opened = read().map_err(|error| missing(pid, error))?;
    // The directories of threads can be opened too, although they are not listed.
    let thread = opened.status.tgid != pid;
    if thread || matches!(opened.stat.state, 'X' | 'x') {
        return Err(Missing::NotFound(pid));
    }
    Ok(opened)
}

pub(super) fn missing(pid: u32, error: Error) -> Missing {
    if error.is_not_found() {
        Missing::NotFound(pid)
    } else {
        Missing::Unreadable(pid, error)
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio, id};

    use super::*;

    #[test]
    fn a_process_is_found_and_a_thread_or_a_dead_process_is_not() {
        let root = Root::default();
        let own = find(&root, id()).unwrap();
        assert_eq!(find(&root, id()), Ok(own));
        std::thread::spawn(move || {
            let tid = rustix::thread::gettid()
                .as_raw_nonzero()
                .get()
                .unsigned_abs();
            let no_process = find(&Root::default(), tid);
            assert_eq!(no_process, Err(Missing::NotFound(tid)));
        })
        .join()
        .unwrap();

        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let found = find(&root, child.id()).unwrap();
        assert!(found.start >= own.start && found.pid == child.id());
        drop(child.stdin.take());
        child.wait().unwrap();
        let gone = find(&root, child.id()).unwrap_err();
        assert_eq!(
            gone.to_string(),
            format!("Process {} not found", child.id())
        );
        assert!(find(&root, 0).is_err() && find(&root, u32::MAX).is_err());
    }
}
