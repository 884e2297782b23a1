//! One line that `journalctl --output=json` prints (systemd.journal-fields(7), and the section
//! "Journal JSON Format" of systemd's documentation). Pure.
//!
//! A field is a string; an array of numbers, its bytes, where it is not plain text; `null` where it
//! is longer than journalctl prints; an array of those where the entry has it several times.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use subjiffy_proto::socktop::Priority;

/// Most bytes of a message; longer ones are cut.
const MESSAGE: usize = 16 << 10;

/// What stands for a message that journalctl does not print.
const NOT_PRINTED: &str = "[message too long for journalctl to print]";

/// The fields that are looked at, for `--output-fields`. Those that begin with two underscores are
/// printed in any case.
pub const FIELDS: &str =
    "MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_PID,_UID,_GID,_COMM,_SYSTEMD_UNIT,_SYSTEMD_USER_UNIT";

/// An entry of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// When journald received it, in µs of Unix time.
    pub realtime_us: Option<u64>,
    /// The same on `CLOCK_MONOTONIC`, in µs.
    pub monotonic_us: Option<u64>,
    /// The text; empty if there is none.
    pub message: String,
    /// Importance.
    pub priority: Priority,
    /// Unit of the process; that of a user's manager where it is one's.
    pub unit: Option<String>,
    /// Process id.
    pub pid: Option<u32>,
    /// Name of the process, or else the one it gives itself.
    pub comm: Option<String>,
    /// User.
    pub uid: Option<u32>,
    /// Group.
    pub gid: Option<u32>,
}

/// Reads one line.
///
/// # Errors
/// It is no JSON object. What is wrong within one field only makes that field missing.
pub fn parse(line: &[u8]) -> Result<Entry, serde_json::Error> {
    let raw: Raw = serde_json::from_str(&String::from_utf8_lossy(line))?;
    let message = match raw.message {
        Field::Null => NOT_PRINTED.to_owned(),
        Field::Texts(texts) => shorten(texts.join("\n")),
    };
    Ok(Entry {
        realtime_us: raw.realtime.number(),
        monotonic_us: raw.monotonic.number(),
        message,
        priority: { raw.priority.number() }
            .and_then(Priority::from_number)
            .unwrap_or_default(),
        unit: raw.user_unit.text().or(raw.unit.text()),
        pid: raw.pid.number(),
        comm: raw.comm.text().or(raw.identifier.text()),
        uid: raw.uid.number(),
        gid: raw.gid.number(),
    })
}

fn shorten(mut message: String) -> String {
    if message.len() > MESSAGE {
        let end = (0..=MESSAGE).rev().find(|&at| message.is_char_boundary(at));
        message.truncate(end.unwrap_or(0));
        message.push_str("...");
    }
    message
}

#[derive(Default)]
struct Raw {
    realtime: Field,
    monotonic: Field,
    message: Field,
    priority: Field,
    unit: Field,
    user_unit: Field,
    pid: Field,
    comm: Field,
    identifier: Field,
    uid: Field,
    gid: Field,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry of the journal")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut raw = Raw::default();
        while let Some(key) = map.next_key::<String>()? {
            let field = match key.as_str() {
                "__REALTIME_TIMESTAMP" => &mut raw.realtime,
                "__MONOTONIC_TIMESTAMP" => &mut raw.monotonic,
                "MESSAGE" => &mut raw.message,
                "PRIORITY" => &mut raw.priority,
                "_SYSTEMD_UNIT" => &mut raw.unit,
                "_SYSTEMD_USER_UNIT" => &mut raw.user_unit,
                "_PID" => &mut raw.pid,
                "_COMM" => &mut raw.comm,
                "SYSLOG_IDENTIFIER" => &mut raw.identifier,
                "_UID" => &mut raw.uid,
                "_GID" => &mut raw.gid,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *field = map.next_value()?;
        }
        Ok(raw)
    }
}

/// The values of one field.
#[derive(Debug, PartialEq)]
enum Field {
    Texts(Vec<String>),
    Null,
}

impl Default for Field {
    fn default() -> Self {
        Self::Texts(Vec::new())
    }
}

impl Field {
    fn text(self) -> Option<String> {
        match self {
            Self::Texts(texts) => texts.into_iter().next(),
            Self::Null => None,
        }
    }

    fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match self {
            Self::Texts(texts) => texts.first()?.parse().ok(),
            Self::Null => None,
        }
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Part::deserialize(from)? {
            Part::Text(text) => Self::Texts(vec![text]),
            Part::Byte(byte) => Self::Texts(vec![byte.to_string()]),
            Part::Null => Self::Null,
            Part::Other => Self::default(),
            Part::Several(texts) => Self::Texts(texts),
        })
    }
}

/// A value, or an element of one.
enum Part {
    Text(String),
    /// A number; in an array it is one byte of a text.
    Byte(u64),
    Null,
    Several(Vec<String>),
    Other,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field of the journal")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Part, E> {
        Ok(Part::Text(text))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Part, E> {
        Ok(Part::Byte(number))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Part, E> {
        Ok(Part::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Part::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Part, A::Error> {
        let (mut bytes, mut texts) = (Vec::new(), Vec::new());
        while let Some(part) = parts.next_element()? {
            match part {
                Part::Byte(byte) => bytes.push(u8::try_from(byte).unwrap_or(b'?')),
                Part::Text(text) => texts.push(text),
                Part::Several(more) => texts.extend(more),
                Part::Null => texts.push(NOT_PRINTED.to_owned()),
                Part::Other => {}
            }
        }
        if !bytes.is_empty() {
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(Part::Several(texts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const PLAIN: &str = r#"{"__CURSOR":"s=1;i=2","__REALTIME_TIMESTAMP":"1795147200123456","__MONOTONIC_TIMESTAMP":"77000001","_BOOT_ID":"a7a03b8cf24242c7896deeaa0ee3fef7","PRIORITY":"3","MESSAGE":"disk failed","_SYSTEMD_UNIT":"demo.service","_PID":"101","_COMM":"demo","_UID":"0","_GID":"5"}"#;

    fn message_of(value: serde_json::Value) -> String {
        let line = json!({ "MESSAGE": value }).to_string();
        parse(line.as_bytes()).unwrap().message
    }

    #[test]
    fn every_field_is_taken_from_its_place() {
        let expected = Entry {
            realtime_us: Some(1_795_147_200_123_456),
            monotonic_us: Some(77_000_001),
            message: "disk failed".into(),
            priority: Priority::Error,
            unit: Some("demo.service".into()),
            pid: Some(101),
            comm: Some("demo".into()),
            uid: Some(0),
            gid: Some(5),
        };
        assert_eq!(parse(PLAIN.as_bytes()).unwrap(), expected);
    }

    #[test]
    fn a_message_is_text_bytes_null_or_several_of_them() {
        assert_eq!(message_of(json!("plain")), "plain");
        assert_eq!(
            message_of(json!([104, 105, 0xff, 0xc3, 0xa9])),
            "hi\u{fffd}é"
        );
        assert_eq!(message_of(json!(null)), NOT_PRINTED);
        assert_eq!(
            message_of(json!(["one", [116, 119, 111], "three"])),
            "one\ntwo\nthree"
        );
        assert_eq!(
            message_of(json!(["one", null])),
            format!("one\n{NOT_PRINTED}")
        );
        assert_eq!(message_of(json!([])), "");
        assert_eq!(message_of(json!([300, -1, 1.5, true, {"a": 1}])), "?");
        assert_eq!(message_of(json!({"a": [1]})), "");
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        let cut = message_of("é".repeat(MESSAGE).into());
        assert!(
            cut.len() <= MESSAGE + 3 && cut.ends_with("é..."),
            "{}",
            cut.len()
        );
    }

    #[test]
    fn what_is_missing_or_senseless_is_none() {
        let line = br#"{"PRIORITY":"9","_PID":"-4","_UID":null,"_GID":["7","8"],"__REALTIME_TIMESTAMP":"soon","_COMM":[1]}"#;
        let entry = parse(line).unwrap();
        let expected = Entry {
            priority: Priority::Info,
            gid: Some(7),
            comm: Some("\u{1}".into()),
            ..Entry::default()
        };
        assert_eq!(entry, expected);
        assert_eq!(parse(b"{}").unwrap(), Entry::default());
    }

    #[test]
    fn names_are_the_kernels_and_units_the_nearest() {
        let line = br#"{"SYSLOG_IDENTIFIER":"self","_SYSTEMD_UNIT":"user@0.service","_SYSTEMD_USER_UNIT":"app.service"}"#;
        let entry = parse(line).unwrap();
        assert_eq!(entry.comm.as_deref(), Some("self"));
        assert_eq!(entry.unit.as_deref(), Some("app.service"));
        let both = br#"{"SYSLOG_IDENTIFIER":"self","_COMM":"kernels","_COMM":"twice"}"#;
        assert_eq!(parse(both).unwrap().comm.as_deref(), Some("twice"));
    }

    #[test]
    fn no_object_is_an_error() {
        for line in [
            "",
            "-- No entries --",
            "[]",
            "7",
            r#"{"MESSAGE":"#,
            r#"{"a":1} x"#,
        ] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }

        #[test]
        fn no_damage_panics(at in 0..PLAIN.len(), cut in 0..40usize, patch in "[0-9\"\\[\\]{}:,nul_PID]{0,20}") {
            let mut line = PLAIN.as_bytes().to_vec();
            let end = (at + cut).min(line.len());
            line.splice(at..end, patch.into_bytes());
            let _ = parse(&line);
        }

        #[test]
        fn any_message_comes_back(text in "\\PC{0,300}") {
            prop_assert_eq!(message_of(text.clone().into()), text.clone());
            prop_assert_eq!(message_of(json!(text.as_bytes())), text);
        }
    }
}
