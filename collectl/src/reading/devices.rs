//! Which disks and interfaces there are, and which make up the totals, from sysfs. It is asked again only
//! when the names change; a record says what it found where names alone would tell otherwise.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::lines::push;
use crate::record::devices::{
    DISKS_OUTSIDE, INTERFACES_OUTSIDE, is_counted_disk, is_counted_interface, is_disk,
    is_whole_disk,
};

/// A device, as it was found.
#[derive(Debug)]
struct Known {
    name: String,
    /// It is in records.
    shown: bool,
    /// Totals leave it out.
    outside: bool,
}

/// The disks in the order of the file.
#[derive(Debug)]
pub(super) struct Disks {
    sys: PathBuf,
    known: Vec<Known>,
    /// The line that says which are outside of totals; empty if names tell.
    outside: String,
}

impl Disks {
    pub(super) fn of(sys: &Path) -> Self {
        Self {
            sys: sys.join("class/block"),
            known: Vec::new(),
            outside: String::new(),
        }
    }

    /// The lines of `/proc/diskstats` of whole disks.
    pub(super) fn lines(&mut self, text: &str, to: &mut String) {
        let named = || {
            text.lines()
                .filter_map(|line| Some((disk_name(line)?, line)))
        };
        if !same(named().map(|one| one.0), &self.known) {
            self.look(named().map(|one| one.0));
        }
        for ((_, line), known) in named().zip(&self.known) {
            if known.shown || has_worked(line) && !known.outside {
                push("disk ", line, to);
            }
        }
        to.push_str(&self.outside);
    }

    fn look<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.known.clear();
        let mut differs = false;
        for name in names {
            let known = |other: &str| self.known.iter().any(|known| known.name == other);
            let (whole, counted) = (is_whole_disk(name, known), is_counted_disk(name));
            let directory = self.sys.join(name.replace('/', "!"));
            let is = |file: &str| directory.join(file).exists();
            let says = |file: &str, what: &str| {
                fs::read_to_string(directory.join(file)).is_ok_and(|text| text.trim_ascii() == what)
            };
            let (shown, outside) = if directory.exists() {
                let none = !is_disk(name) || is("partition") || says("hidden", "1");
                let of_others = fs::read_dir(directory.join("slaves"))
                    .is_ok_and(|mut all| all.next().is_some());
                // What is empty may be filled.
                let empty = says("size", "0");
                (!none && !empty, none || of_others || !counted)
            } else {
                (whole, !whole || !counted)
            };
            differs |= shown && (outside == (whole && counted));
            self.known.push(Known {
                name: name.to_owned(),
                shown,
                outside,
            });
        }
        self.outside.clear();
        if differs {
            outside(DISKS_OUTSIDE, &self.known, &mut self.outside);
        }
    }
}

/// The interfaces in the order of the file.
#[derive(Debug)]
pub(super) struct Interfaces {
    sys: PathBuf,
    known: Vec<Known>,
    outside: String,
}

impl Interfaces {
    pub(super) fn of(sys: &Path) -> Self {
        Self {
            sys: sys.join("class/net"),
            known: Vec::new(),
            outside: String::new(),
        }
    }

    /// The lines of `/proc/net/dev` without its two lines of titles.
    pub(super) fn lines(&mut self, text: &str, to: &mut String) {
        let named = || {
            text.lines()
                .filter_map(|line| Some((interface_name(line)?, line)))
        };
        if !same(named().map(|one| one.0), &self.known) {
            self.look(named().map(|one| one.0));
        }
        for (_, line) in named() {
            push("Net ", line, to);
        }
        to.push_str(&self.outside);
    }

    /// Those count that a device stands behind; where none has one, as in a container, names tell, and if
    /// these tell nothing, it is all but `lo`.
    fn look<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.known.clear();
        for name in names {
            let directory = self.sys.join(name);
            self.known.push(Known {
                name: name.to_owned(),
                shown: true,
                outside: !directory.join("device").exists(),
            });
        }
        let by_name = |known: &Known| !is_counted_interface(&known.name);
        if self.known.iter().all(|known| known.outside) {
            let none = self.known.iter().all(by_name);
            for known in &mut self.known {
                known.outside = match none {
                    true => known.name == "lo",
                    false => !is_counted_interface(&known.name),
                };
            }
        }
        self.outside.clear();
        if self
            .known
            .iter()
            .any(|known| known.outside != by_name(known))
        {
            outside(INTERFACES_OUTSIDE, &self.known, &mut self.outside);
        }
    }
}

fn outside(title: &str, all: &[Known], to: &mut String) {
    to.push_str(title);
    for known in all.iter().filter(|known| known.shown && known.outside) {
        to.push(' ');
        to.push_str(&known.name);
    }
    to.push('\n');
}

fn same<'a>(mut names: impl Iterator<Item = &'a str>, known: &[Known]) -> bool {
    let same = known.iter().all(|known| names.next() == Some(&known.name));
    same && names.next().is_none()
}

fn disk_name(line: &str) -> Option<&str> {
    line.split_ascii_whitespace().nth(2)
}

/// Whether a disk has read or written anything: its fourth or eighth number is not 0.
fn has_worked(line: &str) -> bool {
    let mut fields = line.split_ascii_whitespace().skip(3);
    fields.next().is_some_and(|reads| reads != "0")
        || fields.nth(3).is_some_and(|writes| writes != "0")
}

fn interface_name(line: &str) -> Option<&str> {
    let (name, numbers) = line.rsplit_once(':')?;
    numbers
        .contains(|one: char| one.is_ascii_digit())
        .then_some(name.trim_ascii())
}
