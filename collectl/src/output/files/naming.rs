//! Names of files: host, date, and the time of raw ones.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use jiff::civil::DateTime;

/// The part of the names that all files have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naming {
    directory: PathBuf,
    /// Up to the date.
    beginning: OsString,
}

impl Naming {
    /// In a directory they begin with the host; else `path` is what they begin with. A path that ends
    /// with a slash is a directory that will be made.
    #[must_use]
    pub fn new(path: &Path, host: &str) -> Self {
        let is_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/") || path.is_dir();
        let name = path.file_name().filter(|_| !is_directory);
        let (directory, mut beginning) = match name {
            Some(name) => {
                let mut beginning = name.to_owned();
                beginning.push("-");
                (path.parent().unwrap_or(Path::new("")), beginning)
            }
            None => (path, OsString::new()),
        };
        beginning.push(host);
        beginning.push("-");
        let directory = match directory.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => directory.to_owned(),
        };
        Self {
            directory,
            beginning,
        }
    }

    /// Where they are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the directory if it is not there.
    pub(super) fn make_directory(&self) -> io::Result<()> {
        if self.directory.is_dir() {
            return Ok(());
        }
        fs::create_dir(&self.directory)
    }

    /// Of a raw file that is begun then.
    #[must_use]
    pub fn raw(&self, begun: DateTime) -> PathBuf {
        self.path(begun.strftime("%Y%m%d-%H%M%S.raw.gz"))
    }

    /// Of the plot file of a day.
    #[must_use]
    pub fn plot(&self, day: DateTime, kind: &str, gzip: bool) -> PathBuf {
        let end = if gzip { ".gz" } else { "" };
        self.path(format_args!("{}.{kind}{end}", day.strftime("%Y%m%d")))
    }

    fn path(&self, rest: impl std::fmt::Display) -> PathBuf {
        let mut name = self.beginning.clone();
        name.push(rest.to_string());
        self.directory.join(name)
    }

    /// The date in a name that could be one of ours, `YYYYMMDD`.
    pub(super) fn date<'a>(&self, name: &'a [u8]) -> Option<&'a [u8]> {
        let rest = name.strip_prefix(self.beginning.as_encoded_bytes())?;
        let (date, rest) = rest.split_at_checked(8)?;
        let rest = match rest.strip_prefix(b"-") {
            Some(rest) => {
                let (time, rest) = rest.split_at_checked(6)?;
                time.iter().all(u8::is_ascii_digit).then_some(rest)?
            }
            None => rest,
        };
        let kind = rest.strip_prefix(b".")?;
        let kind = kind.strip_suffix(b".gz").unwrap_or(kind);
        // Messages of collectl are called `HOST-collectl-YYYYMM.log`, and are none of ours.
        let is_kind =
            !kind.is_empty() && kind.iter().all(u8::is_ascii_alphabetic) && kind != b"log";
        (is_kind && date.iter().all(u8::is_ascii_digit)).then_some(date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::datetime;

    #[test]
    fn files_are_called_as_collectls() {
        let directory = tempfile::tempdir().unwrap();
        let begun = datetime(2026, 11, 20, 7, 39, 5, 0);
        let there = Naming::new(directory.path(), "vm");
        assert_eq!(
            there.raw(begun),
            directory.path().join("vm-20261120-073905.raw.gz")
        );
        let names = |path| {
            let naming = Naming::new(Path::new(path), "vm");
            [
                naming.plot(begun, "tab", true),
                naming.plot(begun, "cpu", false),
            ]
        };
        assert_eq!(
            names("no/such/pre"),
            [
                "no/such/pre-vm-20261120.tab.gz",
                "no/such/pre-vm-20261120.cpu"
            ]
            .map(PathBuf::from)
        );
        assert_eq!(
            names("no/such/")[0],
            Path::new("no/such/vm-20261120.tab.gz")
        );
        assert_eq!(names("pre")[0], Path::new("./pre-vm-20261120.tab.gz"));
    }

    #[test]
    fn only_own_names_have_a_date() {
        let naming = Naming::new(Path::new("x/pre"), "vm");
        let date = |name: &str| naming.date(name.as_bytes()).map(|date| date.to_vec());
        for name in [
            "pre-vm-20261120.tab.gz",
            "pre-vm-20261120.cpu",
            "pre-vm-20261120-073905.raw.gz",
        ] {
            assert_eq!(date(name).as_deref(), Some(&b"20261120"[..]), "{name}");
        }
        for name in [
            "vm-20261120.tab.gz",
            "pre-vm2-20261120.tab.gz",
            "pre-vm-2026112.tab",
            "pre-vm-20261120",
            "pre-vm-20261120.",
            "pre-vm-20261120.gz.bak",
            "pre-vm-20261120-0739.raw",
            "pre-vm-20261120.log",
            "pre-vm-collectl-202611.log",
            "pre-vm-2026112x.tab",
            "",
        ] {
            assert_eq!(date(name), None, "{name}");
        }
    }
}
