//! What is known of the machine, as socktop's clients want it.

use rustix::system::uname;
use subjiffy_proto::socktop::{Disk, Gpu, Metrics, Network};

use crate::{gpu, model::MachineSnapshot, procfs, procfs::Interface};

/// The metrics without what hardware tells.
pub(super) fn metrics(machine: &MachineSnapshot) -> Metrics {
    let percent = |share: f64| (share * 100.0) as f32;
    let memory = &machine.memory;
    Metrics {
        sampled_at_ms: machine.at.wall_ns / 1_000_000,
        cpu_total: percent(machine.busy),
        cpu_per_core: machine.busy_by_cpu.iter().copied().map(percent).collect(),
        mem_total: memory.total,
        mem_used: memory.used(),
        swap_total: memory.swap_total,
        swap_used: memory.swap_used(),
        hostname: uname().nodename().to_string_lossy().into_owned(),
        networks: networks(&machine.interfaces, true),
        networks_virtual: networks(&machine.interfaces, false),
        ..Metrics::default()
    }
}

/// The interfaces whose traffic counts, or the others.
fn networks(interfaces: &[Interface], counted: bool) -> Vec<Network> {
    let chosen = interfaces.iter().filter(|one| one.class.counted == counted);
    let networks = chosen.map(|interface| Network {
        name: interface.name.lossy().into_owned(),
        received: interface.rx_bytes,
        transmitted: interface.tx_bytes,
        kind: interface.class.kind.lossy().into_owned().into(),
    });
    networks.collect()
}

pub(super) fn gpu(gpu: &gpu::Gpu) -> Gpu {
    Gpu {
        name: Some(gpu.name.clone()),
        vendor: Some(gpu.vendor.to_owned()),
        utilization_gpu_pct: gpu.busy_percent,
        mem_used_bytes: gpu.memory.map(|memory| memory.used),
        mem_total_bytes: gpu.memory.map(|memory| memory.total),
        temp_c: gpu.celsius,
    }
}

pub(super) fn disk(disk: procfs::Disk) -> Disk {
    Disk {
        name: disk.name,
        total: disk.total,
        available: disk.available,
        temperature: disk.temperature,
        is_partition: disk.is_partition,
        mount_point: disk.mount_point,
        fs_type: disk.fs_type,
    }
}
