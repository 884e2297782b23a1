//! What a client of `/stream` asks for: one JSON object, all of whose keys may be left out.

use serde::Deserialize;
use thiserror::Error;

use crate::socktop::ErrorObject;

/// A request such as `{"period":"100ms","sort":"cpu","limit":20,"fields":["pid","cpu_ns"]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamRequest {
    /// Sampling period in words, `500ms` or `1m30s`.
    pub period: Option<String>,
    /// What comes first.
    pub sort: Option<String>,
    /// Most processes in a message.
    pub limit: Option<u32>,
    /// What is said about each process.
    pub fields: Option<Vec<String>>,
}

/// Why a message is no request for a stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    r#"{reason}; send one JSON object such as {{"period":"100ms","sort":"cpu","limit":20,"fields":["pid","comm","cpu_ns"]}}"#
)]
pub struct StreamError {
    reason: String,
}

impl StreamError {
    /// A message that is no text frame.
    #[must_use]
    pub fn binary() -> Self {
        Self {
            reason: "a binary frame".to_owned(),
        }
    }
}

impl StreamRequest {
    /// Reads one text frame.
    ///
    /// # Errors
    /// What is wrong, where, and what would be right.
    pub fn parse(text: &str) -> Result<Self, StreamError> {
        // serde would take an array for the struct, too.
        if !text.trim_start().starts_with('{') {
            return Err(StreamError {
                reason: "not a JSON object".to_owned(),
            });
        }
        serde_json::from_str(text).map_err(|error| StreamError {
            reason: error.to_string(),
        })
    }
}

/// The message to a client that cannot have what it asked for, as JSON.
#[must_use]
pub fn refusal(error: &str) -> String {
    let refusal = ErrorObject {
        error: error.to_owned(),
        pid: None,
        request: "stream".to_owned(),
    };
    // Two strings have no way to fail.
    serde_json::to_string(&refusal).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_key_may_be_left_out() {
        assert_eq!(StreamRequest::parse(" {} "), Ok(StreamRequest::default()));
        let full = r#"{"period":"1ms","sort":"rss","limit":3,"fields":["pid","comm"]}"#;
        let full = StreamRequest::parse(full).unwrap();
        assert_eq!(full.period.as_deref(), Some("1ms"));
        assert_eq!(full.fields, Some(vec!["pid".to_owned(), "comm".to_owned()]));
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_would_be_right() {
        for (text, wrong) in [
            ("", "not a JSON object"),
            ("get_metrics", "not a JSON object"),
            ("[null,null,1,null]", "not a JSON object"),
            (
                r#"{"perod":"1s"}"#,
                "unknown field `perod`, expected one of `period`",
            ),
            (
                r#"{"period":5}"#,
                "invalid type: integer `5`, expected a string",
            ),
            (r#"{"limit":-1}"#, "-1"),
            (r#"{"fields":"pid"}"#, "expected a sequence"),
            (r#"{"limit":1"#, "EOF"),
        ] {
            let error = StreamRequest::parse(text).unwrap_err().to_string();
            assert!(error.contains(wrong), "{text}: {error}");
            assert!(error.contains(r#"{"period":"100ms","#), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = StreamRequest::parse(&text);
            let _ = StreamRequest::parse(&format!("{{\"period\":{text}"));
        }
    }
}
