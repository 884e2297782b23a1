//! Helpers of this module's tests: throw-away trees, and inputs that look almost right.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::path::Root;
use super::reader::Reader;

/// A proc tree and a sysfs tree in a temporary directory.
pub(crate) struct Tree {
    dir: tempfile::TempDir,
    pub(crate) root: Root,
}

impl Tree {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = Root {
            proc: dir.path().join("proc"),
            sys: dir.path().join("sys"),
        };
        fs::create_dir(&root.proc).unwrap();
        fs::create_dir(&root.sys).unwrap();
        Self { dir, root }
    }

    /// Writes a file; `path` starts with `proc/` or `sys/`.
    pub(crate) fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Makes a symbolic link to `target` (relative to the link).
    pub(crate) fn link(&self, path: &str, target: impl AsRef<Path>) -> &Self {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
        self
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.root).unwrap()
    }
}

/// A reader of the running system.
pub(super) fn live() -> Reader {
    Reader::open(&Root::default()).unwrap()
}

/// Any bytes, or bytes of the kinds /proc is made of, or `fixture` with one piece replaced by such
/// bytes.
pub(super) fn noise(fixture: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let likely = vec(
        select(b"0123456789 ()-:.\\\n\t\0kBcpuR\xff".to_vec()),
        0..64,
    );
    let patch = vec(
        select(b"0123456789 ()-:.\\\n\t\0kBcpuR\xff".to_vec()),
        0..24,
    );
    let damaged = (any::<Index>(), 0..32usize, patch).prop_map(move |(at, cut, patch)| {
        let mut text = fixture.to_vec();
        let start = at.index(text.len());
        let end = (start + cut).min(text.len());
        text.splice(start..end, patch);
        text
    });
    prop_oneof![vec(any::<u8>(), 0..256), likely, damaged]
}

/// Every proper beginning of `text`.
pub(super) fn beginnings(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    (0..text.len()).map(|end| &text[..end])
}
