//! `/proc/self/net/dev`: the interfaces of this process's network namespace (proc_pid_net(5);
//! `dev_seq_printf_stats` in net/core/net-procfs.c).

use super::error::ParseError;
use super::name::Name;
use super::text::{Words, lines};
use crate::interfaces::Class;

/// Counters of one interface since it came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Interface {
    /// Name; the kernel's limit is 15 bytes (`IFNAMSIZ`). Old kernels let it hold a colon.
    pub name: Name<32>,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Receive errors.
    pub rx_errors: u64,
    /// Received packets that were dropped.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Send errors.
    pub tx_errors: u64,
    /// Packets to send that were dropped.
    pub tx_dropped: u64,
    /// What it is; not in this file, filled in by [`crate::interfaces`].
    pub class: Class,
}

impl Interface {
    /// Whether this is the loopback interface, which the kernel always names `lo`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.name.as_bytes() == b"lo"
    }
}

/// Reads the text of a `net/dev` file into `interfaces`, reusing its memory, in the kernel's order.
///
/// # Errors
/// A line has no name or too few numbers, or the text was cut short.
pub fn parse(text: &[u8], interfaces: &mut Vec<Interface>) -> Result<(), ParseError> {
    interfaces.clear();
    for (line, text) in lines(text, "net/dev")?.skip(2) {
        // Numbers hold no colon, so the last one ends the name.
        let colon = text.iter().rposition(|&byte| byte == b':');
        let colon = colon.ok_or_else(|| ParseError::new(line, "interface", "name:", text))?;
        let name = text[..colon].trim_ascii();
        let mut words = Words::new(&text[colon + 1..], line);
        interfaces.push(Interface {
            name: Name::new(name)
                .ok_or_else(|| ParseError::new(line, "interface", "at most 32 bytes", name))?,
            rx_bytes: words.unsigned("received bytes")?,
            rx_packets: words.unsigned("received packets")?,
            rx_errors: words.unsigned("receive errors")?,
            rx_dropped: words.unsigned("receive drops")?,
            tx_bytes: {
                words.pass(4); // fifo, frame, compressed, multicast
                words.unsigned("sent bytes")?
            },
            tx_packets: words.unsigned("sent packets")?,
            tx_errors: words.unsigned("send errors")?,
            tx_dropped: words.unsigned("send drops")?,
            class: Class::default(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/net_dev");
    const NEW: &[u8] = include_bytes!("fixtures/6.18/net_dev");

    fn parsed(text: &[u8]) -> Result<Vec<Interface>, ParseError> {
        let mut interfaces = Vec::new();
        parse(text, &mut interfaces).map(|()| interfaces)
    }

    #[test]
    fn names_with_colons_and_names_that_touch_their_numbers() {
        let interfaces = parsed(OLD).unwrap();
        let names: Vec<_> = interfaces
            .iter()
            .map(|interface| interface.name.lossy())
            .collect();
        assert_eq!(names, ["lo", "eth0:1", "wlx00c0ca123456"]);
        assert_eq!(
            (interfaces[0].rx_bytes, interfaces[2].rx_bytes),
            (u64::MAX, 1_234_567_890)
        );
    }

    #[test]
    fn every_value_is_taken_from_its_place() {
        let expected = Interface {
            name: Name::shortened(b"eth0:1"),
            rx_bytes: 100,
            rx_packets: 2,
            rx_errors: 3,
            rx_dropped: 4,
            tx_bytes: 9,
            tx_packets: 10,
            tx_errors: 11,
            tx_dropped: 12,
            class: Class::default(),
        };
        assert_eq!(parsed(OLD).unwrap()[1], expected);
    }

    #[test]
    fn an_earlier_result_leaves_no_trace() {
        let mut interfaces = parsed(OLD).unwrap();
        parse(NEW, &mut interfaces).unwrap();
        assert_eq!(interfaces, parsed(NEW).unwrap());
        assert!(interfaces[0].is_loopback() && !interfaces[3].is_loopback());
    }

    #[test]
    fn a_namespace_without_interfaces_is_empty() {
        assert_eq!(parsed(b"Inter-|\n face |\n"), Ok(vec![]));
    }

    #[test]
    fn broken_lines_are_named() {
        assert_eq!(
            parsed(b"1\n2\nlo 1 2\n"),
            Err(ParseError::new(3, "interface", "name:", b"lo 1 2"))
        );
        assert_eq!(
            parsed(b"1\n2\nlo: 1 2\n").unwrap_err().item,
            "receive errors"
        );
        assert!(
            beginnings(OLD)
                .filter(|text| !text.ends_with(b"\n"))
                .all(|text| parsed(text).is_err())
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(OLD)) {
            let _ = parsed(&text);
        }
    }
}
