use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use jiff::tz::{Offset, TimeZone};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{
    options::{DateFormat, Plot, Subsystem, Subsystems, TimeFormat},
    record::{Error, Recording},
};

/// As collectl 4.3.1 writes it, with fewer columns.
const TAB: &str = "\
################################################################################
# Collectl:   V4.3.1-1  HiRes: 1  Options: -scm -P -f /x 
# Host:       vm  DaemonOpts: 
# Date:       20261120-174941  Secs: 1795193381 TZ: +0100
# SubSys:     cm Options:  Interval: .5 NumCPUs: 2  NumBud: 0 Flags: i
################################################################################
#Date Time [CPU]User% [CPU]L-Avg1 [MEM]Tot [XYZ]New
20261120 17:49:42 0 0.36 24684092 1
20261120 17:49:42 1 0.36 24684092 2
";

const PRC: &str = "\
#Date\tTime\tPID\tUser\tCommand
20261120\t17:49:45.250\t1\troot\t/init\t--addr 0.0.0.0
20261120\t17:49:45.250\t2\troot\t
";

fn utc() -> TimeZone {
    TimeZone::UTC
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("vm-20261120.tab");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn reader(&self, text: &str) -> Reader {
        Reader::open(&self.file(text.as_bytes()), &utc()).unwrap()
    }

    fn rows(&self, text: &str) -> Vec<Row> {
        self.reader(text).map(|row| row.unwrap()).collect()
    }

    fn refused(&self, text: &str) -> String {
        Reader::open(&self.file(text.as_bytes()), &utc())
            .unwrap_err()
            .to_string()
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn of(letters: &str) -> Subsystems {
    letters
        .chars()
        .map(|one| Subsystem::of_letter(one).unwrap())
        .collect()
}

fn plain() -> Plot {
    Plot {
        separator: ' ',
        decimals: 0,
        utc: false,
    }
}

#[test]
fn rows_have_the_times_of_the_recorded_machine() {
    let dir = Dir::new();
    let reader = dir.reader(TAB);
    assert_eq!(reader.header().unwrap().system.host, "vm");
    assert_eq!(
        reader.columns().names(),
        ["[CPU]User%", "[CPU]L-Avg1", "[MEM]Tot", "[XYZ]New"]
    );
    let rows = dir.rows(TAB);
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].time.wall_ns, 1795193382 * 1_000_000_000);
    assert_eq!(rows[1].values, ["1", "0.36", "24684092", "2"]);
}

#[test]
fn what_is_shown_is_chosen_by_subsystem_and_written_as_asked_for() {
    let dir = Dir::new();
    let reader = dir.reader(TAB);
    let zone = reader.zone().clone();
    let columns = std::sync::Arc::clone(reader.columns());
    let row = reader.map(|row| row.unwrap()).last().unwrap();
    let all = columns.of(of("cm"));
    assert_eq!(
        columns.line(&all, &plain()),
        "#Date Time [CPU]User% [CPU]L-Avg1 [MEM]Tot\n"
    );
    assert_eq!(
        row.line(&all, &plain(), None, &zone),
        "20261120 17:49:42 1 0.36 24684092\n"
    );
    let memory = columns.of(of("mZD"));
    let plot = Plot {
        separator: '\t',
        utc: true,
        ..plain()
    };
    assert_eq!(columns.line(&memory, &plot), "#UTC\t[MEM]Tot\n");
    assert_eq!(
        row.line(&memory, &plot, None, &zone),
        "1795193382\t24684092\n"
    );
    let time = TimeFormat {
        date: DateFormat::Short,
        millis: true,
    };
    assert_eq!(
        row.line(&memory, &plain(), Some(time), &zone),
        "11/20 17:49:42.000 24684092\n"
    );
    assert!(columns.of(of("d")).is_empty());
}

#[test]
fn details_and_processes_have_columns_of_their_own() {
    let dir = Dir::new();
    let details =
        "#UTC [CPU:0]User% [CPU]User% [NET:eth0]Name [DSK:vda]Name [NET]RxKBTot [DSK]ReadTot\n";
    let reader = dir.reader(&format!("{details}1795193382.5 1 2 eth0 vda 3 4\n"));
    let columns = std::sync::Arc::clone(reader.columns());
    for (letters, at) in [("C", 0), ("c", 1), ("N", 2), ("D", 3), ("n", 4), ("d", 5)] {
        assert_eq!(columns.of(of(letters)), [at], "{letters}");
    }
    assert_eq!(
        reader.map(|row| row.unwrap()).next().unwrap().time.wall_ns,
        1_795_193_382_500_000_000
    );
    let rows = dir.rows(PRC);
    assert_eq!(rows[0].values, ["1", "root", "/init\t--addr 0.0.0.0"]);
    assert_eq!(rows[1].values, ["2", "root", ""]);
    assert_eq!(rows[0].time.wall_ns % 1_000_000_000, 250_000_000);
    let processes = rows[0].columns.of(of("Z"));
    assert_eq!(processes, [0, 1, 2]);
    assert_eq!(rows[0].columns.of(of("c")), [0; 0]);
    let spaces = dir.rows("#Date Time PID Command\n20261120 17:49:45 7 a  b c \n");
    assert_eq!(spaces[0].values, ["7", "a  b c "]);
}

#[test]
fn dates_without_a_year_follow_the_beginning_of_the_file() {
    let dir = Dir::new();
    let text = TAB
        .replace("20261120 17", "11/20 17")
        .replace("20261120-174941", "20261231-235959");
    let text = text.replace("Secs: 1795193381 TZ: +0100", "Secs: 1798761599 TZ: +0000");
    let rows = dir.rows(&format!(
        "{text}12/31 23:59:59 1 2 3 4\n01/01 00:00:00 1 2 3 4\n"
    ));
    assert_eq!(rows[2].time.wall_ns, 1_798_761_599_000_000_000);
    assert_eq!(rows[3].time.wall_ns, 1_798_761_600_000_000_000);
}

#[test]
fn a_file_that_was_continued_has_other_columns_then() {
    let dir = Dir::new();
    let more = TAB
        .replace(" [XYZ]New", "")
        .replace(" 1\n", "\n")
        .replace(" 2\n", "\n");
    let more = more
        .replace("TZ: +0100", "TZ: +0200")
        .replace("Secs: 1795193381", "Secs: 1795189781");
    let rows = dir.rows(&format!("{TAB}\n{more}"));
    assert_eq!(
        rows.iter().map(|row| row.values.len()).collect::<Vec<_>>(),
        [4, 4, 3, 3]
    );
    assert_eq!(
        rows[0].time.wall_ns - rows[2].time.wall_ns,
        3_600_000_000_000
    );
}

#[test]
fn a_line_that_is_no_row_says_why_and_what_is_behind_it_comes() {
    let dir = Dir::new();
    let text = format!(
        "{TAB}20261120 17:49:43 1 2\n20261120 25:49:43 1 2 3 4\n20261120 17:49:44 1 2 3 4 5\n20261120 17:49:45 1 2 3 4\n20261120 17:4"
    );
    let rows: Vec<_> = dir
        .reader(&text)
        .map(|row| row.map_err(|error| error.to_string()))
        .collect();
    let said = |at: usize| {
        rows[at]
            .as_ref()
            .unwrap_err()
            .rsplit_once(": line ")
            .unwrap()
            .1
    };
    assert_eq!(
        said(2),
        "10: \"20261120 17:49:43 1 2\" has 2 values; the columns above are 4"
    );
    assert_eq!(
        said(3),
        "11: \"20261120 25:49:43 1 2 3 4\" should begin with a date and a time like 20261120 17:39:05"
    );
    assert_eq!(
        said(4),
        "12: \"20261120 17:49:44 1 2 3 4 5\" has more values than the 4 columns above"
    );
    assert_eq!(rows[5].as_ref().unwrap().values, ["1", "2", "3", "4"]);
    assert_eq!(said(6), "14: the file ends within it; it is left out");
    assert_eq!(rows.len(), 7);
}

#[test]
fn what_is_no_plot_file_is_refused() {
    let dir = Dir::new();
    assert!(
        dir.refused("")
            .contains("this is the end of the file; a plot file has a line like \"#Date Time")
    );
    assert!(
        dir.refused("# x\n1 2 3\n")
            .contains("line 2: this is above the names of columns")
    );
    let none = Reader::open(Path::new("/nowhere/x.tab"), &utc())
        .unwrap_err()
        .to_string();
    assert!(none.starts_with("/nowhere/x.tab: No such file"), "{none}");
}

#[test]
fn the_kind_of_a_recording_shows() {
    let dir = Dir::new();
    let raw = format!("{}>>> 1.0 <<<\n", &TAB[..TAB.find("#Date").unwrap()]);
    let open = |bytes: &[u8]| Recording::open(&dir.file(bytes), &utc());
    assert!(matches!(open(TAB.as_bytes()).unwrap(), Recording::Plot(_)));
    assert!(matches!(open(&gzip(TAB)).unwrap(), Recording::Plot(_)));
    assert!(matches!(open(raw.as_bytes()).unwrap(), Recording::Raw(_)));
    assert!(matches!(open(&gzip(&raw)).unwrap(), Recording::Raw(_)));
    assert!(open(b"x").is_err() && open(b"").is_err() && open(b"\x1f\x8b").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_at_any_byte_leaves_all_rows_before_it(at in any::<prop::sample::Index>(), zip: bool) {
        let dir = Dir::new();
        let whole = dir.rows(TAB);
        let bytes = if zip { gzip(TAB) } else { TAB.as_bytes().to_vec() };
        let end = at.index(bytes.len() + 1);
        if let Ok(reader) = Reader::open(&dir.file(&bytes[..end]), &utc()) {
            let mut errors = Vec::new();
            let rows: Vec<_> = reader.filter_map(|row| row.map_err(|error| errors.push(error)).ok()).collect();
            // Of a line of columns that was cut the rest is not known, but then there are no rows.
            prop_assert!(rows.iter().zip(&whole).all(|(row, whole)| row == whole));
            prop_assert!(errors.len() <= 1 && errors.iter().all(Error::is_cut));
            if !zip {
                let lines = TAB[..end].split_inclusive('\n');
                let count = lines.filter(|line| line.starts_with("2026") && line.ends_with('\n')).count();
                prop_assert_eq!(rows.len(), count);
            }
        }
    }

    #[test]
    fn no_text_panics(lines in vec(prop_oneof!["#Date Time [a-z\\[\\]]{0,9}", "#UTC;[A-Z]{0,3};x", "[0-9/]{5,9} [0-9:.]{5,9}( [0-9]){0,3}", "\\PC{0,30}", "# Date: [0-9-]{0,20} Secs: [0-9]{0,22}"], 0..12), utc_out: bool, seconds in 0i32..90_000) {
        let dir = Dir::new();
        let zone = TimeZone::fixed(Offset::from_seconds(seconds).unwrap());
        if let Ok(reader) = Reader::open(&dir.file(lines.join("\n").as_bytes()), &zone) {
            for row in reader.flatten() {
                let all: Vec<_> = (0..9).collect();
                let plot = Plot { utc: utc_out, ..plain() };
                let _ = row.columns.line(&all, &plot);
                let _ = row.line(&all, &plot, None, &zone);
            }
        }
    }

    #[test]
    fn rows_come_back_as_they_were_shown(seconds in 0u64..4_000_000_000, values in vec("[0-9.]{1,6}", 3), utc_out: bool, ahead in -50_000i32..50_000) {
        let dir = Dir::new();
        let zone = TimeZone::fixed(Offset::from_seconds(ahead / 60 * 60).unwrap());
        let columns = std::sync::Arc::new(Columns::parse("#Date Time [CPU]a [CPU]b [MEM]c").unwrap());
        let plot = Plot { utc: utc_out, ..plain() };
        let time = crate::record::Time { wall_ns: seconds * 1_000_000_000, steady_ns: seconds * 1_000_000_000 };
        let row = Row { time, columns, values };
        let all = [0, 1, 2];
        let text = format!("{}{}", row.columns.line(&all, &plot), row.line(&all, &plot, None, &zone));
        let read = Reader::open(&dir.file(text.as_bytes()), &zone).unwrap().next();
        if i64::from(ahead) + seconds as i64 >= 0 && seconds > 100_000 {
            let read = read.unwrap().unwrap();
            prop_assert_eq!((read.time, read.values), (row.time, row.values));
        }
    }
}
