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

/// The numbers of NFS while a record is read.
pub(super) struct Calls {
    all: Nfs,
    client: List<(u8, Vec<u64>)>,
    server: List<(u8, Vec<u64>)>,
    /// There are some.
    any: bool,
}

impl Calls {
    /// In the memory of those of another record.
    pub(super) fn of(mut all: Nfs) -> Self {
        for list in [
            &mut all.client_rpc,
            &mut all.server_net,
            &mut all.server_rpc,
        ] {
            list.clear();
        }
        Self {
            client: List::of(&mut all.client),
            server: List::of(&mut all.server),
            all,
            any: false,
        }
    }

    pub(super) fn end(self) -> Option<Nfs> {
        let all = Nfs {
            client: self.client.end(),
            server: self.server.end(),
            ..self.all
        };
        self.any.then_some(all)
    }
}

/// `rpc 10 0 10`, `proc3 22 0 1 …` of the client.
pub(super) fn nfs_client(nfs: &mut Calls, kind: &str, text: &str) {
    match kind {
        "rpc" => list(&mut nfs.all.client_rpc, text),
        "proc2" | "proc3" | "proc4" => calls(&mut nfs.client, kind, text),
        _ => return,
    }
    nfs.any = true;
}

/// The same of the server, which has the calls of version 4 as `proc4ops`.
pub(super) fn nfs_server(nfs: &mut Calls, kind: &str, text: &str) {
    match kind {
        "net" => list(&mut nfs.all.server_net, text),
        "rpc" => list(&mut nfs.all.server_rpc, text),
        "proc2" | "proc3" => calls(&mut nfs.server, kind, text),
        "proc4ops" => calls(&mut nfs.server, "proc4", text),
        _ => return,
    }
    nfs.any = true;
}

fn list(to: &mut Vec<u64>, text: &str) {
    to.clear();
    to.extend(numbers(text));
}

/// How many calls there are, then so many numbers; a line with fewer was cut.
fn calls(to: &mut List<(u8, Vec<u64>)>, kind: &str, text: &str) {
    let mut all = numbers(text);
    let (Some(count), Some(version)) = (all.next(), kind.bytes().last()) else {
        return;
    };
    let found = numbers(text).count() - 1;
    if u64::try_from(found).is_ok_and(|found| found >= count) {
        let calls = to.next();
        calls.0 = version - b'0';
        calls.1.clear();
        calls.1.extend(all);
    }
}
