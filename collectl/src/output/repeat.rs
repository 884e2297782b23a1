//! When a header is due.

use std::sync::Arc;

use super::Lines;
use crate::options::Headers;

/// What one receiver has been shown.
#[derive(Debug)]
pub struct Repeats {
    when: Headers,
    shown: Arc<str>,
    /// Samples since it was shown.
    samples: u32,
}

impl Repeats {
    /// Of a receiver that has seen nothing.
    #[must_use]
    pub fn new(when: Headers) -> Self {
        Self {
            when,
            shown: Arc::default(),
            samples: 0,
        }
    }

    /// The header to write before this sample, or an empty one.
    pub fn due<'a>(&mut self, lines: &'a Lines) -> &'a str {
        if lines.body.is_empty() {
            return "";
        }
        let due = self.begin(&lines.header);
        self.samples = self.samples.saturating_add(1);
        due
    }

    /// The header to write now although there is no sample yet: of who has just come.
    pub fn begin<'a>(&mut self, header: &'a Arc<str>) -> &'a str {
        let again = match self.when {
            Headers::Never => return "",
            Headers::Once => false,
            Headers::Every(samples) => self.samples >= samples,
        };
        if header.is_empty()
            || !again && (Arc::ptr_eq(header, &self.shown) || *header == self.shown)
        {
            return "";
        }
        self.shown = Arc::clone(header);
        self.samples = 0;
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(when: Headers, headers: &[&str]) -> Vec<bool> {
        let mut repeats = Repeats::new(when);
        let due = |header: &&str| {
            let lines = Lines {
                header: Arc::from(*header),
                body: Arc::from("1\n"),
            };
            !repeats.due(&lines).is_empty()
        };
        headers.iter().map(due).collect()
    }

    #[test]
    fn headers_come_first_and_again_after_so_many_samples() {
        let every = |samples| shown(Headers::Every(samples), &["#a\n"; 5]);
        assert_eq!(every(2), [true, false, true, false, true]);
        assert_eq!(every(1), [true; 5]);
        assert_eq!(shown(Headers::Never, &["#a\n"; 3]), [false; 3]);
        assert_eq!(shown(Headers::Once, &["#a\n"; 3]), [true, false, false]);
    }

    #[test]
    fn another_header_is_shown_at_once_and_no_header_never() {
        let headers = ["#a\n", "#b\n", "#b\n", "", "#b\n"];
        assert_eq!(
            shown(Headers::Once, &headers),
            [true, true, false, false, false]
        );
        let headers = ["#a\n", "#a\n", "#b\n", "#b\n", "#b\n", "#b\n"];
        assert_eq!(
            shown(Headers::Every(3), &headers),
            [true, false, true, false, false, true]
        );
    }

    #[test]
    fn who_was_greeted_with_a_header_gets_it_again_when_it_is_due() {
        let mut repeats = Repeats::new(Headers::Every(2));
        let lines = Lines {
            header: Arc::from("#a\n"),
            body: Arc::from("1\n"),
        };
        assert_eq!(repeats.begin(&lines.header), "#a\n");
        assert_eq!(repeats.due(&lines), "");
        assert_eq!(repeats.due(&lines), "");
        assert_eq!(repeats.due(&lines), "#a\n");
    }

    #[test]
    fn a_sample_without_lines_has_no_header_and_does_not_count() {
        let mut repeats = Repeats::new(Headers::Every(1));
        let mut lines = Lines {
            header: Arc::from("#a\n"),
            body: Arc::default(),
        };
        assert_eq!(repeats.due(&lines), "");
        lines.body = Arc::from("1\n");
        assert_eq!(repeats.due(&lines), "#a\n");
    }
}
