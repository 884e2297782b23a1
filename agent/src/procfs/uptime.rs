//! `/proc/uptime` (proc_uptime(5); fs/proc/uptime.c).

use super::error::ParseError;
use super::text::{Words, whole};

/// Time since boot. The kernel prints hundredths of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uptime {
    /// Since boot, suspended time included, in ns.
    pub up_ns: u64,
    /// Idle time of all CPUs together, in ns.
    pub idle_ns: u64,
}

/// Reads the text of `/proc/uptime`.
///
/// # Errors
/// A number is missing or is none, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<Uptime, ParseError> {
    let mut words = Words::new(whole(text, "uptime")?, 1);
    Ok(Uptime {
        up_ns: words.decimal_nanos("up")?,
        idle_ns: words.decimal_nanos("idle")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/uptime");

    #[test]
    fn captured_file() {
        assert_eq!(
            parse(PLAIN),
            Ok(Uptime {
                up_ns: 1_215_310_000_000,
                idle_ns: 1_863_530_000_000
            })
        );
        assert_eq!(
            parse(b"1.00 x\n"),
            Err(ParseError::new(1, "idle", "a decimal number", b"x"))
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
