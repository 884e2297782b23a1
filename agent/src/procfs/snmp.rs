//! `/proc/self/net/snmp`: TCP and UDP of this process's network namespace (proc_pid_net(5);
//! `snmp_seq_show` in net/ipv4/proc.c; RFC 1213 has the meaning of most names).
//!
//! The kernel counts TCP of both IP versions here, but of UDP IPv4 alone: the rest is in
//! [`snmp6`](super::snmp6).

use super::error::ParseError;
use super::text::{Words, lines, number};

/// TCP since the namespace began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tcp {
    /// Connections opened from here, tried ones included (`ActiveOpens`).
    pub active_opens: u64,
    /// Connections accepted by listening sockets (`PassiveOpens`).
    pub passive_opens: u64,
    /// Connections that failed before they were established (`AttemptFails`).
    pub attempt_fails: u64,
    /// Established connections that were reset (`EstabResets`).
    pub established_resets: u64,
    /// Connections that are established or half closed now (`CurrEstab`); a gauge.
    pub established: u64,
    /// Segments received, broken ones included (`InSegs`).
    pub in_segments: u64,
    /// Segments sent, without those that were only retransmitted (`OutSegs`).
    pub out_segments: u64,
    /// Segments retransmitted (`RetransSegs`).
    pub retransmitted_segments: u64,
    /// Broken segments received (`InErrs`).
    pub in_errors: u64,
    /// Segments sent with the RST flag (`OutRsts`).
    pub out_resets: u64,
    /// Segments received with a wrong checksum (`InCsumErrors`); they are in `in_errors` too.
    pub in_checksum_errors: u64,
}

/// UDP since the namespace began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Udp {
    /// Datagrams that reached a socket's reader (`InDatagrams`).
    pub in_datagrams: u64,
    /// Datagrams for a port where nobody listens (`NoPorts`).
    pub no_ports: u64,
    /// Datagrams that could not be delivered for other reasons (`InErrors`).
    pub in_errors: u64,
    /// Datagrams sent (`OutDatagrams`).
    pub out_datagrams: u64,
    /// Datagrams dropped because the socket's buffer was full (`RcvbufErrors`); they are in
    /// `in_errors` too.
    pub receive_buffer_errors: u64,
    /// Datagrams not sent for want of buffer (`SndbufErrors`).
    pub send_buffer_errors: u64,
    /// Datagrams received with a wrong checksum (`InCsumErrors`); they are in `in_errors` too.
    pub in_checksum_errors: u64,
}

/// What this file says of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snmp {
    /// TCP over both IP versions.
    pub tcp: Tcp,
    /// UDP, as far as it was added up.
    pub udp: Udp,
}

impl Udp {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let sum = u64::saturating_add;
        Self {
            in_datagrams: sum(self.in_datagrams, other.in_datagrams),
            no_ports: sum(self.no_ports, other.no_ports),
            in_errors: sum(self.in_errors, other.in_errors),
            out_datagrams: sum(self.out_datagrams, other.out_datagrams),
            receive_buffer_errors: sum(self.receive_buffer_errors, other.receive_buffer_errors),
            send_buffer_errors: sum(self.send_buffer_errors, other.send_buffer_errors),
            in_checksum_errors: sum(self.in_checksum_errors, other.in_checksum_errors),
        }
    }
}

/// Reads the text of a `net/snmp` file. Columns are found by their names: kernels add some.
///
/// # Errors
/// A protocol or a column that every supported kernel has is missing, a value is no number, or the
/// text was cut short.
pub fn parse(text: &[u8]) -> Result<Snmp, ParseError> {
    let (mut tcp, mut udp) = (None, None);
    let mut count = 0;
    let mut lines = lines(text, "snmp")?;
    while let Some((line, names)) = lines.next() {
        count = line;
        match Words::new(names, line).next() {
            Some(b"Tcp:") => tcp = Some(parse_tcp(&Columns::new("Tcp", names, lines.next())?)?),
            Some(b"Udp:") => udp = Some(parse_udp(&Columns::new("Udp", names, lines.next())?)?),
            _ => {}
        }
    }
    let missing = |item| ParseError::new(count, item, "a line", b"");
    Ok(Snmp {
        tcp: tcp.ok_or_else(|| missing("Tcp"))?,
        udp: udp.ok_or_else(|| missing("Udp"))?,
    })
}

fn parse_tcp(columns: &Columns<'_>) -> Result<Tcp, ParseError> {
    Ok(Tcp {
        active_opens: columns.value("ActiveOpens")?,
        passive_opens: columns.value("PassiveOpens")?,
        attempt_fails: columns.value("AttemptFails")?,
        established_resets: columns.value("EstabResets")?,
        established: gauge(columns.value("CurrEstab")?),
        in_segments: columns.value("InSegs")?,
        out_segments: columns.value("OutSegs")?,
        retransmitted_segments: columns.value("RetransSegs")?,
        in_errors: columns.value("InErrs")?,
        out_resets: columns.value("OutRsts")?,
        in_checksum_errors: columns.value("InCsumErrors")?,
    })
}

fn parse_udp(columns: &Columns<'_>) -> Result<Udp, ParseError> {
    Ok(Udp {
        in_datagrams: columns.value("InDatagrams")?,
        no_ports: columns.value("NoPorts")?,
        in_errors: columns.value("InErrors")?,
        out_datagrams: columns.value("OutDatagrams")?,
        receive_buffer_errors: columns.value("RcvbufErrors")?,
        send_buffer_errors: columns.value("SndbufErrors")?,
        in_checksum_errors: columns.value("InCsumErrors")?,
    })
}

/// A gauge is the sum of what each CPU added and took away, read one after the other
/// (`snmp_fold_field` in net/ipv4/af_inet.c): for a moment it may be below zero, which is printed
/// as a huge number.
fn gauge(value: u64) -> u64 {
    if i64::try_from(value).is_ok() {
        value
    } else {
        0
    }
}

/// One protocol: a line of names, a line of values, each with the protocol in front.
struct Columns<'a> {
    names: &'a [u8],
    values: &'a [u8],
    /// Of the values.
    line: u32,
}

impl<'a> Columns<'a> {
    fn new(
        protocol: &'static str,
        names: &'a [u8],
        next: Option<(u32, &'a [u8])>,
    ) -> Result<Self, ParseError> {
        let (line, values) = next.unwrap_or_default();
        let same = Words::new(values, line).next() == Words::new(names, line).next();
        if !same {
            return Err(ParseError::new(line, protocol, "values", values));
        }
        Ok(Self {
            names,
            values,
            line,
        })
    }

    fn value(&self, name: &'static str) -> Result<u64, ParseError> {
        let wrong = |wanted, found| ParseError::new(self.line, name, wanted, found);
        let place = Words::new(self.names, self.line).position(|word| word == name.as_bytes());
        let place = place.ok_or_else(|| wrong("a column", b""))?;
        let word = Words::new(self.values, self.line).nth(place);
        let word = word.unwrap_or_default();
        number(word).ok_or_else(|| wrong("u64", word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/net_snmp");
    const NEW: &[u8] = include_bytes!("fixtures/6.18/net_snmp");

    #[test]
    fn every_value_is_taken_from_its_column() {
        let tcp = Tcp {
            active_opens: 1201,
            passive_opens: 1302,
            attempt_fails: 3,
            established_resets: 404,
            established: 5,
            in_segments: 70_006,
            out_segments: 60_007,
            retransmitted_segments: 808,
            in_errors: 9,
            out_resets: 1010,
            in_checksum_errors: 11,
        };
        let udp = Udp {
            in_datagrams: 2101,
            no_ports: 43,
            in_errors: 23,
            out_datagrams: 2404,
            receive_buffer_errors: 25,
            send_buffer_errors: 26,
            in_checksum_errors: 27,
        };
        assert_eq!(parse(OLD), Ok(Snmp { tcp, udp }));
        let new = parse(NEW).unwrap();
        assert_eq!(
            (new.tcp.active_opens, new.udp.out_datagrams),
            (2_619_259, 688)
        );
    }

    /// The two protocols with these columns in this order.
    fn text(order: &[usize]) -> Vec<u8> {
        let lines: Vec<&[u8]> = OLD.split(|&byte| byte == b'\n').collect();
        let mut text = Vec::new();
        for line in &lines[6..10] {
            let words: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
            text.extend_from_slice(words[0]);
            for at in order.iter().filter_map(|&at| words[1..].get(at)) {
                text.push(b' ');
                text.extend_from_slice(at);
            }
            text.push(b'\n');
        }
        text
    }

    #[test]
    fn a_number_of_connections_below_zero_is_none() {
        let text = String::from_utf8(OLD.to_vec()).unwrap();
        let text = text.replace(" 404 5 ", " 404 18446744073709551615 ");
        assert_eq!(parse(text.as_bytes()).unwrap().tcp.established, 0);
    }

    #[test]
    fn what_is_missing_or_broken_is_named() {
        assert_eq!(parse(b"Udp: A\nUdp: 1\n").unwrap_err().item, "InDatagrams");
        assert_eq!(parse(b"Ip: A\nIp: 1\n").unwrap_err().item, "Tcp");
        let error = parse(b"Tcp: ActiveOpens\nUdp: 1\n");
        assert_eq!(error, Err(ParseError::new(2, "Tcp", "values", b"Udp: 1")));
        assert_eq!(parse(b"Tcp: A\n").unwrap_err().wanted, "values");
        let error = parse(b"Tcp: ActiveOpens\nTcp: -1\n");
        assert_eq!(error, Err(ParseError::new(2, "ActiveOpens", "u64", b"-1")));
        assert_eq!(
            parse(b"Tcp: ActiveOpens\nTcp:\n").unwrap_err().wanted,
            "u64"
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
        fn the_order_of_the_columns_does_not_matter(
            order in Just((0..15).collect::<Vec<_>>()).prop_shuffle()
        ) {
            prop_assert_eq!(parse(&text(&order)), parse(OLD));
        }

        #[test]
        fn sums_hold_both(one in any::<[u32; 7]>(), other in any::<[u32; 7]>()) {
            let udp = |values: [u64; 7]| {
                let [a, b, c, d, e, f, g] = values;
                Udp {
                    in_datagrams: a,
                    no_ports: b,
                    in_errors: c,
                    out_datagrams: d,
                    receive_buffer_errors: e,
                    send_buffer_errors: f,
                    in_checksum_errors: g,
                }
            };
            let (one, other) = (one.map(u64::from), other.map(u64::from));
            let sum = std::array::from_fn(|at| one[at] + other[at]);
            prop_assert_eq!(udp(one).plus(udp(other)), udp(sum));
        }
    }
}
