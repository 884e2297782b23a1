//! What an agent says, for people and for programs.

use std::fmt::Write;

use subjiffy_proto::control::StatusReply;

use super::{error::CtlError, request::Shape, table};

/// What is behind the `ok` of a reply.
///
/// # Errors
/// What is behind `error`, or that it is no reply.
pub fn body(reply: &str) -> Result<&str, CtlError> {
    let (first, rest) = reply.split_once(' ').unwrap_or((reply, ""));
    match first {
        "ok" => Ok(rest),
        "error" => Err(CtlError::Refused(plain(complaint(rest)))),
        _ => Err(foreign(reply)),
    }
}

/// The only line that was sent needs no number, and what matched nothing no count.
fn complaint(rest: &str) -> &str {
    let shorter = match rest.split_once(' ') {
        Some((first, reason)) if first.starts_with("line=") || first == "matched=0" => reason,
        _ => rest,
    };
    match shorter.is_empty() {
        true => "the agent says error, and not why",
        false => shorter,
    }
}

/// The beginning is enough to see what it is instead.
fn foreign(reply: &str) -> CtlError {
    CtlError::Foreign(plain(&reply.chars().take(200).collect::<String>()))
}

/// The text to print, with its last line end.
///
/// # Errors
/// [`body`]
pub fn shown(reply: &str, shape: Shape) -> Result<String, CtlError> {
    let body = body(reply)?;
    Ok(match shape {
        Shape::Words if body.is_empty() => "ok\n".to_owned(),
        Shape::Words => plain(body) + "\n",
        Shape::Sentences => plain(body).replace("; ", "\n").replace(". ", "\n") + "\n",
        Shape::Lines => elements(body),
        Shape::Json => match serde_json::from_str::<StatusReply>(body) {
            Ok(_) => json(body) + "\n",
            Err(_) => return Err(foreign(reply)),
        },
        Shape::Table => {
            let mut text = String::new();
            for line in table::lines(&status(reply)?, usize::MAX) {
                text.push_str(&line);
                text.push('\n');
            }
            text
        }
    })
}

/// Reads the reply to `status json`.
///
/// # Errors
/// [`body`]
pub fn status(reply: &str) -> Result<StatusReply, CtlError> {
    serde_json::from_str(body(reply)?).map_err(|_| foreign(reply))
}

/// One element a line, each with what is said about it; their count can be seen.
fn elements(body: &str) -> String {
    let body = plain(body);
    let mut text = String::new();
    for word in body.split(' ').filter(|word| !word.is_empty()) {
        let names = ["source/", "transform/", "output/"];
        if text.is_empty() && word.starts_with("matched=") {
            continue;
        }
        if !text.is_empty() {
            let new = names.iter().any(|name| word.starts_with(name));
            text.push(if new { '\n' } else { ' ' });
        }
        text.push_str(word);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// Nothing that could command a terminal.
pub fn plain(text: &str) -> String {
    let harmless = |letter: char| if letter.is_control() { '?' } else { letter };
    text.chars().map(harmless).collect()
}

/// The same for JSON, which means the same afterwards: such letters stand in strings, except for
/// those between the parts.
fn json(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\t' | '\r' => harmless.push(' '),
            letter if letter.is_control() => {
                let _ = write!(harmless, "\\u{:04x}", u32::from(letter));
            }
            letter => harmless.push(letter),
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn replies_are_shown_without_what_only_programs_need() {
        for (reply, shape, text) in [
            ("ok", Shape::Words, "ok\n"),
            ("ok ", Shape::Words, "ok\n"),
            (
                "ok matched=2 applied=1 source/a/b: paused already",
                Shape::Words,
                "matched=2 applied=1 source/a/b: paused already\n",
            ),
            ("ok 1\x1b[2J\u{9b}2", Shape::Words, "1?[2J?2\n"),
            (
                "ok matched=2 source/a/b output/c/d",
                Shape::Lines,
                "source/a/b\noutput/c/d\n",
            ),
            (
                "ok matched=2 source/a/b=1s500ms source/c/d: no period",
                Shape::Lines,
                "source/a/b=1s500ms\nsource/c/d: no period\n",
            ),
            ("ok matched=0", Shape::Lines, ""),
            (
                "ok list [PATTERN]; stop. A PATTERN is",
                Shape::Sentences,
                "list [PATTERN]\nstop\nA PATTERN is\n",
            ),
            (
                "ok {\"at_ns\":1,\"elements\":[]}",
                Shape::Json,
                "{\"at_ns\":1,\"elements\":[]}\n",
            ),
        ] {
            assert_eq!(shown(reply, shape).unwrap(), text, "{reply}");
        }
        let table = "ok {\"at_ns\":1,\"elements\":[{\"name\":\"source/a/b\",\"state\":\"running\",\
                     \"polls\":0,\"missed\":0,\"jitter_p50_ns\":0,\"jitter_p99_ns\":0,\
                     \"jitter_max_ns\":0,\"cost_ns\":0,\"cost_max_ns\":0}]}";
        let text = shown(table, Shape::Table).unwrap();
        assert!(text.lines().count() == 2 && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn errors_are_told_as_the_agent_says_them() {
        for (reply, says) in [
            (
                "error line=1 unknown command \"x\"",
                "unknown command \"x\"",
            ),
            ("error matched=0 no element", "no element"),
            ("error refused: user 7", "refused: user 7"),
            ("error a\x07", "a?"),
            ("error", "the agent says error, and not why"),
            ("HTTP/1.1 400", "no reply of a subjiffy agent: HTTP/1.1 400"),
            ("", "no reply of a subjiffy agent"),
        ] {
            let error = shown(reply, Shape::Words).unwrap_err().to_string();
            assert!(error.contains(says), "{reply:?}: {error}");
        }
        for shape in [Shape::Json, Shape::Table] {
            let error = shown("ok all is well", shape).unwrap_err().to_string();
            assert!(error.contains("ok all is well"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_nor_commands_a_terminal(reply in prop_oneof![
            any::<String>(), "(ok|error) ?.{0,40}", "ok matched=1 [a-z/ \\x00-\\x20]{0,40}",
        ]) {
            for shape in [
                Shape::Words, Shape::Sentences, Shape::Lines, Shape::Table, Shape::Json,
            ] {
                let text = match shown(&reply, shape) {
                    Ok(text) => text,
                    Err(error) => error.to_string(),
                };
                prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{:?}", text);
            }
        }

        #[test]
        fn json_means_the_same_without_controls(name: String, reason: String) {
            let mut reply = StatusReply::default();
            reply.elements.push(subjiffy_proto::control::ElementStatus {
                name, reason, ..Default::default()
            });
            let text = json(&serde_json::to_string(&reply).unwrap());
            prop_assert!(!text.contains(char::is_control));
            prop_assert_eq!(serde_json::from_str::<StatusReply>(&text).unwrap(), reply);
        }
    }
}
