//! Bytes to lines, whatever arrives.

/// The longest line, without its end.
pub const LONGEST: usize = 4096;

/// What the bytes said.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// One of more than [`LONGEST`] bytes, of which nothing was kept.
    TooLong,
}

/// Keeps what is not a whole line yet.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
    /// The line that is arriving is too long already.
    too_long: bool,
}

impl Lines {
    /// Calls `each` for every line that these bytes end.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.keep(&bytes[..end]);
            bytes = &bytes[end + 1..];
            self.finish(&mut each);
        }
        self.keep(bytes);
    }

    /// No more bytes come: what is left is a line, too.
    pub fn end(&mut self, mut each: impl FnMut(Line<'_>)) {
        if self.too_long || !self.rest.is_empty() {
            self.finish(&mut each);
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.rest.len() + bytes.len() > LONGEST;
        if self.too_long {
            self.rest.clear();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn finish(&mut self, each: &mut impl FnMut(Line<'_>)) {
        if std::mem::take(&mut self.too_long) {
            each(Line::TooLong);
        } else {
            each(Line::Whole(&self.rest));
        }
        self.rest.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<Vec<u8>>> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut each = |line: Line<'_>| match line {
            Line::Whole(line) => found.push(Some(line.to_vec())),
            Line::TooLong => found.push(None),
        };
        for piece in pieces {
            lines.feed(piece, &mut each);
        }
        lines.end(&mut each);
        assert!(lines.rest.capacity() <= 4 * LONGEST);
        found
    }

    #[test]
    fn a_line_that_is_too_long_costs_only_itself() {
        let long = vec![b'x'; 2 << 20];
        let text = [b"one\n".as_slice(), &long, b"\ntwo\n\nlast"].concat();
        let of = |text: &str| Some(text.as_bytes().to_vec());
        let expected = [of("one"), None, of("two"), of(""), of("last")];
        assert_eq!(lines([&text[..]]), expected);
        assert_eq!(lines(text.chunks(1000)), expected);
        assert_eq!(lines([&long[..]]), [None]);
        assert_eq!(lines([&long[..LONGEST]]), [Some(long[..LONGEST].to_vec())]);
        assert_eq!(lines([&b""[..]]), []);
    }

    proptest! {
        #[test]
        fn how_it_arrives_makes_no_difference(text: Vec<u8>, sizes in prop::collection::vec(1_usize..9, 1..20)) {
            let mut pieces = Vec::new();
            let (mut rest, mut sizes) = (&text[..], sizes.iter().cycle());
            while let Some(size) = sizes.next().filter(|_| !rest.is_empty()) {
                let (piece, behind) = rest.split_at((*size).min(rest.len()));
                pieces.push(piece);
                rest = behind;
            }
            prop_assert_eq!(lines(pieces), lines([&text[..]]));
        }
    }
}
