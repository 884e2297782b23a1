//! Sensor chips (Documentation/hwmon/sysfs-interface.rst) and thermal zones
//! (Documentation/driver-api/thermal/sysfs-api.rst).

use std::fs;
use std::path::{Path, PathBuf};

/// Readings outside of this are nonsense: a sensor that is not connected or not awake.
const SANE: std::ops::RangeInclusive<f32> = -50.0..=250.0;

/// One chip: what one driver offers for one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    /// The driver's name for it: `coretemp`, `nvme`.
    pub driver: String,
    /// The device it is part of, without symbolic links; none for thermal zones.
    pub device: Option<PathBuf>,
    /// Its temperatures, in the order of their numbers.
    pub inputs: Vec<Input>,
}

/// One temperature of a chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its number on the chip.
    pub number: u32,
    /// What it measures, in the driver's words; may be empty.
    pub label: String,
    path: PathBuf,
}

impl Input {
    /// What it says now, in degrees Celsius. `None` if it cannot be read or makes no sense.
    #[must_use]
    pub fn celsius(&self) -> Option<f32> {
        parse(&fs::read(&self.path).ok()?)
    }
}

/// Thousandths of a degree, as all of these files have them.
#[must_use]
pub fn parse(text: &[u8]) -> Option<f32> {
    let text = std::str::from_utf8(text).ok()?;
    let thousandths: i32 = text.trim().parse().ok()?;
    Some(thousandths as f32 / 1000.0).filter(|celsius| SANE.contains(celsius))
}

/// All chips with temperatures below the sysfs at `sys`, in the order of their numbers.
#[must_use]
pub fn scan(sys: &Path) -> Vec<Chip> {
    let chips = numbered(&sys.join("class/hwmon"), "hwmon", "");
    chips
        .into_iter()
        .filter_map(|(_, path)| chip(&path))
        .collect()
}

/// The chip in one hwmon directory; `None` if it has no name or no temperature.
#[must_use]
pub fn chip(path: &Path) -> Option<Chip> {
    let inputs: Vec<_> = numbered(path, "temp", "_input")
        .into_iter()
        .map(|(number, input)| Input {
            number,
            label: word(&path.join(format!("temp{number}_label"))).unwrap_or_default(),
            path: input,
        })
        .collect();
    let driver = word(&path.join("name"))?;
    let device = fs::canonicalize(path.join("device")).ok();
    (!inputs.is_empty()).then_some(Chip {
        driver,
        device,
        inputs,
    })
}

/// The thermal zones, each as a chip with the zone's type for its driver.
#[must_use]
pub fn zones(sys: &Path) -> Vec<Chip> {
    let zones = numbered(&sys.join("class/thermal"), "thermal_zone", "");
    let zones = zones.into_iter().filter_map(|(_, path)| {
        let driver = word(&path.join("type"))?;
        let input = Input {
            number: 1,
            label: String::new(),
            path: path.join("temp"),
        };
        Some(Chip {
            driver,
            device: None,
            inputs: vec![input],
        })
    });
    zones.collect()
}

/// The entries of `directory` that are called `<before><number><after>`, by number.
pub(crate) fn numbered(directory: &Path, before: &str, after: &str) -> Vec<(u32, PathBuf)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(before)?.strip_suffix(after)?;
            let plain = number.bytes().all(|byte| byte.is_ascii_digit());
            Some((number.parse().ok().filter(|_| plain)?, entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// The first line of a small file; `None` if it is empty or cannot be read.
pub(crate) fn word(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn thousandths_within_reason_are_read() {
        assert_eq!(parse(b"45500\n"), Some(45.5));
        assert_eq!(parse(b"-5000"), Some(-5.0));
        for nonsense in [
            &b"-128000\n"[..],
            b"255000\n",
            b"",
            b"45.5\n",
            b"2147483648\n",
            b"\xff",
        ] {
            assert_eq!(parse(nonsense), None, "{nonsense:?}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in prop::collection::vec(any::<u8>(), 0..20)) {
            if let Some(celsius) = parse(&text) {
                prop_assert!(SANE.contains(&celsius));
            }
        }
    }
}
