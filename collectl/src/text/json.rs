//! JSON, one value after the other.

use std::fmt::{Display, Write as _};

/// An object or a list that is being written.
pub(super) struct Json<'a> {
    to: &'a mut String,
    is_empty: bool,
}

impl Json<'_> {
    fn next(&mut self) {
        if !self.is_empty {
            self.to.push(',');
        }
        self.is_empty = false;
    }

    fn key(&mut self, key: &str) {
        self.next();
        text(self.to, key);
        self.to.push(':');
    }

    /// A whole number or a truth value of an object.
    pub(super) fn whole(&mut self, key: &str, value: impl Display) -> &mut Self {
        self.key(key);
        let _ = write!(self.to, "{value}");
        self
    }

    /// A number that may have a fraction.
    pub(super) fn number(&mut self, key: &str, value: f64) -> &mut Self {
        self.key(key);
        number(self.to, value);
        self
    }

    /// A whole number, or null.
    pub(super) fn maybe(&mut self, key: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.whole(key, value),
            None => self.whole(key, "null"),
        }
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        text(self.to, value);
        self
    }

    /// An object within.
    pub(super) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Json<'_>)) -> &mut Self {
        self.key(key);
        object(self.to, fill);
        self
    }

    /// A list within.
    pub(super) fn list(&mut self, key: &str, fill: impl FnOnce(&mut Json<'_>)) -> &mut Self {
        self.key(key);
        self.to.push('[');
        fill(&mut Json {
            to: self.to,
            is_empty: true,
        });
        self.to.push(']');
        self
    }

    /// An object of a list.
    pub(super) fn item(&mut self, fill: impl FnOnce(&mut Json<'_>)) -> &mut Self {
        self.next();
        object(self.to, fill);
        self
    }

    /// A number of a list.
    pub(super) fn number_item(&mut self, value: f64) -> &mut Self {
        self.next();
        number(self.to, value);
        self
    }
}

/// Appends an object.
pub(super) fn object(to: &mut String, fill: impl FnOnce(&mut Json<'_>)) {
    to.push('{');
    fill(&mut Json { to, is_empty: true });
    to.push('}');
}

fn number(to: &mut String, value: f64) {
    if value.is_finite() {
        let _ = write!(to, "{value}");
    } else {
        to.push_str("null");
    }
}

fn text(to: &mut String, text: &str) {
    to.push('"');
    for one in text.chars() {
        match one {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            // Also what some programs take for the end of a line.
            '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(to, "\\u{:04x}", u32::from(one));
            }
            _ => to.push(one),
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_are_written() {
        let mut to = String::new();
        object(&mut to, |all| {
            all.whole("one", 1)
                .number("half", 0.5)
                .number("none", f64::NAN)
                .maybe("some", Some(2))
                .maybe("null", None::<u32>)
                .text("a\"\\", "tab\t\u{1b}\u{2028}é")
                .object("empty", |_| {})
                .list("list", |list| {
                    list.number_item(1.0).number_item(2.25);
                    list.item(|item| {
                        item.whole("yes", true);
                    });
                });
        });
        assert_eq!(
            to,
            "{\"one\":1,\"half\":0.5,\"none\":null,\"some\":2,\"null\":null,\
             \"a\\\"\\\\\":\"tab\\u0009\\u001b\\u2028é\",\"empty\":{},\"list\":[1,2.25,{\"yes\":true}]}"
        );
    }
}
