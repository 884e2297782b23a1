//! A sample of `collectl` 4.3.1 and of ours: CPU time, and how punctual it is. By turns, on the same load.

use crate::{
    crowd::Crowd,
    programs, progress,
    stats::{median, percentile, short, spread},
    table::Table,
};
use std::{
    io::{BufRead, BufReader, Read},
    process::{ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};
use subjiffy_tests::{build, process::Owned, truth};

const IDLE: usize = 2_000;
const ACTIVE: usize = 20;

/// What is measured of each program: switches, samples a block.
const COSTS: [(&str, &[&str], usize); 3] = [
    ("-sZ", &["-sZ", "-i:1"], 8),
    ("-scdn", &["-scdn", "-i1"], 8),
    ("-scdnm -P", &["-scdnm", "-P", "-i1"], 8),
];

/// Interval and samples.
const PUNCTUAL: [(&str, Duration, usize); 2] = [
    ("-i1", Duration::from_secs(1), 12),
    ("-i.1", Duration::from_millis(100), 100),
];

/// collectl and ours.
#[derive(Clone, Copy)]
enum Program {
    Theirs,
    Ours,
}

const BOTH: [Program; 2] = [Program::Theirs, Program::Ours];

impl Program {
    fn start(self, switches: &[&str]) -> Result<(Owned, BufReader<ChildStdout>), String> {
        let mut command = match self {
            Self::Theirs => Command::new("collectl"),
            Self::Ours => {
                let mut command = Command::new(build::binary());
                command.arg("collectl");
                command
            }
        };
        command.args(switches).arg("--quiet");
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{command:?}: {error}; apt install collectl"))?;
        let out = child.stdout.take().ok_or("no pipe")?;
        Ok((Owned(child), BufReader::with_capacity(1 << 16, out)))
    }
}

/// Reads what comes until nothing has come for a while: the end of a sample. Returns its bytes and when the
/// first of them came.
struct Samples {
    from: std::sync::mpsc::Receiver<(u64, usize)>,
}

impl Samples {
    /// Reads in a thread of its own, which ends with the program.
    fn of(mut out: BufReader<ChildStdout>) -> Self {
        let (to, from) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(count) = out.get_mut().read(&mut buffer) {
                if count == 0 || to.send((truth::wall_ns(), count)).is_err() {
                    return;
                }
            }
        });
        Self { from }
    }

    fn next(&self) -> Result<(u64, usize), String> {
        const QUIET: Duration = Duration::from_millis(30);
        let first = self.from.recv_timeout(Duration::from_secs(30));
        let (at_ns, mut bytes) = first.map_err(|_| "no sample came".to_owned())?;
        while let Ok((_, more)) = self.from.recv_timeout(QUIET) {
            bytes += more;
        }
        Ok((at_ns, bytes))
    }
}

/// CPU time of a sample, ms, and its bytes.
fn cost(program: Program, switches: &[&str], samples: usize) -> Result<(f64, usize), String> {
    let (child, out) = program.start(switches)?;
    let out = Samples::of(out);
    // The first ones have more to do.
    for _ in 0..2 {
        out.next()?;
    }
    let settle = || {
        std::thread::sleep(Duration::from_millis(300));
        truth::process_clock_ns(child.id())
    };
    let before = settle();
    let mut bytes = 0;
    for _ in 0..samples {
        bytes = out.next()?.1;
    }
    let spent_ns = settle() - before;
    Ok((spent_ns as f64 / 1e6 / samples as f64, bytes))
}

/// How long after a multiple of the interval samples come, ms.
fn lateness(
    program: Program,
    switch: &str,
    interval: Duration,
    samples: usize,
) -> Result<Vec<f64>, String> {
    let (_child, mut out) = program.start(&["-scdn", switch, "--hr", "0"])?;
    let mut line = String::new();
    let mut all = Vec::new();
    let begun = Instant::now();
    while all.len() < samples && begun.elapsed() < Duration::from_secs(60) {
        line.clear();
        if out
            .read_line(&mut line)
            .map_err(|error| error.to_string())?
            == 0
        {
            return Err("it has ended".to_owned());
        }
        if line.starts_with('#') {
            continue;
        }
        let late = truth::wall_ns() % interval.as_nanos() as u64;
        all.push(late as f64 / 1e6);
    }
    // The first ones begin the grid.
    all.drain(..2.min(all.len()));
    Ok(all)
}

pub fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    let _ = (build::binary(), build::load());
    let mut tables = vec![punctuality(rounds)?];
    let _crowd = Crowd::start(IDLE, ACTIVE);
    let mut table = Table::new(
        "CPU time of a sample, 2 000 sleeping and 20 active processes",
        &[
            "switches",
            "collectl 4.3.1, ms",
            "subjiffy, ms",
            "ratio (budget for -sZ: 100)",
            "bytes",
        ],
    );
    for (name, switches, samples) in COSTS {
        let mut spent = [Vec::new(), Vec::new()];
        let mut bytes = [0; 2];
        for round in 1..=rounds {
            progress(&format!("collectl {name}, round {round} of {rounds}"));
            for program in BOTH {
                let (cpu_ms, size) = cost(program, switches, samples)?;
                spent[program as usize].push(cpu_ms);
                bytes[program as usize] = size;
            }
        }
        let [theirs, ours] = &spent;
        table.row([
            name.to_owned(),
            spread(theirs),
            spread(ours),
            short(median(theirs) / median(ours)),
            format!("{} / {}", bytes[0], bytes[1]),
        ]);
    }
    tables.push(table);
    Ok(tables)
}

fn punctuality(rounds: usize) -> Result<Table, String> {
    let mut table = Table::new(
        "Lines of -scdn after the boundary of the interval, ms (budget: 1 ms, standard deviation 0.2)",
        &["switch", "program", "median", "standard deviation", "p99"],
    );
    for (switch, interval, samples) in PUNCTUAL {
        let mut late = [Vec::new(), Vec::new()];
        for round in 1..=rounds {
            progress(&format!("collectl {switch}, round {round} of {rounds}"));
            for program in BOTH {
                late[program as usize].extend(lateness(program, switch, interval, samples)?);
            }
        }
        for (name, late) in ["collectl 4.3.1", "subjiffy"].into_iter().zip(&late) {
            let mean = late.iter().sum::<f64>() / late.len().max(1) as f64;
            let squares = late.iter().map(|one| (one - mean).powi(2)).sum::<f64>();
            table.row([
                switch.to_owned(),
                name.to_owned(),
                short(median(late)),
                short((squares / late.len().max(1) as f64).sqrt()),
                short(percentile(late, 0.99)),
            ]);
        }
    }
    Ok(table)
}
