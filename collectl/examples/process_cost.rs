//! What a sample of 2 000 processes costs when 20 of them ran: rows taken and written, CPU time by part.
//!
//! `cargo run --release -p subjiffy-collectl --example process_cost [PROCESSES [RAN [SAMPLES]]]` starts
//! that many sleeping processes. Numbers come from a source that knows them beforehand; its own cost is
//! not in it.

use std::{
    env,
    path::Path,
    process::{Child, Command, ExitCode},
    time::Duration,
};

use jiff::tz::TimeZone;
use rustix::time::{ClockId, clock_gettime};
use subjiffy_collectl::{
    options::{Columns, Options},
    process::{Exact, Processes, Source, Taken, raw::Writer, text::Rows},
};

/// Says that other ones ran at each sample.
struct Known {
    pids: Vec<u32>,
    ran: usize,
    sample: usize,
    totals: Vec<u64>,
}

impl Source for Known {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let first = self.sample * self.ran % self.pids.len();
        for (at, &pid) in self.pids.iter().enumerate() {
            let ran = self.sample > 0 && (first..first + self.ran).contains(&at);
            let ns = if ran { 1_234_567 } else { 0 };
            self.totals[at] += ns;
            each(&Exact {
                pid,
                start_ns: 1_000_000_000,
                ppid: 1,
                uid: 0,
                threads: 1,
                state: 'S',
                name: b"sleep",
                rss_bytes: 1 << 20,
                user_ns: ns,
                system_ns: 0,
                total_ns: self.totals[at],
                run_delay_ns: ns / 10,
                voluntary_switches: u64::from(ran),
                involuntary_switches: 0,
                network: None,
                exited: false,
            });
        }
        self.sample += 1;
        Ok(Taken {
            wall_ns: 1_795_150_000_000_000_000 + self.sample as u64 * 1_000_000_000,
            interval_ns: 1_000_000_000,
            exact: true,
            unlisted: 0,
        })
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// CPU time of one sample in ms: taken, written as columns, written as lines of a recording.
fn measure(
    pids: &[u32],
    ran: usize,
    samples: u32,
    records: bool,
    columns: Columns,
) -> Result<[f64; 3], Box<dyn std::error::Error>> {
    let mut options = Options::default();
    options.processes.columns = columns;
    let source = Known {
        pids: pids.to_vec(),
        ran,
        sample: 0,
        totals: vec![0; pids.len()],
    };
    let mut processes = Processes::new(&options.processes, Path::new("/"), Box::new(source))?;
    if records {
        processes = processes.with_records();
    }
    let mut rows = Rows::of_columns(&options, TimeZone::UTC);
    let mut writer = Writer::default();
    let (mut text, mut record) = (String::new(), String::new());
    let mut spent = [Duration::ZERO; 3];
    // The first ones fill what is kept.
    for sample in 0..samples + 3 {
        let begun = cpu();
        let table = processes.take()?;
        let taken = cpu();
        text.clear();
        rows.write(table, "12:00:00 ", &mut text);
        let written = cpu();
        record.clear();
        if records {
            writer.write(table, &mut record);
        }
        let recorded = cpu();
        if sample >= 3 {
            spent[0] += taken - begun;
            spent[1] += written - taken;
            spent[2] += recorded - written;
        }
    }
    Ok(spent.map(|all| all.as_secs_f64() * 1e3 / f64::from(samples)))
}

fn run(children: &mut Vec<Child>) -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = env::args().skip(1).map(|word| word.parse());
    let processes: usize = numbers.next().transpose()?.unwrap_or(2000);
    let ran = numbers.next().transpose()?.unwrap_or(20);
    let samples = numbers.next().transpose()?.unwrap_or(200) as u32;
    for _ in 0..processes {
        children.push(Command::new("sleep").arg("1000").spawn()?);
    }
    let mut pids: Vec<u32> = children.iter().map(Child::id).collect();
    pids.sort_unstable();
    println!("{processes} processes, {ran} ran; CPU ms a sample, mean of {samples}");
    println!("                      take  columns  recording    all");
    for (name, records, columns) in [
        ("-sZ", false, Columns::Standard),
        ("-sZ --procopts i", false, Columns::InputOutput),
        ("-sZ --procopts m", false, Columns::Memory),
        ("-sZ and -f", true, Columns::Standard),
    ] {
        let [take, write, record] = measure(&pids, ran, samples, records, columns)?;
        let all = take + write + record;
        println!("{name:20} {take:5.3}    {write:5.3}      {record:5.3}  {all:5.3}");
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut children = Vec::new();
    let result = run(&mut children);
    for child in &mut children {
        let _ = child.kill();
        let _ = child.wait();
    }
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
