//! The running system read by this module, against truths that do not come from the files under
//! test.

use std::fs;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio, id};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::process::{getegid, geteuid, getgid, getuid};
use rustix::system::{sysinfo, uname};
use rustix::time::{ClockId, clock_gettime};

use super::clock::Clock;
use super::error::Error;
use super::file::{Extent, Files, fill};
use super::path::{ProcPath, Root};
use super::pid_stat::PidStat;
use super::stat::Stat;
use super::testing::live;

fn nanos(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// A child that waits until its standard input is closed.
fn waiting_child() -> Child {
    Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// A child that has ended and was not waited for.
fn zombie() -> (Child, PidStat) {
    let child = Command::new("true").spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut stat = live().pid_stat(child.id()).unwrap();
    while stat.state != 'Z' {
        assert!(Instant::now() < deadline, "no zombie: {stat:?}");
        thread::sleep(Duration::from_millis(1));
        stat = live().pid_stat(child.id()).unwrap();
    }
    (child, stat)
}

#[test]
fn this_process_is_read_as_it_is() {
    let mut reader = live();
    let stat = reader.pid_stat(id()).unwrap();
    assert_eq!(
        (stat.pid, stat.ppid),
        (id(), std::os::unix::process::parent_id())
    );
    assert!(!stat.is_kernel_thread() && stat.rss > 0 && stat.vsize > 0 && stat.num_threads >= 1);
    let status = reader.pid_status(id()).unwrap();
    assert_eq!((status.tgid, status.ppid), (stat.pid, stat.ppid));
    assert_eq!(
        (status.uid, status.euid),
        (getuid().as_raw(), geteuid().as_raw())
    );
    assert_eq!(
        (status.gid, status.egid),
        (getgid().as_raw(), getegid().as_raw())
    );
    assert_eq!(reader.euid(id()), Ok(geteuid().as_raw()));
    let mut line = String::new();
    reader.cmdline(id(), 4096, &mut line).unwrap();
    assert_eq!(line, std::env::args().collect::<Vec<_>>().join(" "));
}

#[test]
fn cpu_time_agrees_with_the_clock_of_the_process() {
    while nanos(ClockId::ProcessCPUTime) < 400_000_000 {
        std::hint::black_box((0..10_000u64).sum::<u64>());
    }
    let before = nanos(ClockId::ProcessCPUTime);
    let stat = live().pid_stat(id()).unwrap();
    let after = nanos(ClockId::ProcessCPUTime);
    let read = Clock::system().ticks_to_ns(stat.utime + stat.stime);
    // Threads that run on another CPU are booked up to one kernel tick (10 ms at most) late each;
    // other tests run some at the same time. Both parts are cut to whole ticks.
    assert!(read <= after, "{read} > {after}");
    assert!(read + 200_000_000 >= before, "{read} << {before}");
}

#[test]
fn start_time_is_on_the_boot_clock() {
    let (tick, before) = (10_000_000, nanos(ClockId::Boottime));
    let mut child = waiting_child();
    let after = nanos(ClockId::Boottime);
    let start = Clock::system().ticks_to_ns(live().pid_stat(child.id()).unwrap().starttime);
    assert!(
        start + tick >= before && start <= after,
        "{before} {start} {after}"
    );
    let up = live().uptime().unwrap().up_ns;
    assert!(up + tick >= after && up <= nanos(ClockId::Boottime));
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn threads_are_listed_and_their_books_read() {
    let (tell, told) = channel();
    let (mut stops, mut threads) = (Vec::new(), Vec::new());
    for _ in 0..32 {
        let (stop, stopped) = channel::<()>();
        let tell = tell.clone();
        stops.push(stop);
        threads.push(thread::spawn(move || {
            while nanos(ClockId::ThreadCPUTime) < 3_000_000 {}
            let place = fs::read_link("/proc/thread-self").unwrap();
            let tid: u32 = place
                .file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            tell.send((tid, nanos(ClockId::ThreadCPUTime))).unwrap();
            let _ = stopped.recv();
        }));
    }
    let books: Vec<(u32, u64)> = told.iter().take(32).collect();
    let mut reader = live();
    let mut tids = Vec::new();
    reader.tids(id(), &mut tids).unwrap();
    assert!(tids.is_sorted() && tids.contains(&id()));
    // Time for the threads to stop running, since a waiting thread's books are exact.
    thread::sleep(Duration::from_millis(100));
    for (tid, cpu) in books {
        assert!(tids.contains(&tid), "{tid} not in {tids:?}");
        let sched = reader.tid_schedstat(id(), tid).unwrap();
        assert!(
            (cpu..cpu + 50_000_000).contains(&sched.run_ns),
            "{sched:?}, thread clock {cpu}"
        );
        assert!(sched.run_count > 0);
        assert_eq!(reader.tid_stat(id(), tid).unwrap().pid, tid);
        assert!(
            reader.tid_status(id(), tid).unwrap().voluntary_switches >= 1,
            "it waits now"
        );
    }
    assert!(
        reader.pid_stat(id()).unwrap().num_threads >= 33
            && reader.pid_status(id()).unwrap().threads >= 33
    );
    drop(stops);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
fn processes_are_listed_while_they_exist() {
    let mut reader = live();
    let (mut child, mut pids) = (waiting_child(), Vec::new());
    reader.pids(&mut pids).unwrap();
    assert!(pids.is_sorted() && pids.contains(&id()) && pids.contains(&child.id()));
    assert!(pids.iter().all(|&pid| pid < reader.pid_max().unwrap()));
    drop(child.stdin.take());
    child.wait().unwrap();
    reader.pids(&mut pids).unwrap();
    assert!(pids.contains(&id()) && !pids.contains(&child.id()));
}

#[test]
fn a_zombie_has_no_memory_and_then_is_not_found() {
    let (mut child, stat) = zombie();
    let mut reader = live();
    assert_eq!(
        (stat.comm.as_bytes(), stat.rss, stat.vsize, stat.ppid),
        (&b"true"[..], 0, 0, id())
    );
    assert_eq!(reader.pid_status(child.id()).unwrap().rss, None);
    let mut line = "before".to_owned();
    reader.cmdline(child.id(), 100, &mut line).unwrap();
    assert_eq!(line, "");
    child.wait().unwrap();
    assert!(reader.pid_stat(child.id()).unwrap_err().is_not_found());
    assert!(
        reader
            .tids(child.id(), &mut Vec::new())
            .unwrap_err()
            .is_not_found()
    );
    assert!(reader.euid(child.id()).unwrap_err().is_not_found());
}

#[test]
fn a_process_that_goes_after_the_open_is_not_found() {
    let (mut child, _) = zombie();
    let files = Files::open(&Root::default().proc).unwrap();
    let open = |name| -> (ProcPath, OwnedFd) {
        let path = ProcPath::Process(child.id(), name);
        (path, files.descriptor(path, OFlags::RDONLY).unwrap())
    };
    let opened = [open("stat"), open("status"), open("schedstat")];
    child.wait().unwrap();
    for (path, fd) in opened {
        assert_eq!(
            fill(fd, &mut Vec::new(), path, Extent::Record),
            Err(Error::NotFound(path))
        );
    }
}

#[test]
fn the_machine_agrees_with_the_system_calls() {
    let mut reader = live();
    let (mem, info) = (reader.meminfo().unwrap(), sysinfo());
    assert_eq!(mem.total, info.totalram * u64::from(info.mem_unit));
    assert_eq!(mem.swap_total, info.totalswap * u64::from(info.mem_unit));
    assert!(mem.used() > 0 && mem.used() < mem.total);
    assert_eq!(
        reader.hostname().unwrap(),
        uname().nodename().to_str().unwrap()
    );
    let load = |place: usize| sysinfo().loads[place] as f64 / 65536.0;
    let (before, read, after) = (load(2), reader.loadavg().unwrap(), load(2));
    // Two decimals are printed.
    assert!(read.fifteen >= before.min(after) - 0.01 && read.fifteen <= before.max(after) + 0.01);
    assert!(read.running >= 1 && read.threads >= read.running);
}

#[test]
fn forks_and_switches_are_counted_and_cpus_add_up() {
    let (mut reader, mut old, mut new) = (live(), Stat::default(), Stat::default());
    reader.stat(&mut old).unwrap();
    for _ in 0..3 {
        thread::spawn(|| ()).join().unwrap();
    }
    reader.stat(&mut new).unwrap();
    assert!(new.forks >= old.forks + 3 && new.context_switches >= old.context_switches + 3);
    assert!(new.running >= 1 && new.total.total() >= old.total.total());
    assert!(new.cpus.len() >= thread::available_parallelism().unwrap().get());
    assert!(new.cpus.is_sorted_by_key(|cpu| cpu.id));
    let sum: u64 = new.cpus.iter().map(|cpu| cpu.times.user).sum();
    // Each CPU's count is cut to whole ticks; CPUs that are offline count in the total alone.
    assert!(new.total.user >= sum);
    let (boot, uptime) = (new.boot_time, nanos(ClockId::Boottime) / 1_000_000_000);
    let now = nanos(ClockId::Realtime) / 1_000_000_000;
    assert!(
        (boot + uptime).abs_diff(now) <= 2,
        "{boot} + {uptime} is not {now}"
    );
}

#[test]
fn interfaces_agree_with_sysfs() {
    let received = || -> Option<u64> {
        let text = fs::read_to_string("/sys/class/net/lo/statistics/rx_bytes").ok()?;
        text.trim().parse().ok()
    };
    let (before, mut interfaces) = (received(), Vec::new());
    live().net_dev(&mut interfaces).unwrap();
    let (Some(before), Some(after)) = (before, received()) else {
        return;
    };
    let loopback = interfaces
        .iter()
        .find(|interface| interface.is_loopback())
        .unwrap();
    assert!((before..=after).contains(&loopback.rx_bytes));
}

#[test]
fn disks_of_this_system_are_sane() {
    let disks = live().disks().unwrap();
    for (at, disk) in disks.iter().enumerate() {
        assert!(disk.total > 0 && disk.available <= disk.total, "{disk:?}");
        assert!(
            disks[..at].iter().all(|other| other.name != disk.name),
            "{disk:?} twice"
        );
        assert!(!disk.is_partition || at > 0, "{disk:?} without its disk");
    }
}
