//! `name value` lines (`--export lexpr`).

use std::fmt::{Display, Write as _};

use super::{clock::Moment, context::Context};
use crate::options::Subsystem;

/// What follows each sample on a socket, without a host's name in front. Terminals do not get it.
pub(super) const END: &str = ">>><<<\n";

/// Appends all lines of a sample.
pub(super) fn sample(to: &mut String, context: &Context<'_>, moment: &Moment) {
    let of = context.subsystems;
    let lines = &mut Lines { to };
    lines.time(moment);
    summaries(lines, context);
    if of.has(Subsystem::CpuDetail) {
        cpus(lines, context);
    }
    if of.has(Subsystem::DiskDetail) {
        disks(lines, context);
    }
    if of.has(Subsystem::NetworkDetail) {
        interfaces(lines, context);
    }
}

struct Lines<'a> {
    to: &'a mut String,
}

impl Lines<'_> {
    fn time(&mut self, moment: &Moment) {
        let _ = writeln!(
            self.to,
            "sample.time {}.{:03}",
            moment.seconds, moment.millis
        );
    }

    fn put(&mut self, name: &str, value: f64) {
        self.of(name, "", value);
    }

    /// A number of a device.
    fn of(&mut self, name: &str, device: impl Display, value: f64) {
        let rounded = (value + 0.5) as i64;
        let _ = writeln!(self.to, "{name}{device} {rounded}");
    }
}

fn summaries(to: &mut Lines<'_>, context: &Context<'_>) {
    for group in [
        Subsystem::Cpu,
        Subsystem::Disks,
        Subsystem::Nfs,
        Subsystem::Files,
        Subsystem::Memory,
        Subsystem::Network,
        Subsystem::Sockets,
        Subsystem::Tcp,
    ] {
        if context.subsystems.has(group) {
            summary(to, group, context);
        }
    }
}

fn summary(to: &mut Lines<'_>, group: Subsystem, context: &Context<'_>) {
    let interval = context.interval;
    let rate = |change| interval.rate(change);
    match group {
        Subsystem::Cpu => cpu(to, context),
        Subsystem::Disks => {
            let all = &interval.disk_total;
            to.put("disktotals.reads", rate(all.reads));
            to.put("disktotals.readkbs", rate(all.read_kb));
            to.put("disktotals.writes", rate(all.writes));
            to.put("disktotals.writekbs", rate(all.written_kb));
        }
        Subsystem::Nfs => {
            let nfs = interval.nfs.unwrap_or_default();
            for (side, calls) in [('S', nfs.server), ('C', nfs.client)] {
                for (name, change) in [
                    ("read", calls.reads),
                    ("write", calls.writes),
                    ("meta", calls.meta),
                    ("commit", calls.commits),
                ] {
                    to.of("nfsinfo.", format_args!("{side}{name}"), rate(change));
                }
            }
        }
        Subsystem::Files => {
            let files = interval.files.unwrap_or_default();
            let used = files.inodes.saturating_sub(files.unused_inodes);
            to.put("inodeinfo.dentrynum", files.entries as f64);
            to.put("inodeinfo.dentryunused", files.unused_entries as f64);
            to.put("inodeinfo.filesalloc", files.open as f64);
            to.put("inodeinfo.filesmax", files.most as f64);
            to.put("inodeinfo.inodeused", used as f64);
        }
        Subsystem::Memory => memory(to, context),
        Subsystem::Network => {
            let all = &interval.network_total;
            to.put("nettotals.kbin", rate(all.kb_in()));
            to.put("nettotals.pktin", rate(all.received[1]));
            to.put("nettotals.kbout", rate(all.kb_out()));
            to.put("nettotals.pktout", rate(all.sent[1]));
        }
        Subsystem::Sockets => {
            let sockets = interval.sockets.unwrap_or_default();
            for (name, number) in [
                ("sockinfo.used", sockets.used),
                ("sockinfo.tcp", sockets.tcp),
                ("sockinfo.orphan", sockets.orphan),
                ("sockinfo.tw", sockets.time_wait),
                ("sockinfo.alloc", sockets.allocated),
                ("sockinfo.mem", sockets.memory),
                ("sockinfo.udp", sockets.udp),
                ("sockinfo.raw", sockets.raw),
                ("sockinfo.frag", sockets.fragments),
                ("sockinfo.fragm", sockets.fragment_memory),
            ] {
                to.put(name, number as f64);
            }
        }
        Subsystem::Tcp => {
            let errors = interval.protocols.as_ref().map_or([0.0; 4], |all| {
                let errors = [
                    all.ip_errors(),
                    all.tcp_errors(),
                    all.udp_errors(),
                    all.icmp_errors(),
                ];
                errors.map(rate)
            });
            for (name, errors) in ["ip", "tcp", "udp", "icmp"].into_iter().zip(errors) {
                to.of("tcpinfo.", format_args!("{name}errs"), errors);
            }
        }
        _ => {}
    }
}

fn cpu(to: &mut Lines<'_>, context: &Context<'_>) {
    let interval = context.interval;
    let shares = interval.cpu.unwrap_or_default();
    let activity = interval.activity.unwrap_or_default();
    let load = interval.load.unwrap_or_default();
    to.put("cputotals.num", context.cpus() as f64);
    to.put("cputotals.user", shares.user);
    to.put("cputotals.nice", shares.nice);
    to.put("cputotals.sys", shares.system);
    to.put("cputotals.wait", shares.iowait);
    to.put("cputotals.irq", shares.irq);
    to.put("cputotals.soft", shares.softirq);
    to.put("cputotals.steal", shares.steal);
    to.put("cputotals.idle", shares.idle);
    to.put("cputotals.systot", shares.system_total());
    to.put("cputotals.usertot", shares.user_total());
    to.put(
        "cputotals.total",
        shares.system_total() + shares.user_total(),
    );
    to.put("ctxint.ctx", interval.rate(activity.switches));
    to.put("ctxint.int", interval.rate(activity.interrupts));
    to.put("proc.creates", interval.rate(activity.forks));
    to.put("proc.runq", load.tasks as f64);
    to.put("proc.run", load.running.saturating_sub(1) as f64);
    for (minutes, average) in [1, 5, 15].into_iter().zip(load.averages) {
        let _ = writeln!(to.to, "cpuload.avg{minutes} {average:4.2}");
    }
}

fn memory(to: &mut Lines<'_>, context: &Context<'_>) {
    let interval = context.interval;
    let memory = interval.memory.unwrap_or_default();
    let paging = interval.paging.unwrap_or_default();
    for (name, kb) in [
        ("meminfo.tot", memory.total),
        ("meminfo.used", memory.total.saturating_sub(memory.free)),
        ("meminfo.free", memory.free),
        ("meminfo.shared", memory.shared),
        ("meminfo.buf", memory.buffers),
        ("meminfo.cached", memory.cached),
        ("meminfo.slab", memory.slab),
        ("meminfo.map", memory.mapped),
        ("meminfo.anon", memory.anonymous),
        ("meminfo.anonH", memory.anonymous_huge),
        ("meminfo.dirty", memory.dirty),
        ("meminfo.locked", memory.locked),
        ("meminfo.inactive", memory.inactive),
        ("meminfo.hugetot", memory.huge_total),
        ("meminfo.hugefree", memory.huge_free),
        ("meminfo.hugersvd", memory.huge_reserved),
        ("meminfo.sunreclaim", memory.slab_unreclaimable),
        ("swapinfo.total", memory.swap_total),
        ("swapinfo.free", memory.swap_free),
        (
            "swapinfo.used",
            memory.swap_total.saturating_sub(memory.swap_free),
        ),
    ] {
        to.put(name, kb as f64);
    }
    let page = context.facts.page_bytes as f64;
    to.put("swapinfo.in", interval.rate(paging.swapped_in * page));
    to.put("swapinfo.out", interval.rate(paging.swapped_out * page));
    to.put("pageinfo.fault", interval.rate(paging.faults));
    to.put("pageinfo.majfault", interval.rate(paging.major_faults));
    to.put("pageinfo.in", interval.rate(paging.paged_in));
    to.put("pageinfo.out", interval.rate(paging.paged_out));
}

fn cpus(to: &mut Lines<'_>, context: &Context<'_>) {
    for number in 0..context.cpus() {
        let cpu = context.cpu(number);
        let shares = cpu.shares;
        for (name, value) in [
            ("cpuinfo.user.cpu", shares.user),
            ("cpuinfo.nice.cpu", shares.nice),
            ("cpuinfo.sys.cpu", shares.system),
            ("cpuinfo.wait.cpu", shares.iowait),
            ("cpuinfo.irq.cpu", shares.irq),
            ("cpuinfo.soft.cpu", shares.softirq),
            ("cpuinfo.steal.cpu", shares.steal),
            ("cpuinfo.idle.cpu", shares.idle),
            ("cpuinfo.intrpt.cpu", cpu.interrupts),
            ("cputotals.systot.cpu", shares.system_total()),
            ("cputotals.usertot.cpu", shares.user_total()),
        ] {
            to.of(name, number, value);
        }
    }
}

fn disks(to: &mut Lines<'_>, context: &Context<'_>) {
    let interval = context.interval;
    for disk in context.disks() {
        // Times and shares are no rates.
        for (name, value) in [
            ("diskinfo.reads.", interval.rate(disk.reads)),
            ("diskinfo.readkbs.", interval.rate(disk.read_kb)),
            ("diskinfo.readw.", disk.read_wait()),
            ("diskinfo.writes.", interval.rate(disk.writes)),
            ("diskinfo.writekbs.", interval.rate(disk.written_kb)),
            ("diskinfo.writew.", disk.write_wait()),
            ("diskinfo.quelen.", disk.queue()),
            ("diskinfo.wait.", disk.wait()),
            ("diskinfo.svctime.", disk.service()),
            ("diskinfo.util.", disk.busy_share(interval.seconds)),
        ] {
            to.of(name, &disk.name, value);
        }
    }
}

fn interfaces(to: &mut Lines<'_>, context: &Context<'_>) {
    let interval = context.interval;
    for one in context.interfaces() {
        if one.name == "lo" || one.name.starts_with("sit") {
            continue;
        }
        for (name, change) in [
            ("netinfo.kbin.", one.kb_in()),
            ("netinfo.pktin.", one.received[1]),
            ("netinfo.kbout.", one.kb_out()),
            ("netinfo.pktout.", one.sent[1]),
        ] {
            to.of(name, &one.name, interval.rate(change));
        }
    }
}
