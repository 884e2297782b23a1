//! Recordings: what the original makes of ours and ours of its, what a kill leaves, plot files.

use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use subjiffy_tests::collectl::{self, PATIENCE, PORT, Peer, Program, Run, host, is_data, time_ms};
use subjiffy_tests::netns::Net;
use subjiffy_tests::process::Signal;
use subjiffy_tests::truth;

/// A directory for files of one test.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn path(&self) -> std::path::Display<'_> {
        self.0.path().display()
    }

    /// Files whose names have this in them, in the order of their names.
    fn files(&self, part: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.path()).expect("a directory");
        let files = entries.map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = files
            .filter(|file| file.to_string_lossy().contains(part))
            .collect();
        files.sort();
        files
    }

    /// The only such file.
    fn file(&self, part: &str) -> PathBuf {
        let files = self.files(part);
        assert_eq!(files.len(), 1, "{part}: {files:?}");
        files[0].clone()
    }
}

/// What a file says, unpacked as far as it goes.
fn text(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if !file.to_string_lossy().ends_with(".gz") {
        return String::from_utf8(bytes).expect("text");
    }
    let mut text = Vec::new();
    // What is cut off in the middle has no end.
    let _ = MultiGzDecoder::new(&*bytes).read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Something to see in a recording: this process computes and writes, and has children that come and go.
struct Busy {
    end: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    fn begin() -> Self {
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

const ALL: &str = "-scdnmtsijbfCDNJZ";

/// Lets one of the two write a raw file.
fn record(program: Program, place: &Place, words: &str) -> PathBuf {
    let words = format!("-f {}/vm {words}", place.path());
    let ended = Run::start(&mut program.command(&words)).ended();
    assert!(ended.status.success(), "{words}: {}", ended.stderr);
    place.file(".raw")
}

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
fn same(file: &Path) {
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
    let at = (0..longest).find(|&at| real.get(at) != ours.get(at))?;
    Some((shown(real, at), shown(ours, at)))
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
                // Of those that nobody met alive it shows what was in that place before.
                Some(our_row) if our_row.contains(" X ") => {}
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
        return Some((seconds * 100.0, 1.0));
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

#[test]
fn a_recording_of_the_original_is_shown_as_by_it() {
    if !collectl::ready(&[]) {
        return;
    }
    let _busy = Busy::begin();
    let place = Place::new();
    same(&record(Program::Real, &place, &format!("{ALL} -i1:1 -c5")));
}

#[test]
fn the_original_shows_our_recordings_as_we_do() {
    if !collectl::ready(&[]) {
        return;
    }
    let _busy = Busy::begin();
    let place = Place::new();
    same(&record(Program::Ours, &place, &format!("{ALL} -i1:1 -c5")));
}

/// The numbers of a line behind its time.
fn numbers(line: &str) -> Vec<f64> {
    let words = line.split_whitespace().skip(1);
    words
        .map(|word| number(word).unwrap_or_else(|| panic!("{word}: {line}")).0)
        .collect()
}

/// What was shown on a socket while it was recorded is what the original finds in the file.
#[test]
fn what_was_shown_live_is_in_the_file() {
    if !collectl::ready_with_net(&[]) {
        return;
    }
    let _busy = Busy::begin();
    let place = Place::new();
    let net = Net::loopback();
    let words = format!(
        "-A server -f {}/vm -scdnmtsif -oTm -i1 -c6 --quiet",
        place.path()
    );
    let run = Run::start(&mut Program::Ours.command_in(&net, &words));
    let mut peer = Peer::connect(&net, &format!("127.0.0.1:{PORT}"));
    let live: Vec<_> = peer
        .rest()
        .into_iter()
        .filter(|line| is_data(line))
        .collect();
    assert!(run.ended().status.success());
    assert!(live.len() >= 5, "{live:#?}");
    let file = place.file(".raw");
    for program in [Program::Real, Program::Ours] {
        let shown = program.said(&format!("-p {} -scdnmtsif -oTm", file.display()));
        let shown = shown.lines().filter(|line| is_data(line));
        let shown: BTreeMap<_, _> = shown.map(|line| (time_ms(line), line)).collect();
        for line in &live {
            let other = shown.get(&time_ms(line));
            let other = other.unwrap_or_else(|| panic!("{program:?} has no {line}: {shown:#?}"));
            // A file has times in ms, and a ms of a second is a thousandth of a rate.
            for (live, recorded) in numbers(line).into_iter().zip(numbers(other)) {
                let close = (live - recorded).abs() <= 1.0 + 0.01 * live.max(recorded);
                assert!(
                    close,
                    "{live} and {recorded}\n{line}\n{other} ({program:?})"
                );
            }
        }
    }
}

/// Raw and plot files and a socket at the same time, as the original promises.
#[test]
fn files_of_both_kinds_beside_a_socket() {
    if !collectl::ready_with_net(&[]) {
        return;
    }
    let _busy = Busy::begin();
    let place = Place::new();
    let net = Net::loopback();
    let words = format!(
        "-A server -f {} -P --rawtoo -scdnm -i.5 -c8 --quiet",
        place.path()
    );
    let run = Run::start(&mut Program::Ours.command_in(&net, &words));
    let mut peer = Peer::connect(&net, &format!("127.0.0.1:{PORT}"));
    let lines = peer.rest();
    assert!(run.ended().status.success());
    let data = |text: &str| -> Vec<String> {
        text.lines()
            .filter(|line| is_data(line))
            .map(str::to_owned)
            .collect()
    };
    let live = data(&lines.join("\n"));
    assert!(live.len() >= 6, "{lines:#?}");
    let tab = data(&text(&place.file(".tab")));
    assert_eq!(tab.len(), 8, "{tab:#?}");
    assert!(tab.ends_with(&live), "{tab:#?}\n{live:#?}");
    // And what the original makes of the raw file.
    let raw = place.file(".raw");
    let played = data(&Program::Real.said(&format!("-p {} -P", raw.display())));
    assert_eq!(played.len(), tab.len(), "{played:#?}");
    for (played, tab) in played.iter().zip(&tab) {
        let dates = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        assert_eq!(dates(played), dates(tab));
    }
}

/// The same files with the same columns as the original's, and each line has a field for each of them.
#[test]
fn plot_files_are_those_of_collectl() {
    if !collectl::ready(&[]) {
        return;
    }
    let files = |program: Program| {
        let place = Place::new();
        let words = format!("-f {} -P -scdnmtsibfCDNZ -i.5:.5 -c3", place.path());
        let ended = Run::start(&mut program.command(&words)).ended();
        assert!(ended.status.success(), "{}", ended.stderr);
        let mut files = BTreeMap::new();
        for file in place.files(&host()) {
            let name = file
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            files.insert(name, text(&file));
        }
        files
    };
    let [real, ours] = [files(Program::Real), files(Program::Ours)];
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&ours), names(&real));
    assert!(ours.len() >= 5, "{:?}", names(&ours));
    for (name, text) in &ours {
        let columns = |text: &str| {
            let line = text.lines().find(|line| line.starts_with("#Date"));
            line.unwrap_or_else(|| panic!("{name}: {text}")).to_owned()
        };
        let header = columns(text);
        assert_eq!(header, columns(&real[name]), "{name}");
        let count = header.split(' ').count();
        let data: Vec<_> = text.lines().filter(|line| is_data(line)).collect();
        assert!(data.len() >= 3, "{name}: {text}");
        for line in data {
            let fields = line.split(' ').count();
            // The last one of processes is a command line.
            let good = fields == count || name.contains(".prc") && fields > count;
            assert!(good, "{name}: {fields} fields, {count} names: {line}");
        }
    }
}

/// Plot files of a recording are what they would have been.
#[test]
fn plot_files_can_be_made_of_a_recording() {
    if !collectl::ready(&[]) {
        return;
    }
    let place = Place::new();
    let raw = record(Program::Ours, &place, "-scdnCDNZ -i.5:.5 -c4");
    let files = |program: Program| {
        let made = Place::new();
        let words = format!("-p {} -P -scdnDN -f {}", raw.display(), made.path());
        let ended = Run::start(&mut program.command(&words)).ended();
        assert!(ended.status.success(), "{}", ended.stderr);
        let mut all = BTreeMap::new();
        for file in made.files(&host()) {
            let name = file
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let text = text(&file);
            let lines = text
                .lines()
                .filter(|line| is_data(line) || line.starts_with("#Date"));
            all.insert(name, lines.map(str::to_owned).collect::<Vec<_>>());
        }
        all
    };
    let [real, ours] = [files(Program::Real), files(Program::Ours)];
    assert!(!ours.is_empty());
    assert_eq!(ours, real);
}

/// A kill at any moment loses what came since the last flush, and no more.
#[test]
fn a_kill_loses_at_most_the_flush_interval() {
    if !collectl::ready(&[]) {
        return;
    }
    for more in ["-F1", "-F0"] {
        let place = Place::new();
        let words = format!("-f {}/vm -scdnZ -i.1:.5 {more}", place.path());
        let run = Run::start(&mut Program::Ours.command(&words));
        std::thread::sleep(Duration::from_secs(4));
        let killed_ms = truth::wall_ns() / 1_000_000;
        run.stop(Signal::KILL);
        let file = place.file(".raw");
        for program in [Program::Real, Program::Ours] {
            let words = format!("-p {} -scdn -P -oUm", file.display());
            let ended = Run::start(&mut program.command(&words)).ended();
            let times: Vec<u64> = ended
                .stdout
                .lines()
                .filter(|line| is_data(line))
                .filter_map(|line| {
                    let word = line.split(' ').next()?;
                    let seconds: f64 = word.parse().ok()?;
                    Some((seconds * 1e3).round() as u64)
                })
                .collect();
            let last = *times
                .last()
                .unwrap_or_else(|| panic!("{more}: {program:?} {}", ended.stderr));
            // A sample more, as it may be late; and a machine that is busy with other things.
            let allowed = if more.contains("-F0") { 100 } else { 1000 } + 1000;
            let lost = killed_ms.saturating_sub(last);
            assert!(lost <= allowed, "{more}: {lost} ms lost ({program:?})");
            assert!(times.len() >= 15, "{more}: {times:?} ({program:?})");
        }
    }
}

/// Ended by a signal nothing is lost.
#[test]
fn an_orderly_end_loses_nothing() {
    if !collectl::ready(&[]) {
        return;
    }
    for signal in [Signal::TERM, Signal::INT] {
        let place = Place::new();
        let words = format!("-f {}/vm -scdn -i.2", place.path());
        let run = Run::start(&mut Program::Ours.command(&words));
        let begun = Instant::now();
        while place.files(".raw").is_empty() {
            assert!(begun.elapsed() < PATIENCE, "no file");
            std::thread::sleep(Duration::from_millis(20));
        }
        std::thread::sleep(Duration::from_secs(2));
        let ended_ms = truth::wall_ns() / 1_000_000;
        let ended = run.stop(signal);
        assert!(ended.status.success(), "{}", ended.stderr);
        let shown = Program::Real.said(&format!("-p {} -P -oUm", place.file(".raw").display()));
        let last = shown.lines().rfind(|line| is_data(line)).expect("samples");
        let last: f64 = last
            .split(' ')
            .next()
            .and_then(|word| word.parse().ok())
            .expect("a time");
        let lost = ended_ms.saturating_sub((last * 1e3) as u64);
        assert!(lost <= 1200, "{lost} ms lost");
    }
}

/// New files at a time of the day, with no sample between them lost.
#[test]
fn files_are_rolled() {
    if !collectl::ready(&[]) {
        return;
    }
    let place = Place::new();
    let words = format!("-f {} -scd -i.5 -r00:00,1,1 --rawtoo -P -F0", place.path());
    let run = Run::start(&mut Program::Ours.command(&words));
    // At the next minute.
    let end = Instant::now() + Duration::from_secs(60) + PATIENCE;
    while place.files(".raw").len() < 2 {
        assert!(Instant::now() < end, "one file only");
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(Duration::from_secs(3));
    let ended = run.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    let raw = place.files(".raw");
    assert_eq!(raw.len(), 2, "{raw:?}");
    let mut times = Vec::new();
    for file in &raw {
        let text = text(file);
        assert!(text.starts_with("####"), "{file:?} has no header");
        let seconds = text.lines().filter_map(|line| line.strip_prefix(">>> "));
        let seconds = seconds.filter_map(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        times.extend(seconds);
    }
    assert!(times.len() > 4, "{times:?}");
    // The last record of a file may be the first of the next.
    times.dedup();
    for pair in times.windows(2) {
        let apart = pair[1] - pair[0];
        assert!(
            (0.0..1.4).contains(&apart),
            "{apart} s between two samples: {times:?}"
        );
    }
    for file in &raw {
        assert!(
            Program::Real
                .said(&format!("-p {} -scd -oT", file.display()))
                .lines()
                .count()
                > 2
        );
    }
}

/// The header tells the original what it needs to know, and people what they wrote.
#[test]
fn the_header_of_files_is_told() {
    if !collectl::ready(&[]) {
        return;
    }
    let place = Place::new();
    let mut command = Program::Ours.command(&format!("-f {}/vm -scd -i.1 -c2", place.path()));
    command.args(["--comment", "of the night"]);
    assert!(Run::start(&mut command).ended().status.success());
    let file = place.file(".raw").display().to_string();
    let [real, ours] = [Program::Real, Program::Ours]
        .map(|program| program.said(&format!("-p {file} --showheader")));
    for said in [&real, &ours] {
        assert!(
            said.contains("# Comment:") && said.contains("of the night"),
            "{said}"
        );
        assert!(said.contains(&host()), "{said}");
    }
    assert_eq!(ours, real);
}
