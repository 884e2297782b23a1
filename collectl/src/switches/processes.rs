//! `--procopts`, `--procfilt`, `--procstate`.

use super::Error;
use crate::options::{Columns, Filter, ProcessOptions, Start};

/// Users without a width, and the least.
const USER: u8 = 12;
const NARROWEST_USER: u8 = 8;

/// Reads the letters of `--procopts` into the rest of `to`.
pub(super) fn options(to: &mut ProcessOptions, name: &str, text: &str) -> Result<(), Error> {
    let wrong = |problem: String| Error::value(name, text, problem);
    let excluded = |what: &str| Err(wrong(format!("{what} exclude each other")));
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        match letter {
            'c' => to.with_children = true,
            'f' => to.total_faults = true,
            'I' => to.without_io = true,
            'k' => to.strip_shells = true,
            'p' => to.fixed = true,
            'r' => to.base_name = true,
            'R' => to.priority_numbers = true,
            't' => to.threads = true,
            'x' => to.switches = true,
            'z' => to.active = true,
            'e' => to.exact = true,
            'n' => to.network = true,
            'i' | 'm' => {
                let columns = if letter == 'i' {
                    Columns::InputOutput
                } else {
                    Columns::Memory
                };
                if to.columns != Columns::Standard && to.columns != columns {
                    return excluded("i and m");
                }
                to.columns = columns;
            }
            's' | 'S' => {
                let start = if letter == 's' {
                    Start::Time
                } else {
                    Start::Date
                };
                if to.start != Start::None && to.start != start {
                    return excluded("s and S");
                }
                to.start = start;
            }
            'u' => {
                let width = number(&mut rest).map(|digits| {
                    let width = digits.parse().ok().filter(|width| *width >= NARROWEST_USER);
                    width.ok_or_else(|| {
                        wrong(format!(
                            "a user is {NARROWEST_USER} to 255 characters wide, not {digits}"
                        ))
                    })
                });
                to.user_width = Some(width.transpose()?.unwrap_or(USER));
            }
            'w' => {
                let width = number(&mut rest).map(|digits| {
                    let width = digits.parse().ok().filter(|width| *width > 0);
                    width.ok_or_else(|| {
                        wrong(format!(
                            "a command is 1 to 65535 characters wide, not {digits}"
                        ))
                    })
                });
                to.arguments = Some(width.transpose()?);
            }
            _ => {
                return Err(wrong(format!(
                    "there is no option {letter:?}; the letters are c e f i I k m n p r R s S t u w x z"
                )));
            }
        }
    }
    if to.columns == Columns::InputOutput && to.without_io {
        return excluded("i and I");
    }
    Ok(())
}

/// Digits at the beginning, taken away.
fn number<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let end = rest.find(|letter: char| !letter.is_ascii_digit());
    let (digits, behind) = rest.split_at(end.unwrap_or(rest.len()));
    *rest = behind;
    Some(digits).filter(|digits| !digits.is_empty())
}

/// Reads `--procfilt`, or the lines of a file that it names.
pub(super) fn filters(name: &str, text: &str) -> Result<Vec<Filter>, Error> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(|part| filter(name, part)).collect()
}

/// The text of a file as it would be written behind `--procfilt`: without comments and blanks.
pub(super) fn joined(file: &str) -> String {
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| line.split_whitespace().collect::<String>());
    lines.collect::<Vec<_>>().join(",")
}

fn filter(name: &str, part: &str) -> Result<Filter, Error> {
    let wrong = |problem: &str| Error::value(name, part, problem);
    let mut letters = part.chars();
    let kind = letters.next().unwrap_or_default();
    let value = letters.as_str();
    let what = || match value {
        "" => Err(wrong("nothing is behind the letter")),
        value => Ok(value.to_owned()),
    };
    if matches!(kind, 'c' | 'C' | 'f' | 'p' | 'P' | 'u' | 'U') && value.starts_with('+') {
        return Err(Error::unsupported(
            format!("+ in {name}"),
            "--procopts t shows the threads of all that are selected",
        ));
    }
    let id = |text: &str| text.parse().map_err(|_| wrong("must be a number"));
    match kind {
        'c' => what().map(Filter::CommandPart),
        'C' => what().map(Filter::CommandStart),
        'f' => what().map(Filter::Arguments),
        'p' => id(value).map(Filter::Pid),
        'P' => id(value).map(Filter::Parent),
        'u' => {
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            let (first, last) = (id(first)?, id(last)?);
            if first > last {
                return Err(wrong("the range ends before it begins"));
            }
            Ok(Filter::Uids(first, last))
        }
        'U' => what().map(Filter::User),
        _ => Err(wrong(
            "begins with none of the letters c and C (command), f (command line), p (process id), P (parent), u \
             (user id) and U (user); and it is no file",
        )),
    }
}

/// Reads `--procstate`.
pub(super) fn states(name: &str, text: &str) -> Result<String, Error> {
    const STATES: &str = "DIRSTWZtX";
    if text.is_empty() || !text.chars().all(|letter| STATES.contains(letter)) {
        return Err(Error::value(
            name,
            text,
            format!("must be some of the letters {STATES}"),
        ));
    }
    Ok(text.to_owned())
}
