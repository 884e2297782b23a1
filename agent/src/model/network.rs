//! What passed the network between two samples of it.

use crate::{
    collect::{moment::Moment, network::NetworkSample},
    procfs::{Interface, Tcp, Udp},
};

/// The network of the machine over an interval of its own: it is read less often than processes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// The end of the interval.
    pub at: Moment,
    /// Its length, ns.
    pub interval_ns: u64,
    /// All interfaces there are; their counters are differences.
    pub interfaces: Vec<Interface>,
    /// Differences; `established` is what it is now.
    pub tcp: Tcp,
    /// Differences.
    pub udp: Udp,
}

impl Network {
    /// The sum over the interfaces that add up.
    #[must_use]
    pub fn counted(&self) -> Interface {
        let counted = self.interfaces.iter().filter(|one| one.class.counted);
        counted.fold(Interface::default(), |sum, one| {
            combine(&sum, one, |a, b| Some(a.saturating_add(b))).unwrap_or(sum)
        })
    }
}

/// Computes what happened between two samples into `network`, whose memory is used again; `None` if
/// there are not two.
pub fn derive(
    old: Option<&NetworkSample>,
    new: Option<&NetworkSample>,
    network: &mut Option<Network>,
) {
    let both = old.zip(new);
    let Some((old, new)) = both.filter(|(old, new)| old.at != new.at) else {
        *network = None;
        return;
    };
    let network = network.get_or_insert_default();
    network.at = new.at;
    network.interval_ns = new.at.since(&old.at);
    network.tcp = tcp(&old.tcp, &new.tcp);
    network.udp = udp(&old.udp, &new.udp);
    network.interfaces.clear();
    // Mostly they are the same ones in the same order.
    let mut expected = 0;
    network.interfaces.extend(new.interfaces.iter().map(|new| {
        let at_place = old
            .interfaces
            .get(expected)
            .filter(|old| old.name == new.name);
        let place = match at_place {
            Some(_) => Some(expected),
            None => old.interfaces.iter().position(|old| old.name == new.name),
        };
        expected = place.map_or(expected, |place| place + 1);
        let old = place.and_then(|place| old.interfaces.get(place));
        // All counters of one that was made anew began anew, even if only one is smaller now.
        old.and_then(|old| combine(new, old, u64::checked_sub))
            .unwrap_or(*new)
    }));
}

/// `one` with each counter combined with that of `other`; `None` if one of them cannot be.
fn combine(
    one: &Interface,
    other: &Interface,
    with: impl Fn(u64, u64) -> Option<u64>,
) -> Option<Interface> {
    Some(Interface {
        name: one.name,
        rx_bytes: with(one.rx_bytes, other.rx_bytes)?,
        rx_packets: with(one.rx_packets, other.rx_packets)?,
        rx_errors: with(one.rx_errors, other.rx_errors)?,
        rx_dropped: with(one.rx_dropped, other.rx_dropped)?,
        tx_bytes: with(one.tx_bytes, other.tx_bytes)?,
        tx_packets: with(one.tx_packets, other.tx_packets)?,
        tx_errors: with(one.tx_errors, other.tx_errors)?,
        tx_dropped: with(one.tx_dropped, other.tx_dropped)?,
        class: one.class,
    })
}

fn tcp(old: &Tcp, new: &Tcp) -> Tcp {
    let less = u64::saturating_sub;
    Tcp {
        active_opens: less(new.active_opens, old.active_opens),
        passive_opens: less(new.passive_opens, old.passive_opens),
        attempt_fails: less(new.attempt_fails, old.attempt_fails),
        established_resets: less(new.established_resets, old.established_resets),
        established: new.established,
        in_segments: less(new.in_segments, old.in_segments),
        out_segments: less(new.out_segments, old.out_segments),
        retransmitted_segments: less(new.retransmitted_segments, old.retransmitted_segments),
        in_errors: less(new.in_errors, old.in_errors),
        out_resets: less(new.out_resets, old.out_resets),
        in_checksum_errors: less(new.in_checksum_errors, old.in_checksum_errors),
    }
}

fn udp(old: &Udp, new: &Udp) -> Udp {
    let less = u64::saturating_sub;
    Udp {
        in_datagrams: less(new.in_datagrams, old.in_datagrams),
        no_ports: less(new.no_ports, old.no_ports),
        in_errors: less(new.in_errors, old.in_errors),
        out_datagrams: less(new.out_datagrams, old.out_datagrams),
        receive_buffer_errors: less(new.receive_buffer_errors, old.receive_buffer_errors),
        send_buffer_errors: less(new.send_buffer_errors, old.send_buffer_errors),
        in_checksum_errors: less(new.in_checksum_errors, old.in_checksum_errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{interfaces::Class, procfs::Name};
    use proptest::prelude::*;

    fn interface(name: u8, counters: [u64; 8], counted: bool) -> Interface {
        let [rx_bytes, rx_packets, rx_errors, rx_dropped, ..] = counters;
        let [.., tx_bytes, tx_packets, tx_errors, tx_dropped] = counters;
        Interface {
            name: Name::shortened(&[b'a' + name]),
            rx_bytes,
            rx_packets,
            rx_errors,
            rx_dropped,
            tx_bytes,
            tx_packets,
            tx_errors,
            tx_dropped,
            class: Class {
                counted,
                ..Class::default()
            },
        }
    }

    fn sample(at_ns: u64, interfaces: Vec<Interface>) -> NetworkSample {
        NetworkSample {
            at: Moment {
                monotonic_ns: at_ns,
                ..Moment::default()
            },
            interfaces,
            ..NetworkSample::default()
        }
    }

    fn run(old: &NetworkSample, new: &NetworkSample) -> Network {
        let mut network = None;
        derive(Some(old), Some(new), &mut network);
        network.unwrap()
    }

    #[test]
    fn there_is_an_interval_only_between_two_samples() {
        let (old, new) = (sample(5, vec![]), sample(9, vec![]));
        let mut network = None;
        derive(Some(&old), Some(&new), &mut network);
        assert_eq!(network.as_ref().unwrap().interval_ns, 4);
        for (old, new) in [(None, None), (None, Some(&new)), (Some(&new), Some(&new))] {
            let mut network = network.clone();
            derive(old, new, &mut network);
            assert_eq!(network, None);
        }
    }

    #[test]
    fn what_is_new_or_was_made_anew_counts_from_zero() {
        let old = sample(
            1,
            vec![
                interface(0, [100; 8], true),
                interface(1, [100; 8], true),
                interface(2, [100; 8], true),
            ],
        );
        let anew = [200, 200, 200, 200, 200, 200, 200, 99];
        let new = sample(
            2,
            vec![
                interface(3, [7; 8], true),
                interface(1, anew, true),
                interface(2, [101; 8], false),
            ],
        );
        let expected = [
            interface(3, [7; 8], true),
            interface(1, anew, true),
            interface(2, [1; 8], false),
        ];
        assert_eq!(run(&old, &new).interfaces, expected);
    }

    #[test]
    fn connections_are_those_of_now() {
        let (mut old, mut new) = (sample(1, vec![]), sample(2, vec![]));
        old.tcp.established = 9;
        old.tcp.active_opens = 9;
        new.tcp.established = 4;
        new.tcp.active_opens = 10;
        let tcp = run(&old, &new).tcp;
        assert_eq!((tcp.established, tcp.active_opens), (4, 1));
    }

    /// Interfaces that only count on, some of them.
    fn steps() -> impl Strategy<Value = Vec<(Vec<u8>, u64)>> {
        let names = proptest::sample::subsequence((0..6).collect::<Vec<u8>>(), 0..=6);
        prop::collection::vec((names.prop_shuffle(), 0_u64..1000), 1..20)
    }

    proptest! {
        #[test]
        fn differences_add_up_to_what_an_interface_has_counted(steps in steps()) {
            let mut totals = [0; 6];
            let mut sums = [0; 6];
            let mut old = sample(0, vec![]);
            let mut network = None;
            for (number, (names, more)) in (1..).zip(steps) {
                // One that has gone begins anew when it comes back.
                let there = names.iter().map(|&name| usize::from(name)).collect::<Vec<_>>();
                for name in 0..6 {
                    if there.contains(&name) {
                        totals[name] += more;
                    } else {
                        (totals[name], sums[name]) = (0, 0);
                    }
                }
                let interfaces = names.iter().map(|&name| {
                    interface(name, [totals[usize::from(name)]; 8], true)
                });
                let new = sample(number, interfaces.collect());
                derive(Some(&old), Some(&new), &mut network);
                let network = network.as_ref().unwrap();
                prop_assert_eq!(network.interfaces.len(), names.len());
                for (one, &name) in network.interfaces.iter().zip(&names) {
                    sums[usize::from(name)] += one.rx_bytes;
                    prop_assert_eq!(one, &interface(name, [one.rx_bytes; 8], true));
                }
                prop_assert_eq!(sums, totals);
                old = new;
            }
        }

        #[test]
        fn nothing_is_ever_negative_or_overflows(
            old in prop::collection::vec((0_u8..4, any::<[u64; 8]>()), 0..6),
            new in prop::collection::vec((0_u8..4, any::<[u64; 8]>(), any::<bool>()), 0..6),
        ) {
            let old: Vec<_> = old.iter().map(|one| interface(one.0, one.1, true)).collect();
            let new: Vec<_> = new.iter().map(|one| interface(one.0, one.1, one.2)).collect();
            let network = run(&sample(1, old), &sample(2, new.clone()));
            let mut largest = 0;
            for (change, total) in network.interfaces.iter().zip(&new) {
                prop_assert!(combine(total, change, u64::checked_sub).is_some());
                largest = if total.class.counted { largest.max(change.tx_bytes) } else { largest };
            }
            prop_assert!(network.counted().tx_bytes >= largest);
        }
    }
}
