//! The real collectl records this machine, we do the same at the same time, and it plays both back.

use std::{
    fs::File,
    io::Write as _,
    net::UdpSocket,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, SystemTime},
};

use flate2::{Compression, write::GzEncoder};
use jiff::tz::TimeZone;
use subjiffy_collectl::{
    options::{Options, Subsystem, Subsystems},
    reading::Machine,
    record::{
        Counters, Recording, Time,
        raw::{Header, Reader, System, push_close, push_record},
    },
};

/// Every subsystem that is not about processes.
const LETTERS: &str = "cdnmstijbfCDNJ";

/// What is recorded, with one record more that no interval ends with.
const SAMPLES: u64 = 4;

/// Plot columns that are wrong in collectl's own recordings: it takes the last of several lines that look
/// alike. Ours have only the right one.
const RIGHT_IN_OURS: [&str; 8] = [
    "[MEM]Shared",
    "[MEM]Inactive",
    "[SOCK]Udp",
    "[TCP]Loss",
    "[TCP]FTrans",
    "Inac",
    "Inact",
    "Udp",
];

/// Whether the program is there, or must be.
fn has_collectl() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).any(|dir| dir.join("collectl").is_file());
    // As all tests that need other people's programs.
    let says = |name: &str, value: &str| std::env::var(name).is_ok_and(|one| one == value);
    let required = says("SUBJIFFY_REQUIRE_CLIENTS", "1") || says("CI", "true");
    if !found && !required {
        eprintln!("skipped: this test needs collectl");
    }
    found || required
}

fn now() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
}

fn subsystems() -> Subsystems {
    LETTERS
        .chars()
        .map(|letter| Subsystem::of_letter(letter).unwrap())
        .collect()
}

fn start_collectl(dir: &Path) -> Child {
    let mut collectl = Command::new("collectl");
    collectl
        .arg(format!("-s{LETTERS}"))
        .args(["-i1", &format!("-c{SAMPLES}"), "-f"])
        .arg(dir);
    collectl
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A file of the same seconds as a recording of collectl that is going on.
fn record(dir: &Path) -> PathBuf {
    let wall_ns = now().as_nanos() as u64;
    let system = System::of(Path::new("/"), wall_ns);
    let options = Options {
        subsystems: subsystems(),
        words: format!("-s{LETTERS} -i1"),
        comment: Some("Host: none, Kernel: none".to_owned()),
        ..Options::default()
    };
    let header = Header::of(&options, system, wall_ns, &TimeZone::system());
    let text = header.to_string();
    let date = text
        .lines()
        .find_map(|line| line.strip_prefix("# Date:"))
        .unwrap();
    let date = date.split_whitespace().next().unwrap();
    let path = dir.join(format!("{}-{date}.raw.gz", header.system.host));
    let mut file = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    file.write_all(text.as_bytes()).unwrap();
    let mut machine = Machine::open(Path::new("/"), subsystems()).unwrap();
    let (mut lines, mut record) = (String::new(), String::new());
    // collectl's first record is a second after the next full one.
    let mut next = now().as_secs() + 1;
    for _ in 0..=SAMPLES {
        let due = Duration::from_millis(1000 * next + 1);
        thread::sleep(due.saturating_sub(now()));
        let wall_ns = now().as_nanos() as u64;
        lines.clear();
        record.clear();
        machine.read(&mut lines);
        push_record(
            &mut record,
            Time {
                wall_ns,
                steady_ns: wall_ns,
            },
            &lines,
        );
        file.write_all(record.as_bytes()).unwrap();
        next += 1;
        thread::sleep(Duration::from_millis(300));
        work(dir);
    }
    let mut end = String::new();
    push_close(&mut end, 1_000_000_000 * next);
    file.write_all(end.as_bytes()).unwrap();
    file.finish().unwrap();
    path
}

fn play(file: &Path, words: &[&str]) -> Vec<String> {
    let output = Command::new("collectl")
        .arg("-p")
        .arg(file)
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors.trim().is_empty(),
        "{words:?} {}: {errors}",
        file.display()
    );
    text.lines().map(str::to_owned).collect()
}

/// Recordings of the same seconds: collectl's and ours. On a busy machine one may start too late; then again.
fn recordings(dir: &Path) -> [PathBuf; 2] {
    for attempt in 0..10 {
        let [theirs, ours] = ["theirs", "ours"].map(|name| dir.join(format!("{name}{attempt}")));
        std::fs::create_dir(&theirs).unwrap();
        std::fs::create_dir(&ours).unwrap();
        let mut collectl = start_collectl(&theirs);
        let ours = record(&ours);
        assert!(collectl.wait().unwrap().success());
        let theirs = std::fs::read_dir(&theirs).unwrap().next().unwrap();
        let files = [theirs.unwrap().path(), ours];
        let [theirs, ours] = [&files[0], &files[1]].map(|file| counters(file));
        let mut pairs = theirs.iter().zip(&ours);
        let apart =
            |(one, other): (&Counters, &Counters)| one.time.wall_ns.abs_diff(other.time.wall_ns);
        if theirs.len() == ours.len() && pairs.all(|pair| apart(pair) < 200_000_000) {
            return files;
        }
    }
    panic!("collectl and we never recorded the same seconds");
}

/// A number as collectl writes it, in units of 1.
fn number(word: &str) -> Option<f64> {
    let units = [('K', 1e3), ('M', 1e6), ('G', 1e9)];
    let unit = units.iter().find(|unit| word.ends_with(unit.0));
    let digits = word.trim_end_matches(['K', 'M', 'G']);
    Some(digits.parse::<f64>().ok()? * unit.map_or(1.0, |unit| unit.1))
}

/// Whether two numbers of the same interval are those of moments a little apart.
fn are_near(one: f64, other: f64) -> bool {
    let most = one.max(other);
    let leave = if most <= 100.0 {
        20.0
    } else {
        150.0 + most / 10.0
    };
    (one - other).abs() <= leave
}

/// Compares what is played back: the lines are the same but for numbers, and these should be near each other;
/// what is not is told.
fn compare(words: &[&str], theirs: &[String], ours: &[String]) -> Result<(), String> {
    let both = || format!("{words:?}\n{}\n{}", theirs.join("\n"), ours.join("\n"));
    assert_eq!(theirs.len(), ours.len(), "{}", both());
    let mut columns = Vec::new();
    for (line, our) in theirs.iter().zip(ours) {
        if let Some(header) = line.strip_prefix('#') {
            assert_eq!(line, our);
            columns = header
                .split_whitespace()
                .filter(|name| *name != "Time")
                .collect();
            continue;
        }
        let fields = |line: &'_ str| -> Vec<String> {
            let fields = line.split_whitespace();
            fields
                .filter(|field| field.matches(':').count() < 2)
                .map(str::to_owned)
                .collect()
        };
        let (fields, our_fields) = (fields(line), fields(our));
        assert_eq!(fields.len(), our_fields.len(), "{line}\n{our}\n{}", both());
        for (at, (field, our_field)) in fields.iter().zip(&our_fields).enumerate() {
            let column = columns.get(at).filter(|_| columns.len() == fields.len());
            if column.is_some_and(|name| RIGHT_IN_OURS.contains(name)) {
                continue;
            }
            let same = match (number(field), number(our_field)) {
                (Some(one), Some(other)) => are_near(one, other),
                // The fragments of memory are written as letters.
                _ => field == our_field || words[0] == "-sb",
            };
            if !same {
                return Err(format!("{field} {our_field} {column:?}\n{}", both()));
            }
        }
    }
    Ok(())
}

/// Something to count, in the middle between two records.
fn work(dir: &Path) {
    let (sender, receiver) = (
        UdpSocket::bind("127.0.0.1:0").unwrap(),
        UdpSocket::bind("127.0.0.1:0").unwrap(),
    );
    for _ in 0..2000 {
        sender
            .send_to(&[7; 500], receiver.local_addr().unwrap())
            .unwrap();
    }
    let mut file = File::create(dir.join("work")).unwrap();
    file.write_all(&vec![1; 8 << 20]).unwrap();
    file.sync_all().unwrap();
}

#[test]
fn collectl_plays_back_ours_as_its_own() {
    if !has_collectl() {
        return;
    }
    // Numbers of moments a little apart differ by anything when others make the machine busy in between.
    let mut apart = String::new();
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        let [theirs, ours] = recordings(dir.path());
        plot_files(dir.path(), &theirs);
        compare_counters(&counters(&theirs), &counters(&ours));
        match played_back(&theirs, &ours) {
            Ok(()) => return,
            Err(text) => apart = text,
        }
    }
    panic!("{apart}");
}

/// What collectl makes of both recordings, in each of its styles.
fn played_back(theirs: &Path, ours: &Path) -> Result<(), String> {
    for letter in LETTERS.chars() {
        let letter = format!("-s{letter}");
        for more in [&["-oT"][..], &["--verbose", "-oT"], &["-P", "--utc"]] {
            let words = [&[letter.as_str()][..], more].concat();
            let [theirs, ours] = [theirs, ours].map(|file| play(file, &words));
            let samples = ours
                .iter()
                .filter(|line| !line.starts_with('#') && !line.is_empty());
            assert!(samples.count() as u64 >= SAMPLES, "{words:?} {ours:?}");
            compare(&words, &theirs, &ours)?;
        }
    }
    Ok(())
}

/// What we make of both.
fn compare_counters(theirs: &[Counters], ours: &[Counters]) {
    for (their, our) in theirs.iter().zip(ours) {
        assert_eq!(their.cpus.len(), our.cpus.len());
        assert_eq!(their.memory.unwrap().total, our.memory.unwrap().total);
        let names = |all: &Counters| -> Vec<String> {
            all.interfaces.iter().map(|one| one.name.clone()).collect()
        };
        assert_eq!(names(their), names(our));
        for disk in &their.disks {
            assert!(
                our.disks.iter().any(|one| one.name == disk.name),
                "{}",
                disk.name
            );
        }
        assert_eq!(their.interrupts.len(), our.interrupts.len());
        assert_eq!(their.buddies.len(), our.buddies.len());
    }
}

/// What we read of a file, whoever wrote it.
fn counters(file: &Path) -> Vec<Counters> {
    let records = Reader::open(file).unwrap().map(|record| record.unwrap());
    records
        .map(|record| Counters::parse(&record.text, record.time))
        .collect()
}

/// The plot files that collectl makes of a raw file are understood.
fn plot_files(dir: &Path, raw: &Path) {
    let to = dir.join("plot");
    std::fs::create_dir(&to).unwrap();
    play(raw, &["-P", "-scmCDN", "-om", "-f", to.to_str().unwrap()]);
    let times: Vec<_> = counters(raw).iter().map(|one| one.time.wall_ns).collect();
    let mut kinds = 0;
    for file in std::fs::read_dir(&to).unwrap() {
        let file = file.unwrap().path();
        let Recording::Plot(reader) = Recording::open(&file, &TimeZone::UTC).unwrap() else {
            panic!("{} should be a plot file", file.display());
        };
        let rows: Vec<_> = reader.map(|row| row.unwrap()).collect();
        let row_times: Vec<_> = rows.iter().map(|row| row.time.wall_ns).collect();
        assert_eq!(row_times, times[1..], "{}", file.display());
        assert_eq!(rows[0].columns.of(subsystems()).len(), rows[0].values.len());
        kinds += 1;
    }
    // Summaries, CPUs, disks, interfaces.
    assert_eq!(kinds, 4);
}
