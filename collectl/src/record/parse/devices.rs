//! Disks and interfaces.

use super::{List, array, number, replace};
use crate::record::{Counters, Disk, Interface, devices};

/// How far back a partition's disk is looked for: the kernel lists it just before them.
const NEAR: usize = 256;

/// Which of them totals leave out, where a record says so.
#[derive(Default)]
pub(super) struct Outside<'a> {
    pub(super) disks: Option<&'a str>,
    pub(super) interfaces: Option<&'a str>,
}

impl Outside<'_> {
    /// Marks them; where nothing is said, by their names.
    pub(super) fn mark(&self, counters: &mut Counters) {
        let said = |names: &str, name: &str| names.split_ascii_whitespace().any(|one| one == name);
        for at in 0..counters.disks.len() {
            let name = &counters.disks[at].name;
            let known = |other: &str| {
                let mut before = counters.disks[..at].iter().rev().take(NEAR);
                before.any(|one| one.name == other)
            };
            let outside = match self.disks {
                Some(names) => said(names, name),
                None => !devices::is_whole_disk(name, known) || !devices::is_counted_disk(name),
            };
            counters.disks[at].outside_totals = outside;
        }
        for interface in &mut counters.interfaces {
            interface.outside_totals = match self.interfaces {
                Some(names) => said(names, &interface.name),
                None => !devices::is_counted_interface(&interface.name),
            };
        }
    }
}

/// `254       0 vda 4597381 157881 …`
pub(super) fn disk(disks: &mut List<Disk>, text: &str) {
    let mut words = text.split_ascii_whitespace();
    let (Some(major), Some(minor), Some(name)) = (
        words.next().and_then(number),
        words.next().and_then(number),
        words.next(),
    ) else {
        return;
    };
    let mut fields = [0; 11];
    let mut count = 0;
    for (place, number) in fields.iter_mut().zip(words.map_while(number)) {
        *place = number;
        count += 1;
    }
    // Linux before 2.6.25 has four of them for partitions: reads, sectors, writes, sectors.
    if count == 4 {
        let [reads, read, writes, written, ..] = fields;
        fields = [reads, 0, read, 0, writes, 0, written, 0, 0, 0, 0];
    } else if count < 11 {
        return;
    }
    let [
        reads,
        reads_merged,
        sectors_read,
        read_ms,
        writes,
        writes_merged,
        sectors_written,
        write_ms,
        in_flight,
        busy_ms,
        weighted_ms,
    ] = fields;
    let disk = disks.next();
    let mut kept = std::mem::take(&mut disk.name);
    replace(&mut kept, name);
    *disk = Disk {
        major,
        minor,
        name: kept,
        reads,
        reads_merged,
        sectors_read,
        read_ms,
        writes,
        writes_merged,
        sectors_written,
        write_ms,
        in_flight,
        busy_ms,
        weighted_ms,
        outside_totals: false,
    };
}

/// `eth0: 3051324466  157894 …`; old kernels leave no blank behind the colon.
pub(super) fn interface(interfaces: &mut List<Interface>, text: &str) {
    // Names may have colons of their own, numbers have none.
    let Some((name, rest)) = text.rsplit_once(':') else {
        return;
    };
    let (name, Some(fields)) = (name.trim_ascii(), array::<16>(rest, 16)) else {
        return;
    };
    let interface = interfaces.next();
    replace(&mut interface.name, name);
    let (received, sent) = fields.split_at(8);
    interface.received.copy_from_slice(received);
    interface.sent.copy_from_slice(sent);
}
