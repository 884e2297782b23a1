//! Against what collectl 4.3.1 made of the same recording (`collectl -p`).

use jiff::tz::TimeZone;

use super::*;
use crate::{
    options::{DateFormat, Digits, Options, Plot, Style, Subsystem, Subsystems, TimeFormat},
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
