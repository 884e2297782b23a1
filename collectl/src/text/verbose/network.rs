//! Blocks of protocols, sockets and NFS.

use std::fmt::Write as _;

use super::whole;
use crate::{
    text::{context::Context, scale::Column},
    values::Calls,
};

const COUNT4: Column = Column::of(4, 1000);
const COUNT6: Column = Column::of(6, 1000);

pub(super) fn nfs_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let blank = time.len();
    let _ = write!(
        to,
        "# NFS SUMMARY ({per}) \n\
         #{:blank$}<---------------------------server--------------------------->\
         <----------------client---------------->\n\
         #{time} Reads Writes Meta Comm  UDP   TCP  TCPConn  BadAuth  BadClnt  Reads Writes Meta Comm \
         Retrans  Authref\n",
        ""
    );
}

pub(super) fn nfs(to: &mut String, context: &Context<'_>, time: &str) {
    let nfs = context.interval.nfs.unwrap_or_default();
    let show = |column: Column, change| column.shown(context.interval.rate(change), context.form);
    let calls = |to: &mut String, calls: Calls| {
        let _ = write!(
            to,
            " {:>6} {:>6} {:>4} {:>4}",
            show(COUNT6, calls.reads),
            show(COUNT6, calls.writes),
            show(COUNT4, calls.meta),
            show(COUNT4, calls.commits),
        );
    };
    to.push_str(time);
    calls(to, nfs.server);
    let _ = write!(
        to,
        " {:>4}  {:>4}     {:>4}     {:>4}     {:>4}",
        show(COUNT4, nfs.udp),
        show(COUNT4, nfs.tcp),
        show(COUNT4, nfs.connections),
        show(COUNT4, nfs.bad_credentials),
        show(COUNT4, nfs.bad_clients),
    );
    calls(to, nfs.client);
    let _ = writeln!(
        to,
        "    {:>4}     {:>4}",
        show(COUNT4, nfs.retransmissions),
        show(COUNT4, nfs.refreshes),
    );
}

pub(super) fn sockets_title(to: &mut String, time: &str) {
    let blank = time.len();
    let _ = write!(
        to,
        "# SOCKET STATISTICS\n\
         #{:blank$}      <-------------Tcp------------->   Udp   Raw   <---Frag-->\n\
         #{time}Used  Inuse Orphan    Tw  Alloc   Mem  Inuse Inuse  Inuse   Mem\n",
        ""
    );
}

pub(super) fn sockets(to: &mut String, context: &Context<'_>, time: &str) {
    let sockets = context.interval.sockets.unwrap_or_default();
    let _ = writeln!(
        to,
        "{time}{:>5}  {:>5}  {:>5} {:>5}  {:>5} {:>5}  {:>5} {:>5}  {:>5} {:>5}",
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
    );
}

pub(super) fn tcp_title(to: &mut String, context: &Context<'_>, time: &str) {
    let per = context.per();
    let blank = time.len();
    let _ = write!(
        to,
        "# TCP STACK SUMMARY ({per})\n\
         #{:blank$}<----------------------------------IpPkts----------------------------------->\
         <---------------------------------Tcp--------------------------------->\
         <------------Udp-----------><----------------------------Icmp--------------------------->\n\
         #{:blank$} Receiv Delivr Forwrd DiscdI InvAdd   Sent DiscrO ReasRq ReasOK FragOK FragCr \
         ActOpn PasOpn Failed ResetR  Estab   SegIn SegOut SegRtn SegBad SegRes  \
         InDgm OutDgm NoPort Errors \
         Recvd FailI UnreI EchoI ReplI  Trans FailO UnreO EchoO ReplO\n",
        "", ""
    );
}

/// A column of a protocol: its name in the kernel, whether it is a rate, and blanks before it.
type Name = (&'static str, bool, &'static str);

/// Columns that are no rates are changes, as collectl has it; of `CurrEstab`, too.
const COLUMNS: [(&str, usize, &[Name]); 4] = [
    (
        "Ip",
        6,
        &[
            ("InReceives", true, " "),
            ("InDelivers", true, " "),
            ("ForwDatagrams", false, " "),
            ("InDiscards", false, " "),
            ("InAddrErrors", false, " "),
            ("OutRequests", true, " "),
            ("OutDiscards", false, " "),
            ("ReasmReqds", false, " "),
            ("ReasmOKs", false, " "),
            ("FragOKs", false, " "),
            ("FragCreates", false, " "),
        ],
    ),
    (
        "Tcp",
        6,
        &[
            ("ActiveOpens", true, " "),
            ("PassiveOpens", true, " "),
            ("AttemptFails", false, " "),
            ("EstabResets", false, " "),
            ("CurrEstab", false, " "),
            ("InSegs", true, "  "),
            ("OutSegs", true, " "),
            ("RetransSegs", false, " "),
            ("InErrs", false, " "),
            ("OutRsts", false, " "),
        ],
    ),
    (
        "Udp",
        6,
        &[
            ("InDatagrams", true, " "),
            ("OutDatagrams", true, " "),
            ("NoPorts", false, " "),
            ("InErrors", false, " "),
        ],
    ),
    (
        "Icmp",
        5,
        &[
            ("InMsgs", false, " "),
            ("InErrors", false, " "),
            ("InDestUnreachs", false, " "),
            ("InEchos", false, " "),
            ("InEchoReps", false, " "),
            ("OutMsgs", false, "  "),
            ("OutErrors", false, " "),
            ("OutDestUnreachs", false, " "),
            ("OutEchos", false, " "),
            ("OutEchoReps", false, " "),
        ],
    ),
];

pub(super) fn tcp(to: &mut String, context: &Context<'_>, time: &str) {
    let interval = context.interval;
    let protocols = interval.protocols.as_ref();
    let _ = write!(to, "{time} ");
    for (group, width, names) in COLUMNS {
        for &(name, is_rate, blanks) in names {
            let change = protocols.map_or(0.0, |all| all.get(group, name));
            let shown = if is_rate {
                interval.rate(change)
            } else {
                change
            };
            let _ = write!(to, "{blanks}{:>width$}", whole(shown));
        }
    }
    to.push('\n');
}
