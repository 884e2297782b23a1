//! What socktop's clients make of a frame, in the shortest way and with none of the agent's code.

use crate::raw::Message;
use flate2::bufread::GzDecoder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;

/// Up to this many bytes an answer is sent as it is.
pub const PLAIN: usize = 768;

/// A row of the process list.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Number 1.
    pub pid: u64,
    /// Number 2.
    pub name: String,
    /// Number 3, per cent of the machine.
    pub cpu_usage: f32,
    /// Number 4.
    pub mem_bytes: u64,
    /// Numbers that socktop's clients do not know, as far as they are plain ones.
    pub own: BTreeMap<u64, u64>,
}

/// The list: `process_count` and the rows.
pub type Rows = (u64, Vec<Row>);

/// A JSON answer: text up to [`PLAIN`] bytes, gzip in a binary frame above.
///
/// # Errors
/// What clients do not understand, or not what the size asks for.
pub fn json(message: &Message) -> Result<Value, String> {
    let text = match message {
        Message::Text(text) if text.len() > PLAIN => {
            return Err(format!("a text frame of {} bytes", text.len()));
        }
        Message::Text(text) => text.as_bytes().to_vec(),
        Message::Binary(bytes) => {
            let text = gunzip(bytes)?;
            if text.len() <= PLAIN {
                return Err(format!("gzip of {} bytes only", text.len()));
            }
            text
        }
        other => return Err(format!("not an answer: {other:?}")),
    };
    serde_json::from_slice(&text).map_err(|e| format!("{e}: {}", String::from_utf8_lossy(&text)))
}

/// A process list: protobuf in a binary frame, gzip above [`PLAIN`] bytes.
///
/// # Errors
/// What clients do not understand, or not what the size asks for.
pub fn processes(message: &Message) -> Result<Rows, String> {
    let Message::Binary(bytes) = message else {
        return Err(format!("not a binary frame: {message:?}"));
    };
    let zipped = bytes.starts_with(&[0x1f, 0x8b]);
    let bytes = if zipped {
        gunzip(bytes)?
    } else {
        bytes.to_vec()
    };
    if zipped != (bytes.len() > PLAIN) {
        return Err(format!("{} bytes, compressed: {zipped}", bytes.len()));
    }
    let (mut count, mut rows) = (0, Vec::new());
    for field in fields(&bytes) {
        match field? {
            (1, Field::Number(number)) => count = number,
            (2, Field::Bytes(bytes)) => rows.push(row(bytes)?),
            (1 | 2, other) => return Err(format!("a wrong type in the list: {other:?}")),
            _ => {}
        }
    }
    Ok((count, rows))
}

fn row(bytes: &[u8]) -> Result<Row, String> {
    let mut row = Row {
        pid: 0,
        name: String::new(),
        cpu_usage: 0.0,
        mem_bytes: 0,
        own: BTreeMap::new(),
    };
    for field in fields(bytes) {
        match field? {
            (1, Field::Number(pid)) => row.pid = pid,
            (2, Field::Bytes(name)) => {
                row.name = String::from_utf8(name.to_vec()).map_err(|e| e.to_string())?;
            }
            (3, Field::Four(bits)) => row.cpu_usage = f32::from_bits(bits),
            (4, Field::Number(bytes)) => row.mem_bytes = bytes,
            (1..=4, other) => return Err(format!("a wrong type in a row: {other:?}")),
            (number, Field::Number(value)) => drop(row.own.insert(number, value)),
            _ => {}
        }
    }
    Ok(row)
}

/// Unpacks one gzip member; more than one is an error, as clients read the first one only.
///
/// # Errors
/// When it is not gzip, damaged, or something is left over.
pub fn gunzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut decoder = GzDecoder::new(bytes);
    let mut text = Vec::new();
    let read = decoder.read_to_end(&mut text);
    read.map_err(|e| format!("gzip: {e}"))?;
    match decoder.into_inner() {
        [] => Ok(text),
        rest => Err(format!("{} bytes behind the gzip member", rest.len())),
    }
}

/// One value of a protobuf message.
#[derive(Debug)]
enum Field<'a> {
    Number(u64),
    Eight,
    Bytes(&'a [u8]),
    Four(u32),
}

/// Numbers and values of a message, to its end or the first mistake.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Field<'_>), String>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| "not protobuf".to_owned()))
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Field<'a>)> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Field::Number(varint(rest)?),
        1 => {
            rest.split_off(..8)?;
            Field::Eight
        }
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Field::Bytes(rest.split_off(..length)?)
        }
        5 => Field::Four(u32::from_le_bytes(rest.split_off(..4)?.try_into().ok()?)),
        _ => return None,
    };
    Some((key >> 3, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// A list of the reference agent, captured.
    const LIST: [u8; 58] = *b"\x08\x03\x12\x0d\x08\x03\x12\x05sleep\x20\x80\xe0\x70\x12\x0f\x08\
        \x01\x12\x02sh\x1d\x00\x00\x48\x42\x20\x80\xa0\x6b\x12\x16\x08\x02\x12\x0dsocktop_agent\
        \x20\x80\xe0\x94\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    }

    #[test]
    fn a_captured_list_is_read() {
        let (count, rows) = processes(&Message::binary(LIST.to_vec())).expect("a list");
        assert_eq!((count, rows.len()), (3, 3));
        let row = Row {
            pid: 1,
            name: "sh".into(),
            cpu_usage: 50.0,
            mem_bytes: 1_757_184,
            own: BTreeMap::new(),
        };
        assert_eq!(rows[1], row);
    }

    #[test]
    fn the_wrong_frame_for_the_size_is_an_error() {
        let long = format!("[{}1]", "1,".repeat(400));
        assert!(json(&Message::text(long.clone())).is_err());
        assert!(json(&Message::binary(gzip(b"[]"))).is_err());
        assert!(json(&Message::binary(long.clone().into_bytes())).is_err());
        assert!(json(&Message::binary(gzip(long.as_bytes()))).is_ok());
        assert!(processes(&Message::binary(gzip(&LIST))).is_err());
        assert!(processes(&Message::text("[]")).is_err());
        assert!(json(&Message::Ping(Vec::new().into())).is_err());
    }

    #[test]
    fn a_second_gzip_member_is_an_error() {
        let two = [gzip(b"one"), gzip(b"two")].concat();
        let error = gunzip(&two).expect_err("two members");
        assert!(error.contains("behind"), "{error}");
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for length in 0..LIST.len() {
            for flip in 0..=255 {
                let mut bytes = LIST[..length].to_vec();
                if let Some(byte) = bytes.last_mut() {
                    *byte = flip;
                }
                let _ = processes(&Message::binary(bytes));
            }
        }
    }
}
