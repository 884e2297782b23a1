//! Where two objects differ, in words.

use object::{Object, ObjectSection, read::elf::ElfFile64};

/// What to tell about the first difference; nothing if the bytes are the same.
pub fn between(committed: &[u8], built: &[u8]) -> Option<String> {
    if committed == built {
        return None;
    }
    let sizes = format!("committed {} bytes, built {}", committed.len(), built.len());
    let detail = match (sections(committed), sections(built)) {
        (Ok(committed), Ok(built)) => first_section(&committed, &built),
        (Err(error), _) => format!("the committed one is no ELF file: {error}"),
        (_, Err(error)) => format!("the built one is no ELF file: {error}"),
    };
    Some(format!("{sizes}; {detail}"))
}

type Section<'a> = (String, &'a [u8]);

fn sections(bytes: &[u8]) -> object::Result<Vec<Section<'_>>> {
    let file = ElfFile64::<object::Endianness>::parse(bytes)?;
    file.sections()
        .map(|section| Ok((section.name()?.to_owned(), section.data()?)))
        .collect()
}

fn first_section(committed: &[Section<'_>], built: &[Section<'_>]) -> String {
    for ((old_name, old), (new_name, new)) in committed.iter().zip(built) {
        if old_name != new_name {
            return format!(
                "where the committed one has section {old_name}, the built one has {new_name}"
            );
        }
        if old != new {
            let same = old
                .iter()
                .zip(*new)
                .take_while(|(old, new)| old == new)
                .count();
            let (old, new) = (old.len(), new.len());
            return format!(
                "section {old_name} ({old} and {new} bytes) differs first at byte {same}"
            );
        }
    }
    if committed.len() != built.len() {
        return format!(
            "the committed one has {} sections, the built one {}",
            committed.len(),
            built.len()
        );
    }
    "all sections are the same, so the headers differ".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_section_that_differs_is_named() {
        let old = [
            ("code".to_owned(), &b"abc"[..]),
            ("data".to_owned(), &b"1234"[..]),
        ];
        let mut new = old.clone();
        new[1].1 = b"1299!";
        assert_eq!(
            first_section(&old, &new),
            "section data (4 and 5 bytes) differs first at byte 2"
        );
        assert!(first_section(&old, &old[..1]).contains("2 sections, the built one 1"));
    }

    #[test]
    fn what_is_no_object_is_said_to_be_none() {
        assert_eq!(between(b"same", b"same"), None);
        let text = between(b"", b"x").unwrap();
        assert!(
            text.starts_with("committed 0 bytes, built 1; the committed one is no ELF"),
            "{text}"
        );
    }
}
