//! Whatever two readings say, lines come of them.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{
    Renderer,
    tests::{facts, options},
};
use crate::{
    options::{Digits, Options, Plot, Style, TimeFormat},
    record::{
        Activity, Counters, CpuTimes, Disk, Files, Interface, Interrupt, Load, Memory, Nfs, Paging,
        Protocols, Sockets, Time, Zone,
    },
    values::Interval,
};

/// Numbers that are taken one after the other.
struct Numbers<'a>(std::iter::Cycle<std::slice::Iter<'a, u64>>);

impl Numbers<'_> {
    fn next(&mut self) -> u64 {
        self.0.next().copied().unwrap_or(0)
    }

    fn is(&mut self) -> bool {
        !self.next().is_multiple_of(3)
    }

    fn few(&mut self) -> u64 {
        self.next() % 5
    }

    fn many(&mut self) -> Vec<u64> {
        (0..self.next() % 50).map(|_| self.next()).collect()
    }

    fn name(&mut self) -> String {
        let names = [
            "",
            "sda",
            "sda1",
            "eth0",
            "lo",
            "LOC",
            "ERR",
            "7",
            "1234567890123456789012",
            "é\u{1b}",
        ];
        names[self.next() as usize % names.len()].to_owned()
    }

    fn cpu(&mut self) -> CpuTimes {
        CpuTimes {
            user: self.next(),
            nice: self.next(),
            system: self.next(),
            idle: self.next(),
            iowait: self.next(),
            irq: self.next(),
            softirq: self.next(),
            steal: self.next(),
            guest: self.next(),
            guest_nice: self.next(),
        }
    }

    fn calls(&mut self) -> Vec<(u8, Vec<u64>)> {
        (0..self.few())
            .map(|_| (self.few() as u8, self.many()))
            .collect()
    }

    fn disk(&mut self) -> Disk {
        Disk {
            name: self.name(),
            reads: self.next(),
            sectors_read: self.next(),
            read_ms: self.next(),
            writes: self.next(),
            sectors_written: self.next(),
            busy_ms: self.next(),
            weighted_ms: self.next(),
            outside_totals: self.is(),
            ..Disk::default()
        }
    }

    fn interface(&mut self) -> Interface {
        Interface {
            name: self.name(),
            received: std::array::from_fn(|_| self.next()),
            sent: std::array::from_fn(|_| self.next()),
            outside_totals: self.is(),
        }
    }

    fn memory(&mut self) -> Memory {
        Memory {
            total: self.next(),
            free: self.next(),
            mapped: self.next(),
            anonymous: self.next(),
            swap_total: self.next(),
            swap_free: self.next(),
            ..Memory::default()
        }
    }

    fn counters(&mut self) -> Counters {
        Counters {
            time: Time {
                wall_ns: self.next(),
                steady_ns: self.next(),
            },
            cpu: self.is().then(|| self.cpu()),
            cpus: (0..self.few())
                .map(|_| (self.few() as u32 * 77, self.cpu()))
                .collect(),
            activity: self.is().then(|| Activity {
                interrupts: self.next(),
                running: self.next(),
                ..Activity::default()
            }),
            load: self.is().then(|| Load {
                averages: [self.next() as f64, f64::NAN, f64::INFINITY],
                running: self.few(),
                tasks: self.next(),
            }),
            memory: self.is().then(|| self.memory()),
            paging: self.is().then(|| Paging {
                swapped_in: self.next(),
                paged_out: self.next(),
                ..Paging::default()
            }),
            disks: (0..self.few()).map(|_| self.disk()).collect(),
            interfaces: (0..self.few()).map(|_| self.interface()).collect(),
            sockets: self.is().then(|| Sockets {
                used: self.next(),
                ..Sockets::default()
            }),
            files: self.is().then(|| Files {
                open: self.next(),
                most: self.few(),
                inodes: self.next(),
                unused_inodes: self.next(),
                ..Files::default()
            }),
            protocols: self.is().then(|| Protocols {
                totals: [
                    "Ip InReceives",
                    "Tcp CurrEstab",
                    "Tcp InErrs",
                    "x y",
                    "Ip z",
                ]
                .iter()
                .filter_map(|pair| pair.split_once(' '))
                .map(|(group, name)| (group.to_owned(), name.to_owned(), self.next() as i64))
                .collect(),
            }),
            buddies: (0..self.few())
                .map(|_| Zone {
                    free: self.many(),
                    ..Zone::default()
                })
                .collect(),
            interrupts: (0..self.few())
                .map(|_| Interrupt {
                    label: self.name(),
                    totals: self.many(),
                    text: self.name(),
                })
                .collect(),
            nfs: self.is().then(|| Nfs {
                client_rpc: self.many(),
                client: self.calls(),
                server_net: self.many(),
                server_rpc: self.many(),
                server: self.calls(),
            }),
        }
    }
}

fn styles() -> [Style; 5] {
    [
        Style::Brief,
        Style::Verbose,
        Style::Plot(Plot {
            separator: ' ',
            decimals: 2,
            utc: false,
        }),
        Style::Lexpr,
        Style::Exact,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_readings_become_lines(
        numbers in prop::collection::vec(
            prop_oneof![any::<u64>(), 0..100_u64, Just(u64::from(u32::MAX)), Just(u64::MAX)],
            1..300,
        ),
        wide: bool,
        sizes: bool,
        totals: bool,
        timed: bool,
    ) {
        let numbers = &mut Numbers(numbers.iter().cycle());
        let readings: Vec<_> = (0..4).map(|_| numbers.counters()).collect();
        for letters in ["cjmbdntsif", "cjmbdntsifCJDN", "Cj", "J", "D", "N", "m", ""] {
            for style in styles() {
                let options = Options {
                    wide,
                    sizes,
                    totals,
                    digits: Digits::Some,
                    time: timed.then(TimeFormat::default),
                    ..options(letters, style)
                };
                let mut renderer = Renderer::in_zone(&options, facts(), TimeZone::UTC);
                let mut interval = Interval::default();
                for pair in readings.windows(2) {
                    interval.set(&pair[0], &pair[1], totals);
                    prop_assert_eq!(&interval.seconds, &Interval::between(&pair[0], &pair[1], totals).seconds);
                    let lines = renderer.render(Some(&interval), None);
                    for text in [&lines.header, &lines.body] {
                        prop_assert!(text.is_empty() || text.ends_with('\n'));
                        let harmful = |one: char| one.is_control() && one != '\n';
                        prop_assert!(!text.contains(harmful));
                    }
                    for part in renderer.parts() {
                        prop_assert!(part.header.ends_with('\n') && part.lines.ends_with('\n'));
                    }
                }
            }
        }
    }
}
