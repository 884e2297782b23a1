//! `/stream`: every client its own period, and none loses or counts twice what another sees.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::stream::Stream;
use subjiffy_tests::{need, truth, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn streams_of_different_periods_each_count_everything_once() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let server = Server::start("--period 70ms");
    let requests = [r#"{"period":"10ms"}"#, r#"{"period":"330ms"}"#, "{}"];
    let mut streams = requests.map(|request| Stream::open(&server.url, request));
    let mut load = Load::start(LOAD, "children --count 2000 --burn-us 300");
    // Whoever asks for details, or begins and ends a stream, must not disturb the others.
    let mut passer_by = Stream::open(&server.url, r#"{"period":"3ms","limit":0}"#);
    for stream in &mut streams {
        stream.until(&AtomicU64::new(truth::wall_ns()));
    }
    let end = Arc::new(AtomicU64::new(0));
    let readers = streams.map(|mut stream| {
        let end = Arc::clone(&end);
        std::thread::spawn(move || stream.until(&end))
    });
    let result = load.run();
    passer_by.json();
    drop(passer_by);
    end.store(truth::wall_ns(), Ordering::Release);
    let used = number(&result, "user_ns") + number(&result, "system_ns");
    for (request, reader) in requests.iter().zip(readers) {
        let samples = reader.join().expect("samples");
        let counted = window::children_cpu_ns(&samples, load.pid());
        let share = counted as f64 / used as f64;
        println!("{request}: {} samples, {share:.5}", samples.len());
        assert!(
            (0.999..=1.005).contains(&share),
            "{request}: {counted} ns of {used} ns"
        );
        window::check_gapless(samples.iter().map(|s| (s.seq, s.at_ns, s.interval_ns)));
    }
    load.finish();
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn a_message_holds_what_was_asked_for_in_that_order() {
    let server = Server::start("");
    let mut load = Load::start(LOAD, "spin --seconds 3");
    load.go();
    let request = r#"{"period":"200ms","sort":"cpu","limit":2,"fields":["pid","comm","cpu_ns"]}"#;
    let mut stream = Stream::open(&server.url, request);
    let cpu = |row: &serde_json::Value| row["cpu_ns"].as_u64().expect("a time");
    for _ in 0..3 {
        let text = stream.text();
        let line: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let rows = line["processes"].as_array().expect("rows");
        assert_eq!(rows.len(), 2, "{line}");
        assert!(cpu(&rows[0]) >= cpu(&rows[1]), "{line}");
        assert!(text.contains(r#""processes":[{"pid":"#), "{text}");
        assert!(
            rows.iter()
                .all(|row| row.as_object().is_some_and(|keys| keys.len() == 3))
        );
        assert!(line["process_count"].as_u64() > Some(2), "{line}");
    }
    drop(stream);
    // On a busy machine others may come before the spinning one: all rows show the order.
    let all = r#"{"period":"200ms","sort":"cpu","fields":["pid","cpu_ns"]}"#;
    let line = Stream::open(&server.url, all).json();
    let rows = line["processes"].as_array().expect("rows");
    assert!(
        rows.is_sorted_by_key(|row| std::cmp::Reverse(cpu(row))),
        "{line}"
    );
    let spinner = rows.iter().find(|row| row["pid"] == load.pid());
    assert!(spinner.is_some_and(|row| cpu(row) > 0), "{line}");
    load.line();
    load.finish();
}

/// Somebody else's samples may tell of its death earlier than those of this stream.
#[test]
fn one_that_died_and_is_not_buried_is_there_once_with_what_it_used() {
    if !need::bpf() {
        return;
    }
    let server = Server::start("");
    let _other = Stream::open(&server.url, r#"{"period":"20ms","limit":0}"#);
    let mut stream = Stream::open(&server.url, r#"{"period":"700ms"}"#);
    stream.sample();
    let mut load = Load::start(LOAD, "zombie --burn-us 20000");
    let zombie = u32::try_from(number(&load.run(), "zombie")).expect("a pid");
    // No two rows are of one process: each sample is checked.
    let samples = [(); 2].map(|()| stream.sample());
    let used = window::cpu_ns(&samples, zombie);
    assert!((20_000_000..200_000_000).contains(&used), "{used} ns");
    load.run();
    load.finish();
}

#[test]
fn the_period_can_be_changed_on_the_way() {
    let server = Server::start("");
    let mut stream = Stream::open(&server.url, r#"{"period":"1h","limit":0}"#);
    std::thread::sleep(Duration::from_millis(100));
    stream.ask(r#"{"period":"50ms","limit":0}"#);
    for _ in 0..3 {
        let interval = stream.json()["interval_ns"].as_u64().expect("an interval");
        assert!(interval >= 25_000_000, "{interval}");
    }
}

#[test]
fn a_request_that_cannot_be_met_says_what_can_and_costs_only_itself() {
    let server = Server::start("");
    let mut stream = Stream::open(&server.url, r#"{"period":"10us"}"#);
    for (request, right) in [
        (r#"{"sort":"colour"}"#, "1ms to 1h"),
        (r#"{"fields":["pids"]}"#, "cpu, delay, switches"),
        ("get_processes", "rss_bytes"),
        (r#"{"period":"40ms","limit":0}"#, "JSON object"),
    ] {
        let answer = stream.json();
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.contains(right), "{answer}");
        assert_eq!(answer["request"], "stream");
        stream.ask(request);
    }
    assert!(stream.json()["seq"].is_u64());
}

#[test]
fn a_slow_client_is_told_what_it_missed_and_holds_up_nobody() {
    let _alone = need::exclusive();
    let server = Server::start("");
    let mut idle = Load::start(LOAD, "idle --count 300");
    idle.go();
    idle.line();
    let mut slow = Stream::open(&server.url, r#"{"period":"2ms"}"#);
    let mut quick = Stream::open(&server.url, r#"{"period":"2ms","limit":0}"#);
    slow.json();
    let begun = quick.json();
    // More than the buffers of the connection hold.
    let mut skipped = 0;
    for _ in 0..2000 {
        skipped += quick.json()["skipped"].as_u64().expect("a number");
    }
    let end = quick.json();
    let number = |line: &serde_json::Value| line["seq"].as_u64().expect("a number");
    assert_eq!(number(&end), number(&begun) + 2001 + skipped);
    let mut last = number(&slow.json());
    let mut missed = 0;
    while last < number(&end) {
        let line = slow.json();
        let now = number(&line);
        let skipped = line["skipped"].as_u64().expect("a number");
        assert_eq!(now, last + 1 + skipped);
        (last, missed) = (now, missed + skipped);
    }
    assert!(missed > 0, "nothing was skipped");
    idle.finish();
}

#[test]
fn when_the_last_stream_ends_nothing_wakes_up_any_more() {
    let server = Server::start("");
    let mut stream = Stream::open(&server.url, r#"{"period":"1ms","limit":0}"#);
    for _ in 0..100 {
        stream.json();
    }
    drop(stream);
    std::thread::sleep(Duration::from_secs(2));
    let before = truth::switches(server.pid());
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(truth::switches(server.pid()), before);
}
