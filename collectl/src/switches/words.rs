//! Words into switches, as Perl's Getopt::Long does it with bundling: `-Pw -c3`, `-scdn`, `--hr=0`,
//! `--verb`. What is no switch is passed over: colmux leaves the end of `-i1:1` behind.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use super::{
    Error,
    table::{self, Known, Switch, Takes},
};

/// A switch of the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub switch: Switch,
    /// As it was written, such as `-s` or `--sub`.
    pub name: String,
    pub value: Value,
}

/// What was behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing; `false` is `--no...`.
    Flag(bool),
    Text(OsString),
    Number(i64),
}

/// All switches among some words, in their order.
pub(super) fn read(words: &[OsString]) -> Result<Vec<Given>, Error> {
    let mut given = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        match bytes {
            // All that follows is no switch.
            b"--" => break,
            [b'-', b'-', rest @ ..] => given.push(long(word, rest, &mut words)?),
            [b'-', rest @ ..] if !rest.is_empty() => bundle(word, rest, &mut words, &mut given)?,
            _ => {}
        }
    }
    Ok(given)
}

type Words<'a> = std::slice::Iter<'a, OsString>;

/// `rest` is what is behind the two hyphens.
fn long(word: &OsStr, rest: &[u8], words: &mut Words<'_>) -> Result<Given, Error> {
    let split = rest.iter().position(|&byte| byte == b'=');
    let (name, value) = match split {
        Some(at) => (&rest[..at], Some(OsStr::from_bytes(&rest[at + 1..]))),
        None => (rest, None),
    };
    let shown = format!("--{}", String::from_utf8_lossy(name));
    let unknown = || Error::Name(word.to_string_lossy().into_owned());
    let name = std::str::from_utf8(name).map_err(|_| unknown())?;
    if name.is_empty() {
        return Err(unknown());
    }
    let (known, on) = find(name)?.ok_or_else(unknown)?;
    let switch = known.switch(&shown)?;
    let value = match (known.takes, value) {
        (Takes::Nothing, None) => Value::Flag(on),
        (Takes::Nothing, Some(_)) => return Err(Error::Extra(shown)),
        (takes, value) => {
            let value = value.or_else(|| words.next().map(OsString::as_os_str));
            let value = value.ok_or_else(|| Error::Missing(shown.clone()))?;
            valued(&shown, takes, value)?
        }
    };
    Ok(Given {
        switch,
        name: shown,
        value,
    })
}

fn valued(name: &str, takes: Takes, value: &OsStr) -> Result<Value, Error> {
    if takes == Takes::Text {
        return Ok(Value::Text(value.to_owned()));
    }
    let text = value.to_string_lossy();
    let number = text.parse().map(Value::Number);
    number.map_err(|_| Error::value(name, &text, "must be a whole number"))
}

/// The switch that `name` is the beginning of, and whether it is on.
fn find(name: &str) -> Result<Option<(&'static Known, bool)>, Error> {
    let mut found: Vec<(String, &Known, bool)> = Vec::new();
    let whole = |name: &str, all: &[(&str, &Known)]| all.first().is_some_and(|one| one.0 == name);
    let plain = table::of_beginning(name);
    if whole(name, &plain) {
        return Ok(Some((plain[0].1, true)));
    }
    found.extend(
        plain
            .into_iter()
            .map(|(n, known)| (n.to_owned(), known, true)),
    );
    for no in ["no-", "no"] {
        let Some(rest) = name.strip_prefix(no).filter(|rest| !rest.is_empty()) else {
            continue;
        };
        let negated = table::of_beginning(rest);
        let flags = |one: &&(&str, &Known)| one.1.takes == Takes::Nothing;
        if whole(rest, &negated) && flags(&&negated[0]) {
            return Ok(Some((negated[0].1, false)));
        }
        let negated = negated.iter().filter(flags);
        found.extend(negated.map(|(n, known)| (format!("{no}{n}"), *known, false)));
    }
    let Some((_, known, on)) = found.first() else {
        return Ok(None);
    };
    let same =
        |(_, other, also): &(String, &Known, bool)| std::ptr::eq(*other, *known) && also == on;
    if found.iter().all(same) {
        return Ok(Some((known, *on)));
    }
    Err(Error::Ambiguous {
        word: format!("--{name}"),
        names: found.into_iter().map(|(n, ..)| format!("--{n}")).collect(),
    })
}

/// Letters behind one hyphen; the last one may have a value.
fn bundle(
    word: &OsStr,
    rest: &[u8],
    words: &mut Words<'_>,
    given: &mut Vec<Given>,
) -> Result<(), Error> {
    check_hyphen(word, rest)?;
    let mut rest = rest;
    while let [byte, behind @ ..] = rest {
        let letter = char::from(*byte);
        let known = table::of_letter(letter).ok_or_else(|| Error::Letter {
            word: word.to_string_lossy().into_owned(),
            letter,
        })?;
        let name = format!("-{letter}");
        let switch = known.switch(&name)?;
        let value;
        (value, rest) = match known.takes {
            Takes::Nothing => (Value::Flag(true), behind),
            Takes::Number if !behind.is_empty() => {
                let end = number_end(behind);
                let (number, after) = behind.split_at(end);
                (
                    valued(
                        &name,
                        Takes::Number,
                        OsStr::from_bytes(if end == 0 { behind } else { number }),
                    )?,
                    after,
                )
            }
            takes => {
                let next = || words.next().map(OsString::as_os_str);
                let inside = Some(OsStr::from_bytes(behind)).filter(|_| !behind.is_empty());
                let value = inside.or_else(next);
                let value = value.ok_or_else(|| Error::Missing(name.clone()))?;
                (valued(&name, takes, value)?, &[][..])
            }
        };
        given.push(Given {
            switch,
            name,
            value,
        });
    }
    Ok(())
}

/// How many bytes are a whole number with an optional sign.
fn number_end(bytes: &[u8]) -> usize {
    let sign = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let digits = bytes[sign..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    match digits.count() {
        0 => 0,
        digits => sign + digits,
    }
}

/// `-verbose` and `-flush 5` are meant with two hyphens: taken as letters they would be something else.
fn check_hyphen(word: &OsStr, rest: &[u8]) -> Result<(), Error> {
    const SHORTEST: usize = 3;
    let name = rest.split(|&byte| byte == b'=').next().unwrap_or(rest);
    let Ok(name) = std::str::from_utf8(name) else {
        return Ok(());
    };
    if name.len() >= SHORTEST && !table::of_beginning(name).is_empty() {
        return Err(Error::Hyphen {
            word: word.to_string_lossy().into_owned(),
        });
    }
    Ok(())
}

impl Known {
    fn switch(&self, name: &str) -> Result<Switch, Error> {
        self.means
            .map_err(|instead| Error::unsupported(name, instead))
    }
}

/// A line of switches into words, as a shell does it without expanding anything: blanks separate, quotes
/// of both kinds and a backslash keep what they enclose or precede.
///
/// # Errors
/// [`Error::Quote`]
pub fn split(line: &str) -> Result<Vec<OsString>, Error> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word
                .get_or_insert_default()
                .push(letters.next().unwrap_or('\\')),
            (None, letter) if letter.is_whitespace() => {
                words.extend(word.take().map(OsString::from));
            }
            (_, letter) => word.get_or_insert_default().push(letter),
        }
    }
    if let Some(open) = quote {
        return Err(Error::Quote(open));
    }
    words.extend(word.map(OsString::from));
    Ok(words)
}
