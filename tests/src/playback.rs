//! Recordings as both programs show them.

use crate::collectl::{Program, is_data};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What of their lines may differ, because the original is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum But {
    Nothing,
    /// Shared and inactive memory.
    Memory,
    /// The last digit of a sum.
    Digits,
    /// Rates of processes are of the nominal interval there, a hundredth of a second is missing now and then,
    /// and who had gone before the second record is shown once more. With `-P` they are in the order of text.
    Processes,
    /// Fields of CPUs are in the wrong columns, and interrupts are 0 unless they are asked for, too.
    Cpus,
}

/// Ways to show all that a recording has.
const WAYS: [(&str, But); 49] = [
    ("-scdnmtsijbf -oTm", But::Memory),
    ("-sc -oD", But::Nothing),
    ("-sj", But::Nothing),
    ("-sd", But::Nothing),
    ("-sn -oT", But::Nothing),
    ("-sb", But::Nothing),
    ("-st -od", But::Nothing),
    ("-ss", But::Nothing),
    ("-si", But::Nothing),
    ("-sf", But::Nothing),
    ("-scdn -w", But::Nothing),
    ("-scdn -on", But::Nothing),
    ("-sdn --iosize", But::Nothing),
    ("-scdn --hr 2", But::Nothing),
    ("-scdn --hr 0 -oT", But::Nothing),
    ("-sc --verbose", But::Nothing),
    ("-sm --verbose", But::Memory),
    ("-sd --verbose -oT", But::Nothing),
    ("-sn --verbose", But::Nothing),
    ("-st --verbose", But::Nothing),
    ("-ss --verbose", But::Nothing),
    ("-si --verbose", But::Nothing),
    ("-sj --verbose", But::Nothing),
    ("-sb --verbose", But::Nothing),
    ("-sf --verbose", But::Nothing),
    ("-scdn --verbose", But::Nothing),
    ("-sC", But::Nothing),
    ("-sD -oT", But::Nothing),
    ("-sN", But::Nothing),
    ("-sJ", But::Nothing),
    ("-sCDNJ", But::Nothing),
    ("-sZ", But::Processes),
    ("-sZ -oTm", But::Processes),
    ("-sZ --procopts i", But::Processes),
    ("-sZ --procopts m", But::Processes),
    ("-sZ --procopts xf", But::Processes),
    ("-sZ --procopts sw", But::Processes),
    ("-sZ --procopts Su20w20r", But::Processes),
    ("-sZ --procopts Rk", But::Processes),
    ("-scdntsif -P", But::Nothing),
    ("-scdntsif -P -o2", But::Digits),
    ("-sm -P --utc", But::Memory),
    ("-sb -P -oD", But::Nothing),
    ("-sC -P", But::Cpus),
    ("-sD -P", But::Nothing),
    ("-sN -P --sep 9", But::Nothing),
    ("-sZ -P", But::Processes),
    ("-scdmnstibj --export lexpr", But::Memory),
    ("-sCDN --export lexpr", But::Cpus),
];

/// Both show the same of a file; the differences that are meant are known one by one.
///
/// # Panics
/// When they do not.
pub fn same(file: &Path) {
    let mut failures = Vec::new();
    for (words, but) in WAYS {
        let words = format!("-p {} {words}", file.display());
        let [real, ours] = [Program::Real, Program::Ours].map(|program| program.said(&words));
        let differs = match but {
            But::Processes => processes_differ(&real, &ours),
            _ => lines_differ(
                &comparable(&real, but, true),
                &comparable(&ours, but, false),
            ),
        };
        if let Some((real, ours)) = differs {
            failures.push(format!("{words}\n original {real}\n ours     {ours}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The first lines that are not the same.
fn lines_differ(real: &[String], ours: &[String]) -> Option<(String, String)> {
    let shown = |lines: &[String], at: usize| format!("{at}: {:?}", lines.get(at));
    if real.len() < 2 {
        return Some((shown(real, 0), shown(ours, 0)));
    }
    let longest = real.len().max(ours.len());
    let at = (0..longest).find(|&at| match (real.get(at), ours.get(at)) {
        (Some(real), Some(ours)) => real != ours && !is_mean_of_disk(real, ours),
        _ => true,
    })?;
    Some((shown(real, at), shown(ours, at)))
}

/// Whether these are names and values of a disk next to each other: means are divided by the interval there,
/// which is a little more or less than a second.
fn is_mean_of_disk(real: &str, ours: &str) -> bool {
    let value = |line: &str| -> Option<(String, f64)> {
        let (name, value) = line.split_once(' ')?;
        let is_one = name.starts_with("diskinfo.");
        is_one.then_some((name.to_owned(), value.parse().ok()?))
    };
    let (real, ours) = (value(real), value(ours));
    real.zip(ours)
        .is_some_and(|(real, ours)| real.0 == ours.0 && (real.1 - ours.1).abs() <= 1.0)
}

fn comparable(said: &str, but: But, real: bool) -> Vec<String> {
    let mut lines: Vec<_> = said.lines().map(str::to_owned).collect();
    // Zeros at the end of a time in seconds are left out there.
    for line in &mut lines {
        let time = line.strip_prefix("sample.time ");
        if time.is_some_and(|time| time.contains('.')) {
            let end = line.trim_end_matches('0').trim_end_matches('.').len();
            line.truncate(end);
        }
    }
    match but {
        But::Nothing | But::Processes => {}
        But::Cpus => lines.iter_mut().for_each(|line| put_right(line, real)),
        But::Digits => lines.iter_mut().for_each(cut),
        But::Memory => mask(&mut lines),
    }
    lines
}

/// Fields of a CPU: Totl, Intrpt, Guest, GuestN come under the names Totl, Guest, GuestN, Intrpt.
fn put_right(line: &mut String, real: bool) {
    if let Some((name, _)) = line.split_once(' ')
        && name.starts_with("cpuinfo.intrpt")
    {
        *line = name.to_owned();
    }
    let mut words: Vec<_> = line.split(' ').map(str::to_owned).collect();
    if line.starts_with('#') || words.len() < 14 || words.len() % 12 != 2 {
        return;
    }
    for cpu in words[2..].chunks_mut(12) {
        if real {
            cpu[9..12].rotate_left(1);
        }
        cpu[11].clear();
    }
    *line = words.join(" ");
}

/// One decimal less; what is in the middle between two may go either way.
fn cut(line: &mut String) {
    let words = line.split(' ').map(|word| match word.parse::<f64>() {
        Ok(number) if word.contains('.') => format!("{:.1}", number * 1.000_001),
        _ => word.to_owned(),
    });
    *line = words.collect::<Vec<_>>().join(" ");
}

/// Rows of one sample, by what must be the same: time and process id.
type Rows = BTreeMap<(String, u32), String>;

/// Samples of processes: what is above the rows, and the rows.
fn samples(said: &str) -> Vec<(Vec<String>, Rows)> {
    let mut samples = vec![(Vec::new(), Rows::new())];
    for line in said.lines() {
        if !is_data(line) && samples.last().is_some_and(|last| !last.1.is_empty()) {
            samples.push((Vec::new(), Rows::new()));
        }
        let (above, rows) = samples.last_mut().expect("one");
        if !is_data(line) {
            let record = line.split_once(" <<< (").map_or(line, |(before, _)| before);
            above.push(record.to_owned());
            continue;
        }
        let mut words = line.split_whitespace().peekable();
        let is_time = |word: &&str| word.contains(':') || word.len() == 8;
        let times = std::iter::from_fn(|| words.next_if(is_time));
        let time = times.collect::<Vec<_>>().join(" ");
        let pid = words.next().and_then(|word| word.parse().ok());
        let pid = pid.unwrap_or_else(|| panic!("no process id: {line}"));
        rows.insert((time, pid), line.to_owned());
    }
    samples
}

fn processes_differ(real: &str, ours: &str) -> Option<(String, String)> {
    let [real, ours] = [samples(real), samples(ours)];
    if real.len() != ours.len() || real[0].1.len() < 10 {
        let count = |samples: &Vec<_>| format!("{} samples", samples.len());
        return Some((count(&real), count(&ours)));
    }
    let first = real[0].1.keys().next().map(|id| id.0.clone());
    for (number, ((above, rows), (our_above, our_rows))) in real.iter().zip(&ours).enumerate() {
        if above != our_above {
            return Some((format!("{above:?}"), format!("{our_above:?}")));
        }
        if let Some((_, extra)) = our_rows.iter().find(|(id, _)| !rows.contains_key(id)) {
            return Some(("nothing".to_owned(), extra.clone()));
        }
        for (id, row) in rows {
            match our_rows.get(id) {
                Some(our_row) if close(row, our_row) => {}
                // Of the dead it shows what they had, or what was in their place before.
                Some(our_row) if our_row.contains(" X ") || our_row.contains(" Z ") => {}
                // Those that had gone before the second record.
                None if number == 0 && Some(&id.0) == first.as_ref() => {}
                other => return Some((row.clone(), format!("{other:?}"))),
            }
        }
    }
    None
}

/// Whether two rows are the same but for small differences of numbers.
fn close(one: &str, other: &str) -> bool {
    let words =
        |line: &str| -> Vec<String> { line.split_whitespace().map(str::to_owned).collect() };
    let (one, other) = (words(one), words(other));
    let mut pairs = one.iter().zip(&other);
    one.len() == other.len() && pairs.all(|(one, other)| one == other || near(one, other))
}

fn near(one: &str, other: &str) -> bool {
    let (Some((one, unit)), Some((other, other_unit))) = (number(one), number(other)) else {
        return false;
    };
    let allowed = (0.03 * one.max(other)).max(2.0);
    (one - other).abs() <= allowed.max(unit).max(other_unit)
}

/// A number and its unit; of a time hundredths of a second.
fn number(word: &str) -> Option<(f64, f64)> {
    if word.contains(':') {
        let mut parts = word.split(':').map(|part| part.parse::<f64>().ok());
        let seconds = parts.try_fold(0.0, |sum, part| Some(sum * 60.0 + part?))?;
        let unit = if word.contains('.') { 1.0 } else { 100.0 };
        return Some((seconds * 100.0, unit));
    }
    let (digits, factor) = match word.as_bytes().last()? {
        b'K' => (&word[..word.len() - 1], 1024.0),
        b'M' => (&word[..word.len() - 1], 1024.0 * 1024.0),
        b'G' => (&word[..word.len() - 1], 1024.0 * 1024.0 * 1024.0),
        _ => (word, 1.0),
    };
    Some((digits.parse::<f64>().ok()? * factor, factor))
}

/// Blots out shared and inactive memory, wherever the names of columns say that it is.
fn mask(lines: &mut Vec<String>) {
    lines.retain(|line| {
        !line.starts_with("meminfo.shared ") && !line.starts_with("meminfo.inactive ")
    });
    let mut wrong: Vec<usize> = Vec::new();
    for line in lines {
        if let Some(names) = line.strip_prefix('#') {
            let names: Vec<_> = names.split_whitespace().collect();
            let is_wrong =
                |name: &str| ["Inac", "Inact", "[MEM]Shared", "[MEM]Inactive"].contains(&name);
            wrong = (0..names.len()).filter(|&at| is_wrong(names[at])).collect();
            continue;
        }
        let mut words: Vec<_> = line.split_whitespace().collect();
        for &at in &wrong {
            if let Some(word) = words.get_mut(at) {
                *word = "?";
            }
        }
        *line = words.join(" ");
    }
}

/// The numbers of a line behind its time.
///
/// # Panics
/// When a word is none.
pub fn numbers(line: &str) -> Vec<f64> {
    let words = line.split_whitespace().skip(1);
    words
        .map(|word| number(word).unwrap_or_else(|| panic!("{word}: {line}")).0)
        .collect()
}

/// Something to see in a recording: this process computes and writes, and has children that come and go.
pub struct Busy {
    end: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    /// Begins.
    pub fn begin() -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let until = |mut work: Box<dyn FnMut() + Send>| {
            let end = Arc::clone(&end);
            std::thread::spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    work();
                }
            })
        };
        let directory = tempfile::tempdir().expect("a directory");
        let write = move || {
            let file = directory.path().join("file");
            let written = std::fs::write(&file, vec![1; 300_000]);
            let _ = written.and_then(|()| std::fs::File::open(&file)?.sync_all());
            std::thread::sleep(Duration::from_millis(50));
        };
        let compute = || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
            std::thread::sleep(Duration::from_millis(30));
        };
        let children = || {
            let _ = Command::new("sleep").arg("0.3").status();
        };
        let threads = vec![
            until(Box::new(write)),
            until(Box::new(compute)),
            until(Box::new(children)),
        ];
        Self { end, threads }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
