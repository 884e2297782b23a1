//! Many clients, and bad ones: everybody who behaves is answered, and nothing is left over.

use std::time::Duration;
use subjiffy_tests::clients::{allow_files, crowd};
use subjiffy_tests::flood::{Holdings, KINDS, flood, is_served};
use subjiffy_tests::need;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

/// Buffers and the allocator's reserves; a leak of any of the floods is far above.
const GROWTH: u64 = 16 << 20;

#[test]
fn two_hundred_clients_are_all_answered() {
    let _alone = need::exclusive();
    allow_files(1_024).expect("open files");
    let server = Server::start("");
    // Some files are opened at the first answer of a kind and kept.
    crowd(&server.url, 2, Duration::from_secs(1), || {});
    let before = Holdings::of(server.pid());
    let outcome = crowd(&server.url, 200, Duration::from_secs(10), || {});
    assert_eq!(outcome.errors, Vec::<String>::new());
    assert_eq!((outcome.connected, outcome.asked), (200, outcome.answered));
    assert!(outcome.asked > 200 * 20, "only {} requests", outcome.asked);
    nothing_is_left(&server, before);
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn every_flood_leaves_others_served_and_nothing_behind() {
    let _alone = need::exclusive();
    let server = Server::start("");
    is_served(&server.url);
    // The first of each kind may warm something up.
    for kind in KINDS {
        flood(&server.url, kind, Duration::from_millis(500));
    }
    let before = Holdings::settled(server.pid(), 0, Duration::from_secs(3));
    for kind in KINDS {
        let outcome = flood(&server.url, kind, Duration::from_secs(3));
        println!(
            "{kind:?}: {} connections, {} answers to the other client",
            outcome.connections,
            outcome.latency_ms.len()
        );
        assert!(outcome.connections > 0, "{kind:?} did nothing");
        assert!(outcome.latency_ms.len() > 1, "{kind:?}: {outcome:?}");
        is_served(&server.url);
        nothing_is_left(&server, before);
    }
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

fn nothing_is_left(server: &Server, before: Holdings) {
    // Half-open requests have ten seconds.
    let after = Holdings::settled(server.pid(), before.files, Duration::from_secs(15));
    assert!(
        after.files <= before.files,
        "open files: {after:?}, before {before:?}"
    );
    assert!(
        after.memory <= before.memory + GROWTH,
        "memory: {after:?}, before {before:?}"
    );
}
