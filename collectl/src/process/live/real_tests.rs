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

/// What `status` of a process says of a size, KB.
fn size(pid: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_end_matches("kB").trim().parse().ok()
}

/// Waits until `/proc` says of a process what is expected.
fn until(pid: u32, expected: impl Fn(&Stat<'_>) -> bool) {
    let begun = Instant::now();
    loop {
        let text = fs::read(format!("/proc/{pid}/stat")).unwrap();
        if Stat::parse(&text).is_some_and(|stat| expected(&stat)) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn rows_of_this_machine() {
    let sleeper = Owned::start("sleep", &["1000"]);
    let burner = Owned::start("sh", &["-c", "while :; do :; done"]);
    let (sleeper, burner) = (sleeper.0.id(), burner.0.id());
    // A child has its program's name only when it runs it.
    until(sleeper, |stat| stat.name == b"sleep" && stat.state == 'S');
    until(burner, |stat| stat.name == b"sh");
    let (end, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let options = ProcessOptions {
        threads: true,
        ..ProcessOptions::default()
    };
    let mut processes = Processes::new(&options, Path::new("/"), Box::<Proc>::default())
        .unwrap()
        .with_records();
    let table = processes.take().unwrap();
    let row = one(table, sleeper);
    let version = row.version;
    assert_eq!((row.command.as_str(), row.threads), ("sleep 1000", 1));
    assert_eq!(Some(row.memory.size), size(sleeper, "VmSize:"));
    assert_eq!(Some(row.memory.data), size(sleeper, "VmData:"));
    let before = one(table, burner).total.user_ns;
    until(burner, |stat| stat.time.user_ns > before + 5 * TICK_NS);
    let table = processes.take().unwrap();
    assert_eq!(one(table, sleeper).version, version, "it slept");
    let (us, row) = (std::process::id(), one(table, burner));
    assert!(row.time.user_ns >= 5 * TICK_NS, "{row:?}");
    assert_eq!((row.state, row.name.as_str(), row.ppid), ('R', "sh", us));
    let threads = table.rows().filter(|row| row.thread_of == Some(us));
    assert!(threads.count() > 0);
    drop(end);
    thread.join().unwrap().unwrap_err();
}
