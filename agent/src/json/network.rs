//! The network of the machine, as it is written.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use subjiffy_proto::socktop;

use crate::{model::network::Network, procfs};

/// All of it, in the interval.
#[derive(Serialize)]
pub(super) struct Block<'a> {
    at_ns: u64,
    interval_ns: u64,
    #[serde(serialize_with = "interfaces")]
    interfaces: &'a [procfs::Interface],
    tcp: socktop::Tcp,
    udp: socktop::Udp,
}

#[derive(Serialize)]
struct Interface<'a> {
    name: Cow<'a, str>,
    class: Class<'a>,
    rx_bytes: u64,
    rx_packets: u64,
    rx_errors: u64,
    rx_dropped: u64,
    tx_bytes: u64,
    tx_packets: u64,
    tx_errors: u64,
    tx_dropped: u64,
}

#[derive(Serialize)]
struct Class<'a> {
    kind: Cow<'a, str>,
    counted: bool,
}

impl<'a> From<&'a Network> for Block<'a> {
    fn from(network: &'a Network) -> Self {
        Self {
            at_ns: network.at.wall_ns,
            interval_ns: network.interval_ns,
            interfaces: &network.interfaces,
            tcp: tcp(&network.tcp),
            udp: udp(&network.udp),
        }
    }
}

fn interfaces<S: Serializer>(all: &[procfs::Interface], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|one| Interface {
        name: one.name.lossy(),
        class: Class {
            kind: one.class.kind.lossy(),
            counted: one.class.counted,
        },
        rx_bytes: one.rx_bytes,
        rx_packets: one.rx_packets,
        rx_errors: one.rx_errors,
        rx_dropped: one.rx_dropped,
        tx_bytes: one.tx_bytes,
        tx_packets: one.tx_packets,
        tx_errors: one.tx_errors,
        tx_dropped: one.tx_dropped,
    }))
}

/// TCP, totals or differences, in the words of the wire.
pub(crate) fn tcp(tcp: &procfs::Tcp) -> socktop::Tcp {
    socktop::Tcp {
        active_opens: tcp.active_opens,
        passive_opens: tcp.passive_opens,
        attempt_fails: tcp.attempt_fails,
        established_resets: tcp.established_resets,
        established: tcp.established,
        in_segments: tcp.in_segments,
        out_segments: tcp.out_segments,
        retransmitted_segments: tcp.retransmitted_segments,
        in_errors: tcp.in_errors,
        out_resets: tcp.out_resets,
        in_checksum_errors: tcp.in_checksum_errors,
    }
}

/// As [`tcp`].
pub(crate) fn udp(udp: &procfs::Udp) -> socktop::Udp {
    socktop::Udp {
        in_datagrams: udp.in_datagrams,
        no_ports: udp.no_ports,
        in_errors: udp.in_errors,
        out_datagrams: udp.out_datagrams,
        receive_buffer_errors: udp.receive_buffer_errors,
        send_buffer_errors: udp.send_buffer_errors,
        in_checksum_errors: udp.in_checksum_errors,
    }
}
