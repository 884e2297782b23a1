//! What is wrong with a file, and where.

use std::{fmt, path::Path};

/// Where something stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line; the first one is 1.
    pub line: usize,
    /// The key with the tables that it is in, as in `"source/procfs/network".period`.
    pub key: String,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub place: Place,
}

/// Something wrong, or worth a word. Displayed without the name of the file: `LINE: KEY: TEXT`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong and what would be right; one line.
    pub text: String,
}

impl Problem {
    /// The whole message: `FILE:LINE: KEY: TEXT`.
    #[must_use]
    pub fn of_file(&self, file: &Path) -> String {
        format!("{}:{self}", file.display())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.key)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.text)
    }
}

/// What may have been meant by a word, as a text to put behind a message.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // More than that is no slip of the hand; and the work goes with the product of the lengths.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return String::new();
    }
    let scored = known
        .into_iter()
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate));
    let best = scored.min_by_key(|(distance, _)| *distance);
    match best {
        Some((distance, candidate)) if distance <= candidate.len().max(3) / 3 => {
            format!("; did you mean {candidate}?")
        }
        _ => String::new(),
    }
}
