//! However many commands come, no sample is missed because of them.

use std::fmt::{Display, Formatter};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use subjiffy_tests::control::{Agent, SCHED, until};
use subjiffy_tests::recording::{Recording, check_gapless};
use subjiffy_tests::{need, truth};

const TIME: Duration = Duration::from_secs(5);
const PERIOD_NS: u64 = 10_000_000;
const REQUEST: &str = r#"{"limit":0}"#;

/// Clients that begin at the same time; 32 of them are served at once.
const CLIENTS: usize = 100;

/// What each of them says, again and again.
const WORDS: &str = "list\nstatus\nbogus\nstatus json source\ncontrol nobody/x/y pause\n\
                     control source/no/one set-period 1s\ncontrol source/procfs/memory get-period\n\n";

/// Ticks that the machine, with a hundred threads on it, may cost besides; 500 there are.
const ALLOWANCE: u64 = 15;

/// The machine itself may stand still in one of them, and in one without.
const TRIES: usize = 4;

#[test]
fn a_hundred_floods_of_commands_cost_no_sample() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let mut agent = Agent::start("--period 10ms");
    let mut recording = Recording::start(&agent.server.url, REQUEST);
    recording.after(truth::wall_ns(), TIME);
    let fair = |agent: &Agent, recording: &mut Recording| {
        let quiet = watch(agent, recording, || {});
        let (replies, path) = (AtomicU64::new(0), &agent.path);
        let flooded = watch(agent, recording, || flood(path, &replies));
        let replies = replies.into_inner();
        println!("without the floods: {quiet}");
        println!("with {replies} replies: {flooded}");
        assert!(replies > 10_000, "{replies} replies are no flood");
        flooded.missed <= quiet.missed + ALLOWANCE
            && flooded.taken + ALLOWANCE >= quiet.taken
            // The client that takes them has to share the processors with a hundred others.
            && flooded.skipped <= flooded.taken / 4
    };
    let right = (0..TRIES).any(|_| fair(&agent, &mut recording));
    assert!(right, "samples are missing in each of {TRIES} floods");
    // Nothing is counted twice or left out, in whatever order samples came.
    check_gapless(&recording.finish());
    agent.check_alive();
}

/// What became of the samples of five seconds.
struct Seen {
    taken: u64,
    /// Of these, which the client was too slow for.
    skipped: u64,
    /// Ticks without a sample, as the agent says.
    missed: u64,
}

impl Display for Seen {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            taken,
            skipped,
            missed,
        } = self;
        write!(
            f,
            "{taken} samples taken, {skipped} of them skipped by the client, {missed} ticks missed"
        )
    }
}

/// Watches for five seconds, while `beside` runs.
fn watch(agent: &Agent, recording: &mut Recording, beside: impl FnOnce() + Send) -> Seen {
    let before = agent.figure(SCHED, "missed");
    let from = recording.lines.len();
    let (begun, end) = (truth::wall_ns(), Instant::now() + TIME);
    std::thread::scope(|scope| {
        scope.spawn(beside);
        recording.read_until(end);
    });
    recording.after(begun + TIME.as_nanos() as u64, TIME);
    until("a place", || agent.has_place());
    let missed = agent.figure(SCHED, "missed") - before;
    let over = begun + TIME.as_nanos() as u64 + PERIOD_NS;
    let lines: Vec<_> = recording.lines[from..]
        .iter()
        .filter(|line| line.at_ns <= over)
        .collect();
    let [first, .., last] = &*lines else {
        panic!("{} samples in {TIME:?}", lines.len());
    };
    Seen {
        taken: last.seq - first.seq + 1,
        skipped: lines.iter().map(|line| line.skipped).sum(),
        missed,
    }
}

/// All clients until the time is over; who finds no place tries again.
fn flood(path: &Path, replies: &AtomicU64) {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::Acquire) {
                    let Ok(client) = UnixStream::connect(path) else {
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    };
                    // Some stay, others come and go.
                    let rounds = if number % 2 == 0 { 200 } else { 1 };
                    replies.fetch_add(converse(client, rounds, over), Ordering::Relaxed);
                }
            });
        }
        std::thread::sleep(TIME);
        over.store(true, Ordering::Release);
    });
}

/// Says its words and reads what comes; how many replies there were.
fn converse(mut client: UnixStream, rounds: usize, over: &AtomicBool) -> u64 {
    let limit = Some(Duration::from_millis(100));
    let (mut buffer, mut count) = ([0; 1 << 14], 0);
    if client.set_read_timeout(limit).is_err() || client.set_write_timeout(limit).is_err() {
        return 0;
    }
    for _ in 0..rounds {
        if over.load(Ordering::Acquire) || client.write_all(WORDS.as_bytes()).is_err() {
            break;
        }
        match client.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                count += buffer[..read].iter().filter(|&&byte| byte == b'\n').count() as u64
            }
        }
    }
    count
}
