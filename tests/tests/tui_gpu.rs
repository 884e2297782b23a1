//! The terminal client's graphics card pane, with cards that this machine may not have.

use serde_json::{Value, json};
use subjiffy_tests::relay::relay;
use subjiffy_tests::screen::{Screen, no_dialog, socktop};
use subjiffy_tests::server::Server;
use subjiffy_tests::shape;

/// As the agent tells of them: two with memory, one that has none of its own.
fn with_cards(metrics: &mut Value) {
    let gigabyte = 1_u64 << 30;
    metrics["gpus"] = json!([
        {"name": "First Card", "utilization_gpu_pct": 57, "mem_used_bytes": 3 * gigabyte,
         "mem_total_bytes": 12 * gigabyte, "temp_c": 61.5},
        {"name": "Second Card", "utilization_gpu_pct": 100, "mem_used_bytes": 0,
         "mem_total_bytes": 8 * gigabyte},
        {"name": "Shared Memory", "utilization_gpu_pct": 3.5},
    ]);
    shape::metrics(metrics).expect("metrics that break no client");
}

#[test]
fn graphics_cards_are_shown_at_every_size() {
    let Some(program) = socktop() else { return };
    let server = Server::start("");
    let url = relay(&server.url, with_cards);
    for (words, size) in [
        ("", (160, 55)),
        ("", (120, 70)),
        ("", (80, 24)),
        ("--compact ", (160, 55)),
    ] {
        let screen = Screen::open(&program, &format!("{words}{url}"), size);
        let text = screen.wait_for("the first card", |text| text.contains("util: 57%"));
        assert!(text.contains("vram: 3.0G/12.0G (25%)"), "{text}");
        no_dialog(&text);
        screen.close();
    }
}

#[test]
fn a_machine_without_cards_has_an_empty_pane_or_its_own() {
    let Some(program) = socktop() else { return };
    let server = Server::start("");
    let url = relay(&server.url, |metrics| metrics["gpus"] = Value::Null);
    let screen = Screen::open(&program, &url, (160, 55));
    let text = screen.wait_for("no card", |text| text.contains("No GPUs"));
    no_dialog(&text);
    screen.close();
    // Whatever this machine has.
    let screen = Screen::open(&program, &server.url, (160, 55));
    let text = screen.wait_for("the pane", |text| text.contains("Top Processes ("));
    no_dialog(&text);
    screen.close();
}
