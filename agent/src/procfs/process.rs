//! One process, held by its directory.

use std::mem::MaybeUninit;

use rustix::fs::{AtFlags, OFlags, PROC_SUPER_MAGIC, fstatfs, readlinkat, statat};

use super::children;
use super::cmdline;
use super::error::Error;
use super::file::{Extent, Files};
use super::path::ProcPath;
use super::pid_io::{self, PidIo};
use super::pid_schedstat::{self, SchedStat};
use super::pid_stat::{self, PidStat};
use super::pid_statm::{self, StatM};
use super::pid_status::{self, PidStatus};
use super::pids;

/// Enough for some hundred threads per system call.
const DIRECTORY_SPACE: usize = 16 << 10;

/// Reads the files of one process. An open directory of a process stays that process's: once it is
/// gone everything is [`Error::NotFound`], also when another one has got its id (`proc_pid_lookup`
/// and `get_proc_task` in fs/proc).
///
/// Methods that take a thread id read the file of that thread; of a process whose first thread has
/// ended only the others' files say what it is. Errors are those of the [`Reader`](super::Reader).
#[derive(Debug)]
pub struct ProcessDir {
    pid: u32,
    files: Files,
    /// Whether this is the kernel's proc file system and no copy.
    kernels: bool,
}

impl ProcessDir {
    pub(super) fn open(root: &Files, pid: u32) -> Result<Self, Error> {
        let files = root.of_process(pid)?;
        let kernels = fstatfs(&files.root).is_ok_and(|fs| fs.f_type == PROC_SUPER_MAGIC);
        Ok(Self {
            pid,
            files,
            kernels,
        })
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// `stat`.
    pub fn stat(&mut self) -> Result<PidStat, Error> {
        let path = ProcPath::Process(self.pid, "stat");
        self.files.parse(path, Extent::Record, pid_stat::parse)
    }

    /// `status`.
    pub fn status(&mut self) -> Result<PidStatus, Error> {
        let path = ProcPath::Process(self.pid, "status");
        self.files.parse(path, Extent::Record, pid_status::parse)
    }

    /// `io`, all threads together, the dead ones too.
    pub fn io(&mut self) -> Result<PidIo, Error> {
        let path = ProcPath::Process(self.pid, "io");
        self.files.parse(path, Extent::Record, pid_io::parse)
    }

    /// Its threads, ascending, into `tids`.
    pub fn tids(&self, tids: &mut Vec<u32>) -> Result<(), Error> {
        let path = ProcPath::Process(self.pid, "task");
        let dir = self
            .files
            .descriptor(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        pids::list(dir, &mut space(), tids).map_err(|errno| Error::system(path, errno))
    }

    /// `task/TID/stat`.
    pub fn thread_stat(&mut self, tid: u32) -> Result<PidStat, Error> {
        let path = ProcPath::Thread(self.pid, tid, "stat");
        self.files.parse(path, Extent::Record, pid_stat::parse)
    }

    /// `task/TID/schedstat`.
    pub fn thread_schedstat(&mut self, tid: u32) -> Result<SchedStat, Error> {
        let path = ProcPath::Thread(self.pid, tid, "schedstat");
        self.files.parse(path, Extent::Record, pid_schedstat::parse)
    }

    /// `task/TID/children`, appended to `pids`. Only kernels with `CONFIG_PROC_CHILDREN` have it.
    pub fn children(&mut self, tid: u32, pids: &mut Vec<u32>) -> Result<(), Error> {
        let path = ProcPath::Thread(self.pid, tid, "children");
        self.files
            .parse(path, Extent::Records, |text| children::parse(text, pids))
    }

    /// `task/TID/statm`.
    pub fn statm(&mut self, tid: u32) -> Result<StatM, Error> {
        let path = ProcPath::Thread(self.pid, tid, "statm");
        self.files.parse(path, Extent::Record, pid_statm::parse)
    }

    /// `task/TID/cmdline`: the arguments, parted by blanks, at most `max` bytes. Empty for kernel
    /// threads and zombies. May wait as long as the process changes its memory map.
    pub fn cmdline(&mut self, tid: u32, max: usize) -> Result<String, Error> {
        let path = ProcPath::Thread(self.pid, tid, "cmdline");
        self.files.parse(path, Extent::Prefix(max), |text| {
            let mut line = String::new();
            cmdline::parse(text, max, &mut line);
            Ok(line)
        })
    }

    /// Where the link `task/TID/exe` leads; a program that was deleted has ` (deleted)` after its
    /// name.
    pub fn executable(&self, tid: u32) -> Result<Vec<u8>, Error> {
        self.link(ProcPath::Thread(self.pid, tid, "exe"))
    }

    /// Where the link `task/TID/cwd` leads.
    pub fn directory(&self, tid: u32) -> Result<Vec<u8>, Error> {
        self.link(ProcPath::Thread(self.pid, tid, "cwd"))
    }

    /// Number of open file descriptors. Since Linux 6.2 that is the size of `task/TID/fd`
    /// (`proc_fd_getattr` in fs/proc/fd.c), which everybody may see; older kernels show 0 there, and
    /// the entries are counted.
    pub fn descriptors(&self, tid: u32) -> Result<u32, Error> {
        let path = ProcPath::Thread(self.pid, tid, "fd");
        let size = self.files.path(path, |name| {
            statat(&self.files.root, name, AtFlags::empty()).map(|stat| stat.st_size)
        })?;
        match u32::try_from(size) {
            Ok(count) if count > 0 && self.kernels => return Ok(count),
            _ => {}
        }
        let dir = self
            .files
            .descriptor(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        pids::count(dir, &mut space()).map_err(|errno| Error::system(path, errno))
    }

    fn link(&self, path: ProcPath) -> Result<Vec<u8>, Error> {
        self.files.path(path, |name| {
            readlinkat(&self.files.root, name, Vec::new()).map(|target| target.into_bytes())
        })
    }
}

fn space() -> Box<[MaybeUninit<u8>]> {
    Box::new_uninit_slice(DIRECTORY_SPACE)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::super::testing::{Tree, live};
    use super::*;

    #[test]
    fn every_file_is_looked_for_in_its_place() {
        let tree = Tree::new();
        tree.file("proc/7/stat", include_bytes!("fixtures/6.18/pid_stat"))
            .file("proc/7/status", include_bytes!("fixtures/6.18/pid_status"))
            .file("proc/7/io", include_bytes!("fixtures/6.18/pid_io"))
            .file(
                "proc/7/task/8/stat",
                include_bytes!("fixtures/5.10/pid_stat"),
            )
            .file("proc/7/task/8/schedstat", "4 5 6\n")
            .file("proc/7/task/8/children", "9 10 ")
            .file("proc/7/task/8/statm", "3 2 1 0 0 0 0\n")
            .file("proc/7/task/8/cmdline", b"a\0b\0")
            .file("proc/7/task/8/fd/0", "")
            .file("proc/7/task/8/fd/1", "")
            .file("proc/7/task/8/fd/17", "")
            .link("proc/7/task/8/exe", "/bin/a \u{e9}")
            .link("proc/7/task/8/cwd", "/srv");
        let mut process = tree.reader().process(7).unwrap();
        assert_eq!(process.pid(), 7);
        assert_eq!(process.stat().unwrap().comm.as_bytes(), b"sleep");
        assert_eq!(process.status().unwrap().tgid, 17767);
        assert_eq!(process.io().unwrap().written_chars, 10_234);
        let mut ids = vec![1];
        process.tids(&mut ids).unwrap();
        assert_eq!(ids, [8]);
        process.children(8, &mut ids).unwrap();
        assert_eq!(ids, [8, 9, 10]);
        assert_eq!(process.thread_stat(8).unwrap().comm.as_bytes(), b"systemd");
        assert_eq!(process.thread_schedstat(8).unwrap().run_delay_ns, 5);
        assert_eq!(process.statm(8).unwrap().shared, 1);
        assert_eq!(process.cmdline(8, 100).unwrap(), "a b");
        assert_eq!(process.executable(8).unwrap(), "/bin/a \u{e9}".as_bytes());
        assert_eq!(process.directory(8).unwrap(), b"/srv");
        assert_eq!(process.descriptors(8), Ok(3));
        let missing = ProcPath::Thread(7, 9, "exe");
        assert_eq!(process.executable(9), Err(Error::NotFound(missing)));
        assert!(tree.reader().process(6).unwrap_err().is_not_found());
    }

    #[test]
    fn descriptors_are_counted_alike_by_size_and_by_entry() {
        let mut child = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut process = live().process(child.id()).unwrap();
        let mut asleep = || {
            let stat = process.stat().unwrap();
            stat.comm.as_bytes() == b"sleep" && stat.state == 'S'
        };
        // Until then it has descriptors of its parent and of its libraries.
        while !asleep() {
            std::thread::yield_now();
        }
        let by_size = process.descriptors(child.id());
        process.kernels = false;
        assert_eq!(process.descriptors(child.id()), by_size);
        let entries = std::fs::read_dir(format!("/proc/{}/fd", child.id())).unwrap();
        assert_eq!(by_size, Ok(entries.count() as u32));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.stat().unwrap_err().is_not_found(), "it is gone");
        assert!(process.descriptors(child.id()).unwrap_err().is_not_found());
        assert!(process.tids(&mut Vec::new()).unwrap_err().is_not_found());
    }
}
