use proptest::prelude::*;
use serde_json::Value;

use super::payload;
use crate::socktop::{Disk, Encoder, Gpu, Metrics, Network};

fn networks() -> impl Strategy<Value = Vec<Network>> {
    prop::collection::vec(
        any::<(String, u64, u64)>().prop_map(|(name, received, transmitted)| Network {
            name,
            received,
            transmitted,
            kind: "physical".into(),
        }),
        0..40,
    )
}

/// Small numbers of bytes, so that 0 and equal ones are likely.
fn bytes() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(prop_oneof![0..3u64, any::<u64>()])
}

prop_compose! {
    fn gpu()(
        (name, vendor) in any::<(Option<String>, Option<String>)>(),
        (utilization_gpu_pct, temp_c) in any::<(Option<f32>, Option<f32>)>(),
        (mem_used_bytes, mem_total_bytes) in (bytes(), bytes()),
    ) -> Gpu {
        Gpu { name, vendor, utilization_gpu_pct, mem_used_bytes, mem_total_bytes, temp_c }
    }
}

prop_compose! {
    fn metrics()(
        gpus in prop::option::of(prop::collection::vec(gpu(), 0..5)),
        (cpu_total, cpu_per_core, cpu_temp_c) in any::<(f32, Vec<f32>, Option<f32>)>(),
        (mem_total, mem_used, swap_total, swap_used) in any::<(u64, u64, u64, u64)>(),
        (sampled_at_ms, hostname) in any::<(u64, String)>(),
        networks in networks(),
    ) -> Metrics {
        Metrics {
            sampled_at_ms, cpu_total, cpu_per_core, mem_total, mem_used, swap_total, swap_used,
            hostname, cpu_temp_c, networks, gpus, ..Metrics::default()
        }
    }
}

fn disks() -> impl Strategy<Value = Vec<Disk>> {
    let disk = ("[a-c]?", any::<(u64, u64, Option<f32>, bool)>()).prop_map(
        |(name, (total, available, temperature, is_partition))| Disk {
            name,
            total,
            available,
            temperature,
            is_partition,
            ..Disk::default()
        },
    );
    prop::collection::vec(disk, 0..20)
}

/// What the clients take for one field each; two of a group make them reject the answer.
const ALIASES: [&[&str]; 4] = [
    &[
        "utilization_gpu_pct",
        "utilization",
        "gpu_util_pct",
        "gpu_utilization",
    ],
    &["mem_used_bytes", "mem_used", "vram_used_bytes"],
    &["mem_total_bytes", "mem_total", "vram_total_bytes"],
    &["temp_c", "temp", "temperature_c"],
];

fn gpu_is_bearable(gpu: &serde_json::Map<String, Value>) -> Result<(), TestCaseError> {
    for group in ALIASES {
        let sent = group.iter().filter(|name| gpu.contains_key(**name)).count();
        prop_assert!(sent <= 1, "{:?}", gpu);
    }
    let known = |name: &&String| {
        ["name", "vendor"].contains(&name.as_str())
            || ALIASES.iter().any(|group| group[0] == name.as_str())
    };
    prop_assert!(gpu.keys().all(|name| known(&name)), "{:?}", gpu);
    prop_assert!(gpu.values().all(|value| !value.is_null()), "{:?}", gpu);
    let bytes = |name: &str| gpu.get(name).map(|value| value.as_u64().unwrap());
    match (bytes("mem_used_bytes"), bytes("mem_total_bytes")) {
        (None, None) => {}
        (Some(used), Some(total)) => prop_assert!(used <= total && total > 0),
        other => prop_assert!(false, "one without the other: {:?}", other),
    }
    if let Some(busy) = gpu.get("utilization_gpu_pct") {
        prop_assert!((0.0..=100.0).contains(&busy.as_f64().unwrap()));
    }
    Ok(())
}

proptest! {
    #[test]
    fn metrics_are_bearable(metrics in metrics()) {
        let json = payload(&Encoder::new().metrics(metrics.clone()));
        let value: Value = serde_json::from_slice(&json).unwrap();
        let names: Vec<_> = value.as_object().unwrap().keys().collect();
        prop_assert_eq!(names.len(), 13);
        prop_assert_eq!(&value["top_processes"], &Value::Array(Vec::new()));
        prop_assert_eq!(&value["disks"], &Value::Array(Vec::new()));
        let none = metrics.gpus.as_ref().is_none_or(Vec::is_empty);
        prop_assert_eq!(value["gpus"].is_null(), none);
        for gpu in value["gpus"].as_array().into_iter().flatten() {
            gpu_is_bearable(gpu.as_object().unwrap())?;
        }

        let sent: Metrics = serde_json::from_slice(&json).unwrap();
        prop_assert!(sent.mem_used <= sent.mem_total);
        prop_assert!(sent.swap_used <= sent.swap_total);
        prop_assert!((0.0..=100.0).contains(&sent.cpu_total));
        prop_assert!(sent.cpu_per_core.iter().all(|core| (0.0..=100.0).contains(core)));
        prop_assert_eq!(sent.cpu_per_core.len(), metrics.cpu_per_core.len());
        prop_assert_eq!(sent.cpu_temp_c, metrics.cpu_temp_c.filter(|t| t.is_finite()));
        prop_assert_eq!(sent.hostname, metrics.hostname);
        prop_assert_eq!(sent.networks, metrics.networks);
        prop_assert_eq!(sent.sampled_at_ms, metrics.sampled_at_ms);
    }

    #[test]
    fn disks_are_bearable(disks in disks()) {
        let json = payload(&Encoder::new().disks(disks.clone()));
        let sent: Vec<Disk> = serde_json::from_slice(&json).unwrap();
        for (at, disk) in sent.iter().enumerate() {
            prop_assert!(disk.available <= disk.total);
            let first = disks.iter().find(|given| given.name == disk.name).unwrap();
            prop_assert_eq!(disk.total, first.total);
            prop_assert!(sent[..at].iter().all(|other| other.name != disk.name));
        }
        prop_assert!(disks.iter().all(|given| sent.iter().any(|disk| disk.name == given.name)));
    }
}

#[test]
fn memory_of_a_gpu_is_whole_or_left_out() {
    let with = |used, total| {
        let mut gpu = Gpu {
            mem_used_bytes: used,
            mem_total_bytes: total,
            utilization_gpu_pct: Some(f32::NAN),
            temp_c: Some(f32::INFINITY),
            ..Gpu::default()
        };
        gpu.sanitize();
        assert_eq!((gpu.utilization_gpu_pct, gpu.temp_c), (None, None));
        (gpu.mem_used_bytes, gpu.mem_total_bytes)
    };
    assert_eq!(with(Some(3), Some(2)), (Some(2), Some(2)));
    assert_eq!(with(Some(0), Some(2)), (Some(0), Some(2)));
    for half in [
        (Some(1), Some(0)),
        (Some(0), Some(0)),
        (Some(1), None),
        (None, Some(1)),
    ] {
        assert_eq!(with(half.0, half.1), (None, None), "{half:?}");
    }
}

#[test]
fn values_that_break_clients_are_put_in_range() {
    let mut metrics = Metrics {
        cpu_total: f32::NAN,
        cpu_per_core: vec![f32::INFINITY, f32::NEG_INFINITY, -0.5, 100.1, 33.0],
        mem_total: 10,
        mem_used: 11,
        swap_total: 0,
        swap_used: 1,
        cpu_temp_c: Some(f32::NAN),
        ..Metrics::default()
    };
    metrics.sanitize();
    assert_eq!(metrics.cpu_total, 0.0);
    assert_eq!(metrics.cpu_per_core, [100.0, 0.0, 0.0, 100.0, 33.0]);
    assert_eq!((metrics.mem_used, metrics.swap_used), (10, 0));
    assert_eq!(metrics.cpu_temp_c, None);
}
