//! Two samples in, a snapshot out. No clock, no I/O.

use std::cmp::Ordering;

use super::{
    Exited, Machine, MachineSnapshot, Process, Snapshot, Sockets, events::Events, network,
    split::user_and_system,
};
use subjiffy_common::sched::Counters;

use crate::collect::{
    process::{ProcessSample, State},
    sample::{CpuSample, Known, MachineSample, Precision, Sample},
    traffic::Traffic,
};

/// `/proc` rounds start times down to ticks of 10 ms.
const START_SLACK_NS: u64 = 10_000_000;

/// Computes what happened between two samples into `snapshot`, whose memory is used again. `events`
/// is what the samples after `old`, up to and with `new`, told, in order.
pub fn derive(old: &Sample, new: &Sample, events: &Events, seq: u64, snapshot: &mut Snapshot) {
    let interval_ns = new.at.since(&old.at);
    snapshot.seq = seq;
    snapshot.at = new.at;
    snapshot.interval_ns = interval_ns;
    snapshot.window_ns = new.window_ns;
    snapshot.cpus = new.cpus.len() as u32;
    snapshot.precision = new.precision;
    snapshot.known = known(old, new);
    snapshot.memory = new.memory.filter(|read| old.memory.as_ref() != Some(read));
    snapshot.names.clone_from(&new.names);
    snapshot.disagreements.clone_from(&events.disagreements);
    network::derive(
        old.network.as_deref(),
        new.network.as_deref(),
        &mut snapshot.network,
    );
    snapshot.lost = new.lost.since(old.lost);

    // What was moved while nobody counted is in no interval.
    snapshot.counts_traffic = new.counts_traffic && old.counts_traffic;
    let counts = snapshot.counts_traffic;
    snapshot.traffic.clear();
    snapshot.processes.clear();
    let mut olds = old.processes.iter().peekable();
    for process in &new.processes {
        let base = if old.precision == new.precision {
            while olds.next_if(|one| one.id < process.id).is_some() {}
            olds.next_if(|one| one.id.cmp(&process.id) == Ordering::Equal)
        } else {
            old.process_near(process.id)
        };
        // The exact books tell of the end of a zombie when it dies: before `old`, or in `events`.
        let zombie = process.state == State::Zombie && old.precision == Precision::Scheduler;
        // One that died in this interval is among the exited, and nowhere else.
        if zombie && events.tell_of(process.id) {
            continue;
        }
        let told = zombie && base.is_none();
        let mut row = between(if told { Some(process) } else { base }, process, old);
        if counts && let Some(total) = new.traffic(process) {
            let change = if told {
                Traffic::default()
            } else {
                traffic_between(base, process, total, old)
            };
            sockets(&mut row, change, total, &mut snapshot.traffic);
        }
        snapshot.processes.push(row);
    }
    snapshot.living = snapshot.processes.len();
    for process in &events.exited {
        // The books may have been kept in another way meanwhile.
        let base = old
            .process(process.id)
            .or_else(|| old.process_near(process.id));
        let mut row = between(base, process, old);
        row.exited = true;
        if counts && let Some(total) = events.traffic(process) {
            let change = traffic_between(base, process, total, old);
            sockets(&mut row, change, total, &mut snapshot.traffic);
        }
        snapshot.processes.push(row);
    }

    let unlisted = Exited {
        count: new.unlisted.exits.saturating_sub(old.unlisted.exits) + events.folded.count,
        cpu_ns: new.unlisted.cpu_ns.saturating_sub(old.unlisted.cpu_ns) + events.folded.cpu_ns,
        ..events.folded
    };
    snapshot.exited = unlisted;
    for one in &snapshot.processes[snapshot.living..] {
        snapshot.exited.count += 1;
        snapshot.exited.cpu_ns += one.cpu_ns;
        snapshot.exited.rx_bytes += one.moved.rx_bytes;
        snapshot.exited.tx_bytes += one.moved.tx_bytes;
    }
    let listed_ns: u64 = snapshot.processes.iter().map(|one| one.cpu_ns).sum();
    snapshot.machine = machine(old, new, interval_ns, listed_ns + unlisted.cpu_ns);
}

/// What of the interval is known. The two kinds of books count idle time from different beginnings.
fn known(old: &Sample, new: &Sample) -> Known {
    Known {
        machine: old.known.machine && new.known.machine && old.precision == new.precision,
        ..new.known
    }
}

/// What `process` did since `base`, its entry in `old` if there is one.
pub(super) fn between(
    base: Option<&ProcessSample>,
    process: &ProcessSample,
    old: &Sample,
) -> Process {
    let base = match base {
        Some(base) => base.counters,
        None if born_since(process, old) => Counters::default(),
        None => process.counters,
    };
    if process.counters == base {
        return Process {
            sample: *process,
            ..Process::default()
        };
    }
    let change = process.counters.since(base);
    let (user_ns, system_ns) = user_and_system(change.run_ns, change, process.counters);
    Process {
        sample: *process,
        cpu_ns: change.run_ns,
        user_ns,
        system_ns,
        run_delay_ns: change.run_delay_ns,
        voluntary_switches: change.voluntary,
        involuntary_switches: change.involuntary,
        ..Process::default()
    }
}

/// Whether a process that is not in `old` was born since; if not, we only did not know it, and its
/// past is no news.
fn born_since(process: &ProcessSample, old: &Sample) -> bool {
    process.id.start_ns.saturating_add(START_SLACK_NS) >= old.at.boot_ns
}

/// What a process whose totals are `total` did on sockets since `base`, its entry in `old` if there
/// is one.
pub(super) fn traffic_between(
    base: Option<&ProcessSample>,
    process: &ProcessSample,
    total: &Traffic,
    old: &Sample,
) -> Traffic {
    match base {
        Some(base) => total.since(old.traffic(base).unwrap_or(&Traffic::default())),
        None if born_since(process, old) => *total,
        None => Traffic::default(),
    }
}

/// Adds to a row what its process did on sockets.
fn sockets(row: &mut Process, change: Traffic, total: &Traffic, into: &mut Vec<Sockets>) {
    into.push(Sockets {
        change,
        total: *total,
    });
    row.sample.traffic = into.len() as u32;
    row.moved = change.all();
}

fn machine(old: &Sample, new: &Sample, interval_ns: u64, processes_ns: u64) -> Machine {
    let mut books = Machine::default();
    let mut wall_ns = 0;
    for (before, after) in pairs(&old.cpus, &new.cpus) {
        wall_ns += interval_ns;
        books.idle_ns += after.idle_ns.saturating_sub(before.idle_ns);
        books.steal_ns += after.steal_ns.saturating_sub(before.steal_ns);
    }
    books.busy_ns = wall_ns.saturating_sub(books.idle_ns + books.steal_ns);
    let accounted = books.idle_ns + books.steal_ns + processes_ns;
    books.unattributed_ns = (i128::from(wall_ns) - i128::from(accounted)) as i64;
    books
}

/// CPUs that were online at both ends.
fn pairs<'a>(
    old: &'a [CpuSample],
    new: &'a [CpuSample],
) -> impl Iterator<Item = (&'a CpuSample, &'a CpuSample)> {
    new.iter().filter_map(|after| {
        let same_place = old.iter().find(|before| before.id == after.id);
        same_place.map(|before| (before, after))
    })
}

/// Computes what the machine did between two samples, into `snapshot`, whose memory is used again.
pub fn derive_machine(old: &MachineSample, new: &MachineSample, snapshot: &mut MachineSnapshot) {
    let interval_ns = new.at.since(&old.at);
    snapshot.at = new.at;
    snapshot.memory = new.memory;
    snapshot.memory_size = new.memory_size;
    snapshot.interfaces.clone_from(&new.interfaces);
    snapshot.snmp = new.snmp;
    snapshot.busy_by_cpu.clear();
    snapshot
        .busy_by_cpu
        .extend(pairs(&old.cpus, &new.cpus).map(|(before, after)| {
            let idle = after.idle_ns.saturating_sub(before.idle_ns);
            if interval_ns == 0 {
                0.0
            } else {
                (1.0 - idle as f64 / interval_ns as f64).clamp(0.0, 1.0)
            }
        }));
    let cpus = snapshot.busy_by_cpu.len().max(1) as f64;
    // The sum of nothing is -0.
    snapshot.busy = snapshot.busy_by_cpu.iter().sum::<f64>() / cpus + 0.0;
}

#[cfg(test)]
#[path = "derive_tests.rs"]
mod tests;
