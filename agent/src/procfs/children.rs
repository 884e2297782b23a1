//! `/proc/PID/task/TID/children` (proc_tid_children(5); `children_seq_show` in fs/proc/array.c).

use super::error::ParseError;
use super::text::number;

/// Appends the process ids in the text of a `children` file, which holds those that this thread
/// has started, and the orphans it was given, each followed by a blank.
///
/// While children come and go the list may lack some of them: it is read in pieces without a lock.
///
/// # Errors
/// A word is no process id, or the text was cut short.
pub fn parse(text: &[u8], pids: &mut Vec<u32>) -> Result<(), ParseError> {
    if text.last().is_some_and(|last| *last != b' ') {
        let tail = &text[text.len().saturating_sub(16)..];
        return Err(ParseError::new(1, "children", "a final blank", tail));
    }
    for word in text.split(|&byte| byte == b' ') {
        if !word.is_empty() {
            let pid = number(word).filter(|&pid| pid > 0);
            pids.push(pid.ok_or_else(|| ParseError::new(1, "child", "a process id", word))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = b"17651 17652 4194303 ";

    fn parsed(text: &[u8]) -> Result<Vec<u32>, ParseError> {
        let mut pids = vec![1];
        parse(text, &mut pids).map(|()| pids)
    }

    #[test]
    fn children_are_appended() {
        assert_eq!(parsed(PLAIN), Ok(vec![1, 17651, 17652, 4_194_303]));
        assert_eq!(parsed(b""), Ok(vec![1]));
        assert_eq!(
            parsed(b"5 x6 "),
            Err(ParseError::new(1, "child", "a process id", b"x6"))
        );
        assert!(parsed(b"0 ").is_err());
    }

    #[test]
    fn a_number_that_was_cut_is_an_error() {
        for text in beginnings(PLAIN) {
            let whole = text.is_empty() || text.ends_with(b" ");
            assert_eq!(parsed(text).is_ok(), whole, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(PLAIN)) {
            let _ = parsed(&text);
        }
    }
}
