//! colmux itself, with the agent on one and two hosts.

use std::time::Instant;
use subjiffy_tests::collectl::{self, PATIENCE, Program, Run, host};
use subjiffy_tests::colmux::{ADDRESSES, Hosts};
use subjiffy_tests::process::Signal;

fn ready() -> bool {
    collectl::ready_with_net(&["colmux", "sed"])
}

/// One screen: its lines, from `Connected:` on.
#[derive(Debug)]
struct Screen {
    connected: String,
    header: String,
    rows: Vec<String>,
}

/// Cuts what colmux shows without escapes into screens.
fn screens(said: &[String]) -> Vec<Screen> {
    let mut screens: Vec<Screen> = Vec::new();
    for line in said {
        if let Some((_, after)) = line.split_once("  Connected: ") {
            screens.push(Screen {
                connected: after.to_owned(),
                header: String::new(),
                rows: Vec::new(),
            });
        } else if let Some(screen) = screens.last_mut() {
            if line.starts_with("#Host") {
                screen.header.clone_from(line);
            } else if !line.starts_with('#') && !line.trim().is_empty() {
                screen.rows.push(line.clone());
            }
        }
    }
    screens
}

/// Reads until so many complete screens have so many rows or more.
fn until_screens(run: &mut Run, count: usize, rows: usize) -> Vec<Screen> {
    let end = Instant::now() + PATIENCE;
    loop {
        let mut seen = screens(&run.said);
        // The last one may not be complete.
        seen.pop();
        seen.retain(|screen| screen.rows.len() >= rows);
        if seen.len() >= count {
            return seen;
        }
        assert!(Instant::now() < end, "{:#?}", run.said);
        if run.line().is_none() {
            let complaint = run.complaint();
            panic!("it ended: {:#?}, {complaint}", run.said);
        }
    }
}

/// Ends colmux; its agents end by themselves.
fn finish(hosts: &Hosts, run: Run) {
    run.stop(Signal::KILL);
    hosts.wait_until_empty();
}

/// Step 8.
#[test]
fn one_host_in_brief_lines() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let words = [
        "-addr",
        ADDRESSES[0],
        "-command",
        "-scdn -i1",
        "-lines",
        "10",
    ];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    for screen in until_screens(&mut run, 4, 1) {
        assert_eq!(screen.connected, "1 of 1", "{screen:?}");
        assert!(
            screen.header.starts_with("#Host      cpu sys inter  ctxsw"),
            "{screen:?}"
        );
        assert_eq!(screen.rows.len(), 1, "{screen:?}");
        let words: Vec<_> = screen.rows[0].split_whitespace().collect();
        assert_eq!(words.len(), 13, "{screen:?}");
        assert_eq!(words[0], host(), "{screen:?}");
        assert!(words[1..].iter().all(|word| is_number(word)), "{screen:?}");
    }
    finish(&hosts, run);
}

fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['K', 'M', 'G', 'T']);
    digits.parse::<f64>().is_ok()
}

/// Step 9.
#[test]
fn two_hosts_side_by_side() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let addresses = ADDRESSES.join(",");
    let words = ["-addr", &addresses, "-command", "-scdn -i1", "-lines", "10"];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    for screen in until_screens(&mut run, 3, 2) {
        assert_eq!(screen.connected, "2 of 2", "{screen:?}");
        assert_eq!(screen.rows.len(), 2, "{screen:?}");
    }
    finish(&hosts, run);
}

/// Step 15: rows of both programs in the same columns.
#[test]
fn a_host_of_each_kind() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let addresses = ADDRESSES.join(",");
    let mixed = hosts.mixed([Program::Real, Program::Ours]);
    for command in ["-scdnm -i1", "-sZ -i1:1"] {
        let words = ["-addr", &addresses, "-command", command, "-lines", "200"];
        let mut run = hosts.colmux(&mixed, &words);
        for screen in until_screens(&mut run, 3, 2) {
            assert!(screen.connected.starts_with("2 of 2"), "{screen:?}");
            let columns = screen.header.split_whitespace().count();
            for row in &screen.rows {
                // The last column is a command, which may have more words.
                assert!(
                    row.split_whitespace().count() >= columns,
                    "{row}: {screen:?}"
                );
            }
            if command.starts_with("-sc") {
                let ends = |row: &String| column_ends(row);
                assert_eq!(ends(&screen.rows[0]), ends(&screen.rows[1]), "{screen:?}");
            }
        }
        finish(&hosts, run);
    }
}

/// Where words of a row end.
fn column_ends(row: &str) -> Vec<usize> {
    let bytes = row.as_bytes();
    let end = |&at: &usize| bytes[at] != b' ' && bytes.get(at + 1).is_none_or(|&next| next == b' ');
    (0..bytes.len()).filter(end).collect()
}

/// Step 10: sorted by accumulated time, of this second.
#[test]
fn processes_sorted_by_time() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let words = [
        "-addr",
        ADDRESSES[0],
        "-command",
        "-sZ -i1:1",
        "-column",
        "13",
        "-lines",
        "12",
    ];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    let mut sorted = 0;
    for screen in until_screens(&mut run, 5, 8) {
        assert!(
            screen.header.starts_with("#Host       PID  User"),
            "{screen:?}"
        );
        let times: Vec<_> = screen.rows.iter().map(|row| accumulated(row)).collect();
        sorted += usize::from(times.windows(2).all(|pair| pair[0] >= pair[1]));
    }
    // colmux may draw in the middle of a sample: a row of the one before is where that was.
    assert!(sorted >= 2, "{:#?}", run.said);
    finish(&hosts, run);
}

/// Seconds of the column AccuTime, `MM:SS.hh` or `HH:MM:SS`.
fn accumulated(row: &str) -> f64 {
    let word = row.split_whitespace().nth(13).expect("a time");
    let parts: Vec<f64> = word
        .split(':')
        .map(|part| part.parse().expect(row))
        .collect();
    match parts[..] {
        [minutes, seconds] => minutes * 60.0 + seconds,
        [hours, minutes, seconds] => (hours * 60.0 + minutes) * 60.0 + seconds,
        _ => panic!("{row}"),
    }
}

/// Step 11: chosen columns of each host beside each other, and their sums.
#[test]
fn chosen_columns_with_totals() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let words = [
        "-addr",
        ADDRESSES[0],
        "-command",
        "-scdn -i1",
        "-cols",
        "1,2,4",
        "-coltotal",
    ];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    let numbers = |line: &str| -> Vec<i64> {
        let words = line.split_whitespace().filter(|word| *word != "|");
        words.filter_map(|word| word.parse().ok()).collect()
    };
    let good = |line: &str| {
        let numbers = numbers(line);
        numbers.len() == 6 && numbers.iter().all(|&number| number >= 0)
    };
    for _ in 0..3 {
        let line = run.until("numbers and totals", good);
        let numbers = numbers(&line);
        assert_eq!(numbers[..3], numbers[3..], "of one host: {line}");
        assert!(numbers[2] > 0, "context switches: {line}");
    }
    finish(&hosts, run);
}

/// Step 12: columns of plot lines.
#[test]
fn chosen_columns_of_plot_lines() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let words = [
        "-addr",
        ADDRESSES[0],
        "-command",
        "-scm -P -i1",
        "-cols",
        "3,25",
    ];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    run.until("names", |line| {
        line.contains("[CPU]User%") && line.contains("[MEM]Used")
    });
    let total = memory_kb();
    for _ in 0..3 {
        let line = run.until("numbers", |line| {
            let words: Vec<_> = line.split_whitespace().collect();
            matches!(words[..], [first, "|", second] | [first, second]
                if is_number(first) && second.parse::<i64>().is_ok_and(|number| number > 0))
        });
        let used: u64 = line
            .split_whitespace()
            .next_back()
            .and_then(|word| word.parse().ok())
            .expect("a number");
        assert!(used > 1000 && used <= total, "{line}: {total}");
    }
    finish(&hosts, run);
}

fn memory_kb() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").expect("meminfo");
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("MemTotal")
}

/// Step 13.
#[test]
fn columns_have_their_numbers() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    for (command, last) in [("-scdn", "12 PktOut"), ("-sZ", "18 Command")] {
        let words = ["-addr", ADDRESSES[0], "-command", command, "-test"];
        let ours = hosts.colmux(&Program::Ours.path(), &words).ended().stdout;
        let real = hosts.colmux(&Program::Real.path(), &words).ended().stdout;
        assert!(ours.trim_end().ends_with(last), "{ours}");
        assert_eq!(ours, real, "{command}: ours, the original");
    }
}

/// Step 14: with the agents colmux ends.
#[test]
fn colmux_ends_with_its_last_host() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let addresses = ADDRESSES.join(",");
    let words = [
        "-addr",
        &addresses,
        "-command",
        "-scdn -i1 -c3",
        "-lines",
        "10",
    ];
    let ended = hosts.colmux(&Program::Ours.path(), &words).ended();
    let lines: Vec<_> = ended.stdout.lines().map(str::to_owned).collect();
    let full = screens(&lines)
        .into_iter()
        .filter(|screen| screen.rows.len() == 2);
    assert!(full.count() >= 2, "{lines:#?}");
    hosts.wait_until_empty();
}

/// A sample is on the screen in its own second, not in the next one.
#[test]
fn a_sample_is_shown_in_time() {
    if !ready() {
        return;
    }
    let hosts = Hosts::new();
    let words = [
        "-addr",
        ADDRESSES[0],
        "-command",
        "-sZ -i1:1",
        "-lines",
        "400",
        "-column",
        "1",
    ];
    let mut run = hosts.colmux(&Program::Ours.path(), &words);
    until_screens(&mut run, 2, 8);
    // A process that has just begun is there with the next sample or the one after.
    let mut marker = std::process::Command::new("sleep")
        .arg("300")
        .spawn()
        .expect("sleep");
    let pid = marker.id().to_string();
    let seen = run.said.len();
    let is_it = |line: &str| line.split_whitespace().nth(1) == Some(&pid);
    run.until("the new process", is_it);
    let headers = run.said[seen..]
        .iter()
        .filter(|line| line.starts_with("#Host"))
        .count();
    let _ = marker.kill();
    let _ = marker.wait();
    assert!(headers <= 4, "only after {headers} screens");
    finish(&hosts, run);
}
