use proptest::prelude::*;

use crate::socktop::{Form, Request, RequestError};

fn requests() -> impl Strategy<Value = Request> {
    prop_oneof![
        Just(Request::Metrics),
        Just(Request::Disks),
        Just(Request::Processes),
        any::<u32>().prop_map(|pid| Request::ProcessMetrics { pid }),
        any::<u32>().prop_map(|pid| Request::JournalEntries { pid }),
    ]
}

#[test]
fn both_forms_are_understood() {
    for (text, request) in [
        ("get_metrics", Request::Metrics),
        (" get_disks\r\n", Request::Disks),
        ("\tget_processes ", Request::Processes),
        ("get_process_metrics:0", Request::ProcessMetrics { pid: 0 }),
        ("get_process_metrics:+7", Request::ProcessMetrics { pid: 7 }),
        (
            "get_journal_entries:4294967295",
            Request::JournalEntries { pid: u32::MAX },
        ),
        (r#"{"type":"metrics"}"#, Request::Metrics),
        (r#" { "type" : "disks" } "#, Request::Disks),
        (r#"{"type":"proc\u0065sses"}"#, Request::Processes),
        (
            r#"{"pid":1,"type":"process_metrics"}"#,
            Request::ProcessMetrics { pid: 1 },
        ),
        (
            r#"{"type":"journal_entries","pid":2,"id":[]}"#,
            Request::JournalEntries { pid: 2 },
        ),
    ] {
        assert_eq!(Request::parse(text), Ok(request), "{text}");
        let json = text.contains('{');
        assert_eq!(Form::of(text) == Form::Json, json, "{text}");
    }
}

#[test]
fn errors_say_what_is_wrong_and_what_would_be_right() {
    for (text, wrong, right) in [
        (" \n", "empty request", "get_metrics"),
        (
            "GET_METRICS",
            "unknown request \"GET_METRICS\"",
            "get_metrics",
        ),
        ("get_metrics:1", "unknown request", "get_metrics"),
        (
            "get_process_metrics",
            "needs a pid",
            "get_process_metrics:1234",
        ),
        (
            "get_process_metrics: 1",
            "got \" 1\"",
            "get_process_metrics:1234",
        ),
        (
            "get_journal_entries:-1",
            "got \"-1\"",
            "get_journal_entries:1234",
        ),
        (
            "get_journal_entries:4294967296",
            "got \"4294967296\"",
            "0 to 4294967295",
        ),
        (
            r#"{"type":"metrics""#,
            "near column 17",
            r#"{"type":"metrics"}"#,
        ),
        (
            r#"{"type":"metrics"} x"#,
            "near column 20",
            r#"{"type":"metrics"}"#,
        ),
        (r#"{"type":7}"#, "bad JSON request", r#"{"type":"metrics"}"#),
        (r#"{"type":"gpu"}"#, "unknown request", "get_metrics"),
        (
            r#"{"type":"process_metrics"}"#,
            "needs a pid",
            "get_process_metrics:1234",
        ),
        (
            r#"{"type":"process_metrics","pid":-1}"#,
            "bad JSON",
            r#""pid":1234"#,
        ),
    ] {
        let error = Request::parse(text).unwrap_err().to_string();
        assert!(error.contains(wrong), "{text}: {error}");
        assert!(error.contains(right), "{text}: {error}");
    }
    assert!(RequestError::Binary.to_string().contains("text frame"));
}

#[test]
fn an_error_repeats_little_of_a_long_request() {
    for text in [
        "é".repeat(50_000),
        "[".repeat(50_000),
        "{".repeat(50_000),
        format!("{{\"type\":\"{}\"}}", "x".repeat(50_000)),
    ] {
        let error = Request::parse(&text).unwrap_err();
        assert!(error.excerpt().len() <= 80);
        assert!(error.to_string().len() < 400, "{error}");
    }
}

proptest! {
    #[test]
    fn the_text_form_round_trips(request in requests()) {
        prop_assert_eq!(request.to_string().parse(), Ok(request));
    }

    #[test]
    fn the_json_form_round_trips(request in requests()) {
        let kind = request.name().trim_start_matches("get_");
        let json = serde_json::json!({"type": kind, "pid": request.pid()});
        prop_assert_eq!(Request::parse(&json.to_string()), Ok(request));
    }

    #[test]
    fn no_text_panics(text: String) {
        let _ = Request::parse(&text);
    }

    #[test]
    fn no_text_that_begins_well_panics(request in requests(), cut: prop::sample::Index, tail: String) {
        let json = format!(r#"{{"type":"{}","pid":{}}}"#, request.name(), request.pid().unwrap_or(1));
        for start in [request.to_string(), json] {
            let _ = Request::parse(&format!("{}{tail}", &start[..cut.index(start.len())]));
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = Request::parse(&String::from_utf8_lossy(&bytes));
    }
}
