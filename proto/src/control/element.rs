//! Every part of a running agent is an element with a name of the form `kind/plugin/element`, the
//! same in commands, configuration, status and log.

use std::{borrow::Cow, fmt};

/// What an element does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Reads something of the kernel.
    Source,
    /// Computes something from what sources read.
    Transform,
    /// Gives it to clients or files.
    Output,
}

impl Kind {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Transform => "transform",
            Self::Output => "output",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name of an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// What it does.
    pub kind: Kind,
    /// Where its figures come from or go to: `ebpf`, `procfs`, `socktop`.
    pub plugin: Cow<'static, str>,
    /// The rest of the name; it may hold slashes.
    pub element: Cow<'static, str>,
}

impl Element {
    /// A name that is known when the program is built.
    #[must_use]
    pub const fn new(kind: Kind, plugin: &'static str, element: &'static str) -> Self {
        Self {
            kind,
            plugin: Cow::Borrowed(plugin),
            element: Cow::Borrowed(element),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.plugin, self.element)
    }
}
