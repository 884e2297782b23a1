//! Lines, words and numbers out of the text the kernel prints.

use std::any::type_name;

use super::error::ParseError;

/// The text without its final newline. Every file parsed here ends in one, so this finds text that
/// was cut short.
pub(super) fn whole<'a>(text: &'a [u8], item: &'static str) -> Result<&'a [u8], ParseError> {
    let tail = &text[text.len().saturating_sub(16)..];
    text.strip_suffix(b"\n")
        .ok_or_else(|| ParseError::new(1, item, "a final newline", tail))
}

/// The lines with their numbers, from 1.
pub(super) fn lines<'a>(
    text: &'a [u8],
    item: &'static str,
) -> Result<impl Iterator<Item = (u32, &'a [u8])>, ParseError> {
    Ok((1..).zip(whole(text, item)?.split(|&byte| byte == b'\n')))
}

/// The words of one line, parted by any number of blanks.
pub(super) struct Words<'a> {
    rest: &'a [u8],
    line: u32,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a [u8], line: u32) -> Self {
        Self { rest: text, line }
    }

    /// Leaves out `count` words.
    pub(super) fn pass(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }

    /// The next word, which must be there.
    pub(super) fn word(&mut self, item: &'static str) -> Result<&'a [u8], ParseError> {
        self.next()
            .ok_or_else(|| ParseError::new(self.line, item, "a word", b""))
    }

    /// The next word as an unsigned number that fits `T`.
    pub(super) fn unsigned<T: TryFrom<u64>>(
        &mut self,
        item: &'static str,
    ) -> Result<T, ParseError> {
        let word = self.next().unwrap_or_default();
        number(word).ok_or_else(|| ParseError::new(self.line, item, type_name::<T>(), word))
    }

    /// The next word as a number that fits `T`, or `None` at the end of the line.
    pub(super) fn unsigned_if_any<T: TryFrom<u64>>(
        &mut self,
        item: &'static str,
    ) -> Result<Option<T>, ParseError> {
        if self.rest.trim_ascii_start().is_empty() {
            Ok(None)
        } else {
            self.unsigned(item).map(Some)
        }
    }

    /// The next word as a number that fits `T` and may be negative.
    pub(super) fn signed<T: TryFrom<i64>>(&mut self, item: &'static str) -> Result<T, ParseError> {
        let word = self.next().unwrap_or_default();
        let value = match word.strip_prefix(b"-") {
            Some(digits) => {
                number::<u64>(digits).and_then(|value| 0i64.checked_sub_unsigned(value))
            }
            None => number(word),
        };
        value
            .and_then(|value| T::try_from(value).ok())
            .ok_or_else(|| ParseError::new(self.line, item, type_name::<T>(), word))
    }

    /// The next two words, `<number> kB`, in bytes.
    pub(super) fn kilobytes(&mut self, item: &'static str) -> Result<u64, ParseError> {
        let start = self.rest;
        let value = self.unsigned::<u64>(item)?;
        value
            .checked_mul(1024)
            .filter(|_| self.next() == Some(b"kB"))
            .ok_or_else(|| ParseError::new(self.line, item, "kB", start.trim_ascii_start()))
    }

    /// The next word, seconds with up to nine decimals, in nanoseconds.
    pub(super) fn decimal_nanos(&mut self, item: &'static str) -> Result<u64, ParseError> {
        let word = self.next().unwrap_or_default();
        nanos(word).ok_or_else(|| ParseError::new(self.line, item, "a decimal number", word))
    }
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.trim_ascii_start();
        let end = text
            .iter()
            .position(u8::is_ascii_whitespace)
            .unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

/// A decimal number without sign that fits `T`.
pub(super) fn number<T: TryFrom<u64>>(digits: &[u8]) -> Option<T> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0u64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(digit.into())?;
    }
    T::try_from(value).ok()
}

fn nanos(word: &[u8]) -> Option<u64> {
    let point = word
        .iter()
        .position(|&byte| byte == b'.')
        .unwrap_or(word.len());
    let seconds: u64 = number(&word[..point])?;
    let nanos = match word.get(point + 1..) {
        None => 0,
        Some(decimals) => {
            let missing = 9u32.checked_sub(u32::try_from(decimals.len()).ok()?)?;
            number::<u64>(decimals)? * 10u64.pow(missing)
        }
    };
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_the_largest_size_are_read_and_larger_ones_refused() {
        assert_eq!(number::<u64>(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(number::<u64>(b"18446744073709551616"), None);
        assert_eq!(number::<u32>(b"4294967296"), None);
        assert_eq!(number::<u64>(b""), None);
        assert_eq!(number::<u64>(b"1x"), None);
        assert_eq!(number::<u64>(b"+1"), None);
    }

    #[test]
    fn signed_numbers_keep_their_range() {
        assert_eq!(Words::new(b"-100", 1).signed("x"), Ok(-100i32));
        assert_eq!(
            Words::new(b"-9223372036854775808", 1).signed("x"),
            Ok(i64::MIN)
        );
        assert!(Words::new(b"-129", 1).signed::<i8>("x").is_err());
        assert!(Words::new(b"-", 1).signed::<i8>("x").is_err());
        assert!(Words::new(b"--1", 1).signed::<i8>("x").is_err());
    }

    #[test]
    fn an_error_names_line_item_and_type() {
        let error = Words::new(b"  abc ", 4)
            .unsigned::<u32>("ppid")
            .unwrap_err();
        assert_eq!(error, ParseError::new(4, "ppid", "u32", b"abc"));
    }

    #[test]
    fn words_are_parted_by_blanks_and_tabs() {
        let words: Vec<_> = Words::new(b" a\t b  ", 1).collect();
        assert_eq!(words, [b"a", b"b"]);
        assert_eq!(Words::new(b"  ", 1).unsigned_if_any::<u64>("x"), Ok(None));
    }

    #[test]
    fn kilobytes_become_bytes() {
        assert_eq!(Words::new(b"   3 kB", 1).kilobytes("x"), Ok(3072));
        assert!(Words::new(b"3 MB", 1).kilobytes("x").is_err());
        assert!(Words::new(b"3", 1).kilobytes("x").is_err());
        assert!(
            Words::new(b"18446744073709551615 kB", 1)
                .kilobytes("x")
                .is_err()
        );
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(nanos(b"900.74"), Some(900_740_000_000));
        assert_eq!(nanos(b"0.000000001"), Some(1));
        assert_eq!(nanos(b"7"), Some(7_000_000_000));
        for bad in [
            &b"7."[..],
            b".5",
            b"1.2.3",
            b"1e5",
            b"nan",
            b"0.0000000001",
            b"99999999999.0",
        ] {
            assert_eq!(nanos(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn text_without_a_final_newline_was_cut() {
        assert_eq!(whole(b"a\nb\n", "x"), Ok(&b"a\nb"[..]));
        assert!(whole(b"a\nb", "x").is_err());
        assert!(whole(b"", "x").is_err());
    }
}
