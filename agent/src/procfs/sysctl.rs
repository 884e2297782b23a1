//! `pid_max`, `hostname` and `random/boot_id` of `/proc/sys/kernel` (proc_sys_kernel(5)).

use super::name::Name;

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

/// Reads the text of `random/boot_id`, which names the running system's life: 32 hexadecimal digits
/// without the dashes.
///
/// # Errors
/// These digits are not all there, or the text was cut short.
pub fn boot_id(text: &[u8]) -> Result<Name<32>, ParseError> {
    let text = whole(text, "boot_id")?;
    let mut digits = [0; 32];
    let mut given = text.iter().copied().filter(|&byte| byte != b'-');
    for place in &mut digits {
        let digit = given.next().filter(u8::is_ascii_hexdigit);
        *place =
            digit.ok_or_else(|| ParseError::new(1, "boot_id", "32 hexadecimal digits", text))?;
    }
    match given.next() {
        None => Ok(Name::shortened(&digits)),
        Some(_) => Err(ParseError::new(1, "boot_id", "32 hexadecimal digits", text)),
    }
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

    #[test]
    fn a_boot_id_has_32_digits() {
        let id = b"a7a03b8c-f242-42c7-896d-eeaa0ee3fef7\n";
        let plain = b"a7a03b8cf24242c7896deeaa0ee3fef7";
        assert_eq!(boot_id(id).unwrap().as_bytes(), plain);
        for bad in [
            &b"a7a03b8c\n"[..],
            b"\n",
            &id[..36],
            &[&plain[..], b"0\n"].concat(),
        ] {
            assert!(boot_id(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(b"32768\n")) {
            let _ = (pid_max(&text), hostname(&text), boot_id(&text));
        }
    }
}
