//! `/proc/PID/io` (proc_pid_io(5); `do_io_accounting` in fs/proc/base.c).

use super::error::ParseError;
use super::text::{Words, lines};

/// What a process moved since its start, dead threads included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PidIo {
    /// Bytes read by system calls, from anything: files, pipes, terminals, sockets.
    pub read_chars: u64,
    /// Bytes written by system calls, to anything.
    pub written_chars: u64,
    /// Bytes that had to be fetched from storage.
    pub storage_read: u64,
    /// Bytes that it made dirty and that storage will have to take.
    pub storage_written: u64,
}

/// Reads the text of an `io` file. Unknown lines are passed over.
///
/// # Errors
/// One of the four lines is missing or its value is no number, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<PidIo, ParseError> {
    let (mut rchar, mut wchar, mut read, mut written) = (None, None, None, None);
    let mut count = 0;
    for (line, text) in lines(text, "io")? {
        count = line;
        let Some(colon) = text.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let mut words = Words::new(&text[colon + 1..], line);
        match &text[..colon] {
            b"rchar" => rchar = Some(words.unsigned("rchar")?),
            b"wchar" => wchar = Some(words.unsigned("wchar")?),
            b"read_bytes" => read = Some(words.unsigned("read_bytes")?),
            b"write_bytes" => written = Some(words.unsigned("write_bytes")?),
            _ => {}
        }
    }
    let missing = |item| ParseError::new(count, item, "a line", b"");
    Ok(PidIo {
        read_chars: rchar.ok_or_else(|| missing("rchar"))?,
        written_chars: wchar.ok_or_else(|| missing("wchar"))?,
        storage_read: read.ok_or_else(|| missing("read_bytes"))?,
        storage_written: written.ok_or_else(|| missing("write_bytes"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/pid_io");

    #[test]
    fn captured_file() {
        let io = PidIo {
            read_chars: 4_141_055,
            written_chars: 10_234,
            storage_read: 8192,
            storage_written: 4096,
        };
        assert_eq!(parse(PLAIN), Ok(io));
    }

    #[test]
    fn a_missing_or_broken_line_is_named() {
        let text = String::from_utf8(PLAIN.to_vec()).unwrap();
        for line in ["rchar", "wchar", "read_bytes", "write_bytes"] {
            let lines = text
                .lines()
                .filter(|text| !text.starts_with(&format!("{line}:")));
            let without: String = lines.map(|text| format!("{text}\n")).collect();
            assert_eq!(parse(without.as_bytes()).unwrap_err().item, line);
        }
        let broken = text.replace("wchar: 10234", "wchar: -1");
        assert_eq!(
            parse(broken.as_bytes()),
            Err(ParseError::new(2, "wchar", "u64", b"-1"))
        );
    }

    #[test]
    fn a_number_that_was_cut_is_an_error() {
        assert!(beginnings(PLAIN).all(|text| parse(text).is_err() || text.ends_with(b"\n")));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(PLAIN)) {
            let _ = parse(&text);
        }
    }
}
