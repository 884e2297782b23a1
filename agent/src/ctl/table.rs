//! The status of elements in columns.

use std::time::Duration;

use subjiffy_proto::control::{ElementStatus, StatusReply, period::word, status::rough};

/// Between columns.
const GAP: &str = "  ";

/// A column: its title, whether it is of numbers, which stand at its right end, and its cells.
struct Column {
    title: &'static str,
    right: bool,
    /// It is there only if an element has something in it.
    optional: bool,
    cell: fn(&ElementStatus, u64) -> String,
}

const fn column(title: &'static str, cell: fn(&ElementStatus, u64) -> String) -> Column {
    Column {
        title,
        right: true,
        optional: false,
        cell,
    }
}

const COLUMNS: [Column; 11] = [
    Column {
        right: false,
        ..column("ELEMENT", |one, _| one.name.clone())
    },
    Column {
        right: false,
        ..column("STATE", |one, _| one.state.clone())
    },
    column("PERIOD", |one, _| maybe(one.period_ns.map(exactly))),
    Column {
        optional: true,
        ..column("BACK", |one, _| match one.back {
            Some(back) => format!("{} in {}", exactly(back.period_ns), rough(back.in_ns)),
            None => String::new(),
        })
    },
    column("POLLS", |one, _| one.polls.to_string()),
    column("MISSED", |one, _| one.missed.to_string()),
    column("LAST", |one, now_ns| {
        maybe(
            one.last_poll_ns
                .map(|last| rough(now_ns.saturating_sub(last))),
        )
    }),
    column("JITTER P50/P99/MAX", |one, _| {
        let all = [one.jitter_p50_ns, one.jitter_p99_ns, one.jitter_max_ns];
        maybe((one.polls > 0 && one.jitter_max_ns > 0).then(|| all.map(rough).join("/")))
    }),
    column("COST", |one, _| {
        maybe((one.polls > 0).then(|| rough(one.cost_ns)))
    }),
    column("COST MAX", |one, _| {
        maybe((one.polls > 0).then(|| rough(one.cost_max_ns)))
    }),
    Column {
        right: false,
        optional: true,
        ..column("REASON", |one, _| one.reason.clone())
    },
];

fn maybe(cell: Option<String>) -> String {
    cell.unwrap_or_else(|| "-".to_owned())
}

fn exactly(ns: u64) -> String {
    word(Duration::from_nanos(ns))
}

/// A line of titles and one for each element, none longer than `width` letters. `LAST` is how long
/// ago the last poll was when the agent wrote this. There are ASCII letters only, one column each:
/// others become `?`.
#[must_use]
pub fn lines(reply: &StatusReply, width: usize) -> Vec<String> {
    let mut lines = vec![String::new(); reply.elements.len() + 1];
    for column in &COLUMNS {
        let cells = reply.elements.iter();
        let cells: Vec<String> = cells
            .map(|one| visible(&(column.cell)(one, reply.at_ns)))
            .collect();
        if column.optional && cells.iter().all(String::is_empty) {
            continue;
        }
        let widest = cells.iter().map(String::len).max().unwrap_or(0);
        let widest = widest.max(column.title.len());
        let all = std::iter::once(column.title).chain(cells.iter().map(String::as_str));
        for (line, cell) in lines.iter_mut().zip(all) {
            if !line.is_empty() {
                line.push_str(GAP);
            }
            let padding = " ".repeat(widest - cell.len());
            let (before, after) = match column.right {
                true => (&*padding, ""),
                false => ("", &*padding),
            };
            line.extend([before, cell, after]);
        }
    }
    for line in &mut lines {
        line.truncate(width);
        line.truncate(line.trim_end().len());
    }
    lines
}

fn visible(cell: &str) -> String {
    let visible = |letter: char| match letter {
        ' '..='~' => letter,
        _ => '?',
    };
    cell.chars().map(visible).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use subjiffy_proto::control::Back;

    fn source() -> ElementStatus {
        ElementStatus {
            name: "source/ebpf/sched".into(),
            state: "running".into(),
            period_ns: Some(10_000_000),
            polls: 1234,
            missed: 2,
            last_poll_ns: Some(9_997_000_000),
            jitter_p50_ns: 12_300,
            jitter_p99_ns: 80_000,
            jitter_max_ns: 1_230_000,
            cost_ns: 310_000,
            cost_max_ns: 999_000,
            ..ElementStatus::default()
        }
    }

    fn idle() -> ElementStatus {
        ElementStatus {
            name: "output/socktop/ws".into(),
            state: "paused".into(),
            ..ElementStatus::default()
        }
    }

    fn table(elements: Vec<ElementStatus>, width: usize) -> Vec<String> {
        let at_ns = 10_000_000_000;
        lines(&StatusReply { at_ns, elements }, width)
    }

    #[test]
    fn columns_stand_below_their_titles() {
        assert_eq!(
            table(vec![source(), idle()], 200),
            [
                "ELEMENT            STATE    PERIOD  POLLS  MISSED    LAST    JITTER P50/P99/MAX   COST  COST MAX",
                "source/ebpf/sched  running    10ms   1234       2  3.00ms  12.3us/80.0us/1.23ms  310us     999us",
                "output/socktop/ws  paused        -      0       0       -                     -      -         -",
            ]
        );
    }

    #[test]
    fn what_is_rare_has_a_column_only_when_it_is_there() {
        let (mut soon, mut failed) = (source(), idle());
        soon.back = Some(Back {
            period_ns: 10_000_000_000,
            in_ns: 61_000_000_000,
        });
        failed.reason = "no BTF\x1b[2J \u{b5}".into();
        let lines = table(vec![soon, failed], 200);
        assert!(
            lines[0].contains("  BACK  ") || lines[0].contains("BACK  POLLS"),
            "{lines:?}"
        );
        assert!(lines[1].contains("  10s in 1.02m  "), "{lines:?}");
        assert!(lines[0].ends_with("  REASON"), "{lines:?}");
        assert!(lines[2].ends_with("  no BTF?[2J ?"), "{lines:?}");
    }

    #[test]
    fn a_table_of_nothing_is_its_titles_and_long_lines_are_cut() {
        assert_eq!(table(Vec::new(), 14), ["ELEMENT  STATE"]);
        let mut long = source();
        long.name = format!("source/{}", "x".repeat(300));
        let lines = table(vec![long], 80);
        assert_eq!(lines[0], "ELEMENT");
        assert_eq!(lines[1], format!("source/{}", "x".repeat(73)));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_age() {
        let mut later = source();
        later.last_poll_ns = Some(u64::MAX);
        assert!(table(vec![later], 200)[1].contains("  0ns  "));
    }

    fn element() -> impl Strategy<Value = ElementStatus> {
        let numbers = prop::array::uniform8(any::<u64>());
        let options = (
            prop::option::of(any::<u64>()),
            prop::option::of(any::<u64>()),
            prop::option::of(any::<(u64, u64)>()),
        );
        (
            any::<String>(),
            "[a-z]{0,9}",
            any::<String>(),
            numbers,
            options,
        )
            .prop_map(
                |(name, state, reason, numbers, (period_ns, last_poll_ns, back))| ElementStatus {
                    name,
                    state,
                    reason,
                    period_ns,
                    back: back.map(|(period_ns, in_ns)| Back { period_ns, in_ns }),
                    polls: numbers[0],
                    missed: numbers[1],
                    last_poll_ns,
                    jitter_p50_ns: numbers[2],
                    jitter_p99_ns: numbers[3],
                    jitter_max_ns: numbers[4],
                    cost_ns: numbers[5],
                    cost_max_ns: numbers[6],
                },
            )
    }

    proptest! {
        #[test]
        fn every_line_fits_and_is_harmless(
            at_ns: u64,
            elements in prop::collection::vec(element(), 0..5),
            width in prop_oneof![0_usize..200, Just(usize::MAX)],
        ) {
            let reply = StatusReply { at_ns, elements };
            let lines = lines(&reply, width);
            prop_assert_eq!(lines.len(), reply.elements.len() + 1);
            for line in &lines {
                prop_assert!(line.len() <= width, "{} of {}", line.len(), width);
                prop_assert!(line.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{:?}", line);
            }
        }
    }
}
