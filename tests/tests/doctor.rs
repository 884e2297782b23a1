//! `subjiffy doctor` explains what works and what does not.

use serde_json::Value;
use subjiffy_tests::agent::run;
use subjiffy_tests::need;

#[test]
fn doctor_prints_a_report_for_people() {
    let ended = run("doctor");
    assert!(ended.status.success(), "{}", ended.stderr);
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    let text = &ended.stdout;
    assert!(text.contains(release.trim()), "no {release} in: {text}");
    assert!(text.contains("BTF"), "no BTF in: {text}");
}

#[test]
fn doctor_prints_an_object_for_programs() {
    let ended = run("doctor --json");
    assert!(ended.status.success(), "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("an object");
    for key in ["kernel", "btf", "privileges"] {
        assert!(report.get(key).is_some(), "no {key} in {report}");
    }
    for key in ["hooks", "sources"] {
        let parts = report[key].as_array();
        let parts = parts.unwrap_or_else(|| panic!("{key} is no list in {report}"));
        assert!(!parts.is_empty(), "{key} is empty in {report}");
        for part in parts {
            state_is_explained(part);
        }
    }
    if need::bpf() {
        let hooks = report["hooks"].as_array().expect("a list");
        let switch = hooks.iter().find(|h| name(h).contains("sched_switch"));
        let switch = switch.unwrap_or_else(|| panic!("no sched_switch in {report}"));
        assert_eq!(switch["state"], "on", "{switch}");
        let sources = report["sources"].as_array().expect("a list");
        let net = sources.iter().find(|one| name(one) == "source/ebpf/net");
        let net = net.unwrap_or_else(|| panic!("no source/ebpf/net in {report}"));
        assert_eq!(net["state"], "on", "{net}");
        // Each hook that is missing is told there by what is not seen without it.
        let missing = hooks.iter().filter(|one| one["state"] != "on").count();
        let reason = net["reason"].as_str().unwrap_or_default();
        let told = reason.split(';').filter(|part| !part.is_empty()).count();
        assert_eq!(told, missing, "{report}");
    }
}

fn state_is_explained(part: &Value) {
    assert!(!name(part).is_empty(), "no name in {part}");
    let state = part["state"].as_str().unwrap_or_default();
    let reason = part["reason"].as_str().unwrap_or_default();
    assert!(
        ["on", "off", "failed", "unsupported"].contains(&state),
        "state {state:?} in {part}"
    );
    assert!(state == "on" || !reason.is_empty(), "no reason in {part}");
}

fn name(part: &Value) -> &str {
    part["name"].as_str().unwrap_or_default()
}
