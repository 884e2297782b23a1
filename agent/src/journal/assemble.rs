//! What is asked of `journalctl`, and the answer made of what it said. Pure but for the clock.

use std::time::{Duration, SystemTime};

use subjiffy_proto::socktop::{Journal, JournalEntry};

use super::{
    command::{End, Said},
    entry::{self, Entry},
    life::Life,
};
use crate::collect::moment::Moment;

/// Most entries of one answer.
const MOST: usize = 100;

/// The last moment that `humantime` can write: the end of the year 9999, µs of Unix time.
const LAST_US: u64 = 253_402_300_799_999_999;

/// The arguments for the newest entries of a process id in this boot, newest first, and one more to
/// know whether there are more. There is no lower limit of time: the only one that journalctl has is
/// on the wall clock, and entries from before that was set would be lost; [`Life`] judges them.
#[must_use]
pub fn arguments(pid: u32, boot: &str) -> Vec<String> {
    let fields = entry::FIELDS;
    vec![
        "--output=json".into(),
        // Fields of any length and content.
        "--all".into(),
        format!("--output-fields={fields}"),
        "--no-pager".into(),
        "--reverse".into(),
        format!("--lines={}", MOST + 1),
        format!("_PID={pid}"),
        format!("_BOOT_ID={boot}"),
    ]
}

/// An answer without entries that says why.
#[must_use]
pub fn empty(notice: String) -> Journal {
    Journal {
        notice: Some(notice),
        cached_at: now_s(),
        ..Journal::default()
    }
}

/// The answer.
#[must_use]
pub fn journal(said: &Said, life: &Life, limit: Duration) -> Journal {
    let (mut entries, mut earlier, mut broken) = (Vec::new(), 0, 0);
    let mut lines = said.output.split(|&byte| byte == b'\n');
    if said.end == End::Full || said.end == End::Late {
        // The last line was cut.
        lines.next_back();
    }
    for line in lines {
        // Where there are no entries it says so in words.
        if !line.trim_ascii_start().starts_with(b"{") {
            continue;
        }
        let Ok(entry) = entry::parse(line) else {
            broken += 1;
            continue;
        };
        match life.since_boot_us(entry.monotonic_us, entry.realtime_us) {
            Some(at) if life.holds(at) => entries.push((at, entry)),
            Some(_) => earlier += 1,
            None => broken += 1,
        }
    }
    // As it printed them, unless it knew no better.
    entries.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let stopped = !matches!(said.end, End::Exit(_));
    let truncated = entries.len() > MOST || (stopped && earlier == 0 && !entries.is_empty());
    entries.truncate(MOST);
    let entries: Vec<_> = entries.into_iter().map(|(_, entry)| wire(entry)).collect();
    let notice = notice(said, limit, entries.is_empty(), earlier, broken);
    Journal {
        total_count: entries.len() as u32,
        entries,
        truncated,
        notice,
        cached_at: now_s(),
    }
}

/// Why there are no entries, or not all.
fn notice(said: &Said, limit: Duration, none: bool, earlier: u32, broken: u32) -> Option<String> {
    match said.end {
        End::Late => return Some(format!("journalctl was stopped after {limit:?}")),
        End::Full => return Some("the entries are too long to be shown all".into()),
        End::Exit(_) if !none => return None,
        End::Exit(status) if !status.success() => {
            let reason = complaints(said).unwrap_or_else(|| status.to_string());
            return Some(format!("journalctl failed: {reason}"));
        }
        End::Exit(_) => {}
    }
    if let Some(complaints) = complaints(said) {
        return Some(complaints);
    }
    if earlier > 0 {
        return Some(format!(
            "no entries of this process; {earlier} of earlier ones with its id are left out"
        ));
    }
    (broken > 0).then(|| format!("journalctl printed {broken} lines that are no entries"))
}

/// The first two lines of complaint.
fn complaints(said: &Said) -> Option<String> {
    let text = String::from_utf8_lossy(&said.complaints);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let text = { lines }.take(2).collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(400).collect();
    (!text.is_empty()).then_some(text)
}

fn wire(entry: Entry) -> JournalEntry {
    let timestamp_us = entry.realtime_us.unwrap_or(0);
    let time = SystemTime::UNIX_EPOCH + Duration::from_micros(timestamp_us.min(LAST_US));
    JournalEntry {
        timestamp: humantime::format_rfc3339_micros(time).to_string(),
        timestamp_us,
        priority: entry.priority,
        message: entry.message,
        unit: entry.unit,
        pid: entry.pid,
        comm: entry.comm,
        uid: entry.uid,
        gid: entry.gid,
        message_text: None,
    }
}

fn now_s() -> u64 {
    Moment::now().wall_ns / 1_000_000_000
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const LIMIT: Duration = Duration::from_secs(1);

    fn exit(code: i32) -> End {
        End::Exit(ExitStatus::from_raw(code << 8))
    }

    fn said(output: String, complaints: &str, end: End) -> Said {
        Said {
            output: output.into_bytes(),
            complaints: complaints.into(),
            end,
        }
    }

    /// A process that began 500 s after boot, now being 1 000 s after it.
    fn life() -> Life {
        let ns = 1_000_000_000_000;
        let now = Moment {
            monotonic_ns: ns,
            wall_ns: ns,
            boot_ns: ns,
        };
        Life::new(500_000_000_000, now)
    }

    fn line(second: u64) -> String {
        let us = (second * 1_000_000).to_string();
        let line = json!({
            "__REALTIME_TIMESTAMP": us, "__MONOTONIC_TIMESTAMP": us,
            "MESSAGE": format!("at {second}"),
        });
        format!("{line}\n")
    }

    fn messages(journal: &Journal) -> Vec<&str> {
        journal
            .entries
            .iter()
            .map(|one| one.message.as_str())
            .collect()
    }

    #[test]
    fn entries_of_this_process_come_newest_first() {
        let output = [450, 700, 600].map(line).concat() + "-- No more --\n";
        let journal = journal(&said(output, "Hint: x", exit(0)), &life(), LIMIT);
        assert_eq!(messages(&journal), ["at 700", "at 600"]);
        assert_eq!(journal.entries[0].timestamp, "1970-01-01T00:11:40.000000Z");
        assert_eq!(journal.entries[0].timestamp_us, 700_000_000);
        assert_eq!((journal.truncated, journal.notice), (false, None));
    }

    #[test]
    fn a_hundred_are_all_and_one_more_is_too_many() {
        let of = |count: u64| {
            let output = (0..count).map(|at| line(900 - at)).collect();
            let journal = journal(&said(output, "", exit(0)), &life(), LIMIT);
            (journal.entries.len(), journal.truncated)
        };
        assert_eq!(of(100), (100, false));
        assert_eq!(of(101), (100, true));
    }

    #[test]
    fn an_empty_answer_says_why() {
        let notice = |output: &str, complaints, end| {
            let journal = journal(&said(output.to_owned(), complaints, end), &life(), LIMIT);
            assert_eq!(journal.entries, []);
            journal.notice.unwrap_or_default()
        };
        assert_eq!(notice("-- No entries --\n", "", exit(0)), "");
        let hint = notice("", "Hint: You see\n\n  little.\nmore\n", exit(0));
        assert_eq!(hint, "Hint: You see little.");
        assert_eq!(
            notice("", "no option\n", exit(1)),
            "journalctl failed: no option"
        );
        assert_eq!(notice("", "", exit(1)), "journalctl failed: exit status: 1");
        assert!(notice(&line(3), "", exit(0)).contains("1 of earlier ones"));
        assert!(notice("{broken\n", "", exit(0)).contains("1 lines"));
        assert!(notice("", "", End::Late).contains("1s"));
    }

    #[test]
    fn output_that_was_cut_is_used_up_to_the_cut() {
        let mut output = line(800) + &line(700);
        output.truncate(output.len() - 5);
        let cut = said(output, "", End::Full);
        let journal = journal(&cut, &life(), LIMIT);
        assert_eq!(messages(&journal), ["at 800"]);
        assert!(journal.truncated && journal.notice.is_some());
    }

    proptest! {
        #[test]
        fn no_output_panics(output: Vec<u8>, complaints: Vec<u8>, us: u64) {
            let line = format!("\n{{\"__REALTIME_TIMESTAMP\":\"{us}\"}}\n");
            let output = [output, line.into_bytes()].concat();
            let said = Said { output, complaints, end: exit(0) };
            let journal = journal(&said, &life(), LIMIT);
            prop_assert!(journal.entries.iter().all(|one| one.timestamp.is_ascii()));
        }
    }
}
