//! Where a setting comes from.

use std::{fmt, path::PathBuf};

use crate::config::Place;

/// Where a setting comes from; the better place first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whence {
    /// A flag.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The configuration file.
    File {
        /// Which one.
        path: PathBuf,
        /// Where in it.
        place: Place,
    },
    /// Nobody said it.
    Default,
}

/// A setting and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// The setting.
    pub value: T,
    /// Where it comes from, to begin a message about it.
    pub whence: Whence,
}

impl<T: Clone> Told<T> {
    /// What a flag says.
    #[must_use]
    pub fn flag(value: &T, name: &'static str) -> Self {
        Self {
            value: value.clone(),
            whence: Whence::Flag(name),
        }
    }
}

impl Whence {
    /// The smaller, the better.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::Flag(_) => 0,
            Self::Variable(_) => 1,
            Self::File { .. } => 2,
            Self::Default => 3,
        }
    }
}

impl fmt::Display for Whence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => f.write_str(name),
            Self::File { path, place } => write!(f, "{}:{place}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}
