use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::TcpStream,
    path::Path,
    sync::Mutex,
    thread,
    time::Duration,
};

mod peer;

use super::*;
use crate::{
    options::{Address, Files, Headers, Intervals, Style},
    output::Runtime,
    process::{Exact, Taken},
};

/// A process that uses a tenth of a CPU.
struct OneProcess(u64);

impl Source for OneProcess {
    fn take(&mut self, each: &mut dyn FnMut(&Exact<'_>)) -> Result<Taken, String> {
        let now = SystemClock::read();
        let interval_ns = if self.0 == 0 {
            0
        } else {
            now.steady_ns - self.0
        };
        self.0 = now.steady_ns;
        each(&Exact {
            pid: std::process::id(),
            start_ns: 1,
            ppid: 1,
            uid: 0,
            threads: 1,
            state: 'S',
            name: b"one",
            rss_bytes: 4096,
            user_ns: interval_ns / 10,
            system_ns: 0,
            total_ns: 1_000_000_000,
            run_delay_ns: 0,
            voluntary_switches: 0,
            involuntary_switches: 0,
            network: None,
            exited: false,
        });
        Ok(Taken {
            wall_ns: now.wall_ns,
            interval_ns,
            exact: true,
            unlisted: 0,
        })
    }
}

fn options() -> Options {
    let interval = Duration::from_millis(50);
    Options {
        intervals: Intervals {
            main: interval,
            processes: interval,
        },
        address: Some(Address::Listen {
            at: vec!["127.0.0.1:0".parse().unwrap()],
            prefix: false,
        }),
        headers: Headers::Every(5),
        quiet: true,
        ..Options::default()
    }
}

/// What a run has told.
#[derive(Default)]
struct Told {
    troubles: Mutex<Vec<String>>,
    samples: Mutex<u64>,
}

impl Observer for Arc<Told> {
    fn sampled(&self, _: crate::record::Time, _: Duration, _: Duration) {
        *self.samples.lock().unwrap() += 1;
    }

    fn trouble(&self, text: &str) {
        self.troubles.lock().unwrap().push(text.to_owned());
    }
}

/// A run on a thread of its own.
struct Started {
    control: Arc<Control>,
    address: Option<SocketAddr>,
    told: Arc<Told>,
    thread: thread::JoinHandle<Result<End, Error>>,
    _runtime: Runtime,
}

fn start(options: Options) -> Started {
    let runtime = Runtime::start().unwrap();
    let control = Arc::new(Control::default());
    let parts = Parts {
        root: "/".into(),
        zone: TimeZone::UTC,
        source: Some(Box::new(OneProcess(0))),
        runtime: runtime.handle().clone(),
        parent: None,
        control: Arc::clone(&control),
    };
    let run = Run::open(options, parts).unwrap();
    let told = Arc::new(Told::default());
    let observer = Arc::clone(&told);
    Started {
        control,
        address: run.addresses().first().copied(),
        told,
        thread: thread::spawn(move || run.go(&observer)),
        _runtime: runtime,
    }
}

impl Started {
    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(self.address.unwrap()).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        BufReader::new(stream)
    }

    fn end(self) -> End {
        self.control.end(End::Asked);
        self.thread.join().unwrap().unwrap()
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

fn subsystems(letters: &str) -> Subsystems {
    letters.chars().filter_map(Subsystem::of_letter).collect()
}

fn files(path: &Path, raw: bool, plot: bool) -> Option<Files> {
    Some(Files {
        path: path.to_owned(),
        raw,
        plot,
        gzip: true,
        flush: Some(Duration::ZERO),
        roll: None,
    })
}

/// The file whose name ends so.
fn file(directory: &Path, end: &str) -> PathBuf {
    let entries = fs::read_dir(directory).unwrap();
    let mut paths = entries.map(|entry| entry.unwrap().path());
    paths
        .find(|path| path.to_str().unwrap().ends_with(end))
        .unwrap()
}

#[test]
fn clients_get_a_header_and_samples_at_their_time_and_see_the_end() {
    let run = start(options());
    let mut client = run.connect();
    assert!(line(&mut client).starts_with("#<--------CPU"));
    assert!(line(&mut client).starts_with("#cpu sys inter"));
    for _ in 0..3 {
        let line = line(&mut client);
        assert_eq!(line.split_whitespace().count(), 12, "{line}");
    }
    assert_eq!(run.end(), End::Asked);
    let mut rest = String::new();
    client.read_to_string(&mut rest).unwrap();
}

#[test]
fn while_it_serves_it_records_and_what_was_recorded_is_what_was_shown() {
    let directory = tempfile::tempdir().unwrap();
    let live = Options {
        subsystems: subsystems("cdnmZ"),
        style: Style::Verbose,
        files: files(directory.path(), true, true),
        ..options()
    };
    let run = start(live.clone());
    let mut client = run.connect();
    let mut shown = String::new();
    while shown.matches("### RECORD").count() < 5 {
        shown += &line(&mut client);
    }
    assert_eq!(run.end(), End::Asked);
    client.read_to_string(&mut shown).unwrap();
    assert!(
        shown.contains("CPU SUMMARY") && shown.contains("PROCESS SUMMARY"),
        "{shown}"
    );

    let playback = Options {
        playback: vec![file(directory.path(), ".raw.gz")],
        files: None,
        ..live
    };
    let run = start(playback);
    let mut client = run.connect();
    let mut played = String::new();
    client.read_to_string(&mut played).unwrap();
    assert_eq!(run.thread.join().unwrap().unwrap(), End::Finished);
    // The record's first line and the machine's blocks are the same to the last digit; numbers of
    // processes are, too, but not their memory, which is written in whole KB.
    let blocks = |text: &str| -> Vec<String> {
        let records = text.split("### RECORD").skip(1);
        records
            .map(|one| one.split("# PROCESS").next().unwrap().to_owned())
            .collect()
    };
    let (shown, played) = (blocks(&shown), blocks(&played));
    let length = shown.len().min(played.len());
    assert!(length >= 5);
    // It was connected when the first sample was there, or after it.
    let text = |record: &String| record.split_once(">>>").unwrap().1.to_owned();
    let first = text(&shown[0]);
    let at = played.iter().position(|record| text(record) == first);
    let at = at.unwrap_or_else(|| panic!("{first}\nis not in\n{}", played.join("")));
    for (shown, played) in shown.iter().zip(&played[at..]) {
        assert_eq!(text(shown), text(played));
    }
}

#[test]
fn plot_files_are_those_of_each_kind_and_can_be_played_back() {
    let directory = tempfile::tempdir().unwrap();
    let live = Options {
        subsystems: subsystems("cmC"),
        style: Style::Plot(Default::default()),
        headers: Headers::Once,
        files: files(directory.path(), false, true),
        address: None,
        count: Some(4),
        ..options()
    };
    let run = start(live.clone());
    assert_eq!(run.thread.join().unwrap().unwrap(), End::Counted);
    assert!(run.told.troubles.lock().unwrap().is_empty());
    assert_eq!(*run.told.samples.lock().unwrap(), 5);
    let entries = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(entries, 2);

    for (end, columns) in [
        (".tab.gz", "#Date Time [CPU]User%"),
        (".cpu.gz", "#Date Time [CPU:0]User%"),
    ] {
        let played = Options {
            playback: vec![file(directory.path(), end)],
            files: None,
            count: None,
            address: options().address,
            ..live.clone()
        };
        let run = start(played);
        let mut text = String::new();
        run.connect().read_to_string(&mut text).unwrap();
        assert!(text.starts_with(columns), "{text}");
        assert_eq!(text.lines().count(), 5);
    }
}

#[test]
fn plot_files_are_made_of_a_recording_once() {
    let directory = tempfile::tempdir().unwrap();
    let raw = Options {
        subsystems: subsystems("cd"),
        address: None,
        files: files(directory.path(), true, false),
        count: Some(3),
        ..options()
    };
    let run = start(raw.clone());
    run.thread.join().unwrap().unwrap();
    let plots = directory.path().join("plots");
    fs::create_dir(&plots).unwrap();
    let make = Options {
        style: Style::Plot(Default::default()),
        playback: vec![file(directory.path(), ".raw.gz")],
        files: files(&plots, false, true),
        count: None,
        ..raw
    };
    let run = start(make.clone());
    assert_eq!(run.thread.join().unwrap().unwrap(), End::Finished);
    let text = fs::read(file(&plots, ".tab.gz")).unwrap();
    let mut lines = String::new();
    flate2::read::MultiGzDecoder::new(&text[..])
        .read_to_string(&mut lines)
        .unwrap();
    assert_eq!(
        lines.lines().filter(|line| !line.starts_with('#')).count(),
        3
    );

    let run = start(make);
    let error = run.thread.join().unwrap().unwrap_err().to_string();
    assert!(error.contains("is there already"), "{error}");
}

#[test]
fn a_paused_run_keeps_its_clients_and_takes_no_samples() {
    let run = start(options());
    let mut client = run.connect();
    for _ in 0..4 {
        line(&mut client);
    }
    run.control.pause(true);
    thread::sleep(Duration::from_millis(120));
    let before = *run.told.samples.lock().unwrap();
    thread::sleep(Duration::from_millis(200));
    assert_eq!(*run.told.samples.lock().unwrap(), before);
    run.control.pause(false);
    for _ in 0..12 {
        assert!(!line(&mut client).is_empty());
    }
    run.end();
}

#[test]
fn what_cannot_be_had_is_told_before_it_begins() {
    let runtime = Runtime::start().unwrap();
    let open = |options, root: &str| {
        let parts = Parts {
            root: root.into(),
            zone: TimeZone::UTC,
            source: None,
            runtime: runtime.handle().clone(),
            parent: None,
            control: Arc::default(),
        };
        Run::open(options, parts).err().unwrap().to_string()
    };
    let processes = Options {
        subsystems: subsystems("Z"),
        ..options()
    };
    assert!(open(processes, "/").contains("no source"));
    assert!(open(options(), "/no/such").contains("/no/such/proc"));
    let no_peer = Options {
        address: Some(Address::Connect {
            host: "127.0.0.1".to_owned(),
            port: 1,
            timeout: Duration::from_secs(5),
        }),
        ..options()
    };
    assert!(open(no_peer, "/").contains("127.0.0.1:1"));
    let no_place = Options {
        files: files(Path::new("/proc/no/such/"), true, false),
        address: None,
        ..options()
    };
    assert!(open(no_place, "/").contains("/proc/no/such"));
}

#[test]
fn what_cannot_be_played_back_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let play = |path: &Path| {
        let options = Options {
            playback: vec![path.to_owned()],
            address: None,
            ..options()
        };
        start(options)
            .thread
            .join()
            .unwrap()
            .unwrap_err()
            .to_string()
    };
    let path = directory.path().join("x.raw");
    assert!(play(&path).contains("x.raw"));
    fs::write(&path, "nonsense\n").unwrap();
    assert!(play(&path).contains("x.raw"));
}

#[test]
fn a_run_can_be_given_to_a_thread() {
    fn is_send<T: Send>() {}
    is_send::<Run>();
    is_send::<Parts>();
}
