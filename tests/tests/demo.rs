//! In the place of `socktop_agent`, next to the published terminal client.

use std::fs::{read_dir, read_link};
use std::path::Path;
use std::time::{Duration, Instant};
use subjiffy_tests::build::binary;
use subjiffy_tests::need;
use subjiffy_tests::process::install;
use subjiffy_tests::screen::{Screen, no_dialog, socktop, total};

#[test]
fn socktop_demo_starts_it_reads_it_and_ends_it() {
    let Some(client) = socktop() else { return };
    // The demo has one port for all.
    let _alone = need::exclusive();
    let home = tempfile::tempdir().expect("a directory");
    // Copies: it looks next to the file that a link leads to.
    install(&client, &home.path().join("socktop"));
    let agent = home.path().join("socktop_agent");
    install(binary(), &agent);

    let screen = Screen::run(home, "./socktop --demo", (160, 50));
    let text = screen.wait_for("the processes", |text| total(text).is_some_and(|n| n > 0));
    no_dialog(&text);
    assert_eq!(running(&agent), 1, "our agent is the one that runs");
    screen.press("q");
    screen.wait_for("the end", |text| text.contains("EXIT 0"));
    let end = Instant::now() + Duration::from_secs(5);
    while running(&agent) > 0 {
        assert!(Instant::now() < end, "the agent still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// How many processes run this file.
fn running(program: &Path) -> usize {
    let processes = read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let programs = processes.filter_map(|p| read_link(p.path().join("exe")).ok());
    programs.filter(|other| other == program).count()
}
