//! From values of TOML to values with a meaning.

use std::{path::PathBuf, time::Duration};

use subjiffy_proto::control::period::{self, Period, PeriodError};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::{
    problem::{At, Place, Problem, nearest},
    source::{Lines, short},
};

pub(super) type Key<'a> = Spanned<DeString<'a>>;
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads values and keeps what is wrong with them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) lines: &'a Lines<'a>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn place(&self, within: &str, key: &Key<'_>) -> Place {
        let name = quoted(key.get_ref());
        Place {
            line: self.lines.of(key.span().start),
            key: match within {
                "" => name,
                _ => format!("{within}.{name}"),
            },
        }
    }

    pub(super) fn wrong(&mut self, place: &Place, text: impl Into<String>) {
        self.problems.push(Problem {
            place: place.clone(),
            text: text.into(),
        });
    }

    pub(super) fn warn(&mut self, place: &Place, text: impl Into<String>) {
        self.warnings.push(Problem {
            place: place.clone(),
            text: text.into(),
        });
    }

    pub(super) fn unknown(&mut self, place: &Place, word: &str, known: &[&str]) {
        let text = match nearest(word, known.iter().copied()).as_str() {
            "" => format!(
                "there is no such key; the keys here are {}",
                known.join(", ")
            ),
            near => format!("there is no such key{near}"),
        };
        self.wrong(place, text);
    }

    /// What `get` makes of a value, or a problem that says what is right.
    pub(super) fn value<T>(
        &mut self,
        place: Place,
        value: &Value<'_>,
        right: &str,
        get: impl FnOnce(&DeValue<'_>) -> Option<T>,
    ) -> Option<At<T>> {
        match get(value.get_ref()) {
            Some(value) => Some(At { value, place }),
            None => {
                let shown = shown(value.get_ref());
                self.wrong(&place, format!("{shown} is wrong; right would be {right}"));
                None
            }
        }
    }

    pub(super) fn switch(&mut self, place: Place, value: &Value<'_>) -> Option<At<bool>> {
        self.value(place, value, "true or false", |value| value.as_bool())
    }

    pub(super) fn text(
        &mut self,
        place: Place,
        value: &Value<'_>,
        right: &str,
    ) -> Option<At<String>> {
        self.value(place, value, right, |value| {
            let text = value.as_str().filter(|text| !text.is_empty());
            text.filter(|text| !text.contains('\0')).map(str::to_owned)
        })
    }

    pub(super) fn path(&mut self, place: Place, value: &Value<'_>) -> Option<At<PathBuf>> {
        let text = self.text(place, value, "the path of a file, in quotes")?;
        Some(At {
            value: text.value.into(),
            place: text.place,
        })
    }

    pub(super) fn number<N: TryFrom<u16>>(
        &mut self,
        place: Place,
        value: &Value<'_>,
        right: &str,
    ) -> Option<At<N>> {
        self.value(place, value, right, |value| {
            let number = value.as_integer()?;
            let number = u16::from_str_radix(number.as_str(), number.radix()).ok()?;
            N::try_from(number).ok()
        })
    }

    /// A list of texts; each wrong one is told with its own line.
    pub(super) fn list<T>(
        &mut self,
        place: Place,
        value: &Value<'_>,
        right: &str,
        get: impl Fn(&str) -> Option<T>,
    ) -> Option<At<Vec<T>>> {
        let DeValue::Array(items) = value.get_ref() else {
            let shown = shown(value.get_ref());
            let text = format!("{shown} is wrong; right would be a list, such as [{right}]");
            self.wrong(&place, text);
            return None;
        };
        let mut all = Vec::with_capacity(items.len());
        for item in items.iter() {
            let place = Place {
                line: self.lines.of(item.span().start),
                key: place.key.clone(),
            };
            let item = self.value(place, item, right, |item| get(item.as_str()?));
            all.extend(item.map(|item| item.value));
        }
        (all.len() == items.len()).then_some(At { value: all, place })
    }

    pub(super) fn period(&mut self, place: Place, value: &Value<'_>) -> Option<At<Duration>> {
        self.words(place, value, |words| {
            Period::parse(&[words]).map(Period::length)
        })
    }

    /// A duration of any length.
    pub(super) fn duration(&mut self, place: Place, value: &Value<'_>) -> Option<At<Duration>> {
        self.words(place, value, |words| period::parse(&[words]))
    }

    fn words(
        &mut self,
        place: Place,
        value: &Value<'_>,
        parse: impl FnOnce(&str) -> Result<Duration, PeriodError>,
    ) -> Option<At<Duration>> {
        const RIGHT: &str = "a duration in quotes, such as \"500ms\" or \"1m30s\"";
        let words = self.text(place, value, RIGHT)?;
        match parse(&short(&words.value)) {
            Ok(value) => Some(At {
                value,
                place: words.place,
            }),
            Err(error) => {
                self.wrong(&words.place, error.to_string());
                None
            }
        }
    }

    pub(super) fn table<'v, 'i>(
        &mut self,
        place: &Place,
        value: &'v Value<'i>,
    ) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let shown = shown(value.get_ref());
            let text = format!("{shown} is wrong; right would be a table: [{}]", place.key);
            self.wrong(place, text);
        }
        table
    }

    /// Keeps a value that may be given in several places, unless they disagree.
    pub(super) fn put<T: PartialEq>(&mut self, slot: &mut Option<At<T>>, new: Option<At<T>>) {
        let Some(new) = new else { return };
        let Some(old) = slot else {
            *slot = Some(new);
            return;
        };
        if old.value != new.value {
            let (first, second) = match old.place <= new.place {
                true => (&old.place, &new.place),
                false => (&new.place, &old.place),
            };
            let text = format!(
                "means the same as {} in line {}, which has another value; say it once",
                first.key, first.line
            );
            let second = second.clone();
            self.wrong(&second, text);
        }
    }
}

/// A key as it is written in TOML.
pub(super) fn quoted(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(bare) && key.len() <= 60 {
        key.to_owned()
    } else {
        format!("\"{}\"", short(key))
    }
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{}\"", short(text)),
        DeValue::Integer(number) => short(&number.to_string()),
        DeValue::Float(number) => short(number.as_str()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
