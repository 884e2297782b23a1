//! Sockets, protocols, NFS.

use super::{List, numbers, replace, split};
use crate::record::{Nfs, Sockets};

/// `TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 90`
pub(super) fn sockets(sockets: &mut Option<Sockets>, text: &str) {
    let (kind, rest) = split(text);
    let mut words = rest.split_ascii_whitespace();
    while let (Some(name), Some(number)) = (words.next(), words.next()) {
        let place: fn(&mut Sockets) -> &mut u64 = match (kind, name) {
            ("sockets:", "used") => |to| &mut to.used,
            ("TCP:", "inuse") => |to| &mut to.tcp,
            ("TCP:", "orphan") => |to| &mut to.orphan,
            ("TCP:", "tw") => |to| &mut to.time_wait,
            ("TCP:", "alloc") => |to| &mut to.allocated,
            ("TCP:", "mem") => |to| &mut to.memory,
            ("UDP:", "inuse") => |to| &mut to.udp,
            ("RAW:", "inuse") => |to| &mut to.raw,
            ("FRAG:", "inuse") => |to| &mut to.fragments,
            ("FRAG:", "memory") => |to| &mut to.fragment_memory,
            _ => continue,
        };
        if let Some(number) = super::number(number) {
            *place(sockets.get_or_insert_default()) = number;
        }
    }
}

/// Lines come in pairs: names, then numbers. `header` is the group and the names of the line before.
pub(super) fn protocol<'a>(
    totals: &mut List<(String, String, i64)>,
    header: &mut (&'a str, &'a str),
    group: &'a str,
    text: &'a str,
) {
    let number = |word: &str| word.parse::<i64>().ok();
    let first = text.split_ascii_whitespace().next();
    if first.and_then(number).is_none() {
        *header = (group, text);
        return;
    }
    if header.0 != group {
        return;
    }
    let names = header.1.split_ascii_whitespace();
    for (name, word) in names.zip(text.split_ascii_whitespace()) {
        let Some(number) = number(word) else {
            return;
        };
        let total = totals.next();
        replace(&mut total.0, group.trim_end_matches(':'));
        replace(&mut total.1, name);
        total.2 = number;
    }
}

/// `rpc 10 0 10`, `proc3 22 0 1 …` of the client.
pub(super) fn nfs_client(nfs: &mut Option<Nfs>, kind: &str, text: &str) {
    match kind {
        "rpc" => nfs.get_or_insert_default().client_rpc = numbers(text).collect(),
        "proc2" | "proc3" | "proc4" => calls(&mut nfs.get_or_insert_default().client, kind, text),
        _ => {}
    }
}

/// The same of the server, which has the calls of version 4 as `proc4ops`.
pub(super) fn nfs_server(nfs: &mut Option<Nfs>, kind: &str, text: &str) {
    match kind {
        "net" => nfs.get_or_insert_default().server_net = numbers(text).collect(),
        "rpc" => nfs.get_or_insert_default().server_rpc = numbers(text).collect(),
        "proc2" | "proc3" => calls(&mut nfs.get_or_insert_default().server, kind, text),
        "proc4ops" => calls(&mut nfs.get_or_insert_default().server, "proc4", text),
        _ => {}
    }
}

/// How many calls there are, then so many numbers; a line with fewer was cut.
fn calls(to: &mut Vec<(u8, Vec<u64>)>, kind: &str, text: &str) {
    let mut all = numbers(text);
    let (Some(count), Some(version)) = (all.next(), kind.bytes().last()) else {
        return;
    };
    let calls: Vec<u64> = all.collect();
    if u64::try_from(calls.len()).is_ok_and(|found| found >= count) {
        to.push((version - b'0', calls));
    }
}
