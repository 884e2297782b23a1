//! Tests of the wire formats, by what a client sees.

mod captured;
mod details;
mod encoder;
mod error;
mod processes;
mod request;
mod sanitize;

use std::io::Read;

use bytes::Bytes;

use super::Frame;

/// Decompresses exactly one gzip member; panics on anything before or after it.
fn gunzip(mut bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    flate2::bufread::GzDecoder::new(&mut bytes)
        .read_to_end(&mut plain)
        .expect("valid gzip");
    assert!(
        bytes.is_empty(),
        "{} bytes after the first gzip member",
        bytes.len()
    );
    plain
}

fn text(frame: &Frame) -> &str {
    match frame {
        Frame::Text(text) => text,
        other => panic!("expected text, got {} binary bytes", other.len()),
    }
}

fn binary(frame: &Frame) -> &Bytes {
    match frame {
        Frame::Binary(bytes) | Frame::Packed { gzip: bytes, .. } => bytes,
        Frame::Text(text) => panic!("expected binary, got text {text}"),
    }
}

/// The JSON or protobuf in a frame, by the rule that clients follow.
fn payload(frame: &Frame) -> Vec<u8> {
    match frame {
        Frame::Text(text) => text.as_bytes().to_vec(),
        other if binary(other).starts_with(&[0x1f, 0x8b]) => gunzip(binary(other)),
        other => binary(other).to_vec(),
    }
}
