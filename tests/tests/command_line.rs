//! Flags, their errors and the ends of output.

use std::io::{BufRead, BufReader};
use std::time::Duration;
use subjiffy_tests::agent::{collect, command, run};
use subjiffy_tests::build::binary;
use subjiffy_tests::process::Owned;
use subjiffy_tests::sample::Sample;

#[test]
fn an_unknown_flag_exits_with_2_and_a_hint() {
    for words in ["--lisen 127.0.0.1:0", "top --jsn", "top --josn"] {
        let ended = run(words);
        assert_eq!(ended.status.code(), Some(2), "{words}: {}", ended.stderr);
        let hints = ["similar", "--help"]
            .iter()
            .any(|h| ended.stderr.contains(h));
        assert!(hints, "{words}: no hint in: {}", ended.stderr);
    }
}

#[test]
fn an_impossible_period_is_named_together_with_the_range() {
    for value in ["0", "10us", "banana", "2h", "-1s"] {
        let ended = run(&format!("top --json -n 1 -i={value}"));
        assert_eq!(ended.status.code(), Some(2), "{value}: {}", ended.stderr);
        for part in [value, "1ms", "1h"] {
            assert!(
                ended.stderr.contains(part),
                "{value}: no {part} in: {}",
                ended.stderr
            );
        }
    }
}

#[test]
fn the_count_is_kept_and_samples_are_numbered() {
    let ended = run("top --json -i 20ms -n 5");
    assert!(ended.status.success(), "{}", ended.stderr);
    let samples: Vec<_> = ended.stdout.lines().map(Sample::parse).collect();
    assert_eq!(samples.len(), 5, "number of samples");
    for pair in samples.windows(2) {
        assert_eq!(pair[0].seq + 1, pair[1].seq, "numbers of two samples");
        assert!(pair[0].at_ns < pair[1].at_ns, "times of two samples");
    }
}

#[test]
fn without_json_there_is_a_table() {
    let ended = run("top -i 50ms -n 1");
    assert!(ended.status.success(), "{}", ended.stderr);
    let (own, text) = (std::process::id().to_string(), &ended.stdout);
    assert!(text.contains("PID"), "no header in: {text}");
    let row = text.lines().any(|l| l.split_whitespace().any(|w| w == own));
    assert!(row, "no row for {own} in: {text}");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    for words in ["top --json -i 50ms", "top -i 50ms"] {
        let mut command = command(binary().as_os_str());
        let child = command.args(words.split_whitespace()).spawn();
        let mut process = Owned(child.expect("the agent"));
        let stderr = collect(process.0.stderr.take().expect("stderr"));
        let mut line = String::new();
        let mut reader = BufReader::new(process.0.stdout.take().expect("stdout"));
        reader.read_line(&mut line).expect("a line");
        drop(reader);
        let status = process.end_within(Duration::from_secs(3));
        let stderr = stderr.join().expect("a reader");
        assert_eq!(status.code(), Some(0), "{words}: {stderr}");
        for word in ["anic", "ipe", "rror"] {
            assert!(!stderr.contains(word), "{words}: {stderr}");
        }
    }
}
