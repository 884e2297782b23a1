//! Where tables go again and again.

use std::io::{self, Write};

/// Beside the screen of the shell, which comes back afterwards; no cursor.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l";

const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";

/// Columns and lines of a terminal, if the output is one.
pub type Size = Option<(usize, usize)>;

/// A terminal on which each table takes the place of the one before, or a stream that gets them all.
/// A terminal is as it was when this is dropped.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    /// On a terminal.
    entered: bool,
    /// In a stream.
    begun: bool,
}

impl<W: Write> Screen<W> {
    /// Nothing is written yet.
    pub fn new(out: W) -> Self {
        Self {
            out,
            entered: false,
            begun: false,
        }
    }

    /// Shows these lines, in one write: a terminal would flicker otherwise. What does not fit onto it
    /// is counted in its last line. In a stream an empty line stands between two tables.
    ///
    /// # Errors
    /// What the writer says.
    pub fn show(&mut self, lines: &[String], size: Size) -> io::Result<()> {
        let mut text = Vec::new();
        match size {
            None => {
                if self.begun {
                    text.push(b'\n');
                }
                for line in lines {
                    text.extend_from_slice(line.as_bytes());
                    text.push(b'\n');
                }
                self.begun = true;
            }
            Some(size) => {
                if !self.entered {
                    text.extend_from_slice(ENTER);
                    self.entered = true;
                }
                frame(&mut text, lines, size);
            }
        }
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

impl<W: Write> Drop for Screen<W> {
    fn drop(&mut self) {
        if self.entered {
            let _ = self.out.write_all(LEAVE);
            let _ = self.out.flush();
        }
    }
}

/// Lines over those that are there.
fn frame(text: &mut Vec<u8>, lines: &[String], (columns, rows): (usize, usize)) {
    let rows = rows.max(1);
    let shown = match lines.len() > rows {
        true => rows - 1,
        false => lines.len(),
    };
    let rest = (shown < lines.len()).then(|| format!("... and {} more", lines.len() - shown));
    text.extend_from_slice(b"\x1b[H");
    for (number, line) in lines.iter().take(shown).chain(&rest).enumerate() {
        if number > 0 {
            text.extend_from_slice(b"\r\n");
        }
        let line: String = line.chars().take(columns).collect();
        text.extend_from_slice(line.as_bytes());
        // Behind a full line the cursor still stands on its last letter.
        if line.chars().count() < columns {
            text.extend_from_slice(b"\x1b[K");
        }
    }
    if rest.is_none() && shown < rows {
        text.extend_from_slice(b"\r\n\x1b[J");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(sizes: &[Size], lines: &[&str]) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        for &size in sizes {
            screen.show(&lines, size).unwrap();
        }
        drop(screen);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_stream_gets_tables_with_an_empty_line_between() {
        assert_eq!(shown(&[None, None], &["a", "b"]), "a\nb\n\na\nb\n");
    }

    #[test]
    fn a_terminal_is_written_over_and_given_back() {
        let (enter, leave) = ("\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l");
        let size = Some((3, 4));
        assert_eq!(
            shown(&[size, size], &["ab", "cdef"]),
            format!("{enter}\x1b[Hab\x1b[K\r\ncde\r\n\x1b[J\x1b[Hab\x1b[K\r\ncde\r\n\x1b[J{leave}")
        );
        assert_eq!(shown(&[], &[]), "");
    }

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let text = shown(&[Some((20, 3))], &["a", "b", "c", "d"]);
        assert!(text.contains("b\x1b[K\r\n... and 2 more\x1b[K"), "{text:?}");
        assert!(!text.contains("\x1b[J"), "{text:?}");
        for size in [(0, 0), (1, 1), (0, 9)] {
            let _ = shown(&[Some(size)], &["a", "b"]);
        }
    }
}
