use std::{fs, io::Read, path::Path, time::Duration};

use flate2::read::MultiGzDecoder;
use jiff::tz::TimeZone;

use super::*;
use crate::record::raw::push_record;
use crate::{options::Roll, output::Naming};

fn keeping(directory: &Path, roll: Option<Roll>) -> Keeping {
    Keeping {
        naming: Naming::new(directory, "vm"),
        gzip: true,
        fresh: false,
        flush: Duration::from_secs(10),
        roll,
        zone: TimeZone::UTC,
    }
}

/// Seconds after 17:39:35 on 20 November 2026.
fn at(second: u64) -> Time {
    Time {
        wall_ns: (1_795_196_375 + second) * 1_000_000_000 + 1_000_000,
        steady_ns: second * 1_000_000_000,
    }
}

fn begin(directory: &Path, roll: Option<Roll>) -> RawFile {
    let header = |time: Time| format!("# Secs: {}\n", time.wall_ns / 1_000_000_000);
    RawFile::begin(keeping(directory, roll), Box::new(header), at(0)).unwrap()
}

fn record(file: &mut RawFile, second: u64) {
    let mut record = String::new();
    push_record(
        &mut record,
        at(second),
        &format!(
            "cpu {second}
"
        ),
    );
    file.record(at(second), &record).unwrap();
}

fn readable(path: &Path) -> String {
    let mut text = Vec::new();
    let _ = MultiGzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut text);
    String::from_utf8(text).unwrap()
}

#[test]
fn records_are_in_the_file_with_a_header_before_and_a_time_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut file = begin(directory.path(), None);
    record(&mut file, 1);
    record(&mut file, 2);
    file.finish(at(3)).unwrap();
    assert_eq!(
        readable(&directory.path().join("vm-20261120-173935.raw.gz")),
        "# Secs: 1795196375\n>>> 1795196376.001 <<<\ncpu 1\n# 1.000000000\n>>> 1795196377.001 <<<\ncpu 2\n# 2.000000000\n>>> 1795196378.001 <<<\n"
    );
}

#[test]
fn a_kill_loses_no_more_than_the_flush_interval() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm-20261120-173935.raw.gz");
    let mut file = begin(directory.path(), None);
    for second in 1..=35 {
        record(&mut file, second);
        let whole = second / 10 * 10;
        let readable = readable(&path);
        assert_eq!(readable.matches("cpu").count() as u64, whole);
        assert!(readable.ends_with('\n'));
    }
    std::mem::forget(file);
}

#[test]
fn files_are_rolled_with_the_same_time_at_both_ends() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("vm-20261110.tab.gz"), "").unwrap();
    let roll = Roll {
        at_minute: 0,
        days: 7,
        minutes: 1,
    };
    let mut file = begin(directory.path(), Some(roll));
    for second in [24, 25, 26, 86] {
        record(&mut file, second);
    }
    drop(file);
    let mut names: Vec<_> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "vm-20261120-173935.raw.gz",
            "vm-20261120-174000.raw.gz",
            "vm-20261120-174101.raw.gz"
        ]
    );
    let text = |name| readable(&directory.path().join(name));
    let first = text("vm-20261120-173935.raw.gz");
    assert!(
        first.ends_with("cpu 24\n# 24.000000000\n>>> 1795196400.001 <<<\n"),
        "{first}"
    );
    let second = text("vm-20261120-174000.raw.gz");
    assert!(
        second.starts_with("# Secs: 1795196400\n>>> 1795196400.001 <<<\ncpu 25\n# 25.000000000\n"),
        "{second}"
    );
}

#[test]
fn what_cannot_be_begun_is_told() {
    let naming = Path::new("/proc/no/such/");
    let error = RawFile::begin(keeping(naming, None), Box::new(|_| String::new()), at(0));
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("could not make the directory /proc/no/such"),
        "{error}"
    );
}

#[test]
fn a_directory_that_vanishes_is_told_and_recording_goes_on_when_it_is_back() {
    let above = tempfile::tempdir().unwrap();
    let directory = above.path().join("d");
    fs::create_dir(&directory).unwrap();
    let roll = Roll {
        at_minute: 0,
        days: 0,
        minutes: 1,
    };
    let mut file = begin(&directory, Some(roll));
    fs::remove_dir_all(&directory).unwrap();
    // Something that is no directory is in its place.
    fs::write(&directory, "").unwrap();
    assert!(file.record(at(25), ">>> 1.000 <<<\n").is_err());
    assert!(file.record(at(26), ">>> 2.000 <<<\n").is_err());
    fs::remove_file(&directory).unwrap();
    file.record(at(27), ">>> 3.000 <<<\n").unwrap();
    file.finish(at(28)).unwrap();
    let text = readable(&directory.join("vm-20261120-174002.raw.gz"));
    assert!(
        text.ends_with(">>> 3.000 <<<\n>>> 1795196403.001 <<<\n"),
        "{text}"
    );
}

#[test]
fn on_a_full_disk_no_more_than_one_file_is_begun_and_its_header_is_not_lost() {
    let directory = tempfile::tempdir().unwrap();
    let roll = Roll {
        at_minute: 0,
        days: 0,
        minutes: 1,
    };
    let mut file = begin(directory.path(), Some(roll));
    // The next file is this one, which nothing can be written to.
    let next = directory.path().join("vm-20261120-174000.raw.gz");
    std::os::unix::fs::symlink("/dev/full", &next).unwrap();
    let push = |file: &mut RawFile, second: u64| {
        let mut record = String::new();
        push_record(&mut record, at(second), "cpu 1\n");
        file.record(at(second), &record)
    };
    for second in [25, 26, 27] {
        let result = push(&mut file, second);
        assert_eq!(result.is_err(), second == 25, "told when it is tried");
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    let error = push(&mut file, 36).unwrap_err().to_string();
    assert!(error.contains("No space left"), "{error}");
}
