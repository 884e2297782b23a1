//! What `-h` and `-v` say.

/// The text of `-h`.
pub const HELP: &str = include_str!("help.txt");

/// What `-v` says, with the version of this program. colmux wants the first line to begin with `collectl V`
/// and a version that is, as text, not below `3.5`; it warns when hosts differ, so the version is that of
/// the collectl whose formats these are.
#[must_use]
pub fn version(own: &str) -> String {
    format!(
        "collectl V4.3.1-1 (subjiffy {own})\n\nsubjiffy {own}, with the switches and formats of collectl 4.3.1\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colmux_takes_the_version() {
        let text = version("1.2.3");
        let first = text.lines().next().unwrap();
        let version = first.strip_prefix("collectl V").unwrap();
        let version = version.split_whitespace().next().unwrap();
        assert!(version >= "3.5", "{version}");
        assert!(first.contains("1.2.3"));
        // Words by which colmux knows that something went wrong.
        for word in ["not found", "not installed", "refused", "Permission denied"] {
            assert!(!text.contains(word), "{word}");
        }
    }

    #[test]
    fn lines_of_help_fit_a_terminal() {
        for line in HELP.lines() {
            assert!(line.chars().count() <= 80, "{line}");
            assert!(!line.ends_with(' '), "{line:?}");
        }
    }
}
