//! `/proc/self/net/snmp6`: UDP over IPv6 of this process's network namespace (`snmp6_seq_show` in
//! net/ipv6/proc.c). Not there without IPv6.

use super::error::ParseError;
use super::snmp::Udp;
use super::text::{Words, lines};

/// Reads the text of a `net/snmp6` file. Other lines are passed over.
///
/// # Errors
/// A line that every supported kernel has is missing, a value is no number, or the text was cut
/// short.
pub fn parse(text: &[u8]) -> Result<Udp, ParseError> {
    let mut udp = Udp::default();
    let mut fields = [
        ("Udp6InDatagrams", Some(&mut udp.in_datagrams)),
        ("Udp6NoPorts", Some(&mut udp.no_ports)),
        ("Udp6InErrors", Some(&mut udp.in_errors)),
        ("Udp6OutDatagrams", Some(&mut udp.out_datagrams)),
        ("Udp6RcvbufErrors", Some(&mut udp.receive_buffer_errors)),
        ("Udp6SndbufErrors", Some(&mut udp.send_buffer_errors)),
        ("Udp6InCsumErrors", Some(&mut udp.in_checksum_errors)),
    ];
    let mut count = 0;
    for (line, text) in lines(text, "snmp6")? {
        count = line;
        let mut words = Words::new(text, line);
        let word = words.next().unwrap_or_default();
        let known = fields.iter_mut().find(|field| field.0.as_bytes() == word);
        if let Some((name, place)) = known
            && let Some(value) = place.take()
        {
            *value = words.unsigned(name)?;
        }
    }
    match fields.iter().find(|field| field.1.is_some()) {
        Some((name, _)) => Err(ParseError::new(count, name, "a line", b"")),
        None => Ok(udp),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/net_snmp6");
    const NEW: &[u8] = include_bytes!("fixtures/6.18/net_snmp6");

    #[test]
    fn every_value_is_taken_from_its_line() {
        let expected = Udp {
            in_datagrams: 31,
            no_ports: 32,
            in_errors: 33,
            out_datagrams: 34,
            receive_buffer_errors: 35,
            send_buffer_errors: 36,
            in_checksum_errors: 37,
        };
        assert_eq!(parse(OLD), Ok(expected));
        assert_eq!(parse(NEW), Ok(Udp::default()));
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        assert_eq!(
            parse(b"Ip6InReceives 1\n"),
            Err(ParseError::new(1, "Udp6InDatagrams", "a line", b""))
        );
        assert_eq!(
            parse(b"Udp6NoPorts x\n"),
            Err(ParseError::new(1, "Udp6NoPorts", "u64", b"x"))
        );
        assert!(
            beginnings(OLD)
                .filter(|text| !text.ends_with(b"\n"))
                .all(|text| parse(text).is_err())
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(OLD)) {
            let _ = parse(&text);
        }

        #[test]
        fn the_order_of_the_lines_does_not_matter(
            lines in Just(OLD.split_inclusive(|&byte| byte == b'\n').collect::<Vec<_>>())
                .prop_shuffle()
        ) {
            prop_assert_eq!(parse(&lines.concat()), parse(OLD));
        }
    }
}
