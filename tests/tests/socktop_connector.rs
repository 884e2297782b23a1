//! The published client libraries, unmodified, against the agent: what every version asks for.

#[macro_use]
mod connector;

use connector::{Client, How, Version, with_agent};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use subjiffy_tests::load::Load;
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Longer than any answer may be served from a cache.
const STALE: Duration = Duration::from_millis(1_700);

versions! {
    a_thousand_requests_in_any_order_are_answered_on_one_connection,
    every_process_is_listed_under_its_own_name,
    one_busy_thread_is_its_share_of_the_machine,
    a_connection_that_was_idle_still_works,
    a_subprotocol_that_is_offered_comes_back,
}

fn a_thousand_requests_in_any_order_are_answered_on_one_connection(version: Version) {
    with_agent(version, |client| {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut sampled = 0;
        for number in 0..1_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            match random % 3 {
                0 => sampled = plausible(version, &client.ask("metrics"), sampled),
                1 => assert!(!client.processes().is_empty(), "request {number}"),
                _ => {
                    let answer = client.ask("disks");
                    let disks = answer.as_array().expect("an array");
                    let names: BTreeSet<_> = disks.iter().map(|d| d["name"].as_str()).collect();
                    assert_eq!(names.len(), disks.len(), "request {number}: {answer}");
                }
            }
        }
    });
}

fn every_process_is_listed_under_its_own_name(version: Version) {
    let mut crowd = Load::start(LOAD, "idle --count 2000");
    crowd.run();
    let odd = [b"a b) S (c".as_slice(), b"\xff\xfenon-utf8", b"(", b" lead"].map(|name| {
        let hex: String = name.iter().map(|b| format!("{b:02x}")).collect();
        let mut load = Load::start(LOAD, &format!("rename --names {hex}"));
        load.run();
        load
    });
    with_agent(version, |client| {
        client.processes();
        let before = truth::processes();
        std::thread::sleep(STALE);
        let listed = client.processes();
        let after: BTreeSet<_> = truth::processes().into_iter().collect();
        let names: BTreeMap<_, _> = listed.iter().map(|p| (p.0, p.1.as_str())).collect();
        let lasting: Vec<_> = before.into_iter().filter(|p| after.contains(p)).collect();
        assert!(lasting.len() > 2_000, "only {} processes", lasting.len());
        for (pid, _, name) in &lasting {
            let listed = names.get(pid).copied().map(stable_part);
            assert_eq!(
                listed,
                Some(stable_part(name)),
                "process {pid}: listed, comm"
            );
        }
    });
    crowd.finish();
    odd.into_iter().for_each(Load::finish);
}

fn one_busy_thread_is_its_share_of_the_machine(version: Version) {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "spin --seconds 8");
    with_agent(version, |client| {
        client.processes();
        load.go();
        std::thread::sleep(STALE);
        client.processes();
        let (start, clock) = (Instant::now(), truth::process_clock_ns(load.pid()));
        std::thread::sleep(STALE);
        let used = truth::process_clock_ns(load.pid()) - clock;
        let cpus = truth::cpus() as f64;
        // On an idle machine this is 100 / CPUs.
        let expected = used as f64 / start.elapsed().as_nanos() as f64 / cpus * 100.0;
        let listed = client.processes();
        let shown = listed.iter().find(|p| p.0 == load.pid()).expect("a row").2;
        println!("busy thread: shown {shown:.2}, used {expected:.2}");
        assert!(
            (shown - expected).abs() <= 2.0,
            "shown {shown:.2}, used {expected:.2}"
        );
    });
    load.line();
    load.finish();
}

/// The minutes of the published checklist with `SUBJIFFY_PAUSE_SECONDS=300`.
fn a_connection_that_was_idle_still_works(version: Version) {
    let pause = std::env::var("SUBJIFFY_PAUSE_SECONDS").ok();
    let pause = pause.map_or(20, |text| text.parse().expect("a number of seconds"));
    with_agent(version, |client| {
        client.ask("metrics");
        std::thread::sleep(Duration::from_secs(pause));
        client.ask("metrics");
        assert!(!client.processes().is_empty(), "no processes");
        client.ask("metrics");
    });
}

fn a_subprotocol_that_is_offered_comes_back(version: Version) {
    let server = Server::start("");
    let how = |version: &str| How {
        url: server.url.clone(),
        config: Some((vec!["socktop".to_owned()], version.to_owned())),
        ..How::default()
    };
    let client = Client::connect(version, &how("13"));
    client
        .unwrap_or_else(|error| panic!("{version:?}: {error}"))
        .ask("metrics");
    let refused = Client::connect(version, &how("12")).err();
    let refused = refused.expect("another version of WebSocket is refused");
    assert!(refused.contains("400"), "{refused}");
}

/// Fails on values that no machine can have; returns the time of the sample.
fn plausible(version: Version, m: &Value, sampled_before: u64) -> u64 {
    let number = |key: &str| m[key].as_u64().unwrap_or_else(|| panic!("{key}: {m}"));
    let share = |value: &Value| {
        value
            .as_f64()
            .is_some_and(|value| (0.0..=100.0).contains(&value))
    };
    let cores = m["cpu_per_core"].as_array().expect("cores");
    assert!(share(&m["cpu_total"]) && cores.iter().all(share), "{m}");
    assert_eq!(cores.len() as u64, truth::cpus(), "{m}");
    assert!(number("mem_used") > 0, "{m}");
    assert!(number("mem_used") <= number("mem_total"), "{m}");
    assert!(number("swap_used") <= number("swap_total"), "{m}");
    assert!(m["hostname"].as_str().is_some_and(|h| !h.is_empty()), "{m}");
    assert_eq!(m["top_processes"].as_array().map(Vec::len), Some(0), "{m}");
    if version != Version::V1_60_1 {
        return 0;
    }
    let sampled = number("sampled_at_ms");
    assert!(sampled >= sampled_before, "{sampled_before} before {m}");
    sampled
}

/// The kernel adds to the name of a worker what it does at the moment.
fn stable_part(name: &str) -> &str {
    let end = name.find(['+', '-']).unwrap_or(name.len());
    if name.starts_with("kworker/") {
        &name[..end]
    } else {
        name
    }
}
