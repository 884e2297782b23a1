//! What is known of the machine, as socktop's clients want it.

use rustix::system::uname;
use subjiffy_proto::socktop::{Disk, Gpu, Metrics, Network};

use crate::{
    gpu, json,
    model::MachineSnapshot,
    procfs,
    procfs::{Interface, MemInfo},
};

/// The metrics without what hardware tells.
pub(super) fn metrics(machine: &MachineSnapshot) -> Metrics {
    let percent = |share: f64| (share * 100.0) as f32;
    // The client cannot do without: what is not known is in the list of what is paused.
    let [total, swap_total] = machine.memory_size;
    let memory = machine.memory.unwrap_or(MemInfo {
        total,
        free: total,
        swap_total,
        swap_free: swap_total,
        ..MemInfo::default()
    });
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
        tcp: machine.snmp.map(|snmp| json::tcp(&snmp.tcp)),
        udp: machine.snmp.map(|snmp| json::udp(&snmp.udp)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        interfaces::Class,
        procfs::{Name, Snmp},
    };

    #[test]
    fn the_sum_the_client_makes_counts_each_byte_once() {
        let interface = |name: &[u8], kind: &[u8], counted| Interface {
            name: Name::shortened(name),
            rx_bytes: 100,
            tx_bytes: 10,
            class: Class {
                kind: Name::shortened(kind),
                counted,
            },
            ..Interface::default()
        };
        let snapshot = MachineSnapshot {
            interfaces: vec![
                interface(b"lo", b"loopback", false),
                interface(b"eth0", b"physical", true),
                interface(b"br0", b"bridge", false),
            ],
            ..MachineSnapshot::default()
        };
        let metrics = metrics(&snapshot);
        let sum: u64 = metrics.networks.iter().map(|one| one.received).sum();
        assert_eq!(sum, 100);
        let names = |list: &[Network]| {
            let names = list.iter().map(|one| format!("{} {}", one.name, one.kind));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&metrics.networks), ["eth0 physical"]);
        assert_eq!(
            names(&metrics.networks_virtual),
            ["lo loopback", "br0 bridge"]
        );
    }

    #[test]
    fn tcp_and_udp_are_left_out_where_they_are_not_known() {
        let mut machine = MachineSnapshot::default();
        let unknown = metrics(&machine);
        assert_eq!((unknown.tcp, unknown.udp), (None, None));
        let mut snmp = Snmp::default();
        snmp.tcp.established = 5;
        snmp.udp.no_ports = 7;
        machine.snmp = Some(snmp);
        let known = metrics(&machine);
        assert_eq!(known.tcp.unwrap().established, 5);
        assert_eq!(known.udp.unwrap().no_ports, 7);
    }

    #[test]
    fn a_graphics_processor_without_memory_crashes_no_client() {
        let mut metrics = Metrics {
            gpus: Some(vec![gpu(&gpu::Gpu {
                memory: Some(gpu::Memory { used: 5, total: 0 }),
                busy_percent: Some(250.0),
                ..gpu::Gpu::default()
            })]),
            ..Metrics::default()
        };
        metrics.sanitize();
        let gpu = &metrics.gpus.unwrap()[0];
        assert_eq!((gpu.mem_used_bytes, gpu.mem_total_bytes), (None, None));
        assert_eq!(gpu.utilization_gpu_pct, Some(100.0));
    }
}
