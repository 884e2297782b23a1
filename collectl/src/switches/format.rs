//! How lines look: `-o`, `--sep`, `--hr`.

use super::Error;
use crate::options::{DateFormat, Digits, Headers, TimeFormat};

/// What `-o` says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Format {
    /// `T`, `d`, `D`.
    pub time: Option<DateFormat>,
    /// `m`
    pub millis: bool,
    /// `U`
    pub utc: bool,
    /// `1`, `2`
    pub decimals: Option<u8>,
    /// `n`
    pub totals: bool,
    /// `g`, `G`
    pub digits: Digits,
    /// `z`
    pub plain_files: bool,
}

/// Letters of collectl that are not done here, and what there is instead.
const OTHERS: [(char, &str); 6] = [
    ('a', "a plot file that is there is always continued"),
    (
        'c',
        "a plot file that is there is always continued; remove it first for a new one",
    ),
    ('i', "--showheader shows the header of files"),
    ('u', "-r begins new files"),
    ('x', "filter lines with awk"),
    ('X', "filter lines with awk"),
];

/// Reads the letters of `-o`.
pub(super) fn options(name: &str, text: &str) -> Result<Format, Error> {
    let wrong = |problem: &str| Err(Error::value(name, text, problem));
    let mut format = Format::default();
    for letter in text.chars() {
        let date = match letter {
            'T' => Some(DateFormat::None),
            'd' => Some(DateFormat::Short),
            'D' => Some(DateFormat::Long),
            _ => None,
        };
        if let Some(date) = date {
            if format.time.is_some_and(|other| other != date) {
                return wrong("d, D and T exclude each other: d and D have the time, too");
            }
            format.time = Some(date);
            continue;
        }
        match letter {
            'm' => format.millis = true,
            'U' => format.utc = true,
            'n' => format.totals = true,
            'z' => format.plain_files = true,
            '1' | '2' => {
                let decimals = if letter == '1' { 1 } else { 2 };
                if format.decimals.is_some_and(|other| other != decimals) {
                    return wrong("1 and 2 exclude each other");
                }
                format.decimals = Some(decimals);
            }
            'g' | 'G' => {
                let digits = if letter == 'g' {
                    Digits::Some
                } else {
                    Digits::More
                };
                if format.digits != Digits::Plain && format.digits != digits {
                    return wrong("g and G exclude each other");
                }
                format.digits = digits;
            }
            _ => {
                if let Some((_, instead)) = OTHERS.iter().find(|other| other.0 == letter) {
                    return Err(Error::unsupported(format!("{letter} in {name}"), instead));
                }
                let problem =
                    format!("there is no option {letter:?}; the letters are T d D m U 1 2 n g G z");
                return Err(Error::value(name, text, problem));
            }
        }
    }
    if format.utc && format.time.is_some() {
        return wrong("U is a time of its own: leave d, D and T out");
    }
    Ok(format)
}

impl Format {
    /// The time in front of lines.
    pub(super) fn time(&self, plot: bool) -> Result<Option<TimeFormat>, Error> {
        if self.millis && self.time.is_none() && !plot {
            return Err(Error::Together(
                "-om is about a time: write -oTm, -odm or -oDm",
            ));
        }
        let wanted = self.time.is_some() || self.millis;
        Ok(wanted.then(|| TimeFormat {
            date: self.time.unwrap_or_default(),
            millis: self.millis,
        }))
    }
}

/// Reads `--sep`: a character, or the number of one.
pub(super) fn separator(name: &str, text: &str) -> Result<char, Error> {
    let wrong = |problem: &str| Error::value(name, text, problem);
    let right = "must be one character or the decimal number of one, such as 9 for a tabulator";
    let separator = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: Option<u8> = text.parse().ok().filter(u8::is_ascii);
        number.map(char::from)
    } else {
        let mut letters = text.chars();
        letters.next().filter(|_| letters.next().is_none())
    };
    let separator = separator.ok_or_else(|| wrong(right))?;
    match separator {
        '%' => Err(wrong("% is in the names of columns")),
        '\n' | '\r' | '\0' => Err(wrong(
            "fields of a line cannot be separated by the end of one",
        )),
        separator => Ok(separator),
    }
}

/// Reads `--hr`.
pub(super) fn headers(name: &str, number: i64) -> Result<Headers, Error> {
    match number {
        -1 => Ok(Headers::Never),
        0 => Ok(Headers::Once),
        number => u32::try_from(number).map(Headers::Every).map_err(|_| {
            let problem = "must be a number of samples, 0 for once or -1 for never";
            Error::value(name, &number.to_string(), problem)
        }),
    }
}
