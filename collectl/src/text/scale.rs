//! Numbers that fit a column: `132K`, `1000`, `16G`.

use std::fmt::{self, Write as _};

use crate::options::{Digits, Options};

/// The units that a number steps through.
const UNITS: [&str; 6] = ["", "K", "M", "G", "T", "P"];

/// From here on more digits may be wanted.
const GIGA: usize = 3;

/// How all numbers of a run are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Form {
    /// Nothing is scaled.
    pub wide: bool,
    /// How numbers of 1 G and above are cut.
    pub digits: Digits,
}

impl From<&Options> for Form {
    fn from(options: &Options) -> Self {
        Self {
            wide: options.wide,
            digits: options.digits,
        }
    }
}

/// How a column writes its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Digits and unit, right-aligned.
    pub width: usize,
    /// Whether values are given in thousands (K).
    pub kilo: bool,
    /// 1000 or 1024.
    pub divisor: u64,
}

impl Column {
    /// Of plain numbers.
    #[must_use]
    pub const fn of(width: usize, divisor: u64) -> Self {
        Self {
            width,
            kilo: false,
            divisor,
        }
    }

    /// Of numbers of K.
    #[must_use]
    pub const fn of_kilo(width: usize) -> Self {
        Self {
            width,
            kilo: true,
            divisor: 1024,
        }
    }

    /// A value as it is written. What displays it may ask for a width.
    #[must_use]
    pub fn shown(self, value: f64, form: Form) -> Shown {
        let mut number = round(value);
        if number == 0 || form.wide || (!self.kilo && digits(number) <= self.width) {
            return Shown::whole(number, "");
        }
        let mut unit = usize::from(self.kilo);
        let mut before = number;
        // The unit takes a place: at most the width less one is left for digits.
        while digits(number) >= self.width && unit + 1 < UNITS.len() {
            before = number;
            number = (number / self.divisor).max(1);
            unit += 1;
        }
        if unit < GIGA || form.digits == Digits::Plain || digits(number) > 2 {
            return Shown::whole(number, UNITS[unit]);
        }
        let shown = Shown::whole(number, UNITS[unit]);
        shown.with_fraction(before, self.divisor, form.digits)
    }

    /// Appends a value, right-aligned to the column's width.
    pub fn put(self, to: &mut String, value: f64, form: Form) {
        self.put_wide(to, value, form, self.width);
    }

    /// Appends a value in a column of another width than the one it is scaled for.
    pub fn put_wide(self, to: &mut String, value: f64, form: Form, width: usize) {
        let shown = self.shown(value, form);
        let _ = write!(to, "{shown:>width$}");
    }
}

/// A number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    number: u64,
    unit: &'static str,
    fraction: Fraction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fraction {
    None,
    /// Tenths, before the unit: `1.5G`.
    Tenths(u64),
    /// So many digits behind the small unit: `1g53`, `15g3`.
    Behind(u64, usize),
}

impl Shown {
    const fn whole(number: u64, unit: &'static str) -> Self {
        Self {
            number,
            unit,
            fraction: Fraction::None,
        }
    }

    /// Of a number that was `before` until it was divided.
    fn with_fraction(mut self, before: u64, divisor: u64, wanted: Digits) -> Self {
        let half = if wanted == Digits::More { 50 } else { 5 };
        // As collectl has it, also where a unit is 1024 of the smaller one: but 1000 of them are not 1.
        let rest = before.saturating_sub(self.number.saturating_mul(divisor));
        let mut thousandths = rest + half;
        if thousandths >= divisor {
            self.number += 1;
            thousandths = 0;
        }
        let thousandths = thousandths.min(999);
        self.fraction = match (wanted, digits(self.number)) {
            (Digits::More, 1) => Fraction::Tenths(thousandths / 100),
            (Digits::Some, 1) => Fraction::Behind(thousandths / 10, 2),
            (Digits::Some, 2) => Fraction::Behind(thousandths / 100, 1),
            _ => Fraction::None,
        };
        self
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Short::default();
        match self.fraction {
            Fraction::None => write!(text, "{}{}", self.number, self.unit)?,
            Fraction::Tenths(tenths) => write!(text, "{}.{tenths}{}", self.number, self.unit)?,
            Fraction::Behind(digits, width) => {
                let unit = self
                    .unit
                    .as_bytes()
                    .first()
                    .map_or(' ', |&unit| char::from(unit));
                let unit = unit.to_ascii_lowercase();
                write!(text, "{}{unit}{digits:0width$}", self.number)?;
            }
        }
        f.pad(text.as_str())
    }
}

/// A text of a few characters that needs no allocation.
#[derive(Default)]
struct Short {
    bytes: [u8; 28],
    length: usize,
}

impl Short {
    fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        let to = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        to.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// Half up; nothing is below 0.
fn round(value: f64) -> u64 {
    // The cast takes what is no number as 0 and what is too large as the largest.
    (value + 0.5) as u64
}

fn digits(number: u64) -> usize {
    number
        .checked_ilog10()
        .map_or(1, |digits| digits as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(column: Column, value: f64, wide: bool) -> Shown {
        let digits = Digits::Plain;
        column.shown(value, Form { wide, digits })
    }

    #[test]
    fn numbers_are_those_of_collectl() {
        let kilo = |value| show(Column::of_kilo(4), value, false).to_string();
        assert_eq!(kilo(132.0), "132K");
        assert_eq!(kilo(1000.0), "1M", "a quotient of 0 is 1");
        assert_eq!(kilo(17_660_276.0), "16G");
        assert_eq!(kilo(0.0), "0");
        let plain = |value| show(Column::of(4, 1000), value, false).to_string();
        assert_eq!(plain(19_500.0), "19K");
        assert_eq!(plain(9_999.0), "9999");
        assert_eq!(plain(0.5), "1");
        assert_eq!(
            show(Column::of(4, 1000), 19_500.0, true).to_string(),
            "19500"
        );
        assert_eq!(
            format!("{:>6}|", show(Column::of(4, 1000), 7.0, true)),
            "     7|"
        );
    }

    #[test]
    fn more_digits_from_a_gigabyte_on() {
        let shown = |kb: f64, digits| {
            let form = Form {
                wide: false,
                digits,
            };
            Column::of_kilo(4).shown(kb, form).to_string()
        };
        let gb = 1024.0 * 1024.0;
        assert_eq!(shown(1.5 * gb, Digits::Some), "1g51");
        assert_eq!(shown(15.25 * gb, Digits::Some), "15g2");
        assert_eq!(shown(150.0 * gb, Digits::Some), "150G");
        assert_eq!(shown(1.5 * gb, Digits::More), "1.5G");
        assert_eq!(shown(9.99 * gb, Digits::More), "10G", "no room for a point");
        assert_eq!(shown(15.25 * gb, Digits::More), "15G");
        assert_eq!(shown(2.5 * 1024.0 * gb, Digits::More), "2.5T");
        assert_eq!(shown(500.0, Digits::More), "500K");
        assert_eq!(shown(1.5 * gb, Digits::Plain), "1G");
    }

    proptest! {
        #[test]
        fn what_is_scaled_fits(
            value in 0.0..1e14,
            width in 4_usize..9,
            kilo: bool,
            digits in prop_oneof![Just(Digits::Plain), Just(Digits::Some), Just(Digits::More)],
        ) {
            let column = if kilo { Column::of_kilo(width) } else { Column::of(width, 1000) };
            let form = Form { wide: false, digits };
            prop_assert!(column.shown(value, form).to_string().len() <= width);
        }

        #[test]
        fn no_number_panics(value: f64, wide: bool) {
            let digits = Digits::More;
            Column::of(4, 1024).shown(value, Form { wide, digits }).to_string();
        }
    }
}
