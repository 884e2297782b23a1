//! Standard output.

use std::io::{self, Write};

use super::{Lines, Repeats};
use crate::options::Headers;

/// Lines on a terminal, or wherever standard output goes.
#[derive(Debug)]
pub struct Terminal<W = io::Stdout> {
    to: W,
    repeats: Repeats,
    text: String,
}

impl Terminal {
    /// On standard output.
    #[must_use]
    pub fn new(headers: Headers) -> Self {
        Self::on(io::stdout(), headers)
    }
}

impl<W: Write> Terminal<W> {
    /// On something else.
    pub fn on(to: W, headers: Headers) -> Self {
        Self {
            to,
            repeats: Repeats::new(headers),
            text: String::new(),
        }
    }

    /// Writes them at once; `false` when nobody reads any more, which is an orderly end.
    ///
    /// # Errors
    /// Whatever else is wrong with standard output, such as a full disk.
    pub fn show(&mut self, lines: &Lines) -> io::Result<bool> {
        self.text.clear();
        self.text.push_str(self.repeats.due(lines));
        self.text.push_str(&lines.body);
        let written = self.to.write_all(self.text.as_bytes());
        match written.and_then(|()| self.to.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn sample() -> Lines {
        Lines {
            header: "#a\n".into(),
            body: "1\n".into(),
        }
    }

    #[test]
    fn headers_are_repeated() {
        let mut text = Vec::new();
        let mut terminal = Terminal::on(&mut text, Headers::Every(2));
        let sample = sample();
        for _ in 0..3 {
            assert!(terminal.show(&sample).unwrap());
        }
        assert_eq!(String::from_utf8(text).unwrap(), "#a\n1\n1\n#a\n1\n");
    }

    #[test]
    fn a_reader_that_is_gone_is_no_error_and_a_full_disk_is() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut terminal = Terminal::on(writer, Headers::Once);
        assert!(!terminal.show(&sample()).unwrap());

        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = Terminal::on(full, Headers::Once).show(&sample());
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
