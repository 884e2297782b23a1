//! The one place that opens files: every subject of this module, read below a [`Root`].

use std::mem::MaybeUninit;
use std::path::PathBuf;

use rustix::fs::{AtFlags, OFlags, SeekFrom, seek, statat};

use super::cmdline;
use super::disks::{self, Disk, Planned, Reach};
use super::error::Error;
use super::file::{Extent, Files};
use super::loadavg::{self, LoadAvg};
use super::meminfo::{self, MemInfo};
use super::mount_table::{self, space};
use super::name::Name;
use super::net_dev::{self, Interface};
use super::path::{ProcPath, Root};
use super::pid_schedstat::{self, SchedStat};
use super::pid_stat::{self, PidStat};
use super::pid_statm::{self, StatM};
use super::pid_status::{self, PidStatus};
use super::pids;
use super::process::ProcessDir;
use super::snmp::{self, Snmp, Udp};
use super::snmp6;
use super::stat::{self, Stat};
use super::sysctl;
use super::uptime::{self, Uptime};

/// Enough for a thousand processes per system call.
const DIRECTORY_SPACE: usize = 32 << 10;

/// Reads the files of one [`Root`], reusing its buffers.
///
/// Every method fails with [`Error::NotFound`] if the file, and so usually the process, is not
/// there (any more), [`Error::Denied`] if this user may not see it, and [`Error::Parse`] if its
/// text makes no sense.
#[derive(Debug)]
pub struct Reader {
    files: Files,
    sys: PathBuf,
    space: Box<[MaybeUninit<u8>]>,
}

impl Reader {
    /// A reader of `root`, whose proc tree stays open.
    ///
    /// # Errors
    /// The proc tree cannot be opened. A missing sysfs only makes [`Reader::disks`] know less.
    pub fn open(root: &Root) -> Result<Self, Error> {
        Ok(Self {
            files: Files::open(&root.proc)?,
            sys: root.sys.clone(),
            space: Box::new_uninit_slice(DIRECTORY_SPACE),
        })
    }

    /// The processes this user can see, ascending, into `pids`.
    pub fn pids(&mut self, pids: &mut Vec<u32>) -> Result<(), Error> {
        let root = &self.files.root;
        seek(root, SeekFrom::Start(0))
            .and_then(|_| pids::list(root, &mut self.space, pids))
            .map_err(|errno| Error::system(ProcPath::System("."), errno))
    }

    /// The threads of a process, ascending, into `tids`.
    pub fn tids(&mut self, pid: u32, tids: &mut Vec<u32>) -> Result<(), Error> {
        let path = ProcPath::Process(pid, "task");
        let dir = self
            .files
            .descriptor(path, OFlags::RDONLY | OFlags::DIRECTORY)?;
        pids::list(dir, &mut self.space, tids).map_err(|errno| Error::system(path, errno))
    }

    /// `/proc/PID/stat`.
    pub fn pid_stat(&mut self, pid: u32) -> Result<PidStat, Error> {
        self.files.parse(
            ProcPath::Process(pid, "stat"),
            Extent::Record,
            pid_stat::parse,
        )
    }

    /// `/proc/PID/statm`.
    pub fn pid_statm(&mut self, pid: u32) -> Result<StatM, Error> {
        self.files.parse(
            ProcPath::Process(pid, "statm"),
            Extent::Record,
            pid_statm::parse,
        )
    }

    /// `/proc/PID/task/TID/stat`.
    pub fn tid_stat(&mut self, pid: u32, tid: u32) -> Result<PidStat, Error> {
        self.files.parse(
            ProcPath::Thread(pid, tid, "stat"),
            Extent::Record,
            pid_stat::parse,
        )
    }

    /// `/proc/PID/status`.
    pub fn pid_status(&mut self, pid: u32) -> Result<PidStatus, Error> {
        self.files.parse(
            ProcPath::Process(pid, "status"),
            Extent::Record,
            pid_status::parse,
        )
    }

    /// `/proc/PID/task/TID/status`.
    pub fn tid_status(&mut self, pid: u32, tid: u32) -> Result<PidStatus, Error> {
        self.files.parse(
            ProcPath::Thread(pid, tid, "status"),
            Extent::Record,
            pid_status::parse,
        )
    }

    /// `/proc/PID/schedstat`: the leader's books only.
    ///
    /// # Errors
    /// As all methods. A kernel without `CONFIG_SCHED_INFO` has no such file for any process.
    pub fn pid_schedstat(&mut self, pid: u32) -> Result<SchedStat, Error> {
        self.files.parse(
            ProcPath::Process(pid, "schedstat"),
            Extent::Record,
            pid_schedstat::parse,
        )
    }

    /// `/proc/PID/task/TID/schedstat`.
    pub fn tid_schedstat(&mut self, pid: u32, tid: u32) -> Result<SchedStat, Error> {
        self.files.parse(
            ProcPath::Thread(pid, tid, "schedstat"),
            Extent::Record,
            pid_schedstat::parse,
        )
    }

    /// One process, held: nothing that is read from it can be of a later process with its id.
    pub fn process(&self, pid: u32) -> Result<ProcessDir, Error> {
        ProcessDir::open(&self.files, pid)
    }

    /// The effective user id, from the owner of the directory `/proc/PID`: one system call, no
    /// text.
    ///
    /// The directory belongs to the effective user even of a process that is not dumpable, whose
    /// *files* belong to root (`task_dump_owner` in fs/proc/base.c); kernel threads belong to root.
    /// [`PidStatus`] has the real id too.
    pub fn euid(&self, pid: u32) -> Result<u32, Error> {
        let path = ProcPath::Process(pid, "");
        let mut buffer = [0; 64];
        path.c_str(&mut buffer)
            .and_then(|name| statat(&self.files.root, name, AtFlags::empty()))
            .map(|stat| stat.st_uid)
            .map_err(|errno| Error::system(path, errno))
    }

    /// `/proc/PID/cmdline`, arguments parted by blanks, at most `max` bytes, into `line`. Empty for
    /// kernel threads and zombies.
    pub fn cmdline(&mut self, pid: u32, max: usize, line: &mut String) -> Result<(), Error> {
        let path = ProcPath::Process(pid, "cmdline");
        self.files.parse(path, Extent::Prefix(max), |text| {
            cmdline::parse(text, max, line);
            Ok(())
        })
    }

    /// `/proc/stat`, into `stat`. On an error its content is meaningless.
    pub fn stat(&mut self, stat: &mut Stat) -> Result<(), Error> {
        let path = ProcPath::System("stat");
        self.files
            .parse_again(path, Extent::Record, |text| stat::parse(text, stat))
    }

    /// `/proc/meminfo`.
    pub fn meminfo(&mut self) -> Result<MemInfo, Error> {
        let path = ProcPath::System("meminfo");
        self.files.parse_again(path, Extent::Record, meminfo::parse)
    }

    /// The interfaces of the network namespace that this process was in at the first call, into
    /// `interfaces`. On an error its
    /// content is meaningless.
    pub fn net_dev(&mut self, interfaces: &mut Vec<Interface>) -> Result<(), Error> {
        let path = ProcPath::System("self/net/dev");
        self.files.parse_again(path, Extent::Records, |text| {
            net_dev::parse(text, interfaces)
        })
    }

    /// TCP, and UDP over IPv4, of the same namespace.
    pub fn snmp(&mut self) -> Result<Snmp, Error> {
        let path = ProcPath::System("self/net/snmp");
        self.files.parse_again(path, Extent::Record, snmp::parse)
    }

    /// UDP over IPv6 of the same namespace.
    ///
    /// # Errors
    /// As all methods. Without IPv6 there is no such file.
    pub fn snmp6(&mut self) -> Result<Udp, Error> {
        let path = ProcPath::System("self/net/snmp6");
        self.files.parse_again(path, Extent::Record, snmp6::parse)
    }

    /// `/proc/loadavg`.
    pub fn loadavg(&mut self) -> Result<LoadAvg, Error> {
        self.files
            .parse(ProcPath::System("loadavg"), Extent::Record, loadavg::parse)
    }

    /// `/proc/uptime`.
    pub fn uptime(&mut self) -> Result<Uptime, Error> {
        self.files
            .parse(ProcPath::System("uptime"), Extent::Record, uptime::parse)
    }

    /// Pids are below this number.
    pub fn pid_max(&mut self) -> Result<u32, Error> {
        self.files.parse(
            ProcPath::System("sys/kernel/pid_max"),
            Extent::Record,
            sysctl::pid_max,
        )
    }

    /// The host name of this process's UTS namespace. Allocates.
    pub fn hostname(&mut self) -> Result<String, Error> {
        self.files.parse(
            ProcPath::System("sys/kernel/hostname"),
            Extent::Record,
            sysctl::hostname,
        )
    }

    /// Which life of the system this is: 32 hexadecimal digits, other ones after each boot.
    pub fn boot_id(&mut self) -> Result<Name<32>, Error> {
        self.files.parse(
            ProcPath::System("sys/kernel/random/boot_id"),
            Extent::Record,
            sysctl::boot_id,
        )
    }

    /// The mounted local disks, see [`disks`]. Allocates. Who asks again and again, or for others
    /// too, keeps a [`MountTable`](super::MountTable).
    ///
    /// # Errors
    /// As all methods. A file system whose size cannot be had is left out.
    pub fn disks(&self) -> Result<Vec<Disk>, Error> {
        let plan = mount_table::read(&self.files, &self.sys)?;
        let local = |one: &Planned| match one.reach {
            Reach::Local | Reach::Memory => space(&one.mount_point),
            Reach::Remote => None,
        };
        Ok(disks::list(&plan, local, |_| None))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::ParseError;
    use super::super::testing::Tree;
    use super::*;

    #[test]
    fn every_file_is_looked_for_in_its_place() {
        let tree = Tree::new();
        tree.file("proc/7/stat", include_bytes!("fixtures/6.18/pid_stat"))
            .file(
                "proc/7/task/8/stat",
                include_bytes!("fixtures/5.10/pid_stat"),
            )
            .file("proc/7/status", include_bytes!("fixtures/6.18/pid_status"))
            .file(
                "proc/7/task/8/status",
                include_bytes!("fixtures/5.10/pid_status"),
            )
            .file("proc/7/schedstat", "1 2 3\n")
            .file("proc/7/task/8/schedstat", "4 5 6\n")
            .file("proc/7/cmdline", b"a\0b\0")
            .file("proc/stat", include_bytes!("fixtures/5.10/stat"))
            .file("proc/meminfo", include_bytes!("fixtures/5.10/meminfo"))
            .file("proc/self/net/dev", include_bytes!("fixtures/5.10/net_dev"))
            .file(
                "proc/self/net/snmp",
                include_bytes!("fixtures/5.10/net_snmp"),
            )
            .file(
                "proc/self/net/snmp6",
                include_bytes!("fixtures/5.10/net_snmp6"),
            )
            .file("proc/loadavg", include_bytes!("fixtures/6.18/loadavg"))
            .file("proc/uptime", include_bytes!("fixtures/6.18/uptime"))
            .file("proc/sys/kernel/pid_max", "32768\n")
            .file("proc/sys/kernel/hostname", "box\n")
            .file(
                "proc/sys/kernel/random/boot_id",
                "a7a03b8c-f242-42c7-896d-eeaa0ee3fef7\n",
            );
        let mut reader = tree.reader();
        let (mut ids, mut line) = (Vec::new(), String::new());
        reader.pids(&mut ids).unwrap();
        assert_eq!(ids, [7]);
        reader.pids(&mut ids).unwrap();
        assert_eq!(ids, [7], "a second time");
        reader.tids(7, &mut ids).unwrap();
        assert_eq!(ids, [8]);
        assert_eq!(reader.pid_stat(7).unwrap().comm.as_bytes(), b"sleep");
        assert_eq!(reader.tid_stat(7, 8).unwrap().comm.as_bytes(), b"systemd");
        assert_eq!(reader.pid_status(7).unwrap().tgid, 17767);
        assert_eq!(reader.tid_status(7, 8).unwrap().tgid, 1);
        assert_eq!(reader.pid_schedstat(7).unwrap().run_ns, 1);
        assert_eq!(reader.tid_schedstat(7, 8).unwrap().run_ns, 4);
        reader.cmdline(7, 2, &mut line).unwrap();
        assert_eq!(line, "a ");
        let mut stat = Stat::default();
        reader.stat(&mut stat).unwrap();
        assert_eq!(stat.cpus.len(), 3);
        assert_eq!(reader.meminfo().unwrap().swap_total, 998_396 * 1024);
        let mut interfaces = Vec::new();
        reader.net_dev(&mut interfaces).unwrap();
        assert_eq!(interfaces.len(), 3);
        assert_eq!(reader.snmp().unwrap().udp.no_ports, 43);
        assert_eq!(reader.snmp6().unwrap().no_ports, 32);
        assert_eq!(reader.loadavg().unwrap().threads, 85);
        assert_eq!(reader.uptime().unwrap().up_ns, 1_215_310_000_000);
        assert_eq!(reader.pid_max(), Ok(32768));
        assert_eq!(reader.hostname(), Ok("box".to_owned()));
        assert!(reader.boot_id().unwrap().as_bytes().ends_with(b"3fef7"));
    }

    #[test]
    fn what_is_not_there_is_not_found_and_names_the_file() {
        let mut reader = Tree::new().reader();
        assert_eq!(
            reader.pid_stat(9),
            Err(Error::NotFound(ProcPath::Process(9, "stat")))
        );
        assert_eq!(
            reader.tid_stat(9, 1),
            Err(Error::NotFound(ProcPath::Thread(9, 1, "stat")))
        );
        assert!(reader.tids(9, &mut Vec::new()).unwrap_err().is_not_found());
        assert!(reader.euid(9).unwrap_err().is_not_found());
        assert!(reader.disks().unwrap_err().is_not_found());
        let root = Root {
            proc: "/nowhere".into(),
            ..Root::default()
        };
        assert!(Reader::open(&root).unwrap_err().is_not_found());
    }

    #[test]
    fn a_broken_file_is_named_in_the_error() {
        let tree = Tree::new();
        let mut reader = tree.file("proc/7/schedstat", "1 x 3\n").reader();
        let error = ParseError::new(1, "run delay", "u64", b"x");
        assert_eq!(
            reader.pid_schedstat(7),
            Err(Error::Parse {
                path: ProcPath::Process(7, "schedstat"),
                error
            })
        );
    }

    #[test]
    fn disks_join_the_mount_table_sysfs_and_the_space() {
        let tree = Tree::new();
        tree.file(
            "proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 0:9 / /gone rw - ext4 /dev/sdb rw\n",
        )
        .link("sys/dev/block/8:1", "../../devices/block/sda/sda1")
        .file("sys/devices/block/sda/sda1/partition", "1\n");
        let disks = tree.reader().disks().unwrap();
        let shape: Vec<_> = disks
            .iter()
            .map(|disk| (disk.name.as_str(), disk.is_partition))
            .collect();
        assert_eq!(
            shape,
            [("/dev/sda", false), ("/dev/sda1", true)],
            "/gone has no size"
        );
        assert!(disks[1].total > 0 && disks[1].available <= disks[1].total);
        assert_eq!(disks[0].total, disks[1].total);
    }
}
