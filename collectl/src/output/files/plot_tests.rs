use std::{fs, io::Read, path::Path, time::Duration};

use flate2::read::MultiGzDecoder;
use jiff::tz::TimeZone;

use super::*;
use crate::{options::Roll, output::Naming};

fn keeping(directory: &Path, gzip: bool, roll: Option<Roll>) -> Keeping {
    Keeping {
        naming: Naming::new(directory, "vm"),
        gzip,
        fresh: false,
        flush: Duration::ZERO,
        roll,
        zone: TimeZone::UTC,
    }
}

/// Seconds after 23:59:35 on 20 November 2026.
fn at(second: u64) -> Time {
    Time {
        wall_ns: (1_795_219_175 + second) * 1_000_000_000,
        steady_ns: second * 1_000_000_000,
    }
}

fn begin(keeping: Keeping) -> PlotFiles {
    let header = Box::new(|_| "####\n".to_owned());
    PlotFiles::begin(keeping, header, ["tab", "cpu"], at(0)).unwrap()
}

fn tab<'a>(header: &'a str, lines: &'a str) -> PlotPart<'a> {
    PlotPart {
        kind: "tab",
        header,
        lines,
    }
}

#[test]
fn columns_are_told_at_the_beginning_and_when_they_change() {
    let directory = tempfile::tempdir().unwrap();
    let mut files = begin(keeping(directory.path(), false, None));
    let cpu = PlotPart {
        kind: "cpu",
        ..tab("#c\n", "9\n")
    };
    files.write(at(1), [tab("#a\n", "1\n"), cpu]).unwrap();
    files
        .write(at(2), [tab("#a\n", "2\n"), tab("#a b\n", "3 4\n")])
        .unwrap();
    let read = |name| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(read("vm-20261120.tab"), "####\n#a\n1\n2\n#a b\n3 4\n");
    assert_eq!(read("vm-20261120.cpu"), "####\n#c\n9\n");
}

#[test]
fn every_day_has_its_files_and_a_later_run_appends() {
    let directory = tempfile::tempdir().unwrap();
    let roll = Roll {
        at_minute: 0,
        days: 7,
        minutes: 1440,
    };
    for _ in 0..2 {
        let mut files = begin(keeping(directory.path(), true, Some(roll)));
        files.write(at(1), [tab("#a\n", "1\n")]).unwrap();
        files.write(at(25), [tab("#a\n", "2\n")]).unwrap();
        let logs = files.files.iter_mut().filter_map(|file| file.log.take());
        logs.for_each(Log::kill);
    }
    let read = |name| {
        let mut text = Vec::new();
        let file = fs::File::open(directory.path().join(name)).unwrap();
        let _ = MultiGzDecoder::new(file).read_to_end(&mut text);
        String::from_utf8(text).unwrap()
    };
    assert_eq!(read("vm-20261120.tab.gz"), "####\n#a\n1\n".repeat(2));
    assert_eq!(read("vm-20261121.tab.gz"), "####\n#a\n2\n".repeat(2));
}

#[test]
fn a_file_that_is_to_be_new_is_not_touched_if_it_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vm-20261120.tab");
    fs::write(&path, "mine\n").unwrap();
    let keeping = Keeping {
        fresh: true,
        ..keeping(directory.path(), false, None)
    };
    let header = Box::new(|_| "####\n".to_owned());
    let error = PlotFiles::begin(keeping, header, ["tab"], at(0)).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("could not make ") && text.contains("vm-20261120.tab"),
        "{text}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
}
