//! Against what collectl 4.3.1 made of the same recording (`collectl -p`).

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::*;
use crate::{
    options::{
        Address, DateFormat, Digits, Options, Plot, Style, Subsystem, Subsystems, TimeFormat,
    },
    process::Table,
    record::{Counters, Time},
    values::Interval,
};

const RECORDING: &str = include_str!("fixtures/node1.raw");

pub(super) fn subsystems(letters: &str) -> Subsystems {
    letters.chars().filter_map(Subsystem::of_letter).collect()
}

pub(super) fn options(letters: &str, style: Style) -> Options {
    Options {
        subsystems: subsystems(letters),
        style,
        ..Options::default()
    }
}

pub(super) fn facts() -> Facts {
    Facts {
        host: "node1".to_owned(),
        cpus: 2,
        hyper_threads: false,
        page_bytes: 4096,
    }
}

fn records() -> Vec<Counters> {
    let parts = RECORDING.split("\n>>> ").skip(1);
    parts
        .map(|part| {
            let (time, text) = part.split_once(" <<<\n").unwrap();
            let (seconds, millis) = time.split_once('.').unwrap();
            let millis = 1000 * seconds.parse::<u64>().unwrap() + millis.parse::<u64>().unwrap();
            let time = Time {
                wall_ns: millis * 1_000_000,
                steady_ns: millis * 1_000_000,
            };
            Counters::parse(text, time)
        })
        .filter(|counters| counters.cpu.is_some())
        .collect()
}

/// All lines of the recording: the first header, then the bodies.
fn played(options: &Options) -> String {
    let mut renderer = Renderer::in_zone(options, facts(), TimeZone::UTC);
    let records = records();
    assert_eq!(records.len(), 5);
    let mut to = String::new();
    for pair in records.windows(2) {
        let interval = Interval::between(&pair[0], &pair[1], options.totals);
        let lines = renderer.render(Some(&interval), None);
        if to.is_empty() {
            to.push_str(&lines.header);
        }
        to.push_str(&lines.body);
    }
    to
}

fn compare(name: &str, ours: &str, theirs: &str) {
    let mut lines = theirs.lines();
    for (number, line) in ours.lines().enumerate() {
        assert_eq!(Some(line), lines.next(), "{name}, line {}", number + 1);
    }
    assert_eq!(lines.next(), None, "{name}: collectl has more");
    assert!(ours.ends_with('\n'));
}

macro_rules! same {
    ($($name:ident($letters:expr, $style:expr $(, $field:ident: $value:expr)*);)*) => {$(
        #[test]
        fn $name() {
            let options = Options {
                $($field: $value,)*
                ..options($letters, $style)
            };
            let theirs = include_str!(concat!("fixtures/", stringify!($name), ".txt"));
            compare(stringify!($name), &played(&options), theirs);
        }
    )*};
}

const fn time(date: DateFormat, millis: bool) -> Option<TimeFormat> {
    Some(TimeFormat { date, millis })
}

const TIME: Option<TimeFormat> = time(DateFormat::None, false);

const fn plot(separator: char, decimals: u8, utc: bool) -> Style {
    Style::Plot(Plot {
        separator,
        decimals,
        utc,
    })
}

same! {
    brief_all("scjmbdntif", Style::Brief);
    brief_time_sizes("cdn", Style::Brief, time: time(DateFormat::None, true), sizes: true);
    brief_date_wide("mdnf", Style::Brief, time: time(DateFormat::Long, false), wide: true);
    brief_some_digits("mdn", Style::Brief, time: time(DateFormat::Short, false), digits: Digits::Some);
    brief_totals("cdnf", Style::Brief, totals: true);
    verbose_c("c", Style::Verbose, time: time(DateFormat::None, true));
    verbose_all("scjmbdntif", Style::Verbose);
    verbose_details("CDNJ", Style::Verbose);
    verbose_totals("cCdDfnNmt", Style::Verbose, totals: true);
    verbose_cpu_interrupts("Cj", Style::Verbose, time: TIME);
    verbose_interrupt_details("J", Style::Verbose, time: time(DateFormat::Short, false));
    verbose_disk_details("D", Style::Verbose, time: time(DateFormat::Long, false));
    verbose_interfaces("N", Style::Verbose, time: TIME);
    verbose_m("m", Style::Verbose, time: TIME);
    verbose_t("t", Style::Verbose, time: TIME);
    verbose_i("i", Style::Verbose, time: TIME);
    verbose_f("f", Style::Verbose, time: TIME);
    verbose_s("s", Style::Verbose, time: TIME);
    verbose_b("b", Style::Verbose, time: TIME);
    verbose_j("j", Style::Verbose, time: TIME);
    verbose_d("d", Style::Verbose, time: TIME);
    verbose_n("n", Style::Verbose, time: TIME);
    plot_all("cmsndiftb", plot(' ', 0, false));
    plot_digits("cdnmt", plot(' ', 2, false), time: time(DateFormat::Long, true));
    plot_utc("dD", plot('\t', 0, true));
    plot_short_date("c", plot(',', 1, false), time: time(DateFormat::Short, false));
}

/// Only playback leaves out what is behind the point if it is 0.
#[test]
fn lexpr() {
    let ours = played(&options("cdmnstif", Style::Lexpr));
    let theirs = include_str!("fixtures/lexpr.txt");
    let without_time = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("sample.time"));
        lines.fold(String::new(), |all, line| all + line + "\n")
    };
    assert!(ours.starts_with("sample.time 1795196611.000\ncputotals.num 2\n"));
    compare("lexpr", &without_time(&ours), &without_time(theirs));
}

/// Of 3.99 G, collectl shows the first digit of 1014 M.
#[test]
fn brief_more_digits() {
    let options = Options {
        digits: Digits::More,
        ..options("mdn", Style::Brief)
    };
    let theirs = include_str!("fixtures/brief_more_digits.txt");
    compare(
        "brief_more_digits",
        &played(&options),
        &theirs.replace(" 3.1G ", " 3.9G "),
    );
}

/// An interface that goes takes its columns with it there; here they stay.
#[test]
fn plot_interfaces() {
    let ours = played(&options("N", plot(' ', 0, false)));
    let theirs = include_str!("fixtures/plot_interfaces.txt");
    for (number, (our, their)) in ours.lines().zip(theirs.lines()).enumerate() {
        if number == 3 {
            let gone = format!(" ifb1{}", " 0".repeat(18));
            assert_eq!(our.replace(&gone, ""), their);
        } else if number < 3 {
            assert_eq!(our, their, "line {number}");
        }
    }
    let columns = |line: &str| line.split(' ').count();
    assert!(ours.lines().all(|line| columns(line) == 2 + 4 * 19));
}

/// There, the last three columns of each CPU are not in the order of their names.
#[test]
fn plot_cpus() {
    let ours = played(&options("Cj", plot(' ', 0, false)));
    let theirs = include_str!("fixtures/plot_cpus.txt");
    let mut in_order = String::new();
    for (number, line) in theirs.lines().enumerate() {
        let mut fields: Vec<_> = line.split(' ').collect();
        if number > 0 {
            fields[2..]
                .chunks_mut(12)
                .for_each(|cpu| cpu[9..].rotate_left(1));
        }
        in_order += &(fields.join(" ") + "\n");
    }
    compare("plot_cpus", &ours, &in_order);
}

/// Interrupts alone have no plot columns; played back, they come with their CPUs.
#[test]
fn plot_interrupts() {
    let live = options("dJ", plot(' ', 0, false));
    let again = Options {
        playback: vec!["node1.raw".into()],
        ..live.clone()
    };
    let header = |options: &Options| {
        let lines = played(options);
        lines.lines().next().unwrap().to_owned()
    };
    assert!(header(&live).ends_with(" [DSK]MrgTot"));
    assert!(header(&again).ends_with(" [DSK]MrgTot [CPU:0]User% [CPU:0]Nice% [CPU:0]Sys% [CPU:0]Wait% [CPU:0]Irq% [CPU:0]Soft% [CPU:0]Steal% [CPU:0]Idle% [CPU:0]Totl% [CPU:0]Guest% [CPU:0]GuestN% [CPU:0]Intrpt [CPU:1]User% [CPU:1]Nice% [CPU:1]Sys% [CPU:1]Wait% [CPU:1]Irq% [CPU:1]Soft% [CPU:1]Steal% [CPU:1]Idle% [CPU:1]Totl% [CPU:1]Guest% [CPU:1]GuestN% [CPU:1]Intrpt"));
    assert_eq!(header(&options("j", plot(' ', 0, false))), "#Date Time");
}

/// On a terminal samples of lexpr have no end.
#[test]
fn lexpr_on_sockets() {
    let here = options("c", Style::Lexpr);
    let there = Options {
        address: Some(Address::Listen {
            at: Vec::new(),
            prefix: false,
        }),
        ..here.clone()
    };
    assert_eq!(played(&here).matches(">>><<<").count(), 0);
    let there = played(&there);
    assert_eq!(there.matches("\n>>><<<\n").count(), 4);
    assert!(there.ends_with("\n>>><<<\n"));
}

/// What goes to files is the line in parts; the header is the same allocation as long as it says the same.
#[test]
fn plot_parts() {
    let options = options("cCDN", plot(' ', 0, false));
    let mut renderer = Renderer::in_zone(&options, facts(), TimeZone::UTC);
    let records = records();
    let mut headers: Vec<_> = Vec::new();
    for pair in records.windows(2) {
        let interval = Interval::between(&pair[0], &pair[1], false);
        let lines = renderer.render(Some(&interval), None);
        let time = lines.body.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let parts = renderer.parts();
        let suffixes: Vec<_> = parts.iter().map(|part| part.suffix).collect();
        assert_eq!(suffixes, ["tab", "cpu", "dsk", "net"]);
        let joined = parts.iter().map(|part| {
            let line = part.lines.strip_prefix(&time).unwrap();
            line.strip_suffix('\n').unwrap()
        });
        assert_eq!(
            *lines.body,
            format!("{time}{}\n", joined.collect::<String>())
        );
        let names = parts.iter().map(|part| {
            let names = part.header.strip_prefix("#Date Time").unwrap();
            names.strip_suffix('\n').unwrap()
        });
        assert_eq!(
            *lines.header,
            format!("#Date Time{}\n", names.collect::<String>())
        );
        headers.push((lines.header.clone(), parts[0].header.clone()));
    }
    assert!(Arc::ptr_eq(&headers[2].0, &headers[3].0));
    assert!(!Arc::ptr_eq(&headers[0].0, &headers[1].0), "a disk came");
    assert!(Arc::ptr_eq(&headers[0].1, &headers[3].1));
}

#[test]
fn headers_are_kept_while_they_say_the_same() {
    for (letters, style) in [("cdn", Style::Brief), ("c", Style::Verbose)] {
        let mut renderer = Renderer::in_zone(&options(letters, style), facts(), TimeZone::UTC);
        let records = records();
        let interval = Interval::between(&records[0], &records[1], false);
        let first = renderer.render(Some(&interval), None);
        let second = renderer.render(Some(&interval), None);
        assert!(first.header.starts_with(['#', '\n']) && first.body == second.body);
        assert!(Arc::ptr_eq(&first.header, &second.header));
        let mut fewer = records[1].clone();
        fewer.cpus.pop();
        let interval = Interval::between(&records[0], &fewer, false);
        let third = renderer.render(Some(&interval), None);
        assert!(third.header.contains("*** One or more CPUs disabled ***"));
        let nothing = renderer.render(None, None);
        assert!(nothing.body.is_empty() && Arc::ptr_eq(&third.header, &nothing.header));
    }
}

#[test]
fn exact_lines_are_json() {
    let all = played(&options("cjmbdntsifCJDN", Style::Exact));
    let samples: Vec<serde_json::Value> = all
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(samples.len(), 4);
    let sample = &samples[2];
    assert_eq!(sample["time"], 1_795_196_612.75);
    assert_eq!(sample["host"], "node1");
    let machine = &sample["machine"];
    assert_eq!(machine["interval_ns"], 250_000_000);
    let disk = &machine["disks"][1];
    assert_eq!(
        (&disk["name"], &disk["changes"]["reads"]),
        (&"sdb".into(), &120.into())
    );
    let sent = &machine["network_total"]["changes"]["sent"]["bytes"];
    assert_eq!(*sent, 450_000);
    assert_eq!(machine["protocols"]["changes"]["Tcp"]["CurrEstab"], 20);
    assert_eq!(machine["nfs"]["changes"]["server"]["commits"], 77_030);
    assert!(machine["memory"]["inactive_kb"].is_u64());
    assert!(machine["interrupt_kinds"].as_array().unwrap().len() > 5);
    // Neither processes nor a sample without them make an object of nothing.
    let mut renderer = Renderer::in_zone(&options("Z", Style::Exact), facts(), TimeZone::UTC);
    let interval = Interval::default();
    assert_eq!(&*renderer.render(Some(&interval), None).body, "");
}

/// Blocks of processes come last, and those samples that have none have no empty block.
#[test]
fn processes_have_their_place() {
    let records = records();
    let interval = Interval::between(&records[0], &records[1], false);
    let table = Table::default();
    let rendered = |letters, style, machine: bool, table: Option<&Table>| {
        let mut renderer = Renderer::in_zone(&options(letters, style), facts(), TimeZone::UTC);
        renderer.render(Some(&interval).filter(|_| machine), table)
    };
    let both = rendered("cZ", Style::Verbose, true, Some(&table)).body;
    let places = [
        "### RECORD    1 ",
        "# CPU SUMMARY",
        "# PROCESS SUMMARY",
        "# PID ",
    ];
    let places = places.map(|text| both.find(text).unwrap());
    assert!(places.is_sorted());
    let without = rendered("cZ", Style::Verbose, true, None).body;
    assert!(both.starts_with(&*without) && !without.contains("PROCESS"));
    assert_eq!(&*rendered("Z", Style::Verbose, true, None).body, "");
    let alone = rendered("Z", Style::Brief, false, Some(&table));
    assert!(
        alone
            .body
            .contains("\n\n# PROCESS SUMMARY (counters are /sec)\n#")
            && alone.header.is_empty()
    );
    let plotted = rendered("Z", plot(' ', 0, false), true, Some(&table));
    assert!(
        plotted.header.starts_with("#Date Time PID User ") && plotted.header.lines().count() == 1
    );
}
