//! With a stand-in for `journalctl`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, id},
    time::{Duration, Instant},
};

use serde_json::json;
use subjiffy_proto::socktop::{Frame, Journal};
use tempfile::TempDir;

use super::Journals;
use crate::{collect::moment::Moment, procfs::Root};

/// A directory with a `journalctl` in it.
struct StandIn(TempDir);

impl StandIn {
    fn new(script: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let (text, program) = (place.file("script"), place.file("journalctl"));
        fs::write(&text, format!("#!/bin/sh\n{script}\n")).unwrap();
        // Another process writes it: one that is forked here meanwhile, by another test, would hold
        // it open for writing, and the kernel executes no such file (`ETXTBSY`).
        let mut install = Command::new("install");
        let status = install.args(["-m", "755"]).args([text, program]).status();
        assert!(status.unwrap().success());
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn journals(&self) -> Journals {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        Journals::new(Root::default(), Some(path.into()))
    }
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(test)
}

fn plain(frame: &Frame) -> Journal {
    match frame {
        Frame::Text(text) => serde_json::from_str(text).unwrap(),
        _ => panic!("a long answer"),
    }
}

fn answer(journals: &Journals, pid: u32) -> Journal {
    plain(&run(journals.answer(pid)))
}

fn line(message: &str, age: Duration) -> String {
    let (now, age_us) = (Moment::now(), age.as_micros() as u64);
    json!({
        "__REALTIME_TIMESTAMP": (now.wall_ns / 1000 - age_us).to_string(),
        "__MONOTONIC_TIMESTAMP": (now.monotonic_ns / 1000 - age_us).to_string(),
        "MESSAGE": message,
    })
    .to_string()
}

#[test]
fn it_is_asked_for_this_process_in_this_boot_and_nothing_of_the_agent_leaks() {
    let stand_in = StandIn::new(r#"cd "$(dirname "$0")"; echo "$@" >arguments; env >environment"#);
    let empty = answer(&stand_in.journals(), id());
    assert_eq!((empty.entries.len(), empty.notice), (0, None));
    let arguments = fs::read_to_string(stand_in.file("arguments")).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let matches = format!("_PID={} _BOOT_ID={}", id(), boot.trim().replace('-', ""));
    assert!(arguments.trim_end().ends_with(&matches), "{arguments}");
    let environment = fs::read_to_string(stand_in.file("environment")).unwrap();
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[test]
fn entries_of_this_process_are_shown_and_those_of_an_earlier_one_are_not() {
    let stand_in = StandIn::new(r#"cat "$(dirname "$0")/lines""#);
    // This test's process is younger than an hour.
    let lines = [
        line("new", Duration::ZERO),
        line("old", Duration::from_secs(3600).min(boot_age())),
    ];
    fs::write(stand_in.file("lines"), lines.join("\n")).unwrap();
    let journal = answer(&stand_in.journals(), id());
    let messages: Vec<_> = journal.entries.iter().map(|one| &one.message[..]).collect();
    assert_eq!(messages, ["new"]);
}

/// The oldest that an entry can be.
fn boot_age() -> Duration {
    Duration::from_nanos(Moment::now().monotonic_ns)
}

#[test]
fn every_reason_for_an_empty_answer_is_told() {
    let none = Journals::new(Root::default(), Some("relative:/nowhere".into()));
    let notice = answer(&none, id()).notice.unwrap();
    assert!(notice.contains("not on the agent's PATH"), "{notice}");
    let gone = answer(&none, u32::MAX).notice.unwrap();
    assert_eq!(gone, format!("Process {} not found", u32::MAX));

    let denied = StandIn::new("echo 'No journal files were opened.' >&2; exit 1");
    let notice = answer(&denied.journals(), id()).notice;
    let failed = "journalctl failed: No journal files were opened.";
    assert_eq!(notice.as_deref(), Some(failed));

    let broken = StandIn::new("");
    fs::write(broken.file("journalctl"), "no program").unwrap();
    let notice = answer(&broken.journals(), id()).notice.unwrap();
    assert!(notice.contains("cannot be run"), "{notice}");
}

#[test]
fn one_that_hangs_is_ended_in_time_and_what_it_said_is_kept() {
    let script = r#"cd "$(dirname "$0")"; echo $$ >pid; cat lines; exec sleep 60"#;
    let stand_in = StandIn::new(script);
    fs::write(stand_in.file("lines"), line("said", Duration::ZERO) + "\n").unwrap();
    let journals = stand_in.journals();
    let begun = Instant::now();
    let journal = run(async {
        let journal = plain(&journals.answer(id()).await);
        let pid = fs::read_to_string(stand_in.file("pid")).unwrap();
        let place = PathBuf::from(format!("/proc/{}", pid.trim()));
        while fs::read(place.join("comm")).is_ok_and(|name| name == b"sleep\n") {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{pid} still runs"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        journal
    });
    assert!(begun.elapsed() >= super::LIMIT);
    assert_eq!(journal.entries[0].message, "said");
    assert!(journal.truncated && journal.notice.unwrap().contains("1.5s"));
}

#[test]
fn one_that_never_stops_talking_is_ended() {
    let script = r#"cd "$(dirname "$0")"; cat lines; exec yes '{"MESSAGE":"x"}'"#;
    let stand_in = StandIn::new(script);
    fs::write(stand_in.file("lines"), line("first", Duration::ZERO) + "\n").unwrap();
    let journal = answer(&stand_in.journals(), id());
    assert_eq!(journal.entries.len(), 1, "the others have no time");
    assert!(journal.truncated && journal.notice.is_some());
}

#[test]
fn complaints_without_end_do_not_stop_it() {
    let stand_in = StandIn::new("yes complaint | head -c 300000 >&2");
    let notice = answer(&stand_in.journals(), id()).notice;
    assert_eq!(notice.as_deref(), Some("complaint complaint"));
}

#[test]
fn an_answer_is_shared_and_kept_for_a_moment() {
    let script = r#"cd "$(dirname "$0")"; echo >>calls; exec sleep 0.2"#;
    let stand_in = StandIn::new(script);
    let journals = stand_in.journals();
    run(async {
        tokio::join!(journals.answer(id()), journals.answer(id()));
        journals.answer(id()).await;
    });
    assert_eq!(fs::read(stand_in.file("calls")).unwrap(), b"\n");
}

#[test]
fn only_a_few_run_at_once_and_who_waits_too_long_is_told() {
    let script = r#"cd "$(dirname "$0")"; echo >>calls; exec sleep 60"#;
    let stand_in = StandIn::new(script);
    let journals = stand_in.journals();
    let parent = std::os::unix::process::parent_id();
    run(async {
        let (one, two, three) = tokio::join!(
            journals.answer(id()),
            journals.answer(parent),
            journals.answer(1),
        );
        let notices = [one, two, three].map(|frame| plain(&frame).notice.unwrap());
        let waited = notices.iter().filter(|one| one.contains("too many"));
        assert_eq!(waited.count(), 1, "{notices:?}");
    });
    assert_eq!(fs::read(stand_in.file("calls")).unwrap(), b"\n\n");
}
