//! Outputs are paused, resumed and stopped; what nobody takes is not sampled.

use serde_json::Value;
use std::time::{Duration, Instant};
use subjiffy_tests::client::Client;
use subjiffy_tests::control::{Agent, SCHED, until};
use subjiffy_tests::http;
use subjiffy_tests::stream::Stream;

const STREAM: &str = "output/stream/ws";
const SOCKTOP: &str = "output/socktop/ws";
const QUICK: &str = r#"{"period":"20ms","limit":0}"#;

#[test]
fn a_paused_stream_is_silent_and_goes_on_when_it_is_resumed() {
    let agent = Agent::start("");
    let mut streams = [QUICK, r#"{"period":"50ms","limit":0}"#]
        .map(|request| Stream::open(&agent.server.url, request));
    for stream in &mut streams {
        stream.json();
    }
    agent.applied(&format!("control {STREAM} pause"));
    assert_eq!(agent.state(STREAM), "paused");
    for stream in &mut streams {
        drain(stream);
        let message = stream.text_within(Duration::from_millis(700));
        assert!(message.is_none(), "while it is paused: {message:?}");
    }
    // Who comes meanwhile is let in, and waits like the others.
    let mut late = Stream::open(&agent.server.url, QUICK);
    let message = late.text_within(Duration::from_millis(500));
    assert!(message.is_none(), "while it is paused: {message:?}");
    // The other output goes on.
    assert!(Client::connect(&agent.server.url).ask("get_metrics")["cpu_total"].is_number());
    let resumed = Instant::now();
    agent.applied(&format!("control {STREAM} resume"));
    for stream in streams.iter_mut().chain([&mut late]) {
        // The first one covers what has passed, the second one is as asked for.
        stream.json();
        let line = stream.json();
        let interval = line["interval_ns"].as_u64().expect("an interval");
        let most = Duration::from_millis(50) + resumed.elapsed();
        assert!(u128::from(interval) < most.as_nanos(), "{line}");
    }
    assert!(agent.figure(STREAM, "polls") > 0);
}

#[test]
fn a_stopped_stream_is_closed_and_there_is_no_other() {
    let mut agent = Agent::start("");
    let mut stream = Stream::open(&agent.server.url, QUICK);
    stream.json();
    agent.applied(&format!("control {STREAM} stop"));
    closed(&mut stream);
    let answer = http::get(agent.server.port(), "/stream", http::HANDSHAKE);
    assert!((400..600).contains(&http::status(&answer)), "{answer}");
    let reply = agent.error(&format!("control {STREAM} resume"));
    assert!(reply.contains("stopped"), "{reply}");
    assert_eq!(agent.state(STREAM), "stopped");
    assert!(Client::connect(&agent.server.url).ask("get_metrics")["cpu_total"].is_number());
    agent.check_alive();
}

#[test]
fn a_request_to_a_paused_output_is_answered_with_an_error() {
    let agent = Agent::start("");
    let mut client = Client::connect(&agent.server.url);
    assert!(client.ask("get_metrics")["cpu_total"].is_number());
    agent.applied(&format!("control {SOCKTOP} pause"));
    // Not with an answer that was kept from before, either.
    for request in [
        "get_metrics",
        "get_metrics",
        "get_disks",
        r#"{"type":"metrics"}"#,
    ] {
        let answer = client.ask(request);
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(error.contains("paused"), "{request}: {answer}");
    }
    // The same on a new connection, and nothing is closed; the other output goes on.
    let mut other = Client::connect(&agent.server.url);
    assert!(other.ask("get_metrics")["error"].is_string());
    Stream::open(&agent.server.url, QUICK).json();
    agent.applied(&format!("control {SOCKTOP} resume"));
    for client in [&mut client, &mut other] {
        assert!(client.ask("get_metrics")["cpu_total"].is_number());
    }
}

#[test]
fn a_stopped_output_lets_nobody_in() {
    let mut agent = Agent::start("");
    let mut client = Client::connect(&agent.server.url);
    client.ask("get_metrics");
    agent.applied(&format!("control {SOCKTOP} stop"));
    let answer = http::get(agent.server.port(), "/ws", http::HANDSHAKE);
    assert!((400..600).contains(&http::status(&answer)), "{answer}");
    assert_eq!(agent.state(SOCKTOP), "stopped");
    Stream::open(&agent.server.url, QUICK).json();
    let healthy = http::get(agent.server.port(), "/healthz", "");
    assert_eq!(http::status(&healthy), 200, "{healthy}");
    agent.check_alive();
}

#[test]
fn with_all_stopped_the_agent_still_obeys() {
    let mut agent = Agent::start("");
    agent.applied("control source stop");
    agent.applied("control output stop");
    let running =
        |one: &Value| one["state"] == "running" && one["name"] != "transform/attribution/cpu";
    let left: Vec<_> = agent.status("*").into_iter().filter(running).collect();
    assert!(left.is_empty(), "{left:#?}");
    agent.check_alive();
    assert!(agent.ok("shutdown").starts_with("ok"));
    let (ended, left) = agent.ended();
    assert!(
        ended.status.success() && left.is_empty(),
        "{left:?} {}",
        ended.stderr
    );
}

#[test]
fn what_nobody_takes_is_not_sampled() {
    let agent = Agent::start("--period 20ms");
    let polls = || agent.figure(SCHED, "polls");
    let still = |why: &str| {
        // What was under way may still come.
        std::thread::sleep(Duration::from_millis(1500));
        let before = polls();
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(polls(), before, "polls in two seconds {why}");
    };
    still("with nobody connected");
    let mut stream = Stream::open(&agent.server.url, r#"{"limit":0}"#);
    stream.json();
    let before = polls();
    until("it is sampled", || polls() > before + 3);
    agent.applied(&format!("control {STREAM} pause"));
    still("with all streams paused");
    agent.applied(&format!("control {STREAM} resume"));
    let before = polls();
    until("it is sampled again", || polls() > before + 3);
    drop(stream);
    still("with nobody left");
}

/// Takes what was sent before it was paused.
fn drain(stream: &mut Stream) {
    while stream
        .text_within(Duration::from_millis(300))
        .is_some_and(|text| text.is_ok())
    {}
}

fn closed(stream: &mut Stream) {
    let end = Instant::now() + Duration::from_secs(10);
    while !matches!(stream.text_within(Duration::from_secs(1)), Some(Err(_))) {
        assert!(Instant::now() < end, "still open");
    }
}
