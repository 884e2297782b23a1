//! Against `collectl SWITCHES --showcolheaders` of 4.3.1, on a machine with two CPUs.

use jiff::tz::TimeZone;

use super::{
    Renderer,
    tests::{facts, options},
};
use crate::{
    options::{DateFormat, Options, Plot, Style, TimeFormat},
    record::{Counters, CpuTimes, Disk, Interface, Time},
    values::Interval,
};

const CAPTURED: &str = include_str!("fixtures/headers.txt");

/// The machine of the capture.
fn machine() -> Interval {
    let interfaces = ["lo", "ifb0", "ifb1", "eth0"].map(|name| Interface {
        name: name.to_owned(),
        ..Interface::default()
    });
    let counters = Counters {
        time: Time {
            wall_ns: 1_795_146_767_004_000_000,
            steady_ns: 0,
        },
        cpus: vec![(0, CpuTimes::default()), (1, CpuTimes::default())],
        disks: vec![Disk {
            name: "vda".to_owned(),
            ..Disk::default()
        }],
        interfaces: interfaces.into(),
        ..Counters::default()
    };
    Interval::between(&counters, &counters, false)
}

/// The few switches of the capture.
fn parsed(words: &str) -> Options {
    let mut options = options("", Style::Brief);
    let mut plot = Plot {
        separator: ' ',
        decimals: 0,
        utc: false,
    };
    let mut words = words.split(' ');
    while let Some(word) = words.next() {
        match word {
            "--verbose" => options.style = Style::Verbose,
            "--iosize" => options.sizes = true,
            "--utc" => plot.utc = true,
            "--sep" => plot.separator = words.next().and_then(|next| next.chars().next()).unwrap(),
            "-P" => options.style = Style::Plot(plot),
            "-w" => options.wide = true,
            _ => match word.split_at(2) {
                ("-s", letters) => options.subsystems = super::tests::subsystems(letters),
                ("-o", letters) => {
                    let has = |letter| letters.contains(letter);
                    options.totals = has('n');
                    let date = match (has('d'), has('D')) {
                        (true, _) => DateFormat::Short,
                        (_, true) => DateFormat::Long,
                        _ => DateFormat::None,
                    };
                    options.time = (has('T') || has('d') || has('D')).then_some(TimeFormat {
                        date,
                        millis: has('m'),
                    });
                }
                _ => panic!("{word}"),
            },
        }
        if let Style::Plot(wanted) = &mut options.style {
            *wanted = plot;
        }
    }
    options
}

#[test]
fn headers_are_those_of_collectl() {
    let machine = machine();
    let mut count = 0;
    for part in CAPTURED.split("== ").skip(1) {
        let (words, theirs) = part.split_once('\n').unwrap();
        let renderer = Renderer::in_zone(&parsed(words), facts(), TimeZone::UTC);
        assert_eq!(renderer.first_header(&machine), theirs, "{words}");
        count += 1;
    }
    assert_eq!(count, 159);
}
