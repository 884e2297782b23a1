//! Numbers that fit a column: `132K`, `1000`, `16G`.

use std::fmt;

/// The units that a number steps through.
const UNITS: [&str; 6] = ["", "K", "M", "G", "T", "P"];

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

    /// A value as it is written, without alignment; with `wide` it is never scaled.
    #[must_use]
    pub fn show(self, value: f64, wide: bool) -> Shown {
        let mut number = round(value);
        if number == 0 || wide || (!self.kilo && digits(number) <= self.width) {
            return Shown { number, unit: "" };
        }
        let mut unit = usize::from(self.kilo);
        // The unit takes a place: at most the width less one is left for digits.
        while digits(number) >= self.width && unit + 1 < UNITS.len() {
            number = (number / self.divisor).max(1);
            unit += 1;
        }
        Shown {
            number,
            unit: UNITS[unit],
        }
    }
}

/// A number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    number: u64,
    unit: &'static str,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit)
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

    #[test]
    fn numbers_are_those_of_collectl() {
        let kilo = |value| Column::of_kilo(4).show(value, false).to_string();
        assert_eq!(kilo(132.0), "132K");
        assert_eq!(kilo(1000.0), "1M", "a quotient of 0 is 1");
        assert_eq!(kilo(17_660_276.0), "16G");
        assert_eq!(kilo(0.0), "0");
        let plain = |value| Column::of(4, 1000).show(value, false).to_string();
        assert_eq!(plain(19_500.0), "19K");
        assert_eq!(plain(9_999.0), "9999");
        assert_eq!(plain(0.5), "1");
        assert_eq!(
            Column::of(4, 1000).show(19_500.0, true).to_string(),
            "19500"
        );
    }

    proptest! {
        #[test]
        fn what_is_scaled_fits(value in 0.0..1e14, width in 4_usize..9, kilo: bool) {
            let column = if kilo { Column::of_kilo(width) } else { Column::of(width, 1000) };
            prop_assert!(column.show(value, false).to_string().len() <= width);
        }

        #[test]
        fn no_number_panics(value: f64, wide: bool) {
            Column::of(4, 1024).show(value, wide).to_string();
        }
    }
}
