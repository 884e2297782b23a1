//! `set-period`: samples come at the new period soon, none comes too early, and nothing is lost.

use serde_json::Value;
use std::time::{Duration, Instant};
use subjiffy_tests::control::{Agent, SCHED, until};
use subjiffy_tests::load::Load;
use subjiffy_tests::recording::{Line, Recording, TIMES, check_gapless};
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

const MS: Duration = Duration::from_millis(1);

/// What the other programs on the machine may hold a sample up for.
const ALLOWANCE: Duration = Duration::from_millis(30);

/// So many samples may a client miss that such programs hold up: it is told of each, and none is lost
/// to the books.
const SKIPS: u64 = 2;

/// Where they hold it up for longer, the times are taken again. What has to do with time may fail
/// so often; lost samples and lost CPU time never.
const TRIES: usize = 4;

/// A change of the period, some time after a sample.
#[derive(Clone, Copy)]
struct Change {
    old: Duration,
    new: Duration,
    /// How long after a sample it is asked for.
    into: Duration,
    /// How long the new period is watched.
    watch: Duration,
}

#[test]
fn from_1s_to_100ms() {
    // The next sample is due when it is asked for, and before that.
    for into in [700 * MS, 40 * MS] {
        within_bounds(Change {
            old: 1000 * MS,
            new: 100 * MS,
            into,
            watch: 1500 * MS,
        });
    }
}

#[test]
fn from_10s_to_50ms() {
    within_bounds(Change {
        old: 10_000 * MS,
        new: 50 * MS,
        into: 2000 * MS,
        watch: 1000 * MS,
    });
}

#[test]
fn from_100ms_to_10s() {
    within_bounds(Change {
        old: 100 * MS,
        new: 10_000 * MS,
        into: 30 * MS,
        watch: 20_500 * MS,
    });
}

#[test]
fn from_1s_to_1ms() {
    within_bounds(Change {
        old: 1000 * MS,
        new: MS,
        into: 500 * MS,
        watch: 1000 * MS,
    });
}

fn within_bounds(change: Change) {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    for attempt in 1.. {
        match try_change(change) {
            Ok(()) => return,
            Err(late) if attempt < TRIES => eprintln!("attempt {attempt}: {late}"),
            Err(late) => panic!("{late}"),
        }
    }
}

/// Fails if anything is lost; gives an error if a sample came at a wrong time.
fn try_change(change: Change) -> Result<(), String> {
    let agent = Agent::start("--period 50ms");
    let mut load = Load::start(LOAD, "spin --seconds 2");
    let mut recording = Recording::start(&agent.server.url, TIMES);
    recording.after(truth::wall_ns(), 5000 * MS);
    let used = truth::settled_run_ns(load.pid());
    let first = recording.after(truth::wall_ns(), 5000 * MS).clone();
    // The first sample at the old period, from which the time of the command is counted.
    agent.applied(&format!(
        "control {SCHED} set-period {}ms",
        change.old.as_millis()
    ));
    let long = 2 * change.old + 5000 * MS;
    let now = recording.after(truth::wall_ns(), long).at_ns;
    let last = match change.old > 5000 * MS {
        true => now,
        false => recording.after(now, long).at_ns,
    };
    load.go();
    std::thread::sleep(change.into);

    let asked = truth::wall_ns();
    let reply = agent.applied(&format!(
        "control {SCHED} set-period {}ms",
        change.new.as_millis()
    ));
    recording.read_until(Instant::now() + change.watch);
    load.line();
    let used = truth::settled_run_ns(load.pid()) - used;
    // One sample that holds all of it, without another ten seconds.
    agent.applied(&format!("control {SCHED} set-period 20ms"));
    recording.after(truth::wall_ns() + 100_000_000, 5000 * MS);
    let lines = recording.finish();

    let skipped = check_gapless(&lines);
    let pid = load.pid();
    let of_load = lines.iter().filter(|line| line.seq > first.seq);
    let counted: u64 = of_load.map(|line| line.cpu_ns(pid)).sum();
    let last_line = lines.last().expect("a sample");
    let total = last_line.cpu_total_ns(pid) - first.cpu_total_ns(pid);
    assert_eq!(total, used, "growth in the books, of schedstat; {reply}");
    // A client that cannot take a thousand samples a second is told, at every other period it can.
    match skipped {
        0 => assert_eq!(counted, used, "sum of all samples, schedstat; {reply}"),
        _ => assert!(
            counted <= used && change.new == MS,
            "{skipped} samples skipped"
        ),
    }
    assert!(lines.iter().all(|line| line.precision == "scheduler"));
    load.finish();
    let end = asked + change.watch.as_nanos() as u64;
    let watched: Vec<_> = lines
        .iter()
        .filter(|line| (last..end).contains(&line.at_ns))
        .collect();
    judge(change, asked, &watched)
}

/// `lines` are from the last sample before the command on.
fn judge(change: Change, asked: u64, lines: &[&Line]) -> Result<(), String> {
    let ns = |time: Duration| time.as_nanos() as u64;
    let ms = |ns: u64| format!("{:.3} ms", ns as f64 / 1e6);
    let split = lines.partition_point(|line| line.at_ns <= asked);
    let (before, after) = lines.split_at(split);
    let [.., last] = before else {
        return Err("no sample before the command".to_owned());
    };
    let [first, ..] = after else {
        return Err("no sample after the command".to_owned());
    };
    let (shorter, longer) = (change.old.min(change.new), change.old.max(change.new));
    // At once, or else one new period after the last sample.
    let due = (asked + ns(change.old.min(50 * MS))).max(last.at_ns + ns(change.new));
    println!(
        "{:?} to {:?}: sample {} after the command, {} after the last one",
        change.old,
        change.new,
        ms(first.at_ns - asked),
        ms(first.at_ns - last.at_ns)
    );
    if first.at_ns > due + ns(ALLOWANCE) {
        return Err(format!("{} too late", ms(first.at_ns - due)));
    }
    for (number, pair) in lines.windows(2).enumerate() {
        let apart = pair[1].at_ns - pair[0].at_ns;
        // At 1 ms a sample that is late is close to the next one on the grid; around the change
        // they must not be.
        let near = number + 1 >= split.saturating_sub(1) && number <= split;
        if apart < ns(shorter) / 2 && (near || shorter >= 20 * MS) {
            return Err(format!(
                "two samples {} apart, {number} of {split}",
                ms(apart)
            ));
        }
        if apart > ns(longer) + ns(ALLOWANCE) {
            return Err(format!("no sample for {}", ms(apart)));
        }
    }
    // The new period is really kept: as many samples as there is time for, less those missed.
    let rest = after.last().map_or(0, |line| line.at_ns - first.at_ns);
    let expected = rest / ns(change.new);
    if (after.len() as u64) < expected / 2 || after.len() as u64 > expected + 2 {
        return Err(format!("{} samples, {expected} expected", after.len()));
    }
    Ok(())
}

#[test]
fn a_period_for_some_time_goes_back_by_itself() {
    let agent = Agent::start("--period 1s");
    agent.applied(&format!("control {SCHED} set-period 100ms for 2s"));
    let element = agent.element(SCHED);
    assert_eq!(element["period_ns"], 100_000_000, "{element}");
    assert_eq!(element["back"]["period_ns"], 1_000_000_000, "{element}");
    let left = element["back"]["in_ns"].as_u64().unwrap_or(0);
    assert!((1..=2_000_000_000).contains(&left), "{element}");
    let text = agent.ok(&format!("status {SCHED}"));
    assert!(text.contains(" period=100ms back=1s-in-"), "{text}");
    until("it is back", || period(&agent) == 1_000_000_000);
    assert_eq!(agent.element(SCHED)["back"], Value::Null);
}

/// Samples follow: at the short period, and at the long one again.
#[test]
fn samples_follow_a_period_that_goes_back() {
    let agent = Agent::start("--period 3s");
    let mut recording = Recording::start(&agent.server.url, TIMES);
    recording.after(truth::wall_ns(), 10_000 * MS);
    agent.applied(&format!("control {SCHED} set-period 50ms for 1s"));
    until("it is back", || period(&agent) == 3_000_000_000);
    let back = truth::wall_ns();
    recording.after(back + 200_000_000, 10_000 * MS);
    let lines = recording.finish();
    assert!(check_gapless(&lines) <= SKIPS, "samples skipped");
    let intervals: Vec<_> = lines
        .iter()
        .map(|line| line.interval_ns / 1_000_000)
        .collect();
    let short = intervals
        .iter()
        .filter(|&&interval| interval < 1000)
        .count();
    assert!(short >= 5, "{intervals:?} ms");
    assert!(intervals.last() >= Some(&2000), "{intervals:?} ms");
}

#[test]
fn whoever_sets_a_period_again_decides_what_it_goes_back_to() {
    let agent = Agent::start("--period 1s");
    let set = |words: &str| agent.applied(&format!("control {SCHED} set-period {words}"));
    // One that is meant to stay ends the way back.
    set("100ms for 1s");
    set("300ms");
    assert_eq!(agent.element(SCHED)["back"], Value::Null);
    std::thread::sleep(1500 * MS);
    assert_eq!(period(&agent), 300_000_000);
    // One of a way back leads to where the first one led, not to the first one's own period.
    set("100ms for 1h");
    set("50ms for 400ms");
    let back = agent.element(SCHED)["back"]["period_ns"].clone();
    assert_eq!(back, 300_000_000, "what it goes back to");
    until("it is back", || period(&agent) == 300_000_000);
}

#[test]
fn a_pause_and_a_way_back_end_where_both_say() {
    let agent = Agent::start("--period 1s");
    agent.applied(&format!("control {SCHED} set-period 100ms for 500ms"));
    agent.applied(&format!("control {SCHED} pause"));
    std::thread::sleep(1000 * MS);
    // Neither did the way back resume it, nor did the pause keep the short period.
    assert_eq!(agent.state(SCHED), "paused");
    agent.applied(&format!("control {SCHED} resume"));
    assert_eq!(period(&agent), 1_000_000_000);
    assert_eq!(agent.element(SCHED)["back"], Value::Null);
}

#[test]
fn periods_have_bounds_which_the_reply_names() {
    let agent = Agent::start("--period 1s");
    for wrong in ["999us", "0s", "0", "1ns", "61m", "1h 1ms", "1d"] {
        let reply = agent.error(&format!("control {SCHED} set-period {wrong}"));
        assert!(reply.contains("1ms"), "{wrong}: {reply}");
        assert_eq!(period(&agent), 1_000_000_000, "{wrong}: {reply}");
    }
    for (right, ns) in [
        ("1ms", 1_000_000),
        ("1h", 3_600_000_000_000),
        ("1s", 1_000_000_000),
    ] {
        agent.applied(&format!("control {SCHED} set-period {right}"));
        assert_eq!(period(&agent), ns);
        let reply = agent.ok(&format!("control {SCHED} get-period"));
        assert_eq!(reply, format!("ok matched=1 {SCHED}={right}"));
    }
}

#[test]
fn get_period_tells_all_sources_that_have_one() {
    let agent = Agent::start("--period 1s");
    let reply = agent.ok("control source get-period");
    let with_period = agent.status("source").into_iter();
    let with_period = with_period.filter(|one| one.get("period_ns").is_some());
    for one in with_period {
        let name = one["name"].as_str().unwrap_or_default();
        assert!(reply.contains(&format!(" {name}=")), "{name}: {reply}");
    }
    // Clients that name their own period keep it.
    let mut own = Recording::start(&agent.server.url, r#"{"period":"50ms","limit":0}"#);
    agent.applied("control source set-period 1h");
    own.after(truth::wall_ns() + 300_000_000, 5000 * MS);
    let lines = own.finish();
    assert!(check_gapless(&lines) <= SKIPS, "samples skipped");
}

#[test]
fn the_sampling_thread_is_preferred_as_long_as_the_period_is_short() {
    if !need::bpf() || !need::root() {
        return;
    }
    let agent = Agent::start("--period 1s");
    let mut recording = Recording::start(&agent.server.url, r#"{"limit":0}"#);
    recording.after(truth::wall_ns(), 5000 * MS);
    let scheduling = || {
        let of_thread = truth::scheduling(agent.server.pid(), "sampler");
        of_thread.expect("a thread that samples")
    };
    let usual = scheduling();
    let is_preferred = || scheduling().0 != usual.0 || scheduling().1 < usual.1;
    for _ in 0..2 {
        agent.applied(&format!("control {SCHED} set-period 1ms"));
        until("it is preferred", is_preferred);
        agent.applied(&format!("control {SCHED} set-period 1s"));
        until("it is as it was", || scheduling() == usual);
    }
    // Nor is it where nobody wants samples.
    agent.applied(&format!("control {SCHED} set-period 1ms"));
    until("it is preferred", is_preferred);
    drop(recording);
    until("it is as it was", || scheduling() == usual);
}

fn period(agent: &Agent) -> u64 {
    agent.figure(SCHED, "period_ns")
}
