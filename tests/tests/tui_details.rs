//! The terminal client's details of a process and its journal.

use std::time::Duration;
use subjiffy_tests::journal::{Entry, Journal};
use subjiffy_tests::load::Load;
use subjiffy_tests::screen::{Screen, behind, no_dialog, socktop, total};
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// The dialog needs 52 lines, and more for its journal.
const SIZE: (u32, u32) = (170, 66);

/// A workload under a name that nothing else has, for the client's search.
fn named(command: &str, name: &str) -> Load {
    let directory = tempfile::tempdir().expect("a directory");
    let link = directory.path().join(name);
    std::os::unix::fs::symlink(LOAD, &link).expect("a link");
    // It runs when the link goes.
    Load::start(&link.to_string_lossy(), command)
}

#[test]
fn the_details_are_complete() {
    let Some(program) = socktop() else { return };
    let server = Server::with("", Journal::hide);
    let mut load = named("threads --count 4 --burn-us 5000 --keep 4", "detailed");
    load.run();
    let pid = load.pid();
    let screen = Screen::open(&program, &server.url, SIZE);
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    screen.open_details("detailed", pid);
    let text = screen.wait_for("a journal and a history", |text| {
        !text.contains("Loading") && !text.contains("Collecting") && text.contains("CPU (now:")
    });
    no_dialog(&text);
    assert_eq!(behind(&text, "Threads:"), Some("5"), "{text}");
    assert!(text.contains("Threads (5) & Children (0)"), "{text}");
    let status = behind(&text, "Status:").unwrap_or_default();
    assert!(status.starts_with("Sleep"), "{status}:\n{text}");
    for part in [
        "RSS:",
        "Virtual:",
        "Shared:",
        "Read:",
        "Write:",
        "Uptime:",
        "FDs:",
        "Parent:",
        "UID:",
        "User:",
        "System:",
        "Executable",
        "Working Dir",
        "Command",
        "--burn-us 5000",
        "Journal Events",
        "No journal entries found",
    ] {
        assert!(text.contains(part), "no {part} on the screen:\n{text}");
    }
    assert!(!text.contains("Not available"), "no I/O:\n{text}");
    let rss: f64 = behind(&text, "RSS:")
        .and_then(|mb| mb.parse().ok())
        .unwrap_or(0.0);
    assert!((0.5..50.0).contains(&rss), "{rss} MB:\n{text}");
    // To the parent, which is this test, and back to the list.
    screen.press("P");
    let parent = std::process::id();
    screen.wait_for("the parent", |text| {
        text.contains(&format!("Process Details - PID {parent}")) && text.contains("Status:")
    });
    screen.press("x");
    let text = screen.wait_for("the list", |text| !text.contains("Process Details"));
    no_dialog(&text);
    load.finish();
    screen.press("c");
    screen.close();
}

/// The reference agent says nearly 0 in each answer behind a list.
#[test]
fn a_busy_process_does_not_fall_to_nothing_now_and_then() {
    let Some(program) = socktop() else { return };
    let _alone = need::exclusive();
    let server = Server::with("", Journal::hide);
    let mut load = named("spin --seconds 16", "everbusy");
    let screen = Screen::open(&program, &server.url, SIZE);
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    load.go();
    screen.open_details("everbusy", load.pid());
    std::thread::sleep(Duration::from_millis(1_500));
    let clock = truth::process_clock_ns(load.pid());
    let start = std::time::Instant::now();
    let mut seen = Vec::new();
    screen.watch(Duration::from_secs(8), |text| {
        no_dialog(text);
        let shown = behind(text, "CPU (now:").and_then(|t| t.trim_end_matches('%').parse().ok());
        seen.push(shown.unwrap_or(-1.0_f64));
    });
    let used = (truth::process_clock_ns(load.pid()) - clock) as f64;
    let used = used / start.elapsed().as_nanos() as f64 * 100.0;
    println!("used {used:.1}, shown {seen:?}");
    let least = seen.iter().copied().fold(100.0, f64::min);
    assert!(
        seen.len() > 15 && least > used / 2.0,
        "used {used:.1}, shown {seen:?}"
    );
    load.line();
    load.finish();
    screen.press("x");
    screen.press("c");
    screen.close();
}

/// The client cuts a message after so many bytes and dies inside a character.
#[test]
fn journals_of_all_languages_break_no_width() {
    let Some(program) = socktop() else { return };
    // Entries from before it began are not its own.
    let load = named("idle --count 0", "talkative");
    std::thread::sleep(Duration::from_millis(50));
    let texts = [
        "\u{fc}ber alle Ma\u{df}en l\u{e4}stige Meldung \u{2014} ",
        "\u{8b66}\u{544a}\u{ff1a}\u{78c1}\u{76d8}\u{7a7a}\u{95f4}\u{4e0d}\u{8db3}",
        "\u{1f600}\u{1f680} na\u{ef}ve caf\u{e9} ",
    ];
    let entries: Vec<_> = (0..30)
        .map(|number| {
            let shift = "x".repeat(number % 4);
            Entry::new(&(shift + &texts[number % 3].repeat(20)))
        })
        .collect();
    let journal = Journal::with(&entries);
    let server = Server::with("", |command| journal.put_before(command));
    let screen = Screen::open(&program, &server.url, (160, 66));
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    screen.open_details("talkative", load.pid());
    let text = screen.wait_for("the entries", |text| text.contains("(30 entries)"));
    assert!(text.contains("Error"), "{text}");
    for width in 160..=170 {
        screen.resize((width, 66));
        std::thread::sleep(Duration::from_millis(300));
        let text = screen.capture();
        no_dialog(&text);
        assert!(text.contains("(30 entries)"), "width {width}:\n{text}");
        screen.press("]");
    }
    screen.press("x");
    screen.press("c");
    screen.close();
    load.finish();
}
