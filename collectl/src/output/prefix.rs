//! The host's name in front of every line.

use std::sync::Arc;

use super::Lines;

/// Ends a block of `--export lexpr`; it never has the name of the host.
const BLOCK_END: &str = ">>><<<\n";

/// Puts it there, and says the same of a header that it said before.
#[derive(Debug)]
pub struct Prefixed {
    /// With a blank; empty if lines are to stay what they are.
    prefix: Arc<str>,
    header: (Arc<str>, Arc<str>),
    text: String,
}

impl Prefixed {
    /// With this host's name, which ends at its first dot; without one lines stay as they are.
    #[must_use]
    pub fn new(host: Option<&str>) -> Self {
        let name = host.map(|host| host.split('.').next().unwrap_or(host));
        Self {
            prefix: name.map_or_else(Arc::default, |name| format!("{name} ").into()),
            header: Default::default(),
            text: String::new(),
        }
    }

    /// What each line begins with: the name and a blank, or nothing.
    #[must_use]
    pub fn prefix(&self) -> Arc<str> {
        Arc::clone(&self.prefix)
    }

    /// The same lines with it.
    pub fn lines(&mut self, lines: &Lines) -> Lines {
        if self.prefix.is_empty() {
            return lines.clone();
        }
        if !Arc::ptr_eq(&lines.header, &self.header.0) {
            self.header = (Arc::clone(&lines.header), self.text(&lines.header));
        }
        Lines {
            header: Arc::clone(&self.header.1),
            body: self.text(&lines.body),
        }
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        self.text.clear();
        for line in text.split_inclusive('\n') {
            if line != BLOCK_END {
                self.text.push_str(&self.prefix);
            }
            self.text.push_str(line);
        }
        self.text.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(header: &str, body: &str) -> Lines {
        Lines {
            header: header.into(),
            body: body.into(),
        }
    }

    #[test]
    fn every_line_begins_with_the_host_but_the_end_of_a_block() {
        let mut prefixed = Prefixed::new(Some("vm.example.org"));
        let shown = prefixed.lines(&lines("#a\n#b\n", "1\n\na.b 2\n>>><<<\n"));
        assert_eq!(&*shown.header, "vm #a\nvm #b\n");
        assert_eq!(&*shown.body, "vm 1\nvm \nvm a.b 2\n>>><<<\n");
        assert_eq!(&*prefixed.prefix(), "vm ");
    }

    #[test]
    fn the_same_header_stays_the_same() {
        let mut prefixed = Prefixed::new(Some("vm"));
        let sample = lines("#a\n", "1\n");
        let first = prefixed.lines(&sample);
        assert!(Arc::ptr_eq(&first.header, &prefixed.lines(&sample).header));
        assert_eq!(&*prefixed.lines(&lines("#b\n", "1\n")).header, "vm #b\n");
    }

    #[test]
    fn without_a_host_nothing_changes() {
        let sample = lines("#a\n", "1\n");
        assert_eq!(Prefixed::new(None).lines(&sample), sample);
        assert_eq!(&*Prefixed::new(None).prefix(), "");
    }
}
