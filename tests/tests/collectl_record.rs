//! Recordings: what the original makes of ours and ours of its, what a kill leaves, plot files.

use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use subjiffy_tests::collectl::{self, PATIENCE, PORT, Peer, Program, Run, host, is_data, time_ms};
use subjiffy_tests::netns::Net;
use subjiffy_tests::playback::{Busy, numbers, same};
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

const ALL: &str = "-scdnmtsijbfCDNJZ";

/// Lets one of the two write a raw file.
fn record(program: Program, place: &Place, words: &str) -> PathBuf {
    let words = format!("-f {}/vm {words}", place.path());
    let ended = Run::start(&mut program.command(&words)).ended();
    assert!(ended.status.success(), "{words}: {}", ended.stderr);
    place.file(".raw")
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
