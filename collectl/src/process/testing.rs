//! A machine for tests: a source that says what it is told, and a directory with `proc` and `etc`.

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use super::{Exact, Processes, Row, Source, Table, Taken};
use crate::{
    options::{Columns, Options, ProcessOptions, Start},
    record::Time,
};

/// What the source says next.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub rows: Vec<Exact<'static>>,
    pub taken: Taken,
    pub broken: bool,
}

struct Told(Arc<Mutex<Script>>);

impl Source for Told {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let script = self.0.lock().unwrap();
        if script.broken {
            return Err("the agent is gone".to_owned());
        }
        script.rows.iter().for_each(each);
        Ok(script.taken)
    }
}

/// A machine.
pub struct Machine {
    pub root: tempfile::TempDir,
    script: Arc<Mutex<Script>>,
}

/// The files of a process or thread.
#[derive(Debug, Clone, Copy)]
pub struct Files {
    pub name: &'static str,
    pub command: &'static [u8],
    pub ppid: u32,
    pub priority: i32,
    pub threads: u32,
    pub start_ticks: u64,
    pub ticks: [u64; 4],
    pub faults: [u64; 2],
    pub switches: [u64; 2],
    pub io: [u64; 7],
    /// Time on a CPU and waiting, ns.
    pub schedule: [u64; 2],
    pub cpu: u32,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            name: "program",
            command: b"/usr/bin/program\0-x\0",
            ppid: 1,
            priority: 20,
            threads: 1,
            start_ticks: 100,
            ticks: [0; 4],
            faults: [0; 2],
            switches: [0; 2],
            io: [0; 7],
            schedule: [0; 2],
            cpu: 1,
        }
    }
}

impl Machine {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc")).unwrap();
        fs::create_dir_all(root.path().join("proc")).unwrap();
        fs::write(
            root.path().join("etc/passwd"),
            "root:x:0:0:\nuser:x:1000:1\n",
        )
        .unwrap();
        fs::write(root.path().join("proc/uptime"), "1000.50 1\n").unwrap();
        Self {
            root,
            script: Arc::default(),
        }
    }

    pub fn processes(&self, options: &ProcessOptions) -> Processes {
        let source = Box::new(Told(self.script.clone()));
        Processes::new(options, self.root.path(), source).unwrap()
    }

    /// What the source says at the next sample, a second after the one before.
    pub fn says(&self, rows: &[Exact<'static>]) {
        let mut script = self.script.lock().unwrap();
        script.rows = rows.to_vec();
        let first = script.taken.wall_ns == 0;
        script.taken = Taken {
            wall_ns: if first {
                1_795_150_000_000_000_000
            } else {
                script.taken.wall_ns + 1_000_000_000
            },
            interval_ns: if first { 0 } else { 1_000_000_000 },
            exact: true,
            unlisted: 0,
        };
    }

    pub fn breaks(&self) {
        self.script.lock().unwrap().broken = true;
    }

    /// Makes the files of a process.
    pub fn process(&self, pid: u32, files: Files) {
        write(
            &self.root.path().join(format!("proc/{pid}")),
            pid,
            pid,
            files,
        );
    }

    /// Makes those of a thread; the main one needs them, too.
    pub fn thread(&self, pid: u32, tid: u32, files: Files) {
        write(
            &self.root.path().join(format!("proc/{pid}/task/{tid}")),
            pid,
            tid,
            files,
        );
    }

    pub fn removes(&self, path: &str) {
        let path = self.root.path().join("proc").join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

/// The text of a `stat` file.
pub fn stat(id: u32, files: &Files) -> String {
    let Files {
        name,
        ppid,
        priority,
        threads,
        start_ticks,
        ticks,
        faults,
        cpu,
        ..
    } = files;
    let [user, system, child_user, child_system] = ticks;
    let [minor, major] = faults;
    format!(
        "{id} ({name}) S {ppid} {id} {id} 0 -1 4194560 {minor} 0 {major} 0 {user} {system} {child_user} \
         {child_system} {priority} 0 {threads} 0 {start_ticks} 5124096 995 18446744073709551615 1 2 3 0 0 0 0 \
         0 0 0 0 0 17 {cpu} 0 0 0 0 0 7 8 9 10 11 12 0\n"
    )
}

fn write(directory: &Path, pid: u32, id: u32, files: Files) {
    fs::create_dir_all(directory).unwrap();
    let put = |name: &str, text: &[u8]| fs::write(directory.join(name), text).unwrap();
    put("stat", stat(id, &files).as_bytes());
    let [voluntary, involuntary] = files.switches;
    let status = format!(
        "Name:\tx\nTgid:\t{pid}\nUid:\t0\t0\t0\t0\nVmPeak:\t    5014 kB\nVmSize:\t    5004 kB\nVmLck:\t      16 kB\n\
         VmPin:\t       0 kB\nVmHWM:\t    4090 kB\nVmRSS:\t    4084 kB\nVmData:\t     948 kB\nVmStk:\t     132 kB\n\
         VmExe:\t     772 kB\nVmLib:\t    1596 kB\nVmPTE:\t      52 kB\nVmSwap:\t       8 kB\n\
         voluntary_ctxt_switches:\t{voluntary}\nnonvoluntary_ctxt_switches:\t{involuntary}\n"
    );
    put("status", status.as_bytes());
    let [a, b, c, d, e, f, g] = files.io;
    let io = format!(
        "rchar: {a}\nwchar: {b}\nsyscr: {c}\nsyscw: {d}\nread_bytes: {e}\nwrite_bytes: {f}\n\
         cancelled_write_bytes: {g}\n"
    );
    put("io", io.as_bytes());
    put("cmdline", files.command);
    let [run, delay] = files.schedule;
    put("schedstat", format!("{run} {delay} 7\n").as_bytes());
}

/// A process that rests.
pub fn rests(pid: u32) -> Exact<'static> {
    Exact {
        pid,
        start_ns: 1_000_000_000,
        ppid: 1,
        uid: 0,
        threads: 1,
        state: 'S',
        name: b"program",
        rss_bytes: 4096 * 1024,
        user_ns: 0,
        system_ns: 0,
        total_ns: 40_000_000,
        run_delay_ns: 0,
        voluntary_switches: 0,
        involuntary_switches: 0,
        network: None,
        exited: false,
    }
}

/// One that ran.
pub fn ran(pid: u32, user_ns: u64, system_ns: u64, total_ns: u64) -> Exact<'static> {
    Exact {
        user_ns,
        system_ns,
        total_ns,
        voluntary_switches: 3,
        involuntary_switches: 2,
        run_delay_ns: 5000,
        state: 'R',
        ..rests(pid)
    }
}

/// Options as they are without switches.
pub fn options(processes: ProcessOptions) -> Options {
    Options {
        processes,
        ..Options::default()
    }
}

/// Options of the letters of `--procopts`, as far as they say how rows look.
pub fn letters(letters: &str) -> ProcessOptions {
    let mut options = ProcessOptions::default();
    let mut rest = letters;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[1..];
        let digits = rest.len()
            - rest
                .trim_start_matches(|digit: char| digit.is_ascii_digit())
                .len();
        let number: Option<u16> = rest[..digits].parse().ok();
        rest = &rest[digits..];
        match letter {
            'i' => options.columns = Columns::InputOutput,
            'm' => options.columns = Columns::Memory,
            'x' => options.switches = true,
            's' => options.start = Start::Time,
            'S' => options.start = Start::Date,
            'f' => options.total_faults = true,
            'u' => options.user_width = Some(number.unwrap_or(12) as u8),
            'R' => options.priority_numbers = true,
            'w' => options.arguments = Some(number),
            'k' => options.strip_shells = true,
            'r' => options.base_name = true,
            'c' => options.with_children = true,
            'e' => options.exact = true,
            'n' => options.network = true,
            'I' => options.without_io = true,
            other => panic!("{other}"),
        }
    }
    options
}

/// The records of a raw file without a header.
pub fn records(raw: &str) -> impl Iterator<Item = (Time, &str)> {
    raw.split(">>> ").filter_map(|record| {
        let (time, text) = record.split_once(" <<<\n")?;
        let millis: u64 = time.replace('.', "").parse().ok()?;
        let wall_ns = millis * 1_000_000;
        Some((
            Time {
                wall_ns,
                steady_ns: wall_ns,
            },
            text,
        ))
    })
}

/// The row of a process or thread; there must be one.
pub fn one(table: &Table, pid: u32) -> &Row {
    let mut rows = table.rows().filter(|row| row.pid == pid);
    let row = rows.next().unwrap_or_else(|| panic!("no row of {pid}"));
    assert!(rows.next().is_none(), "more than one row of {pid}");
    row
}

/// Ids of all rows, in their order.
pub fn pids(table: &Table) -> Vec<u32> {
    table.rows().map(|row| row.pid).collect()
}

/// Files with so many page faults, minor and major.
pub fn faults(minor: u64, major: u64) -> Files {
    Files {
        faults: [minor, major],
        ..Files::default()
    }
}

/// Whether collectl is there, or must be, as in all tests that need other people's programs.
pub fn has_collectl() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join("collectl").is_file());
    let says = |name: &str, value: &str| std::env::var(name).is_ok_and(|one| one == value);
    let required = says("SUBJIFFY_REQUIRE_CLIENTS", "1") || says("CI", "true");
    if !found && !required {
        eprintln!("skipped: this test needs collectl");
    }
    found || required
}
