//! Details and journals of a process, by the published connectors that know them, against what the
//! kernel says.

#[macro_use]
mod connector;

use connector::{Client, How, Version, WITH_DETAILS, with_agent};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::{read_dir, read_link, read_to_string};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use subjiffy_tests::journal::{Entry, Journal};
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::process::{Owned, install};
use subjiffy_tests::raw::{Message, Raw};
use subjiffy_tests::server::Server;
use subjiffy_tests::{shape, truth, wire};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Longer than details are kept.
const STALE: Duration = Duration::from_millis(400);

/// A pid that no process has: above every possible one.
const NOBODY: u32 = 4_194_305;

#[test]
fn all_five_requests_are_answered_in_any_order_on_one_connection() {
    let journal = Journal::with(&[Entry::new("one"), Entry::new("two")]);
    let own = std::process::id();
    for version in WITH_DETAILS {
        let server = Server::with("", |command| journal.put_before(command));
        let mut client = connect(version, &server);
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        for number in 0..1_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            // Details are of at least a tenth of a second: not too many of them.
            let good = match random % 20 {
                0..=5 => client.ask("metrics")["cpu_total"].is_number(),
                6..=10 => client.ask("disks").is_array(),
                11..=15 => client.processes().iter().any(|row| row.0 == own),
                16 => client.ask(&format!("details:{own}"))["process"]["pid"] == own,
                _ => client.ask(&format!("journal:{own}"))["total_count"] == 2,
            };
            assert!(good, "{version:?}, request {number}");
        }
    }
}

/// Long answers are gzip in a binary frame, short ones text: [`wire::json`] sees to it.
#[test]
fn answers_of_every_length_come_in_the_frame_for_it() {
    let server = Server::with("", Journal::hide);
    let mut client = Raw::connect(&server.url);
    let mut lengths = BTreeSet::new();
    for keep in [0, 1, 3, 100] {
        let command = format!("threads --count {keep} --burn-us 100 --keep {keep}");
        let mut load = Load::start(LOAD, &command);
        load.run();
        for request in [
            format!("get_process_metrics:{}", load.pid()),
            format!(r#"{{"type":"process_metrics","pid":{}}}"#, load.pid()),
        ] {
            let answer = client.ask(&request);
            let plain = matches!(answer, Message::Text(_));
            let value = match &answer {
                // Programs that send JSON know nothing of gzip.
                Message::Text(text) if request.starts_with('{') => {
                    serde_json::from_str(text).map_err(|e| e.to_string())
                }
                answer => wire::json(answer),
            };
            let value = value.unwrap_or_else(|error| panic!("{request}: {error}"));
            shape::details(&value).unwrap_or_else(|error| panic!("{request}: {error}"));
            let threads = value["process"]["threads"].as_array().map(Vec::len);
            assert_eq!(threads, Some(keep + 1), "{request}");
            lengths.insert((request.starts_with('{'), plain));
        }
        load.finish();
    }
    // Text for JSON requests; both, as it comes, for the others.
    assert!(
        lengths.contains(&(false, false)),
        "no long answer: {lengths:?}"
    );
    assert!(
        !lengths.contains(&(true, false)),
        "gzip for JSON: {lengths:?}"
    );
}

#[test]
fn every_detail_of_a_process_is_what_the_kernel_says() {
    let mut load = Load::start(LOAD, "threads --count 5 --burn-us 20000 --keep 5");
    load.run();
    let pid = load.pid();
    for version in WITH_DETAILS {
        with_agent(version, |client| {
            client.ask(&format!("details:{pid}"));
            std::thread::sleep(STALE);
            let answer = client.ask(&format!("details:{pid}"));
            shape::details(&answer).expect("details");
            let p = &answer["process"];
            let status = read_to_string(format!("/proc/{pid}/status")).expect("a process");
            let number = |key: &str| p[key].as_u64().unwrap_or_else(|| panic!("{key}: {p}"));
            let field = |name| status_field(&status, name);
            assert_eq!(number("pid"), u64::from(pid));
            assert_eq!(p["name"], "load", "{p}");
            assert_eq!(number("thread_count"), field("Threads:"), "{p}");
            assert_eq!(number("thread_count"), 6, "{p}");
            assert_eq!(number("parent_pid"), u64::from(std::process::id()), "{p}");
            assert_eq!(number("user_id"), field("Uid:"), "{p}");
            assert_eq!(number("group_id"), field("Gid:"), "{p}");
            let statm = read_to_string(format!("/proc/{pid}/statm")).expect("statm");
            let pages = statm.split(' ').map(|number| number.parse::<u64>());
            let bytes =
                pages.map(|pages| pages.expect("pages") * rustix::param::page_size() as u64);
            let bytes: Vec<_> = bytes.take(3).collect();
            for (key, bytes) in ["virtual_mem_bytes", "mem_bytes", "shared_mem_bytes"]
                .iter()
                .zip(bytes)
            {
                assert_eq!(number(key), bytes, "{key}: {p}");
            }
            let open = read_dir(format!("/proc/{pid}/fd")).expect("fds").count() as u64;
            assert_eq!(number("fd_count"), open, "{p}");
            assert!(
                p["status"].as_str().is_some_and(|s| s.starts_with("Sleep")),
                "{p}"
            );
            assert_eq!(p["command"], command_line(pid), "{p}");
            for (key, link) in [("executable_path", "exe"), ("working_directory", "cwd")] {
                let path = read_link(format!("/proc/{pid}/{link}")).expect("a link");
                assert_eq!(p[key].as_str(), path.to_str(), "{p}");
            }
            let now = truth::wall_ns() / 1_000_000_000;
            assert!(number("start_time").abs_diff(now) < 120, "{now}: {p}");
            let io = read_to_string(format!("/proc/{pid}/io")).expect("io");
            assert_eq!(number("read_bytes"), status_field(&io, "rchar:"), "{p}");
            assert_eq!(number("write_bytes"), status_field(&io, "wchar:"), "{p}");
            let used_us = truth::run_ns(pid) / 1_000;
            let told_us = number("cpu_time_user") + number("cpu_time_system");
            assert!(told_us.abs_diff(used_us) <= 20_000, "{used_us} us: {p}");

            let threads = p["threads"].as_array().expect("threads");
            let tids: BTreeSet<_> = threads.iter().map(|t| t["tid"].as_u64()).collect();
            let tasks = read_dir(format!("/proc/{pid}/task"))
                .expect("tasks")
                .flatten();
            let real = tasks.map(|task| task.file_name().to_str()?.parse().ok());
            assert_eq!(tids, real.collect(), "{p}");
            for thread in threads {
                let us = thread["cpu_time_user"].as_u64().unwrap_or(0)
                    + thread["cpu_time_system"].as_u64().unwrap_or(0);
                let main = thread["tid"].as_u64() == Some(pid.into());
                assert!(main || us >= 10_000, "{us} us of 20 ms: {thread}");
            }
        });
    }
    load.finish();
}

#[test]
fn the_details_of_nobody_are_an_error_at_once_and_the_connection_lives() {
    let mut threads = Load::start(LOAD, "threads --count 1 --burn-us 1 --keep 1");
    threads.run();
    let tasks = truth::threads(threads.pid());
    let thread = tasks.into_iter().find(|&tid| tid != threads.pid());
    let thread = thread.expect("a second thread");
    for version in WITH_DETAILS {
        with_agent(version, |client| {
            // A thread has a directory below /proc, too.
            for pid in [NOBODY, u32::MAX, 0, thread] {
                let asked = Instant::now();
                let answer = client.try_ask(&format!("details:{pid}"));
                assert!(answer.is_err(), "{version:?}, {pid}: {answer:?}");
                // Not the client's own patience, which ends after seconds.
                assert!(asked.elapsed() < Duration::from_secs(2), "{version:?}");
                client.ask("metrics");
            }
        });
    }
    threads.finish();
}

/// One that is dead and not buried, threads of the kernel, the first process, the agent itself.
#[test]
fn whoever_is_asked_for_breaks_no_client() {
    // Enough for the books that count in ticks, too.
    let mut load = Load::start(LOAD, "zombie --burn-us 50000");
    let zombie = u32::try_from(number(&load.run(), "zombie")).expect("a pid");
    let server = Server::with("", Journal::hide);
    let mut client = Raw::connect(&server.url);
    let of_kernel = truth::processes().into_iter();
    let of_kernel = of_kernel.filter(|one| one.2 == "kthreadd" || one.2.starts_with("kworker/"));
    let of_kernel = of_kernel.map(|one| one.0).take(3);
    for pid in [zombie, 1, server.pid(), std::process::id()]
        .into_iter()
        .chain(of_kernel)
    {
        let answer = wire::json(&client.ask(&format!("get_process_metrics:{pid}"))).expect("JSON");
        // A worker of the kernel may just have ended.
        if answer["error"].is_null() {
            shape::details(&answer).unwrap_or_else(|error| panic!("{pid}: {error}"));
        }
        assert!(answer["error"].is_null() || pid > 2, "{pid}: {answer}");
        if pid == zombie {
            let process = &answer["process"];
            assert_eq!(process["status"], "Zombie", "{answer}");
            assert_eq!(process["command"], "[load]", "{answer}");
            assert!(process["cpu_time_user"].as_u64() > Some(10_000), "{answer}");
        }
        let journal = wire::json(&client.ask(&format!("get_journal_entries:{pid}")));
        shape::journal(&journal.expect("JSON")).unwrap_or_else(|error| panic!("{pid}: {error}"));
    }
    load.run();
    load.finish();
}

/// Nothing is given again: what changed before a request is in its answer.
#[test]
fn details_are_as_new_as_the_request() {
    let script = "while read line; do exec 7</dev/null; echo opened; done";
    let mut shell = Command::new("sh");
    let shell = shell
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut shell = Owned(shell.spawn().expect("sh"));
    let server = Server::with("", Journal::hide);
    let mut client = Raw::connect(&server.url);
    let request = format!("get_process_metrics:{}", shell.id());
    let mut files = || {
        let answer = wire::json(&client.ask(&request)).expect("JSON");
        let files = answer["process"]["fd_count"].as_u64();
        files.unwrap_or_else(|| panic!("{answer}"))
    };
    let before = files();
    let stdin = shell.0.stdin.as_mut().expect("stdin");
    writeln!(stdin, "go on").expect("a shell that reads");
    let mut said = [0; 7];
    let stdout = shell.0.stdout.as_mut().expect("stdout");
    stdout.read_exact(&mut said).expect("its answer");
    assert_eq!(files(), before + 1);
}

/// The terminal client cuts paths by bytes and dies inside a character.
#[test]
fn places_in_all_languages_break_no_client() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().join("\u{e4}\u{4e2d}\u{1f600}".repeat(20));
    std::fs::create_dir(&place).expect("a directory");
    let program = place.join("b\u{f6}se");
    install(LOAD.as_ref(), &program);
    let mut command = Command::new(&program);
    command
        .args(["idle", "--count", "0", "--steps"])
        .current_dir(&place);
    let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let process = Owned(process.expect("the program"));
    let server = Server::with("", Journal::hide);
    let answer = Raw::connect(&server.url).ask(&format!("get_process_metrics:{}", process.id()));
    let answer = wire::json(&answer).expect("JSON");
    shape::details(&answer).expect("details");
    let process = &answer["process"];
    for (key, path) in [("working_directory", &place), ("executable_path", &program)] {
        let shown = process[key].as_str().unwrap_or_default();
        assert!(shown.contains("??"), "{key}: {answer}");
        let text = &process[format!("{key}_text")];
        assert_eq!(text.as_str(), path.to_str(), "{key}: {answer}");
    }
}

#[test]
fn without_a_journal_the_answer_is_empty_and_comes_at_once() {
    let pid = std::process::id();
    for version in WITH_DETAILS {
        let server = Server::with("", Journal::hide);
        let mut client = connect(version, &server);
        let asked = Instant::now();
        let answer = client.ask(&format!("journal:{pid}"));
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "{:?}",
            asked.elapsed()
        );
        shape::journal(&answer).expect("a journal");
        assert_eq!(answer["total_count"], 0, "{answer}");
        if version == Version::V1_60_1 {
            let notice = answer["notice"].as_str().unwrap_or_default();
            assert!(notice.contains("PATH"), "{answer}");
        }
        client.ask("metrics");
    }
}

#[test]
fn a_journal_that_cannot_be_read_says_why() {
    let journal = Journal::failing("You are not allowed to see that.");
    let server = Server::with("", |command| journal.put_before(command));
    let mut client = connect(Version::V1_60_1, &server);
    let answer = client.ask(&format!("journal:{}", std::process::id()));
    shape::journal(&answer).expect("a journal");
    assert_eq!(answer["total_count"], 0, "{answer}");
    let notice = answer["notice"].as_str().unwrap_or_default();
    assert!(notice.contains("not allowed"), "{answer}");
}

/// The terminal client gives up after two seconds and loses its connection.
#[test]
fn a_journal_that_hangs_holds_nobody_up() {
    let journal = Journal::hanging();
    let server = Server::with("", |command| journal.put_before(command));
    let mut client = connect(Version::V1_60_1, &server);
    let asked = Instant::now();
    let answer = client.ask(&format!("journal:{}", std::process::id()));
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    shape::journal(&answer).expect("a journal");
    assert!(answer["notice"].is_string(), "{answer}");
    client.ask("metrics");
}

#[test]
fn entries_come_newest_first_as_clients_read_them() {
    let entries: Vec<_> = (0..150_u64)
        .map(|number| Entry {
            priority: (number % 8) as u8,
            time_us: subjiffy_tests::journal::now_us() + number,
            ..Entry::new(&format!("message {number} \u{fc}\u{4e2d}\u{1f600}"))
        })
        .collect();
    let journal = Journal::with(&entries);
    let pid = std::process::id();
    let server = Server::with("", |command| journal.put_before(command));
    // Raw, since connectors forget what they do not know.
    let raw = Raw::connect(&server.url).ask(&format!("get_journal_entries:{pid}"));
    let raw = wire::json(&raw).expect("JSON");
    shape::journal(&raw).expect("a journal");
    for version in WITH_DETAILS {
        let answer = connect(version, &server).ask(&format!("journal:{pid}"));
        assert_eq!(answer["total_count"], 100, "{answer}");
        assert_eq!(answer["truncated"], true, "{answer}");
        let first = &answer["entries"][0];
        let message = first["message"].as_str().unwrap_or_default();
        assert!(message.starts_with("message 149 "), "{first}");
        assert_eq!(first["priority"], "Notice", "{first}");
        assert_eq!(first["pid"].as_u64(), Some(pid.into()), "{first}");
        assert_eq!(first["unit"], "demo.service", "{first}");
    }
}

/// Defect of the reference: it takes what earlier processes with the same pid have said.
#[test]
fn entries_of_an_earlier_process_with_the_same_pid_are_left_out() {
    let load = Load::start(LOAD, "idle --count 0");
    std::thread::sleep(Duration::from_millis(50));
    let mut entries = ["another boot", "before it began", "its own", "", ""]
        .map(Entry::new)
        .to_vec();
    entries[0].this_boot = false;
    entries[1].time_us -= 3_600_000_000;
    entries[3].message = "[98,121,116,101,115]".into();
    entries[4].message = "null".into();
    let journal = Journal::with(&entries);
    let server = Server::with("", |command| journal.put_before(command));
    let answer = connect(Version::V1_60_1, &server).ask(&format!("journal:{}", load.pid()));
    shape::journal(&answer).expect("a journal");
    let entries = answer["entries"].as_array().expect("entries");
    let messages: Vec<_> = entries
        .iter()
        .filter_map(|e| e["message"].as_str())
        .collect();
    assert!(!messages.contains(&"another boot"), "{answer}");
    assert!(!messages.contains(&"before it began"), "{answer}");
    assert!(messages.contains(&"its own"), "{answer}");
    assert!(messages.contains(&"bytes"), "{answer}");
    load.finish();
}

fn connect(version: Version, server: &Server) -> Client {
    let how = How {
        url: server.url.clone(),
        ..How::default()
    };
    Client::connect(version, &how).unwrap_or_else(|error| panic!("{version:?}: {error}"))
}

fn status_field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no {name} in {text}"))
}

/// The arguments with blanks between.
fn command_line(pid: u32) -> Value {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).expect("a process");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Value::from(text.trim_end_matches('\0').replace('\0', " "))
}
