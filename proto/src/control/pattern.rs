//! Which elements a command means.

use std::fmt;

use thiserror::Error;

use super::element::{Element, Kind};

/// Alumet's crates have this before the names of its plugins, and its manual, but no running agent.
const CRATE_PREFIX: &str = "plugin-";

/// `kind` or `kind/plugin/element`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// `None` is every kind.
    pub kind: Option<Kind>,
    /// Of the second part.
    pub plugin: Text,
    /// Of all behind the second slash.
    pub element: Text,
}

/// A text with a `*` at one end, at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// `*`
    Any,
    /// `text*`
    Begins(String),
    /// `*text`
    Ends(String),
    /// `text`
    Is(String),
}

/// Why a word is no pattern.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// The part before the first slash.
    #[error(
        "{0:?} is no kind of element; the kinds are source (src, sources), transform (tra, \
         transforms), output (out, outputs) and * (all, any)"
    )]
    Kind(String),
    /// One slash only.
    #[error("{0:?} has two parts; a pattern has one, kind, or three, kind/plugin/element")]
    TwoParts(String),
    /// Nothing between or behind slashes.
    #[error("an empty part in {0:?}; * stands for anything")]
    Empty(String),
    /// One that is no part of a name.
    #[error("{0:?} holds a character that names do not have")]
    Control(String),
    /// A `*` that is not at one end, or more than one.
    #[error("{0:?}: one * may stand at the beginning or at the end of a part, nowhere else")]
    Asterisk(String),
}

impl Pattern {
    /// Every element.
    pub const ALL: Self = Self {
        kind: None,
        plugin: Text::Any,
        element: Text::Any,
    };

    /// Reads one word.
    ///
    /// # Errors
    /// [`PatternError`]
    pub fn parse(word: &str) -> Result<Self, PatternError> {
        // Neither what moves a terminal's cursor nor what turns the direction of text.
        if word.chars().any(|letter| letter.escape_debug().len() > 1) {
            return Err(PatternError::Control(word.to_owned()));
        }
        let mut parts = word.splitn(3, '/');
        let kind = kind(parts.next().unwrap_or_default())?;
        let (plugin, element) = match (parts.next(), parts.next()) {
            (None, _) => (Text::Any, Text::Any),
            (Some(_), None) => return Err(PatternError::TwoParts(word.to_owned())),
            (Some(plugin), Some(element)) => {
                (Text::parse(plugin, word)?, Text::parse(element, word)?)
            }
        };
        Ok(Self {
            kind,
            plugin,
            element,
        })
    }

    /// Whether an element is meant. A plugin may be called by its crate's name, too.
    #[must_use]
    pub fn matches(&self, element: &Element) -> bool {
        let plugin = &element.plugin;
        self.kind.is_none_or(|kind| kind == element.kind)
            && self.element.matches(&element.element)
            && (self.plugin.matches(plugin) || self.plugin.matches_crate(plugin))
    }
}

fn kind(word: &str) -> Result<Option<Kind>, PatternError> {
    Ok(match word {
        "src" | "source" | "sources" => Some(Kind::Source),
        "tra" | "transform" | "transforms" => Some(Kind::Transform),
        "out" | "output" | "outputs" => Some(Kind::Output),
        "*" | "all" | "any" => None,
        _ => return Err(PatternError::Kind(word.to_owned())),
    })
}

impl Text {
    fn parse(part: &str, word: &str) -> Result<Self, PatternError> {
        let plain = |text: &str| match text.contains('*') {
            true => Err(PatternError::Asterisk(word.to_owned())),
            false => Ok(text.to_owned()),
        };
        Ok(match (part.strip_prefix('*'), part.strip_suffix('*')) {
            _ if part.is_empty() => return Err(PatternError::Empty(word.to_owned())),
            (Some(""), _) => Self::Any,
            (Some(end), _) => Self::Ends(plain(end)?),
            (None, Some(beginning)) => Self::Begins(plain(beginning)?),
            (None, None) => Self::Is(plain(part)?),
        })
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Begins(beginning) => text.starts_with(beginning.as_str()),
            Self::Ends(end) => text.ends_with(end.as_str()),
            Self::Is(whole) => text == whole,
        }
    }

    /// Whether this is `plugin-` and a text that matches.
    fn matches_crate(&self, plugin: &str) -> bool {
        let bare = |text: &str| text.strip_prefix(CRATE_PREFIX).map(str::to_owned);
        match self {
            Self::Begins(text) => bare(text).is_some_and(|text| Self::Begins(text).matches(plugin)),
            Self::Is(text) => bare(text).is_some_and(|text| Self::Is(text).matches(plugin)),
            _ => false,
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Begins(text) => write!(f, "{text}*"),
            Self::Ends(text) => write!(f, "*{text}"),
            Self::Is(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.map_or("*", Kind::as_str))?;
        if (&self.plugin, &self.element) != (&Text::Any, &Text::Any) {
            write!(f, "/{}/{}", self.plugin, self.element)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: Element = Element::new(Kind::Source, "procfs", "memory");
    const DEEP: Element = Element::new(Kind::Transform, "attribution", "cpu/x");

    fn means(pattern: &str, element: &Element) -> bool {
        Pattern::parse(pattern).unwrap().matches(element)
    }

    #[test]
    fn kinds_have_short_names_and_wildcards_stand_at_one_end() {
        for all in [
            "*",
            "all",
            "any",
            "*/*/*",
            "src",
            "source",
            "sources",
            "source/*/*",
        ] {
            assert!(means(all, &MEMORY), "{all}");
        }
        for some in [
            "source/procfs/memory",
            "sources/proc*/*ory",
            "src/*fs/mem*",
            "source/plugin-procfs/memory",
            "source/plugin-pro*/memory",
        ] {
            assert!(means(some, &MEMORY), "{some}");
            assert!(!means(some, &DEEP), "{some}");
        }
        assert!(means("transform/attribution/cpu/x", &DEEP));
        assert!(!means("transform/attribution/cpu", &DEEP));
        assert!(!means("source/plugin-/memory", &MEMORY));
    }

    #[test]
    fn errors_say_which_part_is_wrong() {
        let error = |word| Pattern::parse(word).unwrap_err();
        assert_eq!(error("a/b/c"), PatternError::Kind("a".into()));
        assert_eq!(error("SOURCE"), PatternError::Kind("SOURCE".into()));
        assert_eq!(error(""), PatternError::Kind(String::new()));
        for word in ["source/procfs", "source/"] {
            assert_eq!(error(word), PatternError::TwoParts(word.into()));
        }
        for word in ["source//memory", "source/procfs/"] {
            assert_eq!(error(word), PatternError::Empty(word.into()));
        }
        for word in ["source/\u{1b}[31m/x", "\u{85}", "source/a\u{202e}/x"] {
            assert_eq!(error(word), PatternError::Control(word.into()));
        }
        for word in ["source/*m*/x", "source/a*b/x", "source/**/x"] {
            assert_eq!(error(word), PatternError::Asterisk(word.into()));
        }
    }
}
