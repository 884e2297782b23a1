//! One encoded answer.

use std::sync::Arc;

use bytes::Bytes;

/// Answers of more bytes than this are compressed.
pub const COMPRESS_ABOVE: usize = 768;

/// One encoded answer, ready to be sent as one WebSocket message; cloning copies no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// JSON.
    Text(Arc<str>),
    /// Protobuf, or gzip (one member) of protobuf.
    Binary(Bytes),
    /// JSON that is long enough to be compressed.
    Packed {
        /// It as gzip, one member: what socktop's clients expect.
        gzip: Bytes,
        /// It as text, for who asked in JSON and cannot be expected to know gzip.
        text: Arc<str>,
    },
}

impl Frame {
    /// JSON, with its compressed form if that is what clients get.
    pub(super) fn json(json: &[u8], gzip: Option<&[u8]>) -> Self {
        let text = String::from_utf8_lossy(json).into();
        match gzip.map(Bytes::copy_from_slice) {
            Some(gzip) => Self::Packed { gzip, text },
            None => Self::Text(text),
        }
    }

    /// A text frame; U+FFFD takes the place of what is not UTF-8.
    pub(super) fn text(json: &[u8]) -> Self {
        Self::Text(String::from_utf8_lossy(json).into())
    }

    /// A binary frame with a copy of `bytes`.
    pub(super) fn binary(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }

    /// The same answer as plain JSON, where it is JSON.
    #[must_use]
    pub fn plain(self) -> Self {
        match self {
            Self::Packed { text, .. } => Self::Text(text),
            other => other,
        }
    }

    /// Payload in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) | Self::Packed { gzip: bytes, .. } => bytes.len(),
        }
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
