//! What the words on the command line ask of an agent.

use std::ffi::OsString;

use subjiffy_proto::control::{Action, Command, LineError, parse};
use thiserror::Error;

use crate::control::lines::LONGEST;

/// One line to an agent, and what becomes of its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Without its end.
    pub line: String,
    /// How the reply is shown.
    pub shape: Shape,
    /// The reply comes when it comes.
    pub patient: bool,
}

/// How a reply is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As it is.
    Words,
    /// One sentence a line.
    Sentences,
    /// One element a line.
    Lines,
    /// The status of elements in columns.
    Table,
    /// The status of elements as the agent has written it.
    Json,
}

/// Why words are no request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Not UTF-8.
    #[error("{0:?} is not UTF-8")]
    Encoding(OsString),
    /// Two lines would be two commands.
    #[error("{0:?} has a line break in it; one command is one line")]
    Break(String),
    /// Blanks or a comment.
    #[error("no command; `subjiffy ctl help` lists them")]
    Nothing,
    /// The agent would not read it.
    #[error("a command of {0} bytes; an agent reads lines of {LONGEST} bytes at most")]
    TooLong(usize),
    /// What the agent would say, too.
    #[error(transparent)]
    Line(#[from] LineError),
    /// `--json`
    #[error("--json goes with status only: `subjiffy ctl --json status [PATTERN]`")]
    Json,
    /// `--watch`
    #[error("--watch goes with status only: `subjiffy ctl --watch status [PATTERN]`")]
    Watch,
}

impl Request {
    /// Reads the words as an agent would. `json` and `watch` are the flags of that name.
    ///
    /// # Errors
    /// [`RequestError`]
    pub fn new(words: &[OsString], json: bool, watch: bool) -> Result<Self, RequestError> {
        let words = words.iter().map(|word| match word.to_str() {
            None => Err(RequestError::Encoding(word.clone())),
            Some(text) if text.contains(['\n', '\r']) => Err(RequestError::Break(text.to_owned())),
            Some(text) => Ok(text),
        });
        let line = words.collect::<Result<Vec<_>, _>>()?.join(" ");
        if line.len() > LONGEST {
            return Err(RequestError::TooLong(line.len()));
        }
        let command = parse(line.as_bytes())?.ok_or(RequestError::Nothing)?;
        let request = Self::of(line, command, json);
        match request.shape {
            Shape::Table => Ok(request),
            _ if watch => Err(RequestError::Watch),
            Shape::Json => Ok(request),
            _ if json => Err(RequestError::Json),
            _ => Ok(request),
        }
    }

    fn of(line: String, command: Command, json: bool) -> Self {
        let (shape, patient) = match &command {
            Command::Status {
                json: in_words,
                pattern,
            } => {
                let status = Command::Status {
                    pattern: pattern.clone(),
                    json: true,
                };
                return Self {
                    line: status.to_string(),
                    shape: match json || *in_words {
                        true => Shape::Json,
                        false => Shape::Table,
                    },
                    patient: false,
                };
            }
            Command::Help => (Shape::Sentences, false),
            Command::List(_) => (Shape::Lines, false),
            Command::Control { action, .. } => match action {
                Action::GetPeriod => (Shape::Lines, false),
                Action::Trigger { wait } => (Shape::Words, *wait),
                _ => (Shape::Words, false),
            },
            _ => (Shape::Words, false),
        };
        Self {
            line,
            shape,
            patient,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStringExt;

    fn request(words: &[&str], json: bool, watch: bool) -> Result<Request, RequestError> {
        let words: Vec<OsString> = words.iter().map(Into::into).collect();
        Request::new(&words, json, watch)
    }

    #[test]
    fn words_are_one_line_and_a_status_is_asked_for_as_json() {
        for (words, json, line, shape) in [
            (&["list"][..], false, "list", Shape::Lines),
            (&["help"], false, "help", Shape::Sentences),
            (&["status"], false, "status json *", Shape::Table),
            (&["status", "src"], true, "status json source", Shape::Json),
            (&["status", "json"], false, "status json *", Shape::Json),
            (
                &["control", "src/a/b", "pause"],
                false,
                "control src/a/b pause",
                Shape::Words,
            ),
            (
                &["control src", "get-period"],
                false,
                "control src get-period",
                Shape::Lines,
            ),
        ] {
            let request = request(words, json, false).unwrap();
            assert_eq!((&*request.line, request.shape), (line, shape), "{words:?}");
            assert!(!request.patient);
        }
        assert!(request(&["status"], false, true).is_ok());
        let wait = &["control", "source", "trigger-now", "wait"];
        assert!(request(wait, false, false).unwrap().patient);
        assert!(!request(&wait[..3], false, false).unwrap().patient);
    }

    #[test]
    fn what_is_no_command_is_not_sent() {
        let error = |words: &[&str]| request(words, false, false).unwrap_err();
        for nothing in [&[][..], &[""], &["", " "], &["#", "list"]] {
            assert_eq!(error(nothing), RequestError::Nothing, "{nothing:?}");
        }
        for two in ["list\nshutdown", "list\r", "\n"] {
            assert_eq!(error(&[two]), RequestError::Break(two.into()));
        }
        let said = error(&["control", "source", "dance"]).to_string();
        let agent = parse(b"control source dance").unwrap_err().to_string();
        assert_eq!(said, agent);
        let long = format!("list {}", "x".repeat(LONGEST));
        assert_eq!(error(&[&long]), RequestError::TooLong(LONGEST + 5));
        let word = OsString::from_vec(vec![b'a', 0xff]);
        let said = Request::new(std::slice::from_ref(&word), false, false).unwrap_err();
        assert_eq!(said, RequestError::Encoding(word));
        assert_eq!(request(&["list"], true, false), Err(RequestError::Json));
        for other in [&["list"][..], &["status", "json"]] {
            let watched = request(other, false, true);
            assert_eq!(watched, Err(RequestError::Watch), "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_is_one_line_that_an_agent_understands(
            words in prop::collection::vec(prop_oneof![
                Just("control".to_owned()), Just("source".to_owned()), Just("status".to_owned()),
                Just("pause".to_owned()), Just("list".to_owned()), ".{0,8}",
            ], 0..5),
            json: bool,
            watch: bool,
        ) {
            let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
            if let Ok(request) = Request::new(&words, json, watch) {
                prop_assert!(!request.line.contains(['\n', '\r']));
                prop_assert!(matches!(parse(request.line.as_bytes()), Ok(Some(_))));
            }
        }
    }
}
