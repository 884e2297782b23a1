//! Names and command lines that any program may have chosen, as text that harms no terminal.
//!
//! Each control character (C0, DEL, and C1 as UTF-8) and each piece of invalid UTF-8 becomes `?`.

/// What stands for a character that is not shown.
const HIDDEN: char = '?';

/// Puts a command name into `to`, reusing its memory.
pub fn name(bytes: &[u8], to: &mut String) {
    to.clear();
    push(bytes, HIDDEN, to);
}

/// Puts a command line into `to`, reusing its memory: its arguments, which end with NUL, parted by
/// blanks, without blanks at the end.
pub fn command(bytes: &[u8], to: &mut String) {
    to.clear();
    push(bytes, ' ', to);
    to.truncate(to.trim_end_matches(' ').len());
}

/// Puts a user's name into `to`: a word, so blanks are hidden, too. `None` for one without a character.
pub fn user(bytes: &[u8]) -> Option<String> {
    let mut word = String::new();
    push(bytes, HIDDEN, &mut word);
    let word = word.replace(char::is_whitespace, "?");
    (!word.is_empty()).then_some(word)
}

fn push(bytes: &[u8], nul: char, to: &mut String) {
    for chunk in bytes.utf8_chunks() {
        let show = |letter| match letter {
            '\0' => nul,
            letter if char::is_control(letter) => HIDDEN,
            letter => letter,
        };
        to.extend(chunk.valid().chars().map(show));
        if !chunk.invalid().is_empty() {
            to.push(HIDDEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(bytes: &[u8]) -> String {
        let mut to = "before".to_owned();
        name(bytes, &mut to);
        to
    }

    fn commanded(bytes: &[u8]) -> String {
        let mut to = "before".to_owned();
        command(bytes, &mut to);
        to
    }

    #[test]
    fn controls_are_hidden_one_by_one() {
        assert_eq!(named(b"\x1b[31mred\x7f\n"), "?[31mred??");
        assert_eq!(named("a\u{9b}31mb\u{80}é".as_bytes()), "a?31mb?é");
        assert_eq!(named(b"a\xff\xfeb\xc3"), "a??b?");
        assert_eq!(named(b"two words"), "two words");
    }

    #[test]
    fn arguments_are_parted_by_blanks() {
        assert_eq!(commanded(b"/bin/sh\0-c\0echo  a\0"), "/bin/sh -c echo  a");
        assert_eq!(commanded(b"cat\0\0x\ty\0\0\0"), "cat  x?y");
        assert_eq!(commanded(b"\0\0"), "");
    }

    #[test]
    fn users_are_words() {
        assert_eq!(user(b"a b\t"), Some("a?b?".to_owned()));
        assert_eq!(user(b""), None);
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(bytes: Vec<u8>) {
            let (name, command) = (named(&bytes), commanded(&bytes));
            prop_assert!(!name.chars().any(char::is_control));
            prop_assert!(!command.chars().any(char::is_control));
            prop_assert!(!command.ends_with(' '));
        }
    }
}
