//! `--name value` pairs.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

/// What stands behind the command; every value is taken out by name.
pub struct Args {
    values: HashMap<String, String>,
}

impl Args {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut values = HashMap::new();
        while let Some(word) = words.next() {
            let name = word
                .strip_prefix("--")
                .ok_or_else(|| format!("not an option: {word}"))?;
            let value = if name == "steps" {
                String::new()
            } else {
                words.next().ok_or_else(|| format!("{word}: no value"))?
            };
            values.insert(name.to_owned(), value);
        }
        Ok(Self { values })
    }

    pub fn flag(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    pub fn optional<T: FromStr>(&mut self, name: &str) -> Result<Option<T>, String>
    where
        T::Err: Display,
    {
        self.values
            .remove(name)
            .map(|value| value.parse().map_err(|e| format!("--{name} {value}: {e}")))
            .transpose()
    }

    pub fn or<T: FromStr>(&mut self, name: &str, default: T) -> Result<T, String>
    where
        T::Err: Display,
    {
        Ok(self.optional(name)?.unwrap_or(default))
    }

    pub fn required<T: FromStr>(&mut self, name: &str) -> Result<T, String>
    where
        T::Err: Display,
    {
        self.optional(name)?
            .ok_or_else(|| format!("--{name} is missing"))
    }

    /// Nothing may be left over.
    pub fn done(&self) -> Result<(), String> {
        match self.values.keys().next() {
            Some(name) => Err(format!("unknown option --{name}")),
            None => Ok(()),
        }
    }
}
