use std::{
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use proptest::{collection::vec, prelude::*};

use super::{header_tests::COLLECTL, *};
use crate::record::{Error, Time};

#[test]
fn times_are_cut_to_milliseconds_and_read_with_any_decimals() {
    let mut text = String::new();
    push_close(&mut text, 1_795_196_345_001_000_000);
    push_close(&mut text, 1_795_196_345_999_999_999);
    assert_eq!(text, ">>> 1795196345.001 <<<\n>>> 1795196345.999 <<<\n");
    assert_eq!(
        time(">>> 1795196345.001 <<<"),
        Some(1_795_196_345_001_000_000)
    );
    assert_eq!(time(">>> 7.1234567899 <<<"), Some(7_123_456_789));
    assert_eq!(time(">>> 7 <<<"), Some(7_000_000_000));
    for bad in [
        ">>> 7.1",
        ">>> -7.1 <<<",
        ">>> x <<<",
        ">>>  <<<",
        ">>> 7. <<<",
        ">>> 99999999999.0 <<<",
        "7.1 <<<",
    ] {
        assert_eq!(time(bad), None, "{bad}");
    }
}

const SECOND: u64 = 1_000_000_000;

/// Records are all different, so that it shows which one is which.
fn records(count: usize) -> Vec<Record> {
    let one = |at: usize| Record {
        time: Time {
            wall_ns: SECOND * at as u64,
            steady_ns: SECOND * at as u64,
        },
        text: format!("cpu {at} 2 3 4\nctxt {at}\n").repeat(at % 3),
    };
    (0..count).map(one).collect()
}

/// As ours, or as collectl writes them.
fn text(records: &[Record], ours: bool, closed: bool) -> String {
    let mut text = COLLECTL.to_owned();
    for record in records {
        push_record(&mut text, record.time, &record.text);
        if !ours {
            text.truncate(text.trim_end().rfind('\n').unwrap() + 1);
        }
    }
    if closed {
        push_close(&mut text, 99_000_000_000);
    }
    text
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join("vm-20261120-173904.raw");
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// What is read, and the error at the end.
    fn read(&self, bytes: &[u8]) -> Result<(Vec<Record>, Option<Error>), Error> {
        let mut error = None;
        let reader = Reader::open(&self.file(bytes))?;
        let whole = reader.filter_map(|one| one.map_err(|found| error = Some(found)).ok());
        Ok((whole.collect(), error))
    }
}

#[test]
fn files_of_collectl_and_ours_give_their_records() {
    let dir = Dir::new();
    let records = records(7);
    for ours in [false, true] {
        let text = text(&records, ours, true);
        let half = text.find(">>> 3").unwrap();
        // A file that was continued has a member for each time that it was.
        let members = [
            gzip(&text.as_bytes()[..half]),
            gzip(&text.as_bytes()[half..]),
        ]
        .concat();
        for bytes in [text.into_bytes(), members] {
            let (read, error) = dir.read(&bytes).unwrap();
            assert_eq!(read, records);
            assert!(error.is_none(), "{error:?}");
        }
    }
    let (read, error) = dir.read(COLLECTL.as_bytes()).unwrap();
    assert!(read.is_empty() && error.is_none());
}

#[test]
fn intervals_are_as_long_as_when_they_were_recorded() {
    let dir = Dir::new();
    let mut text = COLLECTL.to_owned();
    // The wall clock was set, and then another run was appended.
    for (wall_ms, steady_ns) in [
        (500_000, 70),
        (501_000, 1_000_000_080),
        (900_000, 2_000_000_099),
        (901_000, 5),
        (901_100, 7),
    ] {
        let time = Time {
            wall_ns: wall_ms * 1_000_000 + 300_000,
            steady_ns,
        };
        push_record(&mut text, time, "cpu 1 2 3 4\n");
    }
    text.push_str(">>> 903 <<<\n# a remark\ncpu 1 2 3 4\n>>> 904 <<<\nctxt 1\n#\n");
    let (read, error) = dir.read(text.as_bytes()).unwrap();
    assert!(error.is_none(), "{error:?}");
    let times: Vec<_> = read
        .iter()
        .map(|one| (one.time.wall_ns / 1_000_000, one.time.steady_ns))
        .collect();
    assert_eq!(
        times,
        [
            (500_000, 500 * SECOND),
            (501_000, 501 * SECOND + 10),
            (900_000, 502 * SECOND + 29),
            (901_000, 901 * SECOND),
            (901_100, 901 * SECOND + 2),
            (903_000, 903 * SECOND),
            (904_000, 904 * SECOND),
        ]
    );
}

#[test]
fn a_file_that_was_not_closed_says_what_is_lost() {
    let dir = Dir::new();
    let records = records(3);
    // For collectl's the last record may not be whole; ours says that it is.
    let (read, error) = dir.read(text(&records, false, false).as_bytes()).unwrap();
    assert_eq!(read, records[..2]);
    let error = error.unwrap();
    assert!(error.is_cut());
    assert!(
        error
            .to_string()
            .ends_with("the record of 2.000 is not whole and left out"),
        "{error}"
    );
    let (read, error) = dir.read(text(&records, true, false).as_bytes()).unwrap();
    assert_eq!((read, error.is_none()), (records, true));
}

#[test]
fn what_is_no_raw_file_is_refused_with_file_and_line() {
    let dir = Dir::new();
    let refused = |bytes: &[u8]| dir.read(bytes).map(|_| ()).unwrap_err().to_string();
    let path = dir.file(b"");
    let path = path.display();
    assert_eq!(refused(b""), format!("{path}: line 1: the file is empty"));
    assert!(
        refused(b"hello\n").starts_with(&format!("{path}: line 1: a raw file of collectl begins"))
    );
    assert!(
        refused(b"# a\n# b\nc\n")
            .starts_with(&format!("{path}: line 3: the lines above should have"))
    );
    assert!(refused(&COLLECTL.as_bytes()[..200]).contains("still the header"));
    let none = Reader::open(Path::new("/nowhere/x.raw"))
        .unwrap_err()
        .to_string();
    assert!(none.starts_with("/nowhere/x.raw: No such file"), "{none}");
    let (read, error) = dir
        .read(format!("{COLLECTL}>>> 1.0 <<<\ncpu 1\n>>> soon <<<\nctxt 1\n").as_bytes())
        .unwrap();
    assert!(read.is_empty());
    let error = error.unwrap().to_string();
    assert_eq!(
        error,
        format!(
            "{path}: line 18: \">>> soon <<<\" should be a time like \">>> 1795196345.001 <<<\""
        )
    );
}

#[test]
fn damage_in_a_compressed_file_ends_it_with_a_word() {
    let dir = Dir::new();
    let records = records(5);
    let mut bytes = gzip(text(&records, true, true).as_bytes());
    bytes.extend_from_slice(&[0; 512]);
    let (read, error) = dir.read(&bytes).unwrap();
    assert_eq!(read, records);
    assert!(error.is_none_or(|error| error.is_cut()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_cut_at_any_byte_leaves_all_that_is_whole(count in 0usize..9, at in any::<prop::sample::Index>(), ours: bool, zip: bool) {
        let dir = Dir::new();
        let records = records(count);
        let text = text(&records, ours, true);
        let bytes = if zip { gzip(text.as_bytes()) } else { text.clone().into_bytes() };
        let end = at.index(bytes.len() + 1);
        if let Ok((read, error)) = dir.read(&bytes[..end]) {
            prop_assert!(records.starts_with(&read));
            prop_assert!(error.as_ref().is_none_or(Error::is_cut));
            if !zip {
                // Whole is what has the end of its last line; for collectl's, and the line with the next time.
                let cut = &text[..end];
                let whole = match ours {
                    true => cut.lines().zip(cut.split_inclusive('\n')).filter(|(line, whole)| whole.ends_with('\n') && line.starts_with("# ") && line[2..].starts_with(|one: char| one.is_ascii_digit())).count(),
                    false => cut.matches(" <<<\n").count().saturating_sub(1),
                };
                prop_assert_eq!(read.len(), whole);
                if let Some(error) = &error {
                    prop_assert!(end < bytes.len(), "{}", error);
                }
            }
        }
    }

    #[test]
    fn a_compressed_file_loses_nothing_that_was_flushed(count in 1usize..9, more in 0usize..9, at in any::<prop::sample::Index>()) {
        let dir = Dir::new();
        let all = records(count + more);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text(&all[..count], true, false).as_bytes()).unwrap();
        encoder.flush().unwrap();
        let flushed = encoder.get_ref().len();
        let mut rest = String::new();
        for record in &all[count..] {
            push_record(&mut rest, record.time, &record.text);
        }
        encoder.write_all(rest.as_bytes()).unwrap();
        let bytes = encoder.finish().unwrap();
        let end = flushed + at.index(bytes.len() - flushed + 1);
        let (read, error) = dir.read(&bytes[..end]).unwrap();
        prop_assert!(read.len() >= count && all.starts_with(&read));
        prop_assert_eq!(error.is_none(), end == bytes.len());
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..300), tail in vec(prop_oneof![Just(">>> 1.0 <<<\n".to_owned()), "[ -~\n#>]{0,20}"], 0..20)) {
        let dir = Dir::new();
        let _ = dir.read(&bytes);
        let text = [COLLECTL.as_bytes(), tail.concat().as_bytes(), &bytes].concat();
        let _ = dir.read(&text);
        let _ = dir.read(&gzip(&text));
        let _ = Header::parse(&String::from_utf8_lossy(&bytes));
    }
}
