//! `/proc/PID/statm` (proc(5)): memory alone, at a fraction of what `stat` costs, which also adds
//! up the CPU times of all threads.

use super::error::ParseError;
use super::text::{Words, whole};

/// Memory of a process, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatM {
    /// All of its address space.
    pub size: u64,
    /// What is in memory now (`RSS`).
    pub resident: u64,
    /// The part of it that maps files or is shared memory (`RssFile` + `RssShmem`).
    pub shared: u64,
}

/// Reads the text of a `statm` file.
///
/// # Errors
/// One of the first three numbers is missing or is none, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<StatM, ParseError> {
    let mut words = Words::new(whole(text, "statm")?, 1);
    Ok(StatM {
        size: words.unsigned("size")?,
        resident: words.unsigned("resident size")?,
        shared: words.unsigned("shared size")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = b"2048 512 380 100 0 250 0\n";

    #[test]
    fn the_first_three_numbers_count() {
        let memory = StatM {
            size: 2048,
            resident: 512,
            shared: 380,
        };
        assert_eq!(parse(PLAIN), Ok(memory));
        assert_eq!(
            parse(b"1 x 3\n"),
            Err(ParseError::new(1, "resident size", "u64", b"x"))
        );
    }

    #[test]
    fn a_kernel_thread_has_none() {
        assert_eq!(parse(b"0 0 0 0 0 0 0\n"), Ok(StatM::default()));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in noise(PLAIN)) {
            let _ = parse(&text);
        }
    }

    #[test]
    fn a_text_that_was_cut_short_is_an_error() {
        for text in beginnings(PLAIN) {
            assert!(parse(text).is_err());
        }
    }
}
