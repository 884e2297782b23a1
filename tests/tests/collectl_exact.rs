//! Rows of processes: exact, whole, harmless.

use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
};
use subjiffy_tests::{
    build::binary,
    collectl::{Program, Run, is_data},
    load::{Load, number},
    need,
    process::Signal,
    truth,
};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// The JSON export: an object a sample.
struct Export(Run);

impl Export {
    fn start(words: &str) -> Self {
        let mut command = Program::Ours.command(&format!("-sZ --quiet --export subjiffy {words}"));
        Self(Run::start(&mut command))
    }

    fn next(&mut self) -> Value {
        let line = self.0.until("a sample", |line| line.starts_with('{'));
        serde_json::from_str(&line).expect("JSON")
    }

    fn rows(&mut self) -> Vec<Value> {
        let sample = self.next();
        let processes = &sample["processes"];
        assert_eq!(processes["exact"], true, "{sample}");
        processes["rows"].as_array().expect("rows").clone()
    }

    /// The sum over rows as wanted, until a sample comes that has none after one that has some.
    fn sum(&mut self, what: &[&str], wanted: impl Fn(&Value) -> bool) -> u64 {
        let (mut sum, mut rest) = (0, 0);
        while rest < 3 {
            let rows = self.rows();
            let of = |row: &Value| -> u64 {
                what.iter()
                    .map(|key| row["changes"][key].as_u64().unwrap_or(0))
                    .sum()
            };
            let here: u64 = rows.iter().filter(|row| wanted(row)).map(of).sum();
            sum += here;
            rest = if here > 0 || sum == 0 { 0 } else { rest + 1 };
        }
        sum
    }
}

fn ready() -> bool {
    need::bpf()
}

/// Children that live for a moment are rows, with all they used.
#[test]
fn processes_that_die_between_two_samples_appear_in_full() {
    if !ready() {
        return;
    }
    let _alone = need::exclusive();
    const COUNT: usize = 40;
    let mut load = Load::start(LOAD, &format!("children --count {COUNT} --burn-us 5000"));
    let parent = load.pid();
    let mut export = Export::start("-i:.5");
    export.next();
    let result = load.run();
    let (mut dead, mut spent_ns, mut rest) = (0, 0, 0);
    while rest < 3 {
        let rows = export.rows();
        let own = rows.iter().filter(|row| row["ppid"] == parent);
        let mut here = 0;
        for row in own {
            let change = |key: &str| row["changes"][key].as_u64().expect(key);
            let ns = change("user_ns") + change("system_ns");
            here += ns;
            if row["exited"] == true {
                dead += 1;
                assert_eq!(row["state"], "X", "{row}");
                assert_eq!(row["name"], "load", "{row}");
            }
        }
        spent_ns += here;
        rest = if here > 0 || dead == 0 { 0 } else { rest + 1 };
    }
    let truth_ns = number(&result, "user_ns") + number(&result, "system_ns");
    let share = spent_ns as f64 / truth_ns as f64;
    println!("{dead} dead, {spent_ns} of {truth_ns} ns: {share:.5}");
    assert_eq!(dead, COUNT);
    assert!(
        (0.999..1.005).contains(&share),
        "{spent_ns} of {truth_ns} ns"
    );
}

/// In columns, too, beside those who live.
#[test]
fn the_dead_stand_in_columns() {
    if !ready() {
        return;
    }
    let mut load = Load::start(LOAD, "children --count 3 --burn-us 2000");
    let mut run = Run::start(&mut Program::Ours.command("-sZ -i:.5 --quiet --procfilt Cload"));
    run.until("its parent", |line| {
        line.contains(&format!("{} ", load.pid()))
    });
    load.run();
    let line = run.until("a dead one", |line| {
        line.split_whitespace().nth(5) == Some("X")
    });
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words.last(), Some(&"load"), "{line}");
    assert_eq!(words[3], load.pid().to_string(), "{line}");
    assert!(run.stop(Signal::TERM).status.success());
}

/// Bytes on sockets of this very process.
#[test]
fn bytes_on_sockets_are_exact() {
    if !ready() {
        return;
    }
    const BYTES: usize = 3_000_001;
    let own = std::process::id();
    let mut export = Export::start(&format!("-i:.3 --procfilt p{own}"));
    export.next();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut near =
        TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
    let (mut far, _) = listener.accept().expect("accepted");
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        far.read_to_end(&mut bytes).expect("all of it");
        bytes.len()
    });
    near.write_all(&vec![7; BYTES]).expect("written");
    drop(near);
    assert_eq!(reader.join().expect("a reader"), BYTES);
    let keys = ["network_received_bytes", "network_sent_bytes"];
    let is_own = |row: &Value| row["pid"] == own;
    assert_eq!(export.sum(&keys, is_own), 2 * BYTES as u64);
}

/// Our own columns have one word each below their names, before the command.
#[test]
fn our_columns_say_the_same_as_the_kernel() {
    if !ready() {
        return;
    }
    let mut load = Load::start(LOAD, "spin --seconds 1");
    let pid = load.pid();
    let words = format!("-sZ -i:.25 --quiet --procopts en --procfilt p{pid} --hr 1");
    let mut run = Run::start(&mut Program::Ours.command(&words));
    let header = run.until("a header", |line| line.contains("SysMs"));
    let names: Vec<_> = header.trim_start_matches('#').split_whitespace().collect();
    let at = |name: &str| names.iter().position(|one| *one == name).expect("a column");
    let (system, user) = (at("SysMs"), at("UsrMs"));
    assert!(at("WaitMs") < at("Command") && at("KBOut") == at("KBIn") + 1);
    let mut next_ms = || {
        let line = run.until("a row", is_data);
        let words: Vec<_> = line.split_whitespace().collect();
        assert_eq!(words.len(), names.len(), "{header}\n{line}");
        let ms = |at: usize| words[at].parse::<f64>().expect("a number");
        ms(system) + ms(user)
    };
    while next_ms() > 0.0 {}
    let before = truth::settled_run_ns(pid);
    load.run();
    let spent_ms = (truth::settled_run_ns(pid) - before) as f64 / 1e6;
    let (mut sum_ms, mut rows, mut rest) = (0.0, 0.0, 0);
    while rest < 3 {
        let ms = next_ms();
        (sum_ms, rows) = (sum_ms + ms, rows + 1.0);
        rest = if ms > 0.0 || sum_ms < 500.0 {
            0
        } else {
            rest + 1
        };
    }
    // Each number is rounded to a thousandth.
    let error_ms = (sum_ms - spent_ms).abs();
    assert!(
        error_ms <= 0.002 * rows,
        "{sum_ms} of {spent_ms} ms in {rows} rows"
    );
}

/// Nothing that a process calls itself reaches a terminal as it is.
#[test]
fn names_are_harmless() {
    if !ready() {
        return;
    }
    // A title, a cursor movement, a newline with a wrong row, C1, bytes that are no text.
    let names = [
        "1b5d303b7a07",
        "1b5b324a1b5b48",
        "0a393939393920726f6f74",
        "c29b314a",
        "fffe9b9d",
    ];
    for name in names {
        let mut load = Load::start(LOAD, &format!("rename --names {name}"));
        let pid = load.pid();
        load.run();
        for words in ["", "--procopts w", "-P", "--export subjiffy"] {
            let words = format!("-sZ -i:.2 -c1 --quiet --procfilt p{pid} {words}");
            let out = Program::Ours.command(&words).output().expect("it runs");
            let harmful = |&byte: &u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
            let text = String::from_utf8(out.stdout).expect("text");
            assert!(
                !text.bytes().any(|byte| harmful(&byte)),
                "{words}: {text:?}"
            );
            assert!(
                !text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)),
                "{words}: {text:?}"
            );
            let rows = text.lines().filter(|line| line.contains(&pid.to_string()));
            assert_eq!(rows.count(), 1, "{words}: {text}");
        }
        load.finish();
    }
}

#[test]
fn filters_choose_and_threads_are_rows() {
    if !ready() {
        return;
    }
    let mut load = Load::start(LOAD, "threads --count 4 --burn-us 1000 --keep 3");
    load.run();
    let pid = load.pid();
    let own = std::process::id();
    let rows = |words: &str| -> Vec<Vec<String>> {
        let text = Program::Ours.said(&format!("-sZ -i:.3 -c1 --quiet {words}"));
        let data = text
            .lines()
            .filter(|line| is_data(line) && !line.starts_with("waiting"));
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        data.map(words).collect()
    };
    for words in [
        format!("p{pid}"),
        format!("P{own},Cnobody-is-called-so"),
        "Cload,p1".to_owned(),
    ] {
        let rows = rows(&format!("--procfilt {words}"));
        assert!(
            rows.iter().any(|row| row[0] == pid.to_string()),
            "{words}: {rows:?}"
        );
        let others = rows
            .iter()
            .filter(|row| row[0] == std::process::id().to_string());
        assert_eq!(others.count(), 0, "{words}: {rows:?}");
    }
    let nobody = rows("--procfilt Unobody-is-called-so");
    assert_eq!(nobody, Vec::<Vec<String>>::new());
    let threads = rows(&format!("--procfilt p{pid} --procopts t"));
    let marked = threads.iter().filter(|row| row[0].ends_with('+'));
    assert_eq!(marked.count(), truth::threads(pid).len() - 1, "{threads:?}");
}

/// Ticks alone say so, and the columns are the same.
#[test]
fn without_bpf_it_goes_on() {
    if !need::root() {
        return;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(binary());
    command.args(["collectl", "-sZ", "-i:.3", "-c1", "--quiet"]);
    let out = command.output().expect("setpriv");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(told.contains("CAP_BPF"), "{told}");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("# PID  User     PR  PPID THRD S"), "{text}");
    let own = format!("{:>5} ", std::process::id());
    assert!(text.lines().any(|line| line.starts_with(&own)), "{text}");
}
