//! A JSON object a sample, with exact numbers (`--export subjiffy`).
//!
//! Names end with what the number is: `_ns`, `_ms`, `_kb`, `_bytes`, `_percent`. Other numbers are counts.
//! What is in an object `changes` was counted between this sample and the one before, `interval_ns` ago;
//! nothing is divided by it or rounded.

mod processes;

use super::{
    clock::Moment,
    context::Context,
    json::{self, Json},
};
use crate::{
    options::Subsystem,
    process::Table,
    record::Memory,
    values::{Disk, Interface, Interval, Shares},
};

/// Appends a sample as a line with its end.
pub(super) fn sample(
    to: &mut String,
    context: Option<&Context<'_>>,
    processes: Option<&Table>,
    host: &str,
    moment: &Moment,
) {
    let context = context.filter(|context| has_machine(context));
    if context.is_none() && processes.is_none() {
        return;
    }
    json::object(to, |all| {
        let (seconds, millis) = (moment.seconds, moment.millis);
        all.whole("time", format_args!("{seconds}.{millis:03}"))
            .text("host", host);
        if let Some(context) = context {
            all.object("machine", |machine| machine_fields(machine, context));
        }
        if let Some(table) = processes {
            all.object("processes", |all| processes::fields(all, table));
        }
    });
    to.push('\n');
}

/// Whether anything but processes is wanted.
fn has_machine(context: &Context<'_>) -> bool {
    let of = context.subsystems.without(Subsystem::Processes);
    !of.is_empty()
}

fn machine_fields(to: &mut Json<'_>, context: &Context<'_>) {
    let interval = context.interval;
    to.whole("interval_ns", (interval.seconds * 1e9).round());
    for group in context.subsystems.iter() {
        group_fields(to, group, interval);
    }
}

fn group_fields(to: &mut Json<'_>, group: Subsystem, interval: &Interval) {
    match group {
        Subsystem::Cpu => cpu(to, interval),
        Subsystem::Memory => memory(to, interval),
        Subsystem::Buddies => {
            if let Some(free) = interval.buddies {
                to.list("free_blocks_by_order", |list| {
                    for number in free {
                        list.number_item(number as f64);
                    }
                });
            }
        }
        Subsystem::Disks => {
            to.object("disk_total", |to| disk(to, &interval.disk_total, interval));
        }
        Subsystem::DiskDetail => {
            to.list("disks", |list| {
                for one in &interval.disks {
                    list.item(|to| {
                        to.text("name", &one.name);
                        disk(to, one, interval);
                    });
                }
            });
        }
        Subsystem::Network => {
            to.object("network_total", |to| interface(to, &interval.network_total));
        }
        Subsystem::NetworkDetail => {
            to.list("interfaces", |list| {
                for one in &interval.interfaces {
                    list.item(|to| {
                        to.text("name", &one.name);
                        interface(to, one);
                    });
                }
            });
        }
        Subsystem::CpuDetail | Subsystem::Interrupts => cpus(to, group, interval),
        Subsystem::InterruptDetail => {
            to.list("interrupt_kinds", |list| {
                for kind in &interval.interrupts {
                    list.item(|to| {
                        to.text("label", &kind.label).text("text", &kind.text);
                        to.list("changes_by_cpu", |list| {
                            for &change in &kind.by_cpu {
                                list.number_item(change);
                            }
                        });
                    });
                }
            });
        }
        Subsystem::Tcp => protocols(to, interval),
        Subsystem::Sockets => sockets(to, interval),
        Subsystem::Files => {
            if let Some(files) = interval.files {
                to.object("files", |to| {
                    to.whole("directory_entries", files.entries)
                        .whole("unused_directory_entries", files.unused_entries)
                        .whole("inodes", files.inodes)
                        .whole("unused_inodes", files.unused_inodes)
                        .whole("open", files.open)
                        .whole("most", files.most);
                });
            }
        }
        Subsystem::Nfs => nfs(to, interval),
        Subsystem::Processes => {}
    }
}

fn shares(to: &mut Json<'_>, shares: &Shares) {
    to.number("user_percent", shares.user)
        .number("nice_percent", shares.nice)
        .number("system_percent", shares.system)
        .number("idle_percent", shares.idle)
        .number("iowait_percent", shares.iowait)
        .number("irq_percent", shares.irq)
        .number("softirq_percent", shares.softirq)
        .number("steal_percent", shares.steal)
        .number("guest_percent", shares.guest)
        .number("guest_nice_percent", shares.guest_nice);
}

fn cpu(to: &mut Json<'_>, interval: &Interval) {
    to.object("cpu", |to| {
        if let Some(all) = &interval.cpu {
            shares(to, all);
        }
        if let Some(activity) = interval.activity {
            to.object("changes", |to| {
                to.number("interrupts", activity.interrupts)
                    .number("context_switches", activity.switches)
                    .number("forks", activity.forks);
            })
            .whole("tasks_running", activity.running)
            .whole("tasks_blocked", activity.blocked);
        }
        if let Some(load) = interval.load {
            to.list("load", |list| {
                for average in load.averages {
                    list.number_item(average);
                }
            })
            .whole("tasks", load.tasks);
        }
    });
}

fn cpus(to: &mut Json<'_>, group: Subsystem, interval: &Interval) {
    let details = group == Subsystem::CpuDetail;
    let key = if details { "cpus" } else { "interrupts" };
    to.list(key, |list| {
        for (number, cpu) in interval.cpus.iter().enumerate() {
            list.item(|to| {
                to.whole("cpu", number);
                if details {
                    to.whole("online", cpu.online);
                    shares(to, &cpu.shares);
                }
                to.object("changes", |to| {
                    to.number("interrupts", cpu.interrupts);
                });
            });
        }
    });
}

fn memory(to: &mut Json<'_>, interval: &Interval) {
    if let Some(memory) = &interval.memory {
        to.object("memory", |to| memory_fields(to, memory));
    }
    if let Some(paging) = interval.paging {
        to.object("paging", |to| {
            to.object("changes", |to| {
                to.number("in_kb", paging.paged_in)
                    .number("out_kb", paging.paged_out)
                    .number("swapped_in_pages", paging.swapped_in)
                    .number("swapped_out_pages", paging.swapped_out)
                    .number("faults", paging.faults)
                    .number("major_faults", paging.major_faults);
            });
        });
    }
}

fn memory_fields(to: &mut Json<'_>, memory: &Memory) {
    for (key, kb) in [
        ("total_kb", memory.total),
        ("free_kb", memory.free),
        ("available_kb", memory.available),
        ("buffers_kb", memory.buffers),
        ("cached_kb", memory.cached),
        ("active_kb", memory.active),
        ("inactive_kb", memory.inactive),
        ("locked_kb", memory.locked),
        ("swap_total_kb", memory.swap_total),
        ("swap_free_kb", memory.swap_free),
        ("dirty_kb", memory.dirty),
        ("anonymous_kb", memory.anonymous),
        ("anonymous_huge_kb", memory.anonymous_huge),
        ("mapped_kb", memory.mapped),
        ("shared_kb", memory.shared),
        ("slab_kb", memory.slab),
        ("slab_unreclaimable_kb", memory.slab_unreclaimable),
        ("committed_kb", memory.committed),
        ("huge_pages_total", memory.huge_total),
        ("huge_pages_free", memory.huge_free),
        ("huge_pages_reserved", memory.huge_reserved),
    ] {
        to.whole(key, kb);
    }
}

fn disk(to: &mut Json<'_>, disk: &Disk, interval: &Interval) {
    to.object("changes", |to| {
        to.number("reads", disk.reads)
            .number("reads_merged", disk.reads_merged)
            .number("read_kb", disk.read_kb)
            .number("read_ms", disk.read_ms)
            .number("writes", disk.writes)
            .number("writes_merged", disk.writes_merged)
            .number("written_kb", disk.written_kb)
            .number("write_ms", disk.write_ms)
            .number("busy_ms", disk.busy_ms)
            .number("weighted_ms", disk.weighted_ms);
    });
    if !disk.name.is_empty() {
        to.number("busy_percent", disk.busy_share(interval.seconds));
    }
}

fn interface(to: &mut Json<'_>, interface: &Interface) {
    const RECEIVED: [&str; 8] = [
        "bytes",
        "packets",
        "errors",
        "drops",
        "fifo",
        "frame",
        "compressed",
        "multicast",
    ];
    const SENT: [&str; 8] = [
        "bytes",
        "packets",
        "errors",
        "drops",
        "fifo",
        "collisions",
        "carrier",
        "compressed",
    ];
    to.object("changes", |to| {
        for (side, names, changes) in [
            ("received", RECEIVED, &interface.received),
            ("sent", SENT, &interface.sent),
        ] {
            to.object(side, |to| {
                for (name, &change) in names.into_iter().zip(changes) {
                    to.number(name, change);
                }
            });
        }
    });
}

fn protocols(to: &mut Json<'_>, interval: &Interval) {
    let Some(protocols) = &interval.protocols else {
        return;
    };
    to.object("protocols", |to| {
        to.object("changes", |to| {
            let mut all = protocols.iter().peekable();
            while let Some(first) = all.peek().copied() {
                to.object(first.0, |to| {
                    while let Some((_, name, change)) = all.next_if(|one| one.0 == first.0) {
                        to.number(name, change);
                    }
                });
            }
        });
    });
}

fn sockets(to: &mut Json<'_>, interval: &Interval) {
    let Some(sockets) = interval.sockets else {
        return;
    };
    to.object("sockets", |to| {
        to.whole("used", sockets.used)
            .whole("tcp", sockets.tcp)
            .whole("tcp_orphans", sockets.orphan)
            .whole("tcp_time_wait", sockets.time_wait)
            .whole("tcp_allocated", sockets.allocated)
            .whole("tcp_memory_pages", sockets.memory)
            .whole("udp", sockets.udp)
            .whole("raw", sockets.raw)
            .whole("fragments", sockets.fragments)
            .whole("fragment_memory_bytes", sockets.fragment_memory);
    });
}

fn nfs(to: &mut Json<'_>, interval: &Interval) {
    let Some(nfs) = interval.nfs else { return };
    to.object("nfs", |to| {
        to.object("changes", |to| {
            for (side, calls) in [("client", nfs.client), ("server", nfs.server)] {
                to.object(side, |to| {
                    to.number("reads", calls.reads)
                        .number("writes", calls.writes)
                        .number("meta", calls.meta)
                        .number("commits", calls.commits);
                });
            }
            to.number("retransmissions", nfs.retransmissions)
                .number("credentials_refreshed", nfs.refreshes)
                .number("udp_packets", nfs.udp)
                .number("tcp_packets", nfs.tcp)
                .number("tcp_connections", nfs.connections)
                .number("bad_credentials", nfs.bad_credentials)
                .number("bad_clients", nfs.bad_clients);
        });
    });
}
