//! The books where BPF cannot be used: every process is read from `/proc`, in ticks.

use subjiffy_common::sched::Counters;

use super::{
    process::{Comm, Identity, ProcessSample, State},
    sample::Name,
};
use crate::procfs::{Clock, Error, PidStat, Reader};

/// Reads all processes, and finds who is gone since the last time.
#[derive(Debug)]
pub struct Jiffies {
    clock: Clock,
    pids: Vec<u32>,
    last: Vec<ProcessSample>,
}

impl Jiffies {
    /// Nothing read yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            pids: Vec::new(),
            last: Vec::new(),
        }
    }

    /// Appends the live processes, by process id, and those that are gone since the last call, with
    /// the totals of their last reading.
    ///
    /// # Errors
    /// If `/proc` itself cannot be listed. A process that vanishes meanwhile is no error.
    pub fn read_into(
        &mut self,
        procfs: &mut Reader,
        processes: &mut Vec<ProcessSample>,
        names: &mut Vec<Name>,
        exited: &mut Vec<ProcessSample>,
    ) -> Result<(), Error> {
        procfs.pids(&mut self.pids)?;
        for &pid in &self.pids {
            let Ok(stat) = procfs.pid_stat(pid) else {
                continue;
            };
            let mut sample = from_stat(&stat, self.clock);
            if stat.comm.as_bytes().len() >= size_of::<Comm>() {
                names.push(stat.comm);
                sample.name = u16::try_from(names.len()).unwrap_or(0);
            }
            sample.uid = procfs.euid(pid).unwrap_or(u32::MAX);
            processes.push(sample);
        }
        for old in &self.last {
            let gone = processes
                .binary_search_by_key(&old.id, |one| one.id)
                .is_err();
            if gone && old.state != State::Zombie {
                exited.push(ProcessSample {
                    state: State::Dead,
                    name: 0,
                    ..*old
                });
            }
        }
        self.last.clone_from(processes);
        Ok(())
    }
}

fn from_stat(stat: &PidStat, clock: Clock) -> ProcessSample {
    let (user_ns, system_ns) = (clock.ticks_to_ns(stat.utime), clock.ticks_to_ns(stat.stime));
    ProcessSample {
        id: Identity {
            pid: stat.pid,
            start_ns: clock.ticks_to_ns(stat.starttime),
        },
        ppid: stat.ppid,
        uid: u32::MAX,
        threads: stat.num_threads,
        comm: Comm::from_bytes(stat.comm.as_bytes()),
        name: 0,
        traffic: 0,
        state: State::from_letter(stat.state as u8),
        exit_code: 0,
        rss_bytes: clock.pages_to_bytes(stat.rss),
        counters: Counters {
            run_ns: user_ns.saturating_add(system_ns),
            user_ns,
            system_ns,
            ..Counters::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::Root;
    use std::{fs, path::Path};

    fn write(root: &Path, pid: u32, start: u64, utime: u64) {
        let dir = root.join(pid.to_string());
        fs::create_dir_all(&dir).unwrap();
        let stat = format!(
            "{pid} (x y) S 1 5 5 0 -1 0 0 0 0 0 {utime} 3 0 0 20 0 4 0 {start} 8192 3 \
             18446744073709551615 0 0 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n"
        );
        fs::write(dir.join("stat"), stat).unwrap();
    }

    #[test]
    fn processes_come_and_go() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root {
            proc: dir.path().to_owned(),
            ..Root::default()
        };
        write(dir.path(), 7, 100, 2);
        write(dir.path(), 12, 100, 2);
        let clock = Clock {
            ticks_per_second: 100,
            page_size: 4096,
        };
        let (mut procfs, mut jiffies) = (Reader::open(&root).unwrap(), Jiffies::new(clock));
        let mut round = |jiffies: &mut Jiffies| {
            let (mut live, mut exited) = (Vec::new(), Vec::new());
            jiffies
                .read_into(&mut procfs, &mut live, &mut Vec::new(), &mut exited)
                .unwrap();
            (live, exited)
        };
        let (live, exited) = round(&mut jiffies);
        assert_eq!((live.len(), exited.len()), (2, 0));
        assert_eq!(live[0].counters.run_ns, 50_000_000);
        let own = rustix::process::geteuid().as_raw();
        assert_eq!(
            (live[0].uid, live[0].threads, live[0].rss_bytes),
            (own, 4, 12_288)
        );

        // 7 is gone and its id is used again; 12 is gone.
        write(dir.path(), 7, 200, 0);
        fs::remove_dir_all(dir.path().join("12")).unwrap();
        let (live, exited) = round(&mut jiffies);
        assert_eq!(
            live.iter().map(|one| one.id).collect::<Vec<_>>(),
            [Identity {
                pid: 7,
                start_ns: 2_000_000_000
            }]
        );
        assert_eq!(
            exited.iter().map(|one| one.id.pid).collect::<Vec<_>>(),
            [7, 12]
        );
    }
}
