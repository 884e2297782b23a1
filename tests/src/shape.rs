//! What socktop's clients ask of the answers: fields, types and values that do not break them.

use serde_json::Value;
use std::collections::BTreeSet;

/// Names of one value of a graphics card; two of them in one object fail the whole answer.
const GPU_ALIASES: [&[&str]; 4] = [
    &[
        "utilization_gpu_pct",
        "utilization",
        "gpu_util_pct",
        "gpu_utilization",
    ],
    &["mem_used_bytes", "mem_used", "vram_used_bytes"],
    &["mem_total_bytes", "mem_total", "vram_total_bytes"],
    &["temp", "temp_c", "temperature_c"],
];

/// What is wrong with an answer to `get_metrics`.
///
/// # Errors
/// The first thing that is.
pub fn metrics(m: &Value) -> Result<(), String> {
    share(&m["cpu_total"], "cpu_total")?;
    for core in array(m, "cpu_per_core")? {
        share(core, "cpu_per_core")?;
    }
    for kind in ["mem", "swap"] {
        let total = integer(m, &format!("{kind}_total"))?;
        let used = integer(m, &format!("{kind}_used"))?;
        ensure(used <= total, || format!("{kind}: {used} used of {total}"))?;
    }
    text(m, "hostname")?;
    optional_float(m, "cpu_temp_c")?;
    disks(&m["disks"])?;
    let mut names = BTreeSet::new();
    for net in array(m, "networks")? {
        integer(net, "received")?;
        integer(net, "transmitted")?;
        let name = text(net, "name")?;
        ensure(names.insert(name), || format!("network {name} twice"))?;
    }
    ensure(array(m, "top_processes")?.is_empty(), || {
        "top_processes is not empty".into()
    })?;
    let sampled = integer(m, "sampled_at_ms")?;
    ensure(sampled > 1_600_000_000_000, || {
        format!("sampled_at_ms {sampled}")
    })?;
    match &m["gpus"] {
        Value::Null => Ok(()),
        Value::Array(all) => all.iter().try_for_each(gpu),
        other => Err(format!("gpus: {other}")),
    }
}

fn gpu(gpu: &Value) -> Result<(), String> {
    let object = gpu.as_object().ok_or_else(|| format!("a gpu: {gpu}"))?;
    let mut values = [&Value::Null; GPU_ALIASES.len()];
    for (aliases, value) in GPU_ALIASES.iter().zip(&mut values) {
        let sent: Vec<_> = aliases
            .iter()
            .filter_map(|&name| object.get(name))
            .collect();
        ensure(sent.len() <= 1, || format!("two of {aliases:?} in {gpu}"))?;
        *value = sent.first().copied().unwrap_or(&Value::Null);
    }
    let [utilization, used, total, temperature] = values;
    if !utilization.is_null() {
        share(utilization, "utilization")?;
    }
    ensure(temperature.is_null() || temperature.is_number(), || {
        format!("temperature in {gpu}")
    })?;
    ensure(used.is_null() == total.is_null(), || {
        format!("used without total, or the other way round: {gpu}")
    })?;
    if !total.is_null() {
        let (used, total) = (used.as_u64(), total.as_u64());
        let good = total.is_some_and(|total| total > 0) && used.is_some() && used <= total;
        ensure(good, || format!("memory of {gpu}"))?;
    }
    Ok(())
}

/// The same for `get_disks`.
///
/// # Errors
/// The first thing that is wrong.
pub fn disks(answer: &Value) -> Result<(), String> {
    let all = answer
        .as_array()
        .ok_or_else(|| format!("disks: {answer}"))?;
    let mut names = BTreeSet::new();
    for disk in all {
        let (total, available) = (integer(disk, "total")?, integer(disk, "available")?);
        let name = text(disk, "name")?;
        ensure(available <= total, || format!("more than there is: {disk}"))?;
        ensure(names.insert(name), || format!("disk {name} twice"))?;
        optional_float(disk, "temperature")?;
        let partition = &disk["is_partition"];
        ensure(partition.is_null() || partition.is_boolean(), || {
            format!("is_partition in {disk}")
        })?;
    }
    Ok(())
}

/// The same for `get_process_metrics`; no process may have children's children.
///
/// # Errors
/// The first thing that is wrong.
pub fn details(answer: &Value) -> Result<(), String> {
    integer(answer, "cached_at")?;
    detail(&answer["process"])?;
    for child in array(&answer["process"], "child_processes")? {
        detail(child)?;
        for list in ["child_processes", "threads"] {
            ensure(array(child, list)?.is_empty(), || {
                format!("{list} of a child: {child}")
            })?;
        }
    }
    Ok(())
}

fn detail(process: &Value) -> Result<(), String> {
    for key in ["pid", "thread_count", "user_id", "group_id"] {
        small(process, key)?;
    }
    for key in ["fd_count", "parent_pid"] {
        if !process[key].is_null() {
            small(process, key)?;
        }
    }
    for key in [
        "mem_bytes",
        "virtual_mem_bytes",
        "start_time",
        "cpu_time_user",
        "cpu_time_system",
    ] {
        integer(process, key)?;
    }
    for key in ["shared_mem_bytes", "read_bytes", "write_bytes"] {
        if !process[key].is_null() {
            integer(process, key)?;
        }
    }
    for key in ["name", "command", "status"] {
        text(process, key)?;
    }
    // The terminal client cuts them by bytes and dies inside a character.
    for key in ["working_directory", "executable_path"] {
        let path = process[key].as_str().unwrap_or_default();
        ensure(path.is_ascii(), || format!("{key} is not ASCII: {path}"))?;
    }
    let cpu = process["cpu_usage"].as_f64().unwrap_or(f64::NAN);
    ensure(cpu >= 0.0, || format!("cpu_usage {}", process["cpu_usage"]))?;
    for thread in array(process, "threads")? {
        small(thread, "tid")?;
        integer(thread, "cpu_time_user")?;
        integer(thread, "cpu_time_system")?;
        text(thread, "name")?;
        text(thread, "status")?;
    }
    Ok(())
}

/// The same for `get_journal_entries`.
///
/// # Errors
/// The first thing that is wrong.
pub fn journal(answer: &Value) -> Result<(), String> {
    const PRIORITIES: [&str; 8] = [
        "Emergency",
        "Alert",
        "Critical",
        "Error",
        "Warning",
        "Notice",
        "Info",
        "Debug",
    ];
    integer(answer, "cached_at")?;
    let entries = array(answer, "entries")?;
    let count = small(answer, "total_count")?;
    ensure(count == entries.len() as u64, || {
        format!("{count} of {} entries", entries.len())
    })?;
    ensure(answer["truncated"].is_boolean(), || "truncated".into())?;
    let notice = &answer["notice"];
    ensure(notice.is_null() || notice.is_string(), || {
        format!("notice {notice}")
    })?;
    for entry in entries {
        let priority = text(entry, "priority")?;
        ensure(PRIORITIES.contains(&priority), || {
            format!("priority {priority}")
        })?;
        for key in ["timestamp", "message"] {
            let text = text(entry, key)?;
            ensure(text.is_ascii(), || format!("{key} is not ASCII: {text}"))?;
        }
        for key in ["pid", "uid", "gid"] {
            if !entry[key].is_null() {
                small(entry, key)?;
            }
        }
    }
    Ok(())
}

fn ensure(good: bool, wrong: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(wrong()) }
}

fn array<'a>(of: &'a Value, key: &str) -> Result<&'a Vec<Value>, String> {
    let array = of[key].as_array();
    array.ok_or_else(|| format!("{key} is no array in {of}"))
}

fn text<'a>(of: &'a Value, key: &str) -> Result<&'a str, String> {
    let text = of[key].as_str();
    text.ok_or_else(|| format!("{key} is no text in {of}"))
}

/// An integer as the clients read it: `1.0` is none.
fn integer(of: &Value, key: &str) -> Result<u64, String> {
    let number = of[key].as_u64();
    number.ok_or_else(|| format!("{key} is no unsigned integer in {of}"))
}

fn small(of: &Value, key: &str) -> Result<u64, String> {
    let number = integer(of, key)?;
    let fits = u32::try_from(number).is_ok();
    ensure(fits, || format!("{key} has more than 32 bits in {of}"))?;
    Ok(number)
}

fn share(value: &Value, what: &str) -> Result<(), String> {
    let good = value.as_f64().is_some_and(|v| (0.0..=100.0).contains(&v));
    ensure(good, || format!("{what}: {value}"))
}

fn optional_float(of: &Value, key: &str) -> Result<(), String> {
    let value = &of[key];
    ensure(value.is_null() || value.is_number(), || {
        format!("{key} in {of}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({
            "sampled_at_ms": 1_795_148_598_797_u64, "cpu_total": 48.4, "cpu_per_core": [0, 1.5],
            "mem_total": 2, "mem_used": 1, "swap_total": 0, "swap_used": 0, "hostname": "vm",
            "cpu_temp_c": null, "disks": [], "networks": [], "top_processes": [], "gpus": null
        })
    }

    #[test]
    fn each_trap_is_seen() {
        assert_eq!(metrics(&good()), Ok(()));
        let gpu = |gpu: Value| ("gpus", json!([gpu]));
        let traps = [
            ("cpu_total", json!(null)),
            ("mem_used", json!(1.0)),
            ("mem_used", json!(3)),
            ("swap_used", json!(1)),
            ("top_processes", json!([{}])),
            ("hostname", json!(null)),
            ("cpu_per_core", json!([100.5])),
            gpu(json!({"mem_used": 1, "mem_used_bytes": 1, "mem_total": 1})),
            gpu(json!({"mem_used": 0, "mem_total": 0})),
            gpu(json!({"mem_used": 1})),
        ];
        for (key, value) in traps {
            let mut answer = good();
            answer[key] = value.clone();
            assert!(metrics(&answer).is_err(), "{key}: {value}");
        }
        let twice = json!({"name": "/dev/vda", "total": 2, "available": 1});
        assert!(disks(&json!([twice, twice])).is_err());
    }
    fn process() -> Value {
        json!({
            "pid": 7, "name": "x", "command": "x y", "cpu_usage": 150.5, "mem_bytes": 1,
            "virtual_mem_bytes": 2, "shared_mem_bytes": null, "thread_count": 1, "fd_count": null,
            "status": "Sleeping", "parent_pid": null, "user_id": 0, "group_id": 0, "start_time": 1,
            "cpu_time_user": 1, "cpu_time_system": 1, "read_bytes": null, "write_bytes": 4,
            "working_directory": "/", "executable_path": null, "child_processes": [], "threads": []
        })
    }

    #[test]
    fn each_trap_in_details_is_seen() {
        let with = |process: Value| details(&json!({"process": process, "cached_at": 1}));
        assert_eq!(with(process()), Ok(()));
        assert!(details(&json!({"process": process()})).is_err());
        let thread = json!({"tid": 7, "name": "x", "cpu_time_user": 0, "cpu_time_system": 0});
        for (key, value) in [
            ("pid", json!(1_u64 << 32)),
            ("command", json!(null)),
            ("cpu_usage", json!(null)),
            ("mem_bytes", json!(1.5)),
            ("thread_count", json!(null)),
            ("start_time", json!(-1)),
            ("shared_mem_bytes", json!(0.5)),
            ("status", json!(3)),
            ("working_directory", json!("/h\u{f6}me")),
            ("executable_path", json!("/\u{4e2d}")),
            ("threads", json!([thread])),
            ("threads", json!(null)),
            ("child_processes", json!([{}])),
        ] {
            let mut one = process();
            one[key] = value.clone();
            assert!(with(one.clone()).is_err(), "{key}: {value}");
            let mut parent = process();
            parent["child_processes"] = json!([one]);
            assert!(with(parent).is_err(), "of a child, {key}: {value}");
        }
    }

    #[test]
    fn each_trap_in_a_journal_is_seen() {
        let entry = json!({"timestamp": "2026", "priority": "Info", "message": "x", "pid": 1});
        let with = |entry: &Value| {
            journal(&json!({
                "entries": [entry], "total_count": 1, "truncated": false, "notice": null,
                "cached_at": 1
            }))
        };
        assert_eq!(with(&entry), Ok(()));
        for (key, value) in [
            ("priority", json!("info")),
            ("priority", json!(6)),
            ("message", json!(null)),
            ("message", json!("\u{e4}")),
            ("timestamp", json!("\u{ff12}")),
            ("timestamp", json!(2026)),
            ("uid", json!(1_u64 << 32)),
        ] {
            let mut one = entry.clone();
            one[key] = value.clone();
            assert!(with(&one).is_err(), "{key}: {value}");
        }
        let few = json!({"entries": [], "total_count": 1, "truncated": false, "cached_at": 1});
        assert!(journal(&few).is_err());
    }
}
