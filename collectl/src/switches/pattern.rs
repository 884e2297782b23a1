//! File name patterns of `-p`: the shell does not expand what stands in quotes.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

/// The files that match `*`, `?` and `[a-z]` in the last part of a path, in the order of their names. A
/// path without any of them is itself, whether it is there or not.
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(pattern) = path.file_name().filter(|name| is_pattern(name)) else {
        return Ok(vec![path.to_owned()]);
    };
    let directory = path.parent().unwrap_or(Path::new(""));
    let place = if directory.as_os_str().is_empty() {
        Path::new(".")
    } else {
        directory
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(place)? {
        let name = entry?.file_name();
        let hidden = name.as_bytes().starts_with(b".") && !pattern.as_bytes().starts_with(b".");
        if !hidden && matches(pattern.as_bytes(), name.as_bytes()) {
            found.push(directory.join(name));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_pattern(name: &OsStr) -> bool {
    name.as_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// Whether a name matches a pattern. The work is at most the product of their lengths.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    // Behind the last `*`, and where the name went on there.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match one(&pattern[at..], name[from]) {
            Some(0) => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(length) => {
                at += length;
                from += 1;
            }
            None => {
                let Some((behind, took)) = star else {
                    return false;
                };
                star = Some((behind, took + 1));
                (at, from) = (behind, took + 1);
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// How much of a pattern one byte matches; 0 is a `*`, which matches any number.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern.first()? {
        b'*' => Some(0),
        b'?' => Some(1),
        b'[' => match set(&pattern[1..]) {
            Some((negated, inside)) => {
                (within(inside, byte) != negated).then_some(2 + usize::from(negated) + inside.len())
            }
            None => (byte == b'[').then_some(1),
        },
        other => (other == byte).then_some(1),
    }
}

/// What is in brackets, and whether all but that is meant.
fn set(behind: &[u8]) -> Option<(bool, &[u8])> {
    let negated = matches!(behind.first(), Some(b'!' | b'^'));
    let inside = &behind[usize::from(negated)..];
    // One that comes first is no end.
    let end = inside.iter().skip(1).position(|&byte| byte == b']')? + 1;
    Some((negated, &inside[..end]))
}

fn within(mut set: &[u8], byte: u8) -> bool {
    while let Some((&first, rest)) = set.split_first() {
        if let [b'-', last, rest @ ..] = rest {
            if (first..=*last).contains(&byte) {
                return true;
            }
            set = rest;
        } else {
            if first == byte {
                return true;
            }
            set = rest;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, good, bad) in [
            ("*.raw.gz", "vm-20261120-174206.raw.gz", "vm.raw"),
            ("*20261120*", "vm-20261120-174206.raw", "vm-20261121-1.raw"),
            ("vm-?", "vm-1", "vm-12"),
            ("vm-[0-9a]*", "vm-7x", "vm-b"),
            ("vm-[!0-9]", "vm-b", "vm-1"),
            ("[]x]", "]", "y"),
            ("[", "[", "x"),
            ("*a*b*c", "xxaxxbxbc", "xxaxxcb"),
            ("**", "", "/never/"),
        ] {
            assert!(
                matches(pattern.as_bytes(), good.as_bytes()),
                "{pattern} {good}"
            );
            if bad != "/never/" {
                assert!(
                    !matches(pattern.as_bytes(), bad.as_bytes()),
                    "{pattern} {bad}"
                );
            }
        }
    }

    #[test]
    fn files_come_in_the_order_of_their_names() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["b.raw.gz", "a.raw.gz", ".hidden.raw.gz", "a.tab"] {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let found = find(&directory.path().join("*.raw.gz")).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap()).collect();
        assert_eq!(names, ["a.raw.gz", "b.raw.gz"]);
        let exact = directory.path().join("none.raw");
        assert_eq!(find(&exact).unwrap(), [exact]);
        assert!(find(&directory.path().join("none/*.raw")).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics_and_everything_matches_itself(pattern: Vec<u8>, name: Vec<u8>) {
            matches(&pattern, &name);
            prop_assert!(matches(b"*", &name));
            let plain: Vec<u8> = name.into_iter().filter(|byte| !b"*?[".contains(byte)).collect();
            prop_assert!(matches(&plain, &plain));
        }
    }
}
