//! Why a command line is not understood.

use thiserror::Error;

/// What is wrong, where, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Error {
    /// A letter that is no switch.
    #[error("{word}: there is no switch -{letter}; {LETTERS}")]
    Letter {
        /// The word that it is in.
        word: String,
        /// The letter.
        letter: char,
    },
    /// A word that is no switch.
    #[error("there is no switch {0}; -h lists those that there are")]
    Name(String),
    /// The beginning of several.
    #[error("{word} may be {}: write more of it", .names.join(" or "))]
    Ambiguous {
        /// The beginning.
        word: String,
        /// All that begin with it.
        names: Vec<String>,
    },
    /// One hyphen instead of two.
    #[error("{word}: did you mean -{word}?")]
    Hyphen {
        /// What was written.
        word: String,
    },
    /// Its value is missing.
    #[error("{0} needs a value behind it")]
    Missing(String),
    /// It has a value but takes none.
    #[error("{0} takes no value")]
    Extra(String),
    /// One of collectl's that is not done here.
    #[error("{name} is not supported: {instead}")]
    Unsupported {
        /// The switch, or a part of its value.
        name: String,
        /// What there is instead.
        instead: &'static str,
    },
    /// Its value is wrong.
    #[error("{name} {value:?}: {problem}")]
    Value {
        /// The switch.
        name: String,
        /// What was given.
        value: String,
        /// What is wrong and what would be right.
        problem: String,
    },
    /// Switches that exclude each other, or one that needs another.
    #[error("{0}")]
    Together(&'static str),
    /// Quotes of a line of switches.
    #[error("a quote {0} is never closed")]
    Quote(char),
}

/// All letters, with what they stand for in one word.
const LETTERS: &str = "letters are -s (subsystems), -i (interval), -c (count), -o (options), -P (plot), \
                       -A (address), -f (files), -F (flush), -r (roll), -R (run time), -p (play back), \
                       -w (wide), -D (daemon), -v (version) and -h (help)";

impl Error {
    /// Of a value.
    pub(super) fn value(name: &str, value: &str, problem: impl Into<String>) -> Self {
        Self::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            problem: problem.into(),
        }
    }

    /// Of what is not done here.
    pub(super) fn unsupported(name: impl Into<String>, instead: &'static str) -> Self {
        Self::Unsupported {
            name: name.into(),
            instead,
        }
    }
}
