//! The mounts that are worth listing, read again only when the kernel says that they changed.

use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, SeekFrom, seek};

use super::block;
use super::disks::{self, Planned, Space};
use super::error::Error;
use super::file::{Extent, Files, fill};
use super::mounts;
use super::path::{ProcPath, Root};

const PATH: ProcPath = ProcPath::System("self/mountinfo");

/// Read again after this long although nothing was mounted: what is a partition may have changed.
const RENEW: Duration = Duration::from_secs(30);

/// The mounts of this process's namespace.
#[derive(Debug)]
pub struct MountTable {
    sys: PathBuf,
    file: OwnedFd,
    plan: Arc<[Planned]>,
    read: Option<Instant>,
}

impl MountTable {
    /// The table below `root`; nothing is read yet.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(root: &Root) -> Result<Self, Error> {
        Ok(Self {
            sys: root.sys.clone(),
            file: Files::open(&root.proc)?.descriptor(PATH, OFlags::RDONLY)?,
            plan: Arc::default(),
            read: None,
        })
    }

    /// What to list. One system call while nothing changes.
    ///
    /// # Errors
    /// If the table cannot be read or makes no sense.
    pub fn plan(&mut self, now: Instant) -> Result<Arc<[Planned]>, Error> {
        let due = |read| now.saturating_duration_since(read) >= RENEW;
        // Asked first: what is mounted while the table is read is news for the next time.
        if self.changed() || self.read.is_none_or(due) {
            self.read = None;
            seek(&self.file, SeekFrom::Start(0)).map_err(|errno| Error::system(PATH, errno))?;
            self.plan = parse(&self.file, &self.sys)?.into();
            self.read = Some(now);
        }
        Ok(Arc::clone(&self.plan))
    }

    /// Whether something was mounted, unmounted or moved since the last call (`mounts_poll` in
    /// fs/proc_namespace.c).
    fn changed(&self) -> bool {
        let mut files = [PollFd::new(&self.file, PollFlags::PRI)];
        let at_once = Timespec::default();
        let asked = poll(&mut files, Some(&at_once));
        asked.is_err()
            || files[0]
                .revents()
                .intersects(PollFlags::PRI | PollFlags::ERR)
    }
}

/// What to list, read once.
pub(super) fn read(files: &Files, sys: &Path) -> Result<Vec<Planned>, Error> {
    parse(&files.descriptor(PATH, OFlags::RDONLY)?, sys)
}

fn parse(file: &OwnedFd, sys: &Path) -> Result<Vec<Planned>, Error> {
    // A buffer of its own: the table can be megabytes long where many containers run.
    let mut text = Vec::new();
    fill(file, &mut text, PATH, Extent::Records)?;
    let mounts = mounts::parse(&text).map_err(|error| Error::Parse { path: PATH, error })?;
    Ok(disks::plan(&mounts, |mount| block::device(sys, mount)))
}

/// The size of the file system at a mount point; `None` if it cannot be had. May block for as long
/// as the file system likes.
#[must_use]
pub fn space(mount_point: &[u8]) -> Option<Space> {
    let stat = rustix::fs::statvfs(Path::new(OsStr::from_bytes(mount_point))).ok()?;
    Some(Space {
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        available: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::Tree;
    use super::*;

    #[test]
    fn the_table_is_read_again_when_it_is_old() {
        let tree = Tree::new();
        let write = |name: &str| {
            tree.file(
                "proc/self/mountinfo",
                format!("1 0 8:1 / / rw - ext4 /dev/{name} rw\n"),
            );
        };
        write("a");
        let (mut table, now) = (MountTable::open(&tree.root).unwrap(), Instant::now());
        let name = |table: &mut MountTable, now| table.plan(now).unwrap()[0].name.clone();
        assert_eq!(name(&mut table, now), "/dev/a");
        write("b");
        assert_eq!(name(&mut table, now + RENEW / 2), "/dev/a");
        assert_eq!(name(&mut table, now + RENEW), "/dev/b");
    }

    #[test]
    fn a_broken_table_is_an_error_until_it_is_whole() {
        let tree = Tree::new();
        tree.file("proc/self/mountinfo", "1 0\n");
        let (mut table, now) = (MountTable::open(&tree.root).unwrap(), Instant::now());
        assert!(table.plan(now).is_err() && table.plan(now).is_err());
        tree.file("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/a rw\n");
        assert_eq!(table.plan(now).unwrap().len(), 1);
    }

    #[test]
    fn the_running_system_says_when_nothing_changed() {
        let (mut table, now) = (MountTable::open(&Root::default()).unwrap(), Instant::now());
        let first = table.plan(now).unwrap();
        // Other programs may mount something meanwhile.
        let same = (0..20).any(|_| Arc::ptr_eq(&table.plan(now).unwrap(), &first));
        assert!(same, "read again every time");
    }
}
