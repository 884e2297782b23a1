//! Against the running machine, with a source that reads `/proc` itself.

use std::{
    collections::HashMap,
    fs,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::super::{
    Exact, Row, Table,
    facts::Stat,
    row::{CpuTime, TICK_NS},
};
use super::*;

/// Ends when the test does.
struct Owned(Child);

impl Owned {
    fn start(program: &str, arguments: &[&str]) -> Self {
        Self(Command::new(program).args(arguments).spawn().unwrap())
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[derive(Default)]
struct Proc {
    before: HashMap<u32, CpuTime>,
    last: Option<Instant>,
}

impl Source for Proc {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let names = fs::read_dir("/proc").map_err(|error| error.to_string())?;
        let names = names
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut pids: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
        pids.sort_unstable();
        for pid in pids {
            let Ok(text) = fs::read(format!("/proc/{pid}/stat")) else {
                continue;
            };
            let stat = Stat::parse(&text).ok_or_else(|| format!("{text:?}"))?;
            let old = self.before.insert(pid, stat.time).unwrap_or(stat.time);
            let time = stat.time.since(old);
            each(&Exact {
                pid,
                start_ns: stat.start_ticks * TICK_NS,
                ppid: stat.ppid,
                uid: 0,
                threads: stat.threads,
                state: stat.state,
                name: stat.name,
                rss_bytes: 0,
                user_ns: time.user_ns,
                system_ns: time.system_ns,
                total_ns: stat.time.sum_ns(),
                run_delay_ns: 0,
                voluntary_switches: 0,
                involuntary_switches: 0,
                network: None,
                exited: false,
            });
        }
        let last = self.last.replace(Instant::now());
        let interval = last.map_or(Duration::ZERO, |last| last.elapsed());
        Ok(Taken {
            wall_ns: 1_795_150_000_000_000_000,
            interval_ns: interval.as_nanos() as u64,
            exact: false,
            unlisted: 0,
        })
    }
}

fn one(table: &Table, pid: u32) -> &Row {
    table.rows().find(|row| row.pid == pid).unwrap()
}

#[test]
fn rows_of_this_machine() {
    let sleeper = Owned::start("sleep", &["1000"]);
    let burner = Owned::start("sh", &["-c", "while :; do :; done"]);
    let (sleeper, burner) = (sleeper.0.id(), burner.0.id());
    let options = ProcessOptions {
        threads: true,
        ..ProcessOptions::default()
    };
    let mut processes = Processes::new(&options, Path::new("/"), Box::<Proc>::default())
        .unwrap()
        .with_records();
    // A child has its program's name only when it runs it.
    std::thread::sleep(Duration::from_millis(100));
    let table = processes.take().unwrap();
    let version = one(table, sleeper).version;
    assert_eq!(one(table, sleeper).command, "sleep 1000");
    let us = std::process::id();
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let size = status
        .lines()
        .find_map(|line| line.strip_prefix("VmData:"))
        .unwrap();
    let data = one(table, us).memory.data;
    let now: u64 = size.trim_end_matches("kB").trim().parse().unwrap();
    assert!(data > 0 && data.abs_diff(now) < 200_000, "{data} {now}");
    let started = Instant::now();
    while started.elapsed() < Duration::from_millis(300) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let table = processes.take().unwrap();
    assert_eq!(one(table, sleeper).version, version, "it slept");
    let row = one(table, burner);
    assert!(row.time.user_ns > 0, "{row:?}");
    assert_eq!((row.state, row.name.as_str(), row.threads), ('R', "sh", 1));
    assert_eq!(row.ppid, us);
    // This test runs in a thread that is not the main one.
    let threads = table.rows().filter(|row| row.thread_of == Some(us));
    assert!(threads.count() > 0);
}
