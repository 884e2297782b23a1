//! `-s`.

use super::Error;
use crate::options::{Selection, Subsystem, Subsystems};

/// What letters of collectl stand for that are not done here, and what there is instead.
const OTHERS: [(&str, &str); 11] = [
    ("y", "slabs are not shown one by one; -sm has their sum"),
    ("Y", "slabs are not shown one by one; -sm has their sum"),
    (
        "x",
        "InfiniBand is not read apart: its interfaces are in -sn",
    ),
    (
        "X",
        "InfiniBand is not read apart: its interfaces are in -sN",
    ),
    ("l", "Lustre is not read"),
    ("L", "Lustre is not read"),
    (
        "E",
        "sensors are not read here; the agent's own clients show temperatures",
    ),
    ("F", "-sf has NFS"),
    ("M", "-sm has memory"),
    ("T", "-st has TCP"),
    ("B", "-sb has free memory by order"),
];

/// Reads `cdn`, `+m`, `-d+m`.
pub(super) fn parse(name: &str, text: &str) -> Result<Selection, Error> {
    if text.is_empty() {
        return Ok(Selection::Default);
    }
    if text == "-all" {
        return Err(Error::value(name, text, "leaves nothing to show"));
    }
    if !text.starts_with(['+', '-']) {
        let mut these = Subsystems::default();
        for letter in text.chars() {
            if matches!(letter, '+' | '-') {
                let problem = "either begins with + or -, such as +m-d, or has none of them";
                return Err(Error::value(name, text, problem));
            }
            these = these.with(subsystem(name, text, letter)?);
        }
        return Ok(Selection::These(these));
    }
    let (mut without, mut with) = (Subsystems::default(), Subsystems::default());
    let mut adds = true;
    for letter in text.chars() {
        match letter {
            '+' => adds = true,
            '-' => adds = false,
            _ => {
                let one = subsystem(name, text, letter)?;
                if adds {
                    with = with.with(one);
                } else {
                    without = without.with(one);
                }
            }
        }
    }
    Ok(Selection::Change { without, with })
}

fn subsystem(name: &str, text: &str, letter: char) -> Result<Subsystem, Error> {
    if let Some(one) = Subsystem::of_letter(letter) {
        return Ok(one);
    }
    let mut others = OTHERS.iter();
    if let Some((_, instead)) = others.find(|other| other.0.starts_with(letter)) {
        return Err(Error::unsupported(
            format!("subsystem {letter} of {name}"),
            instead,
        ));
    }
    let all: String = Subsystem::ALL.iter().map(|one| one.0).collect();
    let problem = format!("there is no subsystem {letter:?}; the letters are {all}");
    Err(Error::value(name, text, problem))
}
