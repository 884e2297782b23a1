//! `/proc/loadavg` (proc_loadavg(5); fs/proc/loadavg.c).

use super::error::ParseError;
use super::text::{Words, number, whole};

/// Mean number of threads that ran, waited for a CPU or were in uninterruptible sleep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadAvg {
    /// Over the last minute.
    pub one: f64,
    /// Over five minutes.
    pub five: f64,
    /// Over fifteen minutes.
    pub fifteen: f64,
    /// Threads that run or wait for a CPU now.
    pub running: u32,
    /// Threads that exist.
    pub threads: u32,
}

/// Reads the text of `/proc/loadavg`.
///
/// # Errors
/// A number is missing or is none, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<LoadAvg, ParseError> {
    let mut words = Words::new(whole(text, "loadavg")?, 1);
    let mut load = |item| words.decimal_nanos(item).map(|nanos| nanos as f64 / 1e9);
    let (one, five, fifteen) = (
        load("one minute")?,
        load("five minutes")?,
        load("fifteen minutes")?,
    );
    let word = words.word("threads")?;
    let slash = word.iter().position(|&byte| byte == b'/');
    let counts =
        slash.and_then(|slash| Some((number(&word[..slash])?, number(&word[slash + 1..])?)));
    let (running, threads) =
        counts.ok_or_else(|| ParseError::new(1, "threads", "running/all", word))?;
    Ok(LoadAvg {
        one,
        five,
        fifteen,
        running,
        threads,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/loadavg");

    #[test]
    fn captured_file() {
        let expected = LoadAvg {
            one: 1.47,
            five: 0.56,
            fifteen: 0.41,
            running: 2,
            threads: 85,
        };
        assert_eq!(parse(PLAIN), Ok(expected));
    }

    #[test]
    fn odd_words_are_refused() {
        assert_eq!(
            parse(b"nan 0.1 0.2 1/2 3\n").unwrap_err().item,
            "one minute"
        );
        assert_eq!(
            parse(b"0.0 0.1 0.2 12 3\n"),
            Err(ParseError::new(1, "threads", "running/all", b"12"))
        );
        assert!(beginnings(PLAIN).all(|text| parse(text).is_err()));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(PLAIN)) {
            let _ = parse(&text);
        }
    }
}
