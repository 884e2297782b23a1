//! Does an object tell where it was built? Nobody's business, and another machine's would differ.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use crate::places::Places;

/// Fails if the bytes name a directory of this machine or the host of a registry.
pub fn none_in(bytes: &[u8], places: &Places) -> Result<()> {
    let mut words = vec!["/home/".to_owned()];
    words.extend(places.registries.iter().filter_map(|path| host(path)));
    let homes = ["HOME", "CARGO_HOME"]
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from);
    let replaced = places.replacements();
    let directories = replaced
        .iter()
        .map(|(path, _)| path.to_path_buf())
        .chain(homes);
    // The root directory is in every path and says nothing.
    words.extend(
        directories
            .map(|path| path.display().to_string())
            .filter(|path| path.len() > 1),
    );
    for word in words {
        if let Some(text) = text_with(bytes, &word) {
            bail!("the object tells where it was built: it has {word:?} in {text:?}");
        }
    }
    Ok(())
}

/// The host of a registry: cargo names the directory of its packages HOST-HASH.
fn host(registry: &Path) -> Option<String> {
    let (host, _) = registry.file_name()?.to_str()?.rsplit_once('-')?;
    Some(host.to_owned())
}

/// The printable text around the first place that holds the word.
fn text_with(bytes: &[u8], word: &str) -> Option<String> {
    let at = bytes
        .windows(word.len())
        .position(|window| window == word.as_bytes())?;
    let is_text = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
    let before = bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| is_text(byte))
        .count();
    let after = bytes[at..].iter().take_while(|byte| is_text(byte)).count();
    Some(String::from_utf8_lossy(&bytes[at - before..at + after]).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_place_is_looked_for() {
        let places = Places {
            workspace: "/made/up/checkout".into(),
            target: "/made/up/objects".into(),
            registries: BTreeSet::from(["/made/up/a.host.name-12ab".into()]),
            rust_source: BTreeSet::from(["/made/up/library".into()]),
        };
        let traces = [
            &b"/made/up/checkout/lib.rs"[..],
            b"\x7fELF /made/up/objects",
            b"https://a.host.name/crate",
            b"/made/up/library/core/src/lib.rs",
        ];
        for trace in traces {
            assert!(
                none_in(trace, &places).is_err(),
                "{}",
                String::from_utf8_lossy(trace)
            );
        }
        assert!(none_in(b"/subjiffy/agent-common/src/lib.rs", &places).is_ok());
    }

    #[test]
    fn a_registry_is_known_by_its_host() {
        assert_eq!(
            host(Path::new("/r/src/a.host.name-12ab")),
            Some("a.host.name".to_owned())
        );
    }

    #[test]
    fn a_trace_is_shown_with_its_whole_text() {
        let bytes = b"\x01\0/where/it/was/built/lib.rs\0\xff";
        assert_eq!(
            text_with(bytes, "it/was"),
            Some("/where/it/was/built/lib.rs".to_owned())
        );
        assert_eq!(text_with(bytes, "elsewhere"), None);
        assert_eq!(text_with(b"", "elsewhere"), None);
    }
}
