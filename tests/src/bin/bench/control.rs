//! The control socket: a running agent at 1 ms, how soon a new period takes effect, and what a command
//! costs. Beside them stands what was measured of Alumet 0.9.5 on a machine of the same kind.

use crate::{
    crowd, programs, progress,
    stats::{max, percentile, short, spread},
    table::Table,
};
use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};
use subjiffy_tests::control::{Agent, SCHED, connect};
use subjiffy_tests::recording::Recording;
use subjiffy_tests::{build, truth};

/// The machine is filled up to so many.
const TASKS: usize = 200;

const REQUEST: &str = r#"{"limit":10,"fields":["pid","cpu_ns"]}"#;

/// Alumet at 1 ms, one source of two values to a file: what, polls, mean ms, sd us, p99 ms, max ms, CPU %.
const ALUMET: [[&str; 7]; 2] = [
    [
        "Alumet, memory of the machine, from its configuration",
        "5997",
        "1.0007",
        "36",
        "1.017",
        "2.26",
        "8.0",
    ],
    [
        "Alumet, the same, by `set-period` from 1 s",
        "5961",
        "1.0067",
        "159",
        "1.300",
        "4.33",
        "6.7",
    ],
];

/// Old and new period in ms, and how long Alumet took where that was measured.
const CHANGES: [(u64, u64, &str); 4] = [
    (1000, 100, "1800"),
    (10_000, 50, "4"),
    (100, 10_000, "-"),
    (1000, 1, "-"),
];

pub fn measure(seconds: u64, rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    let _ = (build::binary(), build::load());
    let missing = TASKS.saturating_sub(tasks());
    let mut crowd = crowd::start(&format!("idle --count {}", missing.max(1)));
    crowd.run();
    let steady = steady(Duration::from_secs(seconds))?;
    let changes = changes(rounds)?;
    let commands = commands()?;
    crowd.finish();
    Ok(vec![steady, changes, commands])
}

/// Tasks of the machine, threads included.
fn tasks() -> usize {
    let pids = truth::processes().into_iter();
    pids.map(|(pid, ..)| truth::threads(pid).len()).sum()
}

fn steady(time: Duration) -> Result<Table, String> {
    let agent = Agent::start("--period 1s");
    let mut recording = Recording::start(&agent.server.url, REQUEST);
    recording.read_until(Instant::now() + Duration::from_secs(2));
    agent.applied(&format!("control {SCHED} set-period 1ms"));
    progress(&format!("control, {time:?} at 1 ms"));
    recording.read_until(Instant::now() + Duration::from_secs(2));
    let (from, missed) = (recording.lines.len(), agent.figure(SCHED, "missed"));
    let (begun, before) = (Instant::now(), truth::process_clock_ns(agent.server.pid()));
    recording.read_until(begun + time);
    let used = truth::process_clock_ns(agent.server.pid()) - before;
    let cpu = used as f64 / begun.elapsed().as_nanos() as f64 * 100.0;
    let missed = agent.figure(SCHED, "missed") - missed;
    let status = agent.element(SCHED);
    let (all, lines) = (tasks(), recording.finish());
    let lines = lines.get(from..).unwrap_or_default();
    let skipped: u64 = lines.iter().map(|line| line.skipped).sum();
    // Where the client skipped some, there is no interval between two neighbours.
    let pairs = lines
        .windows(2)
        .filter(|pair| pair[1].seq == pair[0].seq + 1);
    let intervals: Vec<_> = pairs
        .map(|pair| (pair[1].at_ns - pair[0].at_ns) as f64 / 1e6)
        .collect();
    if intervals.is_empty() {
        return Err("no two samples in a row".to_owned());
    }
    let mean = intervals.iter().sum::<f64>() / intervals.len() as f64;
    let squares = intervals
        .iter()
        .map(|one| (one - mean).powi(2))
        .sum::<f64>();
    let sd_us = (squares / intervals.len() as f64).sqrt() * 1e3;
    let off_us: Vec<_> = intervals
        .iter()
        .map(|one| (one - 1.0).abs() * 1e3)
        .collect();
    let mut table = Table::new(
        "A running agent set from 1 s to 1 ms (budget: mean 1.000 ms, 1 % of a core at 200 tasks)",
        &[
            "what",
            "samples",
            "mean ms",
            "sd us",
            "p99 ms",
            "max ms",
            "CPU % of a core",
            "off by p50 / p99 / max us",
            "tasks",
        ],
    );
    table.row([
        "subjiffy, all processes, first 10 to a client".to_owned(),
        lines.len().to_string(),
        format!("{mean:.4}"),
        short(sd_us),
        format!("{:.3}", percentile(&intervals, 0.99)),
        format!("{:.2}", max(&intervals)),
        short(cpu),
        [0.5, 0.99, 1.0]
            .map(|share| short(percentile(&off_us, share)))
            .join(" / "),
        all.to_string(),
    ]);
    for row in ALUMET {
        let cells = row.into_iter().chain(["-", "-"]);
        table.row(cells.map(str::to_owned));
    }
    let behind = |key: &str| short(status[key].as_u64().unwrap_or(0) as f64 / 1e3);
    let told = ["jitter_p50_ns", "jitter_p99_ns", "jitter_max_ns"]
        .map(behind)
        .join(" / ");
    let mut row = vec![format!(
        "its own `status`: {missed} ticks missed; {skipped} samples skipped by the client"
    )];
    row.extend(["-"; 6].map(str::to_owned));
    row.extend([format!("behind its tick {told}"), "-".to_owned()]);
    table.row(row);
    Ok(table)
}

fn changes(rounds: usize) -> Result<Table, String> {
    let mut table = Table::new(
        "From `set-period` to the first sample, 0.3 s after the one before it",
        &[
            "change",
            "ms after the command",
            "ms after it was due",
            "Alumet, ms after the command",
        ],
    );
    let agent = Agent::start("--period 50ms");
    let mut recording = Recording::start(&agent.server.url, REQUEST);
    for (old, new, theirs) in CHANGES {
        let (mut after, mut late) = (Vec::new(), Vec::new());
        for round in 1..=rounds {
            progress(&format!(
                "control, {old} to {new} ms, round {round} of {rounds}"
            ));
            let set = |ms: u64| agent.applied(&format!("control {SCHED} set-period {ms}ms"));
            set(50);
            let limit = Duration::from_secs(30);
            recording.after(truth::wall_ns(), limit);
            set(old);
            agent.ok(&format!("control {SCHED} trigger-now wait"));
            recording.read_until(Instant::now() + Duration::from_millis(300));
            let asked = truth::wall_ns();
            set(new);
            let first = recording.after(asked, limit).at_ns;
            // All that was on its way then has come since.
            let before = recording.lines.iter().filter(|line| line.at_ns <= asked);
            let last = before.map(|line| line.at_ns).max().unwrap_or(asked);
            let due = (last + new * 1_000_000).max(asked);
            after.push((first - asked) as f64 / 1e6);
            late.push(first as f64 / 1e6 - due as f64 / 1e6);
        }
        table.row([
            format!("{old} to {new} ms"),
            spread(&after),
            spread(&late),
            theirs.to_owned(),
        ]);
    }
    Ok(table)
}

fn commands() -> Result<Table, String> {
    const COUNT: usize = 20_000;
    let mut table = Table::new(
        "Commands",
        &["what", "a second", "CPU of the agent, us each"],
    );
    let agent = Agent::start("");
    let pid = agent.server.pid();
    let mut add = |name: &str, count: usize, work: &dyn Fn() -> Result<usize, String>| {
        progress(&format!("control, {name}"));
        let (begun, before) = (Instant::now(), truth::process_clock_ns(pid));
        let replies = work()?;
        let (time, used) = (begun.elapsed(), truth::process_clock_ns(pid) - before);
        if replies != count {
            return Err(format!("{name}: {replies} replies to {count} commands"));
        }
        let rate = count as f64 / time.as_secs_f64();
        let each = used as f64 / count as f64 / 1e3;
        table.row([name.to_owned(), short(rate), short(each)]);
        Ok(())
    };
    for (name, line) in [
        ("list", "list\n"),
        ("status of one element", "status source/ebpf/sched\n"),
        ("status json of all", "status json\n"),
        ("set-period", "control source/procfs/memory set-period 1s\n"),
        ("a line that is not understood", "bogus\n"),
    ] {
        add(
            &format!("{name}, {COUNT} on one connection"),
            COUNT,
            &|| pipelined(&agent, line, COUNT),
        )?;
    }
    add(
        "list, each waits for the last one's reply",
        COUNT / 4,
        &|| one_by_one(&agent, COUNT / 4),
    )?;
    add("list, a connection each", COUNT / 20, &|| {
        let replies = (0..COUNT / 20).map(|_| agent.say("list\n").len());
        Ok(replies.sum())
    })?;
    Ok(table)
}

/// All commands at once; how many replies came.
fn pipelined(agent: &Agent, line: &str, count: usize) -> Result<usize, String> {
    let mut reader = connect(&agent.path);
    let mut writer = reader.try_clone().map_err(|e| e.to_string())?;
    let text = line.repeat(count);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let sent = writer.write_all(text.as_bytes());
            sent.and_then(|()| writer.shutdown(Shutdown::Write))
        });
        let (mut buffer, mut replies) = (vec![0; 1 << 16], 0);
        loop {
            match reader.read(&mut buffer).map_err(|e| e.to_string())? {
                0 => return Ok(replies),
                read => replies += buffer[..read].iter().filter(|&&byte| byte == b'\n').count(),
            }
        }
    })
}

fn one_by_one(agent: &Agent, count: usize) -> Result<usize, String> {
    let mut client = connect(&agent.path);
    let mut buffer = vec![0; 1 << 16];
    for number in 0..count {
        client.write_all(b"list\n").map_err(|e| e.to_string())?;
        let mut last = 0;
        while last != b'\n' {
            match client.read(&mut buffer).map_err(|e| e.to_string())? {
                0 => return Ok(number),
                read => last = buffer[read - 1],
            }
        }
    }
    Ok(count)
}
