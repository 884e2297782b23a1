//! From bytes to a tree whose parts know their lines.

use toml::de::DeTable;

use super::problem::{Place, Problem};

/// Most letters that a message repeats.
const SHOWN: usize = 60;

/// Tells lines from offsets.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
    /// Where lines begin.
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The number of the line that holds a byte; the first one is 1.
    pub(super) fn of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset)
    }

    fn get(&self, line: usize) -> &'a str {
        let start = self.starts.get(line.saturating_sub(1)).copied();
        let rest = start.and_then(|start| self.text.get(start..));
        rest.and_then(|rest| rest.lines().next())
            .unwrap_or_default()
            .trim()
    }
}

/// Parses as far as possible, and tells everything that is no TOML.
pub(super) fn parse<'a>(text: &'a str, lines: &Lines<'_>) -> (DeTable<'a>, Vec<Problem>) {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut problems: Vec<Problem> = Vec::new();
    for error in errors {
        let offset = error.span().map_or(0, |span| span.start);
        let line = lines.of(offset);
        // What follows on the same line is mostly the same mistake seen twice.
        if problems.iter().rev().take(4).any(|p| p.place.line == line) {
            continue;
        }
        let words = lines.get(line);
        problems.push(Problem {
            place: Place {
                line,
                key: key(words),
            },
            text: format!("no TOML: {}{}", error.message(), hint(words)),
        });
    }
    (table.into_inner(), problems)
}

/// Whether keys behind this line may have lost their table.
pub(super) fn is_header(problem: &Problem, lines: &Lines<'_>) -> bool {
    lines.get(problem.place.line).starts_with('[')
}

/// What stands on a line in the place of a key.
fn key(line: &str) -> String {
    let before = line.split_once('=').map_or(line, |(key, _)| key).trim();
    if before.is_empty() {
        "syntax".to_owned()
    } else {
        short(before)
    }
}

fn hint(line: &str) -> &'static str {
    if line.starts_with('[') && line.contains('/') && !line.contains('"') {
        "; names of elements stand in quotes: [\"source/procfs/network\"]"
    } else {
        ""
    }
}

/// The beginning of a text, on one line.
pub(super) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.escape_debug().to_string().replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_have_lines() {
        let lines = Lines::new("a\nb\r\n\nlast");
        let of = |offset| lines.of(offset);
        assert_eq!((of(0), of(1), of(2), of(5), of(6)), (1, 1, 2, 3, 4));
        assert_eq!((of(9), of(1000)), (4, 4));
        assert_eq!(
            (lines.get(2), lines.get(3), lines.get(4)),
            ("b", "", "last")
        );
        assert_eq!((lines.get(0), lines.get(5)), ("a", ""));
        assert_eq!(Lines::new("").of(0), 1);
    }

    #[test]
    fn long_and_odd_texts_are_shown_on_one_line() {
        assert_eq!(short("a\nb\"c\""), "a\\nb\"c\"");
        assert_eq!(short(&"ä".repeat(100)).chars().count(), SHOWN + 1);
    }
}
