//! The environment.

use std::ffi::OsString;

use super::Secret;

/// Reads variables and says what is wrong with them.
pub(super) struct Variables<'a>(Box<dyn Fn(&str) -> Option<OsString> + 'a>);

impl<'a> Variables<'a> {
    pub(super) fn new(variable: impl Fn(&str) -> Option<OsString> + 'a) -> Self {
        Self(Box::new(variable))
    }

    /// The value, with U+FFFD for what is not UTF-8.
    pub(super) fn lossy(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// The value.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let value = (self.0)(name).map(OsString::into_string).transpose();
        value.map_err(|_| format!("{name} is not UTF-8"))
    }

    /// The value, unless it is empty. No error names it.
    pub(super) fn secret(&self, name: &str) -> Result<Option<Secret>, String> {
        let value = self.text(name)?.filter(|value| !value.is_empty());
        Ok(value.map(Secret::new))
    }

    /// 1 or 0; empty is as good as unset.
    pub(super) fn switch(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.lossy(name).as_deref() {
            None | Some("") => Ok(default),
            Some("1") => Ok(true),
            Some("0") => Ok(false),
            Some(other) => Err(format!("{name}={other:?} must be 1 or 0")),
        }
    }

    fn number<N: std::str::FromStr>(&self, name: &str, right: &str) -> Result<Option<N>, String> {
        let Some(text) = self.lossy(name).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let number = text.trim().parse();
        number
            .map(Some)
            .map_err(|_| format!("{name}={text:?} must be {right}"))
    }

    pub(super) fn port(&self) -> Result<Option<u16>, String> {
        self.number("SOCKTOP_PORT", "a port, 0 to 65535")
    }

    pub(super) fn workers(&self) -> Result<usize, String> {
        const NAME: &str = "SOCKTOP_WORKER_THREADS";
        const RIGHT: &str = "a number of threads, 1 to 16";
        match self.number(NAME, RIGHT)? {
            None => Ok(2),
            Some(workers @ 1..=16) => Ok(workers),
            Some(other) => Err(format!("{NAME}={other} must be {RIGHT}")),
        }
    }
}
