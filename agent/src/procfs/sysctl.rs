//! `/proc/sys/kernel/pid_max` and `/proc/sys/kernel/hostname` (proc_sys_kernel(5)).

use super::error::ParseError;
use super::text::{Words, whole};

/// Reads the text of `pid_max`: pids are below this number (32 768 to 4 194 304).
///
/// # Errors
/// It is no number, or the text was cut short.
pub fn pid_max(text: &[u8]) -> Result<u32, ParseError> {
    Words::new(whole(text, "pid_max")?, 1).unsigned("pid_max")
}

/// Reads the text of `hostname`; invalid UTF-8 becomes U+FFFD. Allocates the result.
///
/// # Errors
/// The text was cut short.
pub fn hostname(text: &[u8]) -> Result<String, ParseError> {
    Ok(String::from_utf8_lossy(whole(text, "hostname")?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::testing::noise;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typical_files() {
        assert_eq!(pid_max(b"4194304\n"), Ok(4_194_304));
        assert_eq!(
            pid_max(b"many\n"),
            Err(ParseError::new(1, "pid_max", "u32", b"many"))
        );
        assert!(pid_max(b"32768").is_err());
        assert_eq!(hostname(b"db-1.example\n"), Ok("db-1.example".to_owned()));
        assert_eq!(hostname(b"a\xff\n"), Ok("a\u{fffd}".to_owned()));
        assert!(hostname(b"db-1").is_err());
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(b"32768\n")) {
            let _ = (pid_max(&text), hostname(&text));
        }
    }
}
