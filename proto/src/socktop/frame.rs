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
    /// Protobuf, or gzip (one member) of protobuf or JSON.
    Binary(Bytes),
}

impl Frame {
    /// A text frame; U+FFFD takes the place of what is not UTF-8.
    pub(super) fn text(json: &[u8]) -> Self {
        Self::Text(String::from_utf8_lossy(json).into())
    }

    /// A binary frame with a copy of `bytes`.
    pub(super) fn binary(bytes: &[u8]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }

    /// Payload in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether there is no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
