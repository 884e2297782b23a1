//! Reading the machine: its files become the lines of a record, in the form of collectl's raw files.
//!
//! * [`Machine`]: the files that the chosen subsystems need, kept open
//! * `file`: one of them
//! * `lines`: what of its text goes into a record; pure
//! * `devices`: which disks and interfaces there are and make up the totals, from sysfs

mod devices;
mod file;
mod lines;

#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::options::{Subsystem, Subsystems};
use devices::{Disks, Interfaces};
use file::{End, File};

/// Why a machine cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no proc file system where it should be.
    #[error("{}: {error}; a proc file system should be there", path.display())]
    Proc {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        error: io::Error,
    },
}

/// What of a file goes into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// `/proc/stat`.
    Stat,
    /// `/proc/interrupts`.
    Interrupts,
    /// `/proc/diskstats`.
    Disks,
    /// `/proc/net/netstat`.
    Netstat,
    /// `/proc/net/snmp`.
    Snmp,
    /// `/proc/meminfo`.
    Memory,
    /// `/proc/vmstat`.
    Paging,
    /// `/proc/net/sockstat`.
    Sockets,
    /// `/proc/net/dev`.
    Interfaces,
    /// Each line, with this in front of it.
    Lines(&'static str),
}

/// In the order of a record: who wants it, the file below `/proc`, where its text ends, what of it is wanted.
const FILES: [(&[Subsystem], &str, End, Part); 16] = {
    use Subsystem as S;
    [
        (
            &[S::Buddies],
            "buddyinfo",
            End::Nothing,
            Part::Lines("buddy "),
        ),
        (&[S::Cpu, S::CpuDetail], "stat", End::Short, Part::Stat),
        (
            &[S::Interrupts, S::InterruptDetail],
            "interrupts",
            End::Nothing,
            Part::Interrupts,
        ),
        (
            &[S::Disks, S::DiskDetail],
            "diskstats",
            End::Nothing,
            Part::Disks,
        ),
        (
            &[S::Cpu, S::CpuDetail],
            "loadavg",
            End::Short,
            Part::Lines("load "),
        ),
        (&[S::Tcp], "net/netstat", End::Short, Part::Netstat),
        (&[S::Tcp], "net/snmp", End::Short, Part::Snmp),
        (
            &[S::Files],
            "sys/fs/dentry-state",
            End::Short,
            Part::Lines("fs-ds "),
        ),
        (
            &[S::Files],
            "sys/fs/inode-nr",
            End::Short,
            Part::Lines("fs-is "),
        ),
        (
            &[S::Files],
            "sys/fs/file-nr",
            End::Short,
            Part::Lines("fs-fnr "),
        ),
        (&[S::Nfs], "net/rpc/nfs", End::Short, Part::Lines("nfsc-")),
        (&[S::Nfs], "net/rpc/nfsd", End::Short, Part::Lines("nfss-")),
        (&[S::Memory], "meminfo", End::Short, Part::Memory),
        (&[S::Memory], "vmstat", End::Nothing, Part::Paging),
        (&[S::Sockets], "net/sockstat", End::Short, Part::Sockets),
        (
            &[S::Network, S::NetworkDetail],
            "net/dev",
            End::Nothing,
            Part::Interfaces,
        ),
    ]
};

/// The files of a machine.
#[derive(Debug)]
pub struct Machine {
    files: Vec<(File, Part)>,
    text: Vec<u8>,
    disks: Disks,
    interfaces: Interfaces,
}

impl Machine {
    /// The machine whose `proc` and `sys` are in the directory `root`, as far as these subsystems are
    /// concerned.
    ///
    /// # Errors
    /// There is no directory `proc` in it that may be opened. A single file may be missing: a record then
    /// has no lines of it, and it is looked for again with every record.
    pub fn open(root: &Path, subsystems: Subsystems) -> Result<Self, Error> {
        let path = root.join("proc");
        let proc = file::directory(&path).map_err(|errno| Error::Proc {
            path,
            error: errno.into(),
        })?;
        let sys = root.join("sys");
        let wanted = |who: &[Subsystem]| who.iter().any(|&one| subsystems.has(one));
        let files = FILES.iter().filter(|file| wanted(file.0));
        let files = files.map(|&(_, path, end, part)| (File::new(&proc, path, end), part));
        Ok(Self {
            files: files.collect(),
            text: Vec::with_capacity(16 << 10),
            disks: Disks::of(&sys),
            interfaces: Interfaces::of(&sys),
        })
    }

    /// Appends the lines of one record, without the line that has its time. What cannot be read is left
    /// out. In the steady state nothing is allocated once `to` is large enough.
    pub fn read(&mut self, to: &mut String) {
        for (file, part) in &mut self.files {
            let read = file.read(&mut self.text);
            if let Err(errno) = read {
                file.complain(errno);
                continue;
            }
            let cow = String::from_utf8_lossy(&self.text);
            let text = &*cow;
            match part {
                Part::Stat => lines::stat(text, to),
                Part::Interrupts => lines::interrupts(text, to),
                Part::Disks => self.disks.lines(text, to),
                Part::Netstat => lines::netstat(text, to),
                Part::Snmp => lines::snmp(text, to),
                Part::Memory => lines::memory(text, to),
                Part::Paging => lines::paging(text, to),
                Part::Sockets => lines::sockets(text, to),
                Part::Interfaces => self.interfaces.lines(text, to),
                Part::Lines(tag) => lines::tagged(tag, text, to),
            }
        }
    }
}
