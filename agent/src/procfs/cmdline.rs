//! `/proc/PID/cmdline` (proc_pid_cmdline(5); `get_mm_cmdline` in fs/proc/base.c).

/// Puts the arguments, parted by blanks, into `line`, reusing its memory. Empty for kernel threads
/// and zombies.
///
/// `text` may be the start of the file only. The result has at most `max` bytes and ends on a
/// character boundary; invalid UTF-8 becomes U+FFFD. Control characters stay: the place that prints
/// them must know its medium.
pub fn parse(text: &[u8], max: usize, line: &mut String) {
    line.clear();
    // Programs that rewrite their command line leave the rest of the area filled with NULs.
    let end = text
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    let mut put = |part: &str| {
        for letter in part.chars() {
            let letter = if letter == '\0' { ' ' } else { letter };
            if line.len() + letter.len_utf8() > max {
                return false;
            }
            line.push(letter);
        }
        true
    };
    for chunk in text[..end].utf8_chunks() {
        if !put(chunk.valid()) || (!chunk.invalid().is_empty() && !put("\u{fffd}")) {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::noise;
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &[u8], max: usize) -> String {
        let mut line = "what was there before".to_owned();
        parse(text, max, &mut line);
        line
    }

    #[test]
    fn arguments_are_parted_by_blanks() {
        assert_eq!(parsed(b"/bin/sh\0-c\0echo  a\0", 100), "/bin/sh -c echo  a");
        assert_eq!(parsed(b"cat\0\0x\0", 100), "cat  x", "an empty argument");
        assert_eq!(
            parsed(b"nginx: worker\0\0\0\0", 100),
            "nginx: worker",
            "a rewritten line"
        );
        assert_eq!(parsed(b"", 100), "");
        assert_eq!(parsed(b"\0\0", 100), "");
    }

    #[test]
    fn the_length_is_bounded_at_a_character() {
        assert_eq!(parsed("aéb".as_bytes(), 4), "aéb");
        assert_eq!(parsed("aéb".as_bytes(), 3), "aé");
        assert_eq!(parsed("aéb".as_bytes(), 2), "a");
        assert_eq!(parsed(b"abc", 0), "");
    }

    #[test]
    fn invalid_text_is_replaced_and_nothing_follows_a_full_line() {
        assert_eq!(parsed(b"a\xffb", 100), "a\u{fffd}b");
        assert_eq!(parsed(b"a\xffb", 3), "a");
    }

    proptest! {
        #[test]
        fn no_input_panics_and_the_bound_holds(text in noise(b"/bin/sh\0-c\0\xc3\xa9\0"), max in 0..40usize) {
            prop_assert!(parsed(&text, max).len() <= max);
        }
    }
}
