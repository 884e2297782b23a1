use proptest::prelude::*;
use serde_json::Value;

use super::payload;
use crate::socktop::{Disk, Encoder, Metrics, Network};

fn networks() -> impl Strategy<Value = Vec<Network>> {
    prop::collection::vec(
        any::<(String, u64, u64)>().prop_map(|(name, received, transmitted)| Network {
            name,
            received,
            transmitted,
        }),
        0..40,
    )
}

prop_compose! {
    fn metrics()(
        (cpu_total, cpu_per_core, cpu_temp_c) in any::<(f32, Vec<f32>, Option<f32>)>(),
        (mem_total, mem_used, swap_total, swap_used) in any::<(u64, u64, u64, u64)>(),
        (sampled_at_ms, hostname) in any::<(u64, String)>(),
        networks in networks(),
    ) -> Metrics {
        Metrics {
            sampled_at_ms, cpu_total, cpu_per_core, mem_total, mem_used, swap_total, swap_used,
            hostname, cpu_temp_c, networks, ..Metrics::default()
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
        },
    );
    prop::collection::vec(disk, 0..20)
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
        prop_assert_eq!(&value["gpus"], &Value::Null);

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
