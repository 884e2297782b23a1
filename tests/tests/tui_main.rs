//! The terminal client's main screen, at all sizes.

use std::time::Duration;
use subjiffy_tests::load::Load;
use subjiffy_tests::process::Signal;
use subjiffy_tests::screen::{Screen, cpu_percent, no_dialog, socktop, total};
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

#[test]
fn the_main_screen_is_complete_and_moves() {
    let Some(program) = socktop() else { return };
    let _alone = need::exclusive();
    let server = Server::start("");
    let screen = Screen::open(&program, &server.url, (160, 55));
    let first = screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    for part in [
        "host: ", "CPU", "Per-core", "Memory", "Swap", "Disks", "Download", "Upload",
    ] {
        assert!(first.contains(part), "no {part} on the screen:\n{first}");
    }
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    assert!(
        first.contains(hostname.trim()),
        "no {hostname} on the screen:\n{first}"
    );
    // Others come and go between our look and the list's.
    screen.wait_for("as many processes as under /proc", |text| {
        let counted = truth::processes().len();
        total(text).is_some_and(|shown| shown.abs_diff(counted) <= 5 + counted / 50)
    });

    let mut load = Load::start(LOAD, "spin --seconds 20");
    load.go();
    let pid = load.pid().to_string();
    let busy = screen.wait_for("a busy process", |text| {
        cpu_percent(text, &pid, "load").is_some_and(|cpu| cpu > 5.0)
    });
    assert_ne!(first, busy, "the screen stands still");
    no_dialog(&busy);
    drop(load);
    screen.close();
    assert!(server.stop(Signal::TERM).status.success());
}

/// What was busy before the client came is in its first or second list.
#[test]
fn a_busy_process_is_seen_at_once() {
    let Some(program) = socktop() else { return };
    let _alone = need::exclusive();
    let server = Server::start("");
    let mut load = Load::start(LOAD, "spin --seconds 20");
    load.go();
    let pid = load.pid().to_string();
    let screen = Screen::open(&program, &server.url, (160, 55));
    screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
    let start = std::time::Instant::now();
    screen.wait_for("a busy process", |text| {
        cpu_percent(text, &pid, "load").is_some_and(|cpu| cpu > 5.0)
    });
    // Two lists later there would have been a third one.
    println!("seen {:?} after the first list", start.elapsed());
    screen.close();
}

#[test]
fn every_size_of_the_terminal_is_served() {
    let Some(program) = socktop() else { return };
    let server = Server::start("");
    let open = |words: &str, size| Screen::open(&program, &format!("{words}{}", server.url), size);
    let screens = [
        open("", (160, 55)),
        open("", (80, 24)),
        open("--compact ", (160, 55)),
        open("--compact ", (80, 24)),
    ];
    for screen in &screens {
        let text = screen.wait_for("the first answers", |text| {
            text.contains("CPU") && text.contains("Mem") && !text.contains("connecting")
        });
        no_dialog(&text);
    }
    std::thread::sleep(Duration::from_secs(6));
    for (number, screen) in screens.iter().enumerate() {
        let text = screen.capture();
        no_dialog(&text);
        assert!(
            text.contains("Top Processes ("),
            "no list on screen {number}:\n{text}"
        );
    }
    // And those in between, while it runs.
    for size in [(40, 12), (200, 60), (100, 30), (20, 5), (160, 55)] {
        screens[0].resize(size);
        std::thread::sleep(Duration::from_millis(700));
        no_dialog(&screens[0].capture());
    }
    screens.into_iter().for_each(Screen::close);
    assert!(server.stop(Signal::TERM).status.success());
}
