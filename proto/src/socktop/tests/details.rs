//! Details of a process and its journal, by the rules of socktop 1.60 clients.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{binary, gunzip, payload, text};
use crate::socktop::{
    COMPRESS_ABOVE, Detail, Encoder, Frame, Journal, JournalEntry, Priority, ProcessMetrics, Thread,
};

const CAPTURED: &str = r#"{"process":{"pid":13146,"name":"python","command":"python capture.py","cpu_usage":0.0,"mem_bytes":26882048,"virtual_mem_bytes":31555584,"shared_mem_bytes":null,"thread_count":0,"fd_count":null,"status":"Sleep","parent_pid":13144,"user_id":0,"group_id":0,"start_time":1795147136,"cpu_time_user":70000,"cpu_time_system":10000,"read_bytes":4141055,"write_bytes":10234,"working_directory":"/","executable_path":"/usr/bin/python3","child_processes":[],"threads":[{"tid":13146,"name":"python","cpu_time_user":70000,"cpu_time_system":0,"status":"Sleeping"}]},"cached_at":1795147141}"#;
const EMPTY_JOURNAL: &str =
    r#"{"entries":[],"total_count":0,"truncated":false,"notice":null,"cached_at":1795147141}"#;
const JOURNAL: &str = r#"{"entries":[{"timestamp":"2026-11-20T04:00:00.123456Z","timestamp_us":1795147200123456,"priority":"Error","message":"disk failed","unit":"demo.service","pid":101,"comm":"demo","uid":0,"gid":0}],"total_count":1,"truncated":false,"notice":null,"cached_at":1795148423}"#;

/// Required fields of a process, and whether they are integers (or else floats or strings).
const REQUIRED: [(&str, Kind); 15] = [
    ("pid", Kind::U32),
    ("name", Kind::Text),
    ("command", Kind::Text),
    ("cpu_usage", Kind::Float),
    ("mem_bytes", Kind::U64),
    ("virtual_mem_bytes", Kind::U64),
    ("thread_count", Kind::U32),
    ("status", Kind::Text),
    ("user_id", Kind::U32),
    ("group_id", Kind::U32),
    ("start_time", Kind::U64),
    ("cpu_time_user", Kind::U64),
    ("cpu_time_system", Kind::U64),
    ("child_processes", Kind::Array),
    ("threads", Kind::Array),
];
const OPTIONAL: [(&str, Kind); 7] = [
    ("shared_mem_bytes", Kind::U64),
    ("fd_count", Kind::U32),
    ("parent_pid", Kind::U32),
    ("read_bytes", Kind::U64),
    ("write_bytes", Kind::U64),
    ("working_directory", Kind::Text),
    ("executable_path", Kind::Text),
];
const OF_A_THREAD: [(&str, Kind); 5] = [
    ("tid", Kind::U32),
    ("name", Kind::Text),
    ("cpu_time_user", Kind::U64),
    ("cpu_time_system", Kind::U64),
    ("status", Kind::Text),
];
const PRIORITIES: [&str; 8] = [
    "Emergency",
    "Alert",
    "Critical",
    "Error",
    "Warning",
    "Notice",
    "Info",
    "Debug",
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    U32,
    U64,
    Float,
    Text,
    Array,
}

impl Kind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::U32 => value
                .as_u64()
                .is_some_and(|number| u32::try_from(number).is_ok()),
            Self::U64 => value.is_u64(),
            Self::Float => value
                .as_f64()
                .is_some_and(|number| (number as f32).is_finite()),
            Self::Text => value.is_string(),
            Self::Array => value.is_array(),
        }
    }
}

fn fields(object: &Value, required: &[(&str, Kind)], optional: &[(&str, Kind)]) {
    let object: &Map<_, _> = object.as_object().expect("an object");
    for (name, kind) in required {
        let value = object.get(*name).unwrap_or(&Value::Null);
        assert!(kind.takes(value), "{name} is no {kind:?}: {value}");
    }
    for (name, kind) in optional {
        let value = object.get(*name).unwrap_or(&Value::Null);
        assert!(
            value.is_null() || kind.takes(value),
            "{name} is no {kind:?}: {value}"
        );
    }
}

/// Fails where a client would reject the answer or crash on it.
fn bearable_process(process: &Value) {
    fields(process, &REQUIRED, &OPTIONAL);
    for name in ["working_directory", "executable_path"] {
        let path = process[name].as_str().unwrap_or_default();
        assert!(path.is_ascii(), "{name}: {path}");
    }
    for child in process["child_processes"].as_array().expect("an array") {
        bearable_process(child);
    }
    for thread in process["threads"].as_array().expect("an array") {
        fields(thread, &OF_A_THREAD, &[]);
    }
}

fn json_of(frame: &Frame) -> Value {
    serde_json::from_slice(&payload(frame)).expect("JSON")
}

fn details(process: Detail) -> Value {
    let metrics = ProcessMetrics {
        process,
        cached_at: 7,
    };
    json_of(&Encoder::new().process_metrics(metrics))
}

#[test]
fn the_captured_answer_is_understood_and_every_field_of_it_kept() {
    let captured: Value = serde_json::from_str(CAPTURED).unwrap();
    let metrics: ProcessMetrics = serde_json::from_str(CAPTURED).unwrap();
    let ours = json_of(&Encoder::new().process_metrics(metrics));
    let same = |ours: &Value, theirs: &Value| {
        for (name, value) in theirs.as_object().unwrap() {
            if name != "threads" {
                assert_eq!(&ours[name], value, "{name}");
            }
        }
    };
    same(&ours["process"], &captured["process"]);
    same(
        &ours["process"]["threads"][0],
        &captured["process"]["threads"][0],
    );
    assert_eq!(ours["cached_at"], captured["cached_at"]);
}

#[test]
fn floats_that_json_does_not_have_are_sent_as_numbers() {
    for (given, sent) in [
        (f32::NAN, 0.0),
        (f32::NEG_INFINITY, 0.0),
        (f32::INFINITY, 10_000_000.0),
        (250.0, 250.0),
    ] {
        let of = |cpu_usage| Detail {
            cpu_usage,
            ..Detail::default()
        };
        let parent = Detail {
            child_processes: vec![of(given)],
            ..of(given)
        };
        let sent_as = details(parent);
        let process = &sent_as["process"];
        assert_eq!(process["cpu_usage"], json!(sent), "{given}");
        assert_eq!(
            process["child_processes"][0]["cpu_usage"],
            json!(sent),
            "{given}"
        );
    }
}

#[test]
fn paths_are_ascii_and_their_text_goes_beside_them() {
    let process = |path: &str| Detail {
        working_directory: Some(path.into()),
        executable_path: Some(format!("{path}/exe")),
        ..Detail::default()
    };
    let plain = details(process("/srv"));
    assert_eq!(plain["process"]["working_directory"], "/srv");
    assert_eq!(plain["process"].get("working_directory_text"), None);
    assert_eq!(plain["process"].get("executable_path_text"), None);

    let parent = Detail {
        child_processes: vec![process("/\u{1f600}")],
        ..process("/srv/münchen")
    };
    let sent = details(parent);
    let parent = &sent["process"];
    assert_eq!(parent["working_directory"], "/srv/m?nchen");
    assert_eq!(parent["working_directory_text"], "/srv/münchen");
    assert_eq!(parent["executable_path"], "/srv/m?nchen/exe");
    assert_eq!(parent["executable_path_text"], "/srv/münchen/exe");
    let child = &parent["child_processes"][0];
    assert_eq!(child["working_directory"], "/?");
    assert_eq!(child["executable_path_text"], "/\u{1f600}/exe");
}

#[test]
fn what_is_unknown_is_null_or_missing() {
    let sent = details(Detail::default());
    bearable_process(&sent["process"]);
    for name in [
        "shared_mem_bytes",
        "fd_count",
        "parent_pid",
        "read_bytes",
        "write_bytes",
        "working_directory",
        "executable_path",
        "run_delay_ns",
        "voluntary_switches",
        "storage_read_bytes",
    ] {
        assert_eq!(sent["process"].get(name), Some(&Value::Null), "{name}");
    }
}

#[test]
fn details_are_text_up_to_the_threshold_and_gzip_above() {
    let mut encoder = Encoder::new();
    let mut of = |command: String| {
        let process = Detail {
            command,
            ..Detail::default()
        };
        encoder.process_metrics(ProcessMetrics {
            process,
            cached_at: 7,
        })
    };
    let empty = of(String::new()).len();
    let room = COMPRESS_ABOVE - empty;
    assert_eq!(text(&of("c".repeat(room))).len(), COMPRESS_ABOVE);
    assert_eq!(
        gunzip(binary(&of("c".repeat(room + 1)))).len(),
        COMPRESS_ABOVE + 1
    );
}

#[test]
fn journals_are_the_same_bytes() {
    for captured in [EMPTY_JOURNAL, JOURNAL] {
        let journal: Journal = serde_json::from_str(captured).unwrap();
        assert_eq!(text(&Encoder::new().journal(journal)), captured);
    }
}

#[test]
fn priorities_are_the_eight_words() {
    for (number, word) in (0..).zip(PRIORITIES) {
        let priority = Priority::from_number(number).unwrap();
        assert_eq!(serde_json::to_value(priority).unwrap(), word);
    }
    assert_eq!(Priority::from_number(8), None);
    assert_eq!(Priority::default(), Priority::Info);
}

#[test]
fn messages_and_times_are_ascii_and_the_text_goes_beside_them() {
    let entry = |message: &str| JournalEntry {
        message: message.into(),
        timestamp: "２０２６".into(),
        ..JournalEntry::default()
    };
    let journal = Journal {
        entries: vec![entry("plain"), entry("Zugriff verweigert für böse")],
        total_count: 9,
        ..Journal::default()
    };
    let sent = json_of(&Encoder::new().journal(journal));
    assert_eq!(sent["total_count"], 2, "the number of entries");
    assert_eq!(sent["entries"][0]["timestamp"], "????");
    assert_eq!(sent["entries"][0].get("message_text"), None);
    assert_eq!(sent["entries"][1]["message"], "Zugriff verweigert f?r b?se");
    assert_eq!(
        sent["entries"][1]["message_text"],
        "Zugriff verweigert für böse"
    );
}

prop_compose! {
    fn process()(
        (pid, name, command, cpu_usage) in any::<(u32, String, String, f32)>(),
        (mem_bytes, shared_mem_bytes, fd_count, start_ns) in any::<(u64, Option<u64>, Option<u32>, u64)>(),
        (working_directory, executable_path) in any::<(Option<String>, Option<String>)>(),
        threads in prop::collection::vec(any::<(u32, String, u64)>(), 0..3),
    ) -> Detail {
        let threads = threads.into_iter().map(|(tid, name, cpu_total_ns)| Thread {
            tid, name, cpu_total_ns, ..Thread::default()
        });
        Detail {
            pid, name, command, cpu_usage, mem_bytes, shared_mem_bytes, fd_count, start_ns,
            working_directory, executable_path, threads: threads.collect(), ..Detail::default()
        }
    }
}

proptest! {
    #[test]
    fn any_details_are_bearable(process in process(), child in process()) {
        let given = process.clone();
        let sent = details(Detail { child_processes: vec![child], ..process });
        bearable_process(&sent["process"]);
        prop_assert!(sent["cached_at"].is_u64());
        prop_assert_eq!(&sent["process"]["name"], &Value::from(given.name));
        prop_assert_eq!(&sent["process"]["command"], &Value::from(given.command));
    }

    #[test]
    fn any_journal_is_bearable(
        entries in prop::collection::vec(any::<(String, String, u64, Option<String>)>(), 0..5),
        notice: Option<String>,
    ) {
        let entries = entries.into_iter().map(|(timestamp, message, priority, unit)| JournalEntry {
            timestamp,
            message,
            unit,
            priority: Priority::from_number(priority % 8).unwrap_or_default(),
            ..JournalEntry::default()
        });
        let journal = Journal { entries: entries.collect(), notice, ..Journal::default() };
        let count = journal.entries.len();
        let sent = json_of(&Encoder::new().journal(journal));
        fields(&sent, &[
            ("entries", Kind::Array), ("total_count", Kind::U32), ("cached_at", Kind::U64),
        ], &[("notice", Kind::Text)]);
        prop_assert!(sent["truncated"].is_boolean());
        prop_assert_eq!(&sent["total_count"], &Value::from(count));
        for entry in sent["entries"].as_array().unwrap() {
            fields(entry, &[("timestamp", Kind::Text), ("message", Kind::Text)], &[
                ("unit", Kind::Text), ("comm", Kind::Text),
                ("pid", Kind::U32), ("uid", Kind::U32), ("gid", Kind::U32),
            ]);
            prop_assert!(entry["message"].as_str().unwrap().is_ascii());
            prop_assert!(entry["timestamp"].as_str().unwrap().is_ascii());
            prop_assert!(PRIORITIES.contains(&entry["priority"].as_str().unwrap()));
        }
    }
}
