//! The published client library, unmodified, against the agent.

use socktop_connector::{
    AgentRequest, AgentResponse, Metrics, ProcessInfo, SocktopConnector, connect_to_socktop_agent,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use subjiffy_tests::load::Load;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Longer than any answer may be served from a cache.
const STALE: Duration = Duration::from_millis(1_700);

#[test]
fn a_thousand_requests_in_any_order_are_answered_on_one_connection() {
    with_agent(async |client| {
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut sampled = 0;
        for number in 0..1_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            match random % 3 {
                0 => sampled = plausible(&metrics(client).await, sampled),
                1 => drop(processes(client).await),
                _ => {
                    let disks = disks(client).await;
                    let names: BTreeSet<_> = disks.iter().map(|d| &d.name).collect();
                    assert_eq!(
                        names.len(),
                        disks.len(),
                        "request {number}: disks {disks:?}"
                    );
                }
            }
        }
    });
}

#[test]
fn every_process_is_listed_under_its_own_name() {
    let mut crowd = Load::start(LOAD, "idle --count 2000");
    crowd.run();
    let odd = [b"a b) S (c".as_slice(), b"\xff\xfenon-utf8", b"(", b" lead"].map(|name| {
        let hex: String = name.iter().map(|b| format!("{b:02x}")).collect();
        let mut load = Load::start(LOAD, &format!("rename --names {hex}"));
        load.run();
        load
    });
    with_agent(async |client| {
        processes(client).await;
        let before = truth::processes();
        tokio::time::sleep(STALE).await;
        let listed = processes(client).await;
        let after: BTreeSet<_> = truth::processes().into_iter().collect();
        let names: BTreeMap<_, _> = listed.iter().map(|p| (p.pid, p.name.as_str())).collect();
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

#[test]
fn one_busy_thread_is_its_share_of_the_machine() {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "spin --seconds 8");
    with_agent(async |client| {
        processes(client).await;
        load.go();
        tokio::time::sleep(STALE).await;
        processes(client).await;
        let (start, clock) = (Instant::now(), truth::process_clock_ns(load.pid()));
        tokio::time::sleep(STALE).await;
        let used = truth::process_clock_ns(load.pid()) - clock;
        let cpus = truth::cpus() as f64;
        // On an idle machine this is 100 / CPUs.
        let expected = used as f64 / start.elapsed().as_nanos() as f64 / cpus * 100.0;
        let listed = processes(client).await;
        let row = listed.iter().find(|p| p.pid == load.pid()).expect("a row");
        let shown = f64::from(row.cpu_usage);
        println!("busy thread: shown {shown:.2}, used {expected:.2}");
        assert!(
            (shown - expected).abs() <= 3.0,
            "shown {shown:.2}, used {expected:.2}"
        );
    });
    load.line();
    load.finish();
}

#[test]
fn a_connection_that_was_idle_for_30_s_still_works() {
    with_agent(async |client| {
        metrics(client).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        metrics(client).await;
        assert!(!processes(client).await.is_empty(), "no processes");
        metrics(client).await;
    });
}

fn with_agent(talk: impl AsyncFnOnce(&mut SocktopConnector)) {
    let server = Server::start("");
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = connect_to_socktop_agent(server.url.clone())
            .await
            .unwrap_or_else(|e| panic!("{}: {e}", server.url));
        talk(&mut client).await;
    });
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
}

/// Fails on values that no machine can have; returns the time of the sample.
fn plausible(m: &Metrics, sampled_before: u64) -> u64 {
    let share = |value: f32| (0.0..=100.0).contains(&value);
    assert!(share(m.cpu_total), "{m:?}");
    assert!(m.cpu_per_core.iter().all(|&core| share(core)), "{m:?}");
    assert_eq!(m.cpu_per_core.len() as u64, truth::cpus(), "{m:?}");
    assert!(m.mem_used > 0 && m.mem_used <= m.mem_total, "{m:?}");
    assert!(m.swap_used <= m.swap_total, "{m:?}");
    assert!(
        !m.hostname.is_empty() && m.top_processes.is_empty(),
        "{m:?}"
    );
    let sampled = m.sampled_at_ms.expect("sampled_at_ms");
    assert!(sampled >= sampled_before, "{sampled_before} before {m:?}");
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

async fn ask(client: &mut SocktopConnector, request: AgentRequest) -> AgentResponse {
    let what = format!("{request:?}");
    let answer = client.request(request).await;
    answer.unwrap_or_else(|e| panic!("{what}: {e}"))
}

async fn metrics(client: &mut SocktopConnector) -> Metrics {
    match ask(client, AgentRequest::Metrics).await {
        AgentResponse::Metrics(metrics) => metrics,
        other => panic!("not metrics: {other:?}"),
    }
}

async fn processes(client: &mut SocktopConnector) -> Vec<ProcessInfo> {
    match ask(client, AgentRequest::Processes).await {
        AgentResponse::Processes(list) => list.top_processes,
        other => panic!("no processes: {other:?}"),
    }
}

async fn disks(client: &mut SocktopConnector) -> Vec<socktop_connector::DiskInfo> {
    match ask(client, AgentRequest::Disks).await {
        AgentResponse::Disks(disks) => disks,
        other => panic!("no disks: {other:?}"),
    }
}
