//! Durations in words: `500ms`, `1m30s`, `1h 30m`.

use std::{fmt, time::Duration};

use thiserror::Error;

/// The shortest sampling period.
pub const SHORTEST: Duration = Duration::from_millis(1);

/// The longest.
pub const LONGEST: Duration = Duration::from_secs(3600);

/// A sampling period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(Duration);

/// Why words are no period.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// No words.
    #[error("a duration is missing, for example 100ms or 1m30s")]
    Missing,
    /// Not understood.
    #[error("{words:?} is no duration: {reason}; right would be 100ms or 1m30s")]
    Words {
        /// What was there.
        words: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Too short or too long.
    #[error("{} is not between 1ms and 1h, the shortest and the longest period{}", .0, months(.0))]
    Range(String),
}

/// One letter makes two months of two minutes.
fn months(words: &str) -> &'static str {
    if words.contains('M') {
        " (M is a month, m a minute)"
    } else {
        ""
    }
}

impl Period {
    /// A period of this length, if it is one.
    ///
    /// # Errors
    /// [`PeriodError::Range`]
    pub fn new(length: Duration) -> Result<Self, PeriodError> {
        if (SHORTEST..=LONGEST).contains(&length) {
            Ok(Self(length))
        } else {
            Err(PeriodError::Range(
                humantime::format_duration(length).to_string(),
            ))
        }
    }

    /// Its length.
    #[must_use]
    pub fn get(self) -> Duration {
        self.0
    }

    /// Reads all of some words as one duration.
    ///
    /// # Errors
    /// [`PeriodError`]
    pub fn parse(words: &[&str]) -> Result<Self, PeriodError> {
        let length = parse(words)?;
        Self::new(length).map_err(|_| PeriodError::Range(words.join(" ")))
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> Duration {
        self.0
    }
}

/// Reads all of some words as one duration of any length.
///
/// # Errors
/// [`PeriodError::Missing`], [`PeriodError::Words`]
pub fn parse(words: &[&str]) -> Result<Duration, PeriodError> {
    if words.is_empty() {
        return Err(PeriodError::Missing);
    }
    let words = words.join(" ");
    humantime::parse_duration(&words).map_err(|error| PeriodError::Words {
        reason: error.to_string(),
        words,
    })
}

/// One word that [`parse`] reads again.
#[must_use]
pub fn word(length: Duration) -> String {
    humantime::format_duration(length)
        .to_string()
        .replace(' ', "")
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&word(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_words_are_one_duration() {
        let period = |words: &str| {
            let words: Vec<_> = words.split_whitespace().collect();
            Period::parse(&words).map(Period::length)
        };
        assert_eq!(period("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(period("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(period("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(period("1h"), Ok(LONGEST));
        assert_eq!(period(""), Err(PeriodError::Missing));
        for wrong in ["5", "-1s", "fast", "1s fast"] {
            let error = period(wrong).unwrap_err().to_string();
            assert!(
                error.contains("is no duration") && error.contains("100ms"),
                "{error}"
            );
        }
        for wrong in ["0s", "999us", "1h 1ms", "2M"] {
            let error = period(wrong).unwrap_err().to_string();
            assert!(
                error.contains(wrong) && error.contains("between 1ms and 1h"),
                "{error}"
            );
        }
        assert!(period("2M").unwrap_err().to_string().contains("m a minute"));
    }
}
