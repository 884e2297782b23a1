//! Plot fields of summaries.

use super::fields::Fields;
use crate::{options::Subsystem, text::context::Context, values::ORDERS};

/// The order of groups.
const ORDER: [Subsystem; 9] = [
    Subsystem::Cpu,
    Subsystem::Memory,
    Subsystem::Sockets,
    Subsystem::Network,
    Subsystem::Disks,
    Subsystem::Files,
    Subsystem::Nfs,
    Subsystem::Tcp,
    Subsystem::Buddies,
];

pub(super) fn names(to: &mut Fields<'_>, context: &Context<'_>) {
    for group in ORDER.into_iter().filter(|&one| context.subsystems.has(one)) {
        group_names(to, group, context);
    }
}

fn group_names(to: &mut Fields<'_>, group: Subsystem, context: &Context<'_>) {
    match group {
        Subsystem::Cpu => {
            to.names(
                "CPU",
                &[
                    "User%", "Nice%", "Sys%", "Wait%", "Irq%", "Soft%", "Steal%", "Idle%", "Totl%",
                    "Guest%", "GuestN%",
                ],
            );
            for rate in ["Intrpt", "Ctx", "Proc"] {
                to.put(format_args!("[CPU]{rate}{}", context.per()));
            }
            to.names(
                "CPU",
                &[
                    "ProcQue", "ProcRun", "L-Avg1", "L-Avg5", "L-Avg15", "RunTot", "BlkTot",
                ],
            );
        }
        Subsystem::Memory => to.names(
            "MEM",
            &[
                "Tot",
                "Used",
                "Free",
                "Shared",
                "Buf",
                "Cached",
                "Slab",
                "Map",
                "Anon",
                "AnonH",
                "Commit",
                "Locked",
                "SwapTot",
                "SwapUsed",
                "SwapFree",
                "SwapIn",
                "SwapOut",
                "Dirty",
                "Clean",
                "Laundry",
                "Inactive",
                "PageIn",
                "PageOut",
                "PageFaults",
                "PageMajFaults",
                "HugeTotal",
                "HugeFree",
                "HugeRsvd",
                "SUnreclaim",
            ],
        ),
        Subsystem::Sockets => to.names(
            "SOCK",
            &[
                "Used", "Tcp", "Orph", "Tw", "Alloc", "Mem", "Udp", "Raw", "Frag", "FragMem",
            ],
        ),
        Subsystem::Network => to.names(
            "NET",
            &[
                "RxPktTot",
                "TxPktTot",
                "RxKBTot",
                "TxKBTot",
                "RxCmpTot",
                "RxMltTot",
                "TxCmpTot",
                "RxErrsTot",
                "TxErrsTot",
            ],
        ),
        Subsystem::Disks => to.names(
            "DSK",
            &[
                "ReadTot",
                "WriteTot",
                "OpsTot",
                "ReadKBTot",
                "WriteKBTot",
                "KbTot",
                "ReadMrgTot",
                "WriteMrgTot",
                "MrgTot",
            ],
        ),
        Subsystem::Files => to.names("INODE", &["NumDentry", "openFiles", "MaxFile%", "used"]),
        Subsystem::Nfs => to.names(
            "NFS",
            &[
                "ReadsS",
                "WritesS",
                "MetaS",
                "CommitS",
                "Udp",
                "Tcp",
                "TcpConn",
                "BadAuth",
                "BadClient",
                "ReadsC",
                "WritesC",
                "MetaC",
                "CommitC",
                "Retrans",
                "AuthRef",
            ],
        ),
        Subsystem::Tcp => to.names(
            "TCP",
            &["IpErr", "TcpErr", "UdpErr", "IcmpErr", "Loss", "FTrans"],
        ),
        Subsystem::Buddies => {
            for order in 0..ORDERS {
                let many = if order == 0 { "" } else { "s" };
                to.put(format_args!("[BUD]{}Page{many}", 1_u32 << order));
            }
        }
        _ => {}
    }
}

pub(super) fn values(to: &mut Fields<'_>, context: &Context<'_>) {
    for group in ORDER.into_iter().filter(|&one| context.subsystems.has(one)) {
        group_values(to, group, context);
    }
}

fn group_values(to: &mut Fields<'_>, group: Subsystem, context: &Context<'_>) {
    let interval = context.interval;
    let rate = |change| interval.rate(change);
    match group {
        Subsystem::Cpu => cpu(to, context),
        Subsystem::Memory => memory(to, context),
        Subsystem::Sockets => {
            let sockets = interval.sockets.unwrap_or_default();
            for number in [
                sockets.used,
                sockets.tcp,
                sockets.orphan,
                sockets.time_wait,
                sockets.allocated,
                sockets.memory,
                sockets.udp,
                sockets.raw,
                sockets.fragments,
                sockets.fragment_memory,
            ] {
                to.put(number);
            }
        }
        Subsystem::Network => {
            let all = &interval.network_total;
            to.numbers(&[
                rate(all.received[1]),
                rate(all.sent[1]),
                rate(all.kb_in()),
                rate(all.kb_out()),
                rate(all.received[6]),
                rate(all.received[7]),
                rate(all.sent[7]),
                rate(all.errors_in()),
                rate(all.errors_out()),
            ]);
        }
        Subsystem::Disks => {
            let all = &interval.disk_total;
            to.numbers(&[
                rate(all.reads),
                rate(all.writes),
                rate(all.reads + all.writes),
                rate(all.read_kb),
                rate(all.written_kb),
                rate(all.read_kb + all.written_kb),
                rate(all.reads_merged),
                rate(all.writes_merged),
                rate(all.reads_merged + all.writes_merged),
            ]);
        }
        Subsystem::Files => {
            let files = interval.files.unwrap_or_default();
            to.put(files.entries);
            to.put(files.open);
            to.number(match files.most {
                0 => 0.0,
                most => files.open as f64 * 100.0 / most as f64,
            });
            to.put(files.inodes.saturating_sub(files.unused_inodes));
        }
        Subsystem::Nfs => {
            let nfs = interval.nfs.unwrap_or_default();
            for change in [
                nfs.server.reads,
                nfs.server.writes,
                nfs.server.meta,
                nfs.server.commits,
                nfs.udp,
                nfs.tcp,
                nfs.connections,
                nfs.bad_credentials,
                nfs.bad_clients,
                nfs.client.reads,
                nfs.client.writes,
                nfs.client.meta,
                nfs.client.commits,
                nfs.retransmissions,
                nfs.refreshes,
            ] {
                to.number(rate(change));
            }
        }
        Subsystem::Tcp => match &interval.protocols {
            None => to.numbers(&[0.0; 6]),
            Some(all) => to.numbers(&[
                rate(all.ip_errors()),
                rate(all.tcp_errors()),
                rate(all.udp_errors()),
                rate(all.icmp_errors()),
                rate(all.get("TcpExt", "TCPLoss")),
                rate(all.get("TcpExt", "TCPFastRetrans")),
            ]),
        },
        Subsystem::Buddies => {
            for free in interval.buddies.unwrap_or_default() {
                to.put(free);
            }
        }
        _ => {}
    }
}

fn cpu(to: &mut Fields<'_>, context: &Context<'_>) {
    let interval = context.interval;
    let shares = interval.cpu.unwrap_or_default();
    let activity = interval.activity.unwrap_or_default();
    let load = interval.load.unwrap_or_default();
    to.numbers(&shares.in_order());
    to.numbers(&[
        interval.rate(activity.interrupts),
        interval.rate(activity.switches),
        interval.rate(activity.forks),
        load.tasks as f64,
        load.running.saturating_sub(1) as f64,
    ]);
    for average in load.averages {
        to.precise(average, 2);
    }
    to.put(activity.running);
    to.put(activity.blocked);
}

fn memory(to: &mut Fields<'_>, context: &Context<'_>) {
    let interval = context.interval;
    let memory = interval.memory.unwrap_or_default();
    let paging = interval.paging.unwrap_or_default();
    let bytes = |pages: f64| interval.rate(pages * context.facts.page_bytes as f64);
    for kb in [
        memory.total,
        memory.total.saturating_sub(memory.free),
        memory.free,
        memory.shared,
        memory.buffers,
        memory.cached,
        memory.slab,
        memory.mapped,
        memory.anonymous,
        memory.anonymous_huge,
        memory.committed,
        memory.locked,
        memory.swap_total,
        memory.swap_total.saturating_sub(memory.swap_free),
        memory.swap_free,
    ] {
        to.number(kb as f64);
    }
    // What is clean and what is being washed has not been told for long.
    to.numbers(&[
        bytes(paging.swapped_in),
        bytes(paging.swapped_out),
        memory.dirty as f64,
        0.0,
        0.0,
        memory.inactive as f64,
        interval.rate(paging.paged_in),
        interval.rate(paging.paged_out),
        interval.rate(paging.faults),
        interval.rate(paging.major_faults),
        memory.huge_total as f64,
        memory.huge_free as f64,
        memory.huge_reserved as f64,
        memory.slab_unreclaimable as f64,
    ]);
}
