//! Short byte strings kept inline, so that values that hold a name stay `Copy` and need no heap.

use std::borrow::Cow;
use std::fmt;

/// Up to `N` bytes, not necessarily UTF-8.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name<const N: usize> {
    // Bytes past `len` are zero, which the derived comparisons rely on.
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Name<N> {
    /// The name, or `None` if it is longer than `N` bytes.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        (name.len() <= N).then(|| Self::shortened(name))
    }

    /// The first `N` bytes of `name`.
    #[must_use]
    pub fn shortened(name: &[u8]) -> Self {
        const { assert!(N <= u8::MAX as usize) };
        let len = name.len().min(N);
        let mut bytes = [0; N];
        bytes[..len].copy_from_slice(&name[..len]);
        Self {
            bytes,
            len: len as u8,
        }
    }

    /// The bytes as the kernel gave them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The name as text; invalid UTF-8 becomes U+FFFD. Allocates only in that case.
    #[must_use]
    pub fn lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

impl<const N: usize> Default for Name<N> {
    fn default() -> Self {
        Self::shortened(b"")
    }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lossy())
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.lossy(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_long_is_refused_or_shortened() {
        assert_eq!(Name::<3>::new(b"abc").unwrap().as_bytes(), b"abc");
        assert_eq!(Name::<3>::new(b"abcd"), None);
        assert_eq!(Name::<3>::shortened(b"abcd").as_bytes(), b"abc");
    }

    #[test]
    fn invalid_utf8_is_kept_in_bytes_and_replaced_in_text() {
        let name = Name::<8>::shortened(b"a\xff");
        assert_eq!(name.as_bytes(), b"a\xff");
        assert_eq!(name.to_string(), "a\u{fffd}");
        assert_eq!(format!("{name:?}"), "\"a\u{fffd}\"");
    }
}
