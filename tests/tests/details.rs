//! Process details as the published client library gets them, against truths read by other ways.

use serde_json::json;
use socktop_connector::{
    AgentRequest, AgentResponse, DetailedProcessInfo, JournalResponse, LogLevel, SocktopConnector,
    connect_to_socktop_agent,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};
use subjiffy_tests::journal::Journal;
use subjiffy_tests::load::Load;
use subjiffy_tests::process::{Signal, install};
use subjiffy_tests::server::Server;
use subjiffy_tests::{agent, build, need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// The books of a thread that runs may be so much behind, by whoever reads them.
const TICK_NS: u64 = 10_000_000;

#[test]
fn a_busy_process_is_never_shown_idle_between_process_lists() {
    let _alone = need::exclusive();
    for words in ["", "--no-bpf"] {
        let mut load = Load::start(LOAD, "threads --count 2 --keep 2 --burn-us 60000000");
        let server = Server::start(words);
        talk(&server, async |client| {
            load.go();
            // Until both run there is nothing to see.
            details(client, load.pid()).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            details(client, load.pid()).await;
            let begin = (Instant::now(), truth::process_clock_ns(load.pid()));
            let mut shown = Vec::new();
            for round in 0..12 {
                tokio::time::sleep(Duration::from_millis(500)).await;
                if round % 2 == 1 {
                    processes(client).await;
                }
                let process = details(client, load.pid()).await;
                assert_eq!((process.thread_count, process.threads.len()), (3, 3));
                shown.push(process.cpu_usage);
            }
            let used = (truth::process_clock_ns(load.pid()) - begin.1) as f32;
            // On an idle machine this is 100 a CPU, up to 200.
            let average = used / begin.0.elapsed().as_nanos() as f32 * 100.0;
            println!("{words} two busy threads: used {average:.0}, shown {shown:.0?}");
            let most = 105.0 * truth::cpus().min(2) as f32;
            // Others may have had the CPUs meanwhile.
            let near = |shown: &f32| (average / 4.0..=most).contains(shown);
            assert!(
                shown.iter().all(near),
                "{words} used {average}, shown {shown:?}"
            );
            let mean = shown.iter().sum::<f32>() / shown.len() as f32;
            assert!(
                (mean - average).abs() < average * 0.2,
                "{mean}, used {average}"
            );
        });
    }
}

#[test]
fn cpu_times_of_process_and_threads_are_those_of_its_clock() {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "threads --count 3 --keep 3 --burn-us 70000");
    load.run();
    let clock = truth::settled_run_ns(load.pid());
    with_agent(async |client| {
        let process = details(client, load.pid()).await;
        let total = process.cpu_time_user + process.cpu_time_system;
        assert!(
            total.abs_diff(clock / 1000) <= 2,
            "{total} us, its clock {clock} ns"
        );
        assert!(
            process.cpu_time_user > process.cpu_time_system,
            "{process:?}"
        );
        let of = process.threads.iter();
        let of = of.map(|thread| thread.cpu_time_user + thread.cpu_time_system);
        let threads: u64 = of.sum();
        assert!(
            threads.abs_diff(clock / 1000) <= 8,
            "{threads} us, its clock {clock} ns"
        );
        assert!(
            process
                .threads
                .iter()
                .all(|thread| thread.status == "Sleeping")
        );
        assert_eq!(process.status, "Sleeping");
    });
    load.finish();
}

#[test]
fn children_have_real_starts_and_real_cpu() {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "active --count 2 --duty-us 10000 --seconds 60");
    // So that start times differ from that of the agent.
    std::thread::sleep(Duration::from_millis(1_200));
    load.run();
    let starts: Vec<_> = truth::processes();
    with_agent(async |client| {
        details(client, load.pid()).await;
        let parent = details(client, load.pid()).await;
        let pids: Vec<_> = parent.child_processes.iter().map(|one| one.pid).collect();
        assert_eq!(pids.len(), 2, "{parent:?}");
        let clocks = || {
            pids.iter()
                .map(|&pid| truth::process_clock_ns(pid))
                .collect::<Vec<_>>()
        };
        let (begin, before) = (Instant::now(), clocks());
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (used, after) = (begin.elapsed(), clocks());
        let parent = details(client, load.pid()).await;
        for (at, child) in parent.child_processes.iter().enumerate() {
            let start = starts
                .iter()
                .find(|(pid, _, _)| *pid == child.pid)
                .expect("a start")
                .1;
            let start = truth_boot_s() + start / 100;
            assert!(
                child.start_time.abs_diff(start) <= 1,
                "{}, truth {start}",
                child.start_time
            );
            let expected = (after[at] - before[at]) as f32 / used.as_nanos() as f32 * 100.0;
            println!("child: shown {:.1}, used {expected:.1}", child.cpu_usage);
            assert!(expected > 5.0, "a child that works used {expected}");
            assert!(
                (child.cpu_usage - expected).abs() < 5.0,
                "{}, used {expected}",
                child.cpu_usage
            );
            let total = (child.cpu_time_user + child.cpu_time_system) * 1000;
            let clock = truth::process_clock_ns(child.pid);
            assert!(
                total >= after[at] - TICK_NS && total <= clock + TICK_NS,
                "{total}, {clock}"
            );
            assert_eq!(child.parent_pid, Some(load.pid()));
            assert_eq!((child.name.as_str(), child.thread_count), ("load", 1));
        }
    });
}

#[test]
fn a_dead_process_is_an_error_on_the_next_request_and_others_go_on() {
    with_agent(async |client| {
        for _ in 0..5 {
            let load = Load::start(LOAD, "spin --us 1");
            let pid = load.pid();
            details(client, pid).await;
            load.finish();
            let error = client.request(AgentRequest::ProcessMetrics { pid }).await;
            assert!(error.is_err(), "{error:?}");
            let journal = journal(client, pid).await;
            let gone = format!("Process {pid} not found");
            assert_eq!(journal.notice, Some(gone));
            client
                .request(AgentRequest::Metrics)
                .await
                .expect("metrics");
        }
    });
}

#[test]
fn a_process_outlives_its_first_thread() {
    let mut load = Load::start(LOAD, "leader-exits-first --burn-us 1000");
    load.run();
    assert_eq!(truth::state(load.pid()), Some('Z'), "its first thread");
    with_agent(async |client| {
        let process = details(client, load.pid()).await;
        assert_eq!(process.status, "Sleeping", "{process:?}");
        assert_eq!(process.executable_path.as_deref(), Some(LOAD));
        assert!(
            process.command.starts_with(LOAD) && process.mem_bytes > 0,
            "{process:?}"
        );
        assert!(process.fd_count >= Some(3), "{process:?}");
        assert_eq!(process.thread_count as usize, process.threads.len());
    });
    load.finish();
}

#[test]
fn five_thousand_threads_are_all_listed() {
    let mut load = Load::start(LOAD, "threads --count 5000 --keep 5000 --burn-us 1");
    load.run();
    let server = Server::start("");
    talk(&server, async |client| {
        details(client, load.pid()).await;
        let begin = Instant::now();
        let process = details(client, load.pid()).await;
        println!("5 001 threads in {:?}", begin.elapsed());
        assert_eq!((process.thread_count, process.threads.len()), (5001, 5001));
        let ordered = process.threads.is_sorted_by(|a, b| a.tid < b.tid);
        assert!(ordered, "threads twice or in disorder");
    });
}

#[test]
fn what_a_user_may_not_see_is_left_out_and_the_rest_is_shown() {
    if !need::root() {
        return;
    }
    let Some(program) = for_everybody() else {
        return eprintln!("skipped: no place to put a program for everybody");
    };
    let load = Load::start(LOAD, "spin --us 1");
    let mut command = agent::command(program.path().join("subjiffy").as_os_str());
    command.args(["--listen", "127.0.0.1:0", "--no-bpf"]);
    let server = Server::spawn(command.uid(65_534).gid(65_534));
    talk(&server, async |client| {
        let process = details(client, load.pid()).await;
        assert_eq!((process.user_id, process.group_id), (0, 0));
        assert_eq!((process.read_bytes, process.write_bytes), (None, None));
        assert_eq!(
            (&process.working_directory, &process.executable_path),
            (&None, &None)
        );
        assert!(
            process.mem_bytes > 0 && process.command.starts_with(LOAD),
            "{process:?}"
        );
        let own = details(client, server.pid()).await;
        assert_eq!((own.user_id, own.group_id), (65_534, 65_534));
        assert!(
            own.read_bytes.is_some() && own.executable_path.is_some(),
            "{own:?}"
        );
    });
    load.finish();
}

#[test]
fn the_journal_of_a_process_has_nothing_of_an_earlier_one_with_its_id() {
    if !need::root() {
        return;
    }
    let place = tempfile::tempdir().expect("a directory");
    let lines = place.path().join("lines");
    let stand_in = Journal::script(&format!("cat {}", lines.display()));

    let mut load = Load::start(LOAD, "reuse --burn-us 30000");
    let pid = load.first("child") as u32;
    let server = Server::with("", |command| stand_in.put_before(command));
    talk(&server, async |client| {
        let first = entry(pid, json!("of the first"), "4");
        fs::write(&lines, format!("{first}\n")).expect("lines");
        let journal = shown(journal(client, pid).await);
        assert_eq!(journal, ["Warning of the first"]);

        tokio::time::sleep(Duration::from_millis(50)).await;
        load.run();
        let bytes: Vec<u8> = "d\u{e9}j\u{e0} vu".bytes().chain([0xff]).collect();
        let second = entry(pid, json!(bytes), "2");
        fs::write(&lines, format!("{second}\n{first}\n")).expect("lines");
        let journal = shown(self::journal(client, pid).await);
        assert_eq!(
            journal,
            ["Critical d?j? vu?"],
            "bytes become text, the first's are left out"
        );
    });
}

#[test]
fn an_agent_that_stops_leaves_no_journalctl_behind() {
    let place = tempfile::tempdir().expect("a directory");
    let pid = place.path().join("pid");
    let stand_in = Journal::script(&format!("echo $$ >{}\nexec sleep 60", pid.display()));
    let server = Server::with("--no-bpf", |command| stand_in.put_before(command));
    let sleeps = |pid: &str| {
        let name = fs::read_to_string(format!("/proc/{}/comm", pid.trim()));
        name.is_ok_and(|name| name == "sleep\n")
    };
    let asleep = || fs::read_to_string(&pid).ok().filter(|pid| sleeps(pid));
    let mut child = String::new();
    talk(&server, async |client| {
        let request = journal(client, std::process::id());
        let until_it_runs = async {
            loop {
                match asleep() {
                    Some(pid) => break pid,
                    None => tokio::time::sleep(Duration::from_millis(5)).await,
                }
            }
        };
        tokio::select! {
            _ = request => panic!("an answer before the end"),
            pid = until_it_runs => child = pid,
        }
    });
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    // Whoever inherits the dead may take a while to bury them.
    let lives =
        |pid: &str| sleeps(pid) && pid.trim().parse().ok().and_then(truth::state) != Some('Z');
    let end = Instant::now() + Duration::from_secs(20);
    while lives(&child) {
        assert!(Instant::now() < end, "process {child} is left");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn entry(pid: u32, message: serde_json::Value, priority: &str) -> serde_json::Value {
    let monotonic = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let us = monotonic.tv_sec * 1_000_000 + monotonic.tv_nsec / 1_000;
    json!({
        "__REALTIME_TIMESTAMP": (truth::wall_ns() / 1_000).to_string(),
        "__MONOTONIC_TIMESTAMP": us.to_string(),
        "_PID": pid.to_string(),
        "PRIORITY": priority,
        "MESSAGE": message,
    })
}

fn shown(journal: JournalResponse) -> Vec<String> {
    assert_eq!(journal.total_count as usize, journal.entries.len());
    let line = |entry: &socktop_connector::JournalEntry| {
        let priority: &LogLevel = &entry.priority;
        format!("{priority:?} {}", entry.message)
    };
    journal.entries.iter().map(line).collect()
}

/// When the machine was booted, seconds of Unix time.
fn truth_boot_s() -> u64 {
    let text = fs::read_to_string("/proc/stat").expect("/proc/stat");
    let line = text.lines().find_map(|line| line.strip_prefix("btime "));
    line.expect("btime").trim().parse().expect("seconds")
}

/// The agent in a directory that every user can reach.
fn for_everybody() -> Option<tempfile::TempDir> {
    let place = tempfile::tempdir_in("/tmp").ok()?;
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).ok()?;
    install(build::binary(), &place.path().join("subjiffy"));
    let open = |path: &Path| fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 1 == 1);
    open(Path::new("/tmp")).then_some(place)
}

fn with_agent(talk_to: impl AsyncFnOnce(&mut SocktopConnector)) {
    let server = Server::start("");
    talk(&server, talk_to);
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
}

fn talk(server: &Server, talk: impl AsyncFnOnce(&mut SocktopConnector)) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = connect_to_socktop_agent(server.url.clone())
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", server.url));
        talk(&mut client).await;
    });
}

async fn details(client: &mut SocktopConnector, pid: u32) -> DetailedProcessInfo {
    match client.request(AgentRequest::ProcessMetrics { pid }).await {
        Ok(AgentResponse::ProcessMetrics(answer)) => answer.process,
        other => panic!("no details of {pid}: {other:?}"),
    }
}

async fn journal(client: &mut SocktopConnector, pid: u32) -> JournalResponse {
    match client.request(AgentRequest::JournalEntries { pid }).await {
        Ok(AgentResponse::JournalEntries(answer)) => answer,
        other => panic!("no journal of {pid}: {other:?}"),
    }
}

async fn processes(client: &mut SocktopConnector) {
    let answer = client.request(AgentRequest::Processes).await;
    assert!(
        matches!(answer, Ok(AgentResponse::Processes(_))),
        "{answer:?}"
    );
}
