//! Processes: exact numbers in collectl's formats.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};
use subjiffy_tests::collectl::{PATIENCE, Program, Run, is_data};
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::process::{Owned, Signal};
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Samples as JSON, `--export subjiffy`.
struct Samples {
    run: Run,
    seen: Vec<Value>,
}

impl Samples {
    fn start(words: &str) -> Self {
        let words = format!("--export subjiffy -sZ --quiet {words}");
        let run = Run::start(&mut Program::Ours.command(&words));
        let mut samples = Self {
            run,
            seen: Vec::new(),
        };
        samples.next();
        samples
    }

    fn next(&mut self) -> &Value {
        let line = self.run.line().expect("a sample").to_owned();
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        self.seen.push(value);
        self.seen.last().expect("the one just read")
    }

    /// Up to one whose interval began after now.
    fn settle(&mut self) {
        let now = truth::wall_ns() as f64 / 1e9;
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let sample = self.next();
            let length = sample["processes"]["interval_ns"]
                .as_f64()
                .expect("an interval")
                / 1e9;
            if sample["time"].as_f64().expect("a time") - length > now {
                return;
            }
        }
        panic!("no later sample");
    }

    fn rows(&self) -> impl Iterator<Item = &Value> {
        let lists = self.seen.iter().map(|sample| &sample["processes"]["rows"]);
        lists.flat_map(|rows| rows.as_array().expect("rows"))
    }

    /// All rows of a process.
    fn of(&self, pid: u32) -> Vec<&Value> {
        self.rows().filter(|row| row["pid"] == pid).collect()
    }
}

/// A change that a row tells.
fn change(row: &Value, name: &str) -> u64 {
    let value = &row["changes"][name];
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no {name} in {row}"))
}

/// The sum of it over all rows.
fn sum(rows: &[&Value], name: &str) -> u64 {
    rows.iter().map(|row| change(row, name)).sum()
}

/// What the scheduler itself says is what is in the rows, to the nanosecond.
#[test]
fn cpu_time_is_that_of_the_scheduler() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut samples = Samples::start("-i:.2");
    let mut load = Load::start(LOAD, "spin --us 700000");
    let pid = load.pid();
    samples.settle();
    load.run();
    let told = truth::settled_run_ns(pid);
    samples.settle();
    let rows = samples.of(pid);
    let ours = sum(&rows, "user_ns") + sum(&rows, "system_ns");
    // Up to the library's start nobody had counted, or all of it: the process began while it was watched.
    assert_eq!(ours, told, "collectl, schedstat; {} rows", rows.len());
    assert!(told > 700_000_000, "{told}");
    load.finish();
}

/// The columns of text show the same in milliseconds with decimals.
#[test]
fn columns_of_our_own_are_exact() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "spin --us 300000");
    let words = "-sZ -i:.2 --procopts e --quiet --procfilt Cload";
    let mut run = Run::start(&mut Program::Ours.command(words));
    run.until("the columns", |line| line.starts_with("# PID"));
    let header = run.said.last().expect("the columns").clone();
    let names: Vec<_> = header.trim_start_matches('#').split_whitespace().collect();
    let place = |name: &str| names.iter().position(|other| *other == name).expect(name);
    let pid = load.pid().to_string();
    let is_it = |line: &str| line.split_whitespace().next() == Some(&pid);
    // What it had used before the first of them is in none of the samples.
    run.until("the process", is_it);
    let before = truth::settled_run_ns(load.pid());
    let seen = run.said.len();
    load.run();
    let told = truth::settled_run_ns(load.pid()) - before;
    // Two samples later it rests.
    for _ in 0..3 {
        run.until("a sample", is_it);
    }
    let rows = run.said[seen..].iter().filter(|line| is_it(line));
    let ms: f64 = rows
        .map(|row| {
            let words: Vec<_> = row.split_whitespace().collect();
            let value = |name: &str| -> f64 { words[place(name)].parse().expect(row) };
            value("SysMs") + value("UsrMs")
        })
        .sum();
    let told = told as f64 / 1e6;
    // Each number is rounded to a thousandth.
    assert!(
        (ms - told).abs() < 0.1,
        "{ms} ms, {told} ms: {:#?}",
        run.said
    );
    load.finish();
    run.stop(Signal::KILL);
}

/// Those that come and go between two samples are there with all that they used.
#[test]
fn short_lived_processes_appear() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut samples = Samples::start("-i:1");
    let mut load = Load::start(LOAD, "children --count 30 --burn-us 2000");
    let parent = load.pid();
    samples.settle();
    let result = load.run();
    samples.settle();
    let children: Vec<_> = samples
        .rows()
        .filter(|row| row["ppid"] == parent && row["exited"] == true)
        .collect();
    let unlisted: u64 = samples
        .seen
        .iter()
        .filter_map(|sample| sample["processes"]["unlisted"].as_u64())
        .sum();
    assert_eq!(children.len() as u64 + unlisted, number(&result, "count"));
    assert_eq!(unlisted, 0, "so few find room");
    let ours = sum(&children, "user_ns") + sum(&children, "system_ns");
    assert!(ours >= 30 * 2_000_000, "{ours} ns of 30 children");
    // And as lines of the original's columns, state X.
    load.finish();
}

#[test]
fn short_lived_processes_appear_in_columns() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut run = Run::start(&mut Program::Ours.command("-sZ -i:1 --quiet"));
    run.until("a sample", |line| line.starts_with("# PID"));
    let mut command = Command::new("sh");
    command.args(["-c", "true"]);
    let mut child = command.spawn().expect("sh");
    let pid = child.id().to_string();
    let _ = child.wait();
    let row = run.until("the dead process", |line| {
        line.split_whitespace().next() == Some(&pid)
    });
    assert_eq!(row.split_whitespace().nth(5), Some("X"), "{row}");
    run.stop(Signal::KILL);
}

/// Bytes on sockets, by process.
#[test]
fn bytes_on_sockets_are_those_that_were_sent() {
    let possible = need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
    if !need::bpf() || !need::root() || !possible {
        return;
    }
    let _alone = need::exclusive();
    let net = Net::loopback();
    let mut samples = Samples::start("-i:.5 --procopts n");
    let (sender, receiver) = net.inside(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let sender = std::net::TcpStream::connect(listener.local_addr().expect("a port"));
        let (receiver, _) = listener.accept().expect("a connection");
        (sender.expect("a connection"), receiver)
    });
    samples.settle();
    let own = std::process::id();
    let before = samples.of(own).len();
    const BYTES: usize = 3_000_001;
    let reader = std::thread::spawn(move || {
        let mut receiver = receiver;
        std::io::copy(&mut receiver, &mut std::io::sink()).expect("all of it")
    });
    let mut sender = sender;
    std::io::Write::write_all(&mut sender, &vec![7; BYTES]).expect("all of it");
    drop(sender);
    assert_eq!(reader.join().expect("a reader"), BYTES as u64);
    samples.settle();
    let rows = &samples.of(own)[before..];
    assert_eq!(sum(rows, "network_sent_bytes"), BYTES as u64, "{rows:#?}");
    assert_eq!(sum(rows, "network_received_bytes"), BYTES as u64);
}

/// Rows of one sample: process id and the words of the row.
fn listed(words: &str) -> BTreeMap<u32, Vec<String>> {
    let words = format!("-sZ -i:.3 -c1 --quiet {words}");
    let said = Program::Ours.said(&words);
    let rows = said.lines().filter(|line| is_data(line));
    let rows = rows.map(|row| {
        let words: Vec<_> = row.split_whitespace().map(str::to_owned).collect();
        let pid = words[0].trim_end_matches('+').parse();
        (pid.unwrap_or_else(|_| panic!("{row}")), words)
    });
    rows.collect()
}

fn spawn(name: &str, arguments: &[&str]) -> Owned {
    let mut command = Command::new(name);
    Owned(command.args(arguments).spawn().expect(name))
}

/// Each way to choose some of them.
#[test]
fn filters_choose_processes() {
    if !need::root() {
        return;
    }
    let one = spawn("sleep", &["301.5"]);
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "54321", "sleep", "302.5"]);
    let other = Owned(command.spawn().expect("setpriv"));
    let begun = Instant::now();
    while std::fs::read(format!("/proc/{}/comm", other.id())).unwrap_or_default() != b"sleep\n" {
        assert!(begun.elapsed() < PATIENCE, "setpriv does not start sleep");
        std::thread::sleep(Duration::from_millis(10));
    }
    let own = std::process::id();
    let both = [one.id(), other.id()];
    for (filter, wanted, unwanted) in [
        (
            format!("p{}", one.id()),
            vec![one.id()],
            vec![own, other.id()],
        ),
        (
            format!("p{},p{}", one.id(), own),
            vec![one.id(), own],
            vec![other.id(), 1],
        ),
        (format!("P{own}"), both.to_vec(), vec![own, 1]),
        ("csle".into(), both.to_vec(), vec![own, 1]),
        ("Csleep".into(), both.to_vec(), vec![own, 1]),
        ("Cleep".into(), vec![], both.to_vec()),
        ("f302.5".into(), vec![other.id()], vec![one.id(), own]),
        ("u54321".into(), vec![other.id()], vec![one.id(), own]),
        ("u54000-55000".into(), vec![other.id()], vec![one.id(), own]),
        ("Uroot".into(), vec![one.id(), 1], vec![other.id()]),
    ] {
        let rows = listed(&format!("--procfilt {filter}"));
        for pid in wanted {
            assert!(
                rows.contains_key(&pid),
                "{filter}: {pid} is missing in {rows:#?}"
            );
        }
        for pid in unwanted {
            assert!(!rows.contains_key(&pid), "{filter}: {pid} is in {rows:#?}");
        }
    }
    // A file of filters.
    let file = std::env::temp_dir().join(format!("subjiffy-filters-{own}"));
    std::fs::write(&file, format!("# ours\np{}\n\np{own}\n", one.id())).expect("a file");
    let rows = listed(&format!("--procfilt {}", file.display()));
    let _ = std::fs::remove_file(&file);
    assert_eq!(rows.keys().copied().collect::<Vec<_>>(), {
        let mut pids = vec![one.id(), own];
        pids.sort_unstable();
        pids
    });
    // States: what sleeps is not what is stopped.
    one.signal(Signal::STOP);
    let rows = listed("--procstate T");
    assert!(
        rows.contains_key(&one.id()) && !rows.contains_key(&other.id()),
        "{rows:#?}"
    );
    one.signal(Signal::CONT);
    let rows = listed("--procstate S");
    assert!(rows.contains_key(&other.id()), "{rows:#?}");
}

/// Options that change columns: threads, arguments, users' width, active ones only.
#[test]
fn options_change_what_is_listed() {
    let mut load = Load::start(LOAD, "threads --count 3 --burn-us 100 --keep 3");
    load.run();
    let pid = load.pid();
    let alone = listed(&format!("--procfilt p{pid}"));
    assert_eq!(alone.len(), 1, "{alone:#?}");
    assert_eq!(alone[&pid][4], "3", "threads less one: {alone:#?}");
    let threads = listed(&format!("--procfilt p{pid} --procopts t"));
    assert_eq!(threads.len(), 4, "{threads:#?}");
    let with = listed(&format!("--procfilt p{pid} --procopts w"));
    assert!(with[&pid].contains(&"--burn-us".to_owned()), "{with:#?}");
    let short = listed(&format!("--procfilt p{pid} --procopts r"));
    assert_eq!(
        short[&pid].last().map(String::as_str),
        Some("load"),
        "{short:#?}"
    );
    let active = listed("--procopts z");
    assert!(!active.contains_key(&pid), "it rests: {:?}", active[&pid]);
    load.finish();
}

/// A process may call itself whatever it likes: what a terminal would obey is not shown.
#[test]
fn hostile_names_are_neutralised() {
    let directory = tempfile::tempdir().expect("a directory");
    let evil = "e\u{1b}[31m\n\rx\u{7}\u{9b}2J";
    let path = directory.path().join(evil);
    subjiffy_tests::process::install("/bin/sleep".as_ref(), &path);
    let mut command = Command::new(&path);
    std::os::unix::process::CommandExt::arg0(&mut command, format!("{evil} arg"));
    let child = Owned(command.arg("300").spawn().expect("sleep"));
    let pid = child.id();
    for words in [
        "-sZ -i:.3 -c2 --quiet",
        "-sZ -i:.3 -c2 --quiet --procopts w",
        "-sZ -i:.3 -c2 --quiet -P",
        "-sZ -i:.3 -c2 --quiet --procopts r",
        "-sZ -i:.3 -c2 --quiet --export subjiffy",
    ] {
        let words = format!("{words} --procfilt p{pid}");
        let said = Program::Ours.said(&words);
        let bad = |letter: char| letter.is_control() && letter != '\n';
        assert!(!said.contains(bad), "{words}: {said:?}");
        let rows = said.lines().filter(|line| line.contains(&pid.to_string()));
        // Nor does it make lines of its own.
        assert_eq!(rows.count(), 2, "{words}: {said:?}");
    }
    // In files as well: they end on a terminal some day.
    let words = format!(
        "-sZ -i:.3 -c2 -f {}/r --procfilt p{pid}",
        directory.path().display()
    );
    Program::Ours.said(&words);
    let files = std::fs::read_dir(directory.path()).expect("files");
    let raw = files
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.to_string_lossy().contains(".raw"));
    let said = Program::Ours.said(&format!("-p {} -sZ", raw.expect("a recording").display()));
    let bad = |letter: char| letter.is_control() && letter != '\n';
    assert!(!said.contains(bad), "{said:?}");
}
