//! From bytes to a tree whose parts know their lines.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use toml::de::DeTable;

use super::problem::{Place, Problem};

/// Most letters that a message repeats.
const SHOWN: usize = 60;

/// How often a text is mended; once is enough for all that is known.
const ROUNDS: usize = 3;

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

/// Looks for everything that is no TOML, and tells it by line; of several mistakes in a line mostly the
/// first one is to blame for the others. Also gives the text as far as it can be used.
///
/// The parser looks at no values behind a key without one, so such lines are made blank.
pub(super) fn mend<'a>(
    text: &'a str,
    lines: &Lines<'_>,
) -> (Cow<'a, str>, BTreeMap<usize, Problem>) {
    let (mut text, mut problems) = (Cow::Borrowed(text), BTreeMap::new());
    for _ in 0..ROUNDS {
        let (_, errors) = DeTable::parse_recoverable(&text);
        let mut blank = BTreeSet::new();
        for error in errors {
            let line = lines.of(error.span().map_or(0, |span| span.start));
            if error.message().starts_with("key with no value") {
                blank.insert(line);
            }
            let words = lines.get(line);
            problems.entry(line).or_insert_with(|| Problem {
                place: Place {
                    line,
                    key: key(words),
                },
                text: format!("no TOML: {}{}", error.message(), hint(words)),
            });
        }
        if blank.is_empty() {
            break;
        }
        text = Cow::Owned(without(&text, &blank));
    }
    (text, problems)
}

/// A text with the same lines; those of `blank` hold blanks only, as many bytes.
fn without(text: &str, blank: &BTreeSet<usize>) -> String {
    let numbered = text.split_inclusive('\n').zip(1..);
    numbered.fold(String::with_capacity(text.len()), |mut all, (line, n)| {
        if blank.contains(&n) {
            let end = line.trim_end_matches(['\r', '\n']).len();
            all.extend(std::iter::repeat_n(' ', end));
            all.push_str(&line[end..]);
        } else {
            all.push_str(line);
        }
        all
    })
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
    fn blank_lines_keep_their_length() {
        let blank = BTreeSet::from([1, 3]);
        assert_eq!(without("ä\r\nb\nc", &blank), "  \r\nb\n ");
    }

    #[test]
    fn long_and_odd_texts_are_shown_on_one_line() {
        assert_eq!(short("a\nb\"c\""), "a\\nb\"c\"");
        assert_eq!(short(&"ä".repeat(100)).chars().count(), SHOWN + 1);
    }
}
