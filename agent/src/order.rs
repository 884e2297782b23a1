//! What comes first in a list of processes.

use std::cmp::Reverse;

use clap::ValueEnum;

use crate::model::{Process, Snapshot};

/// What to sort by; the largest comes first, of equals the smallest process id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SortKey {
    /// CPU time in the interval
    #[default]
    Cpu,
    /// Time spent waiting for a CPU
    Delay,
    /// Voluntary and involuntary switches
    Switches,
    /// Bytes received and sent on sockets
    Net,
    /// Resident memory
    Rss,
    /// CPU time since the process began
    Time,
    /// Process id
    Pid,
}

impl SortKey {
    fn of(self, process: &Process) -> (Reverse<u64>, u32, u64) {
        let value = match self {
            Self::Cpu => process.cpu_ns,
            Self::Delay => process.run_delay_ns,
            Self::Switches => process.voluntary_switches + process.involuntary_switches,
            Self::Net => process
                .moved
                .rx_bytes
                .saturating_add(process.moved.tx_bytes),
            Self::Rss => process.sample.rss_bytes,
            Self::Time => process.sample.counters.run_ns,
            Self::Pid => 0,
        };
        let id = process.sample.id;
        (Reverse(value), id.pid, id.start_ns)
    }
}

/// The places of the first `limit` processes in `snapshot`, into `places`, whose memory is used
/// again.
pub fn first(snapshot: &Snapshot, key: SortKey, limit: usize, places: &mut Vec<u32>) {
    let rank = |&at: &u32| key.of(&snapshot.processes[at as usize]);
    places.clear();
    places.extend(0..snapshot.processes.len() as u32);
    if limit == 0 {
        places.clear();
    } else if limit < places.len() {
        places.select_nth_unstable_by_key(limit - 1, rank);
        places.truncate(limit);
    }
    places.sort_unstable_by_key(rank);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_are_those_of_the_whole_order(values in prop::collection::vec(0u64..20, 0..60), limit in 0usize..70) {
            let processes = values.iter().enumerate().map(|(at, &cpu_ns)| {
                let mut process = Process { cpu_ns, ..Process::default() };
                process.sample.id.pid = (at as u32 * 7) % 61;
                process
            });
            let snapshot = Snapshot { processes: processes.collect(), ..Snapshot::default() };
            let (mut all, mut some) = (Vec::new(), Vec::new());
            for key in [SortKey::Cpu, SortKey::Pid] {
                first(&snapshot, key, usize::MAX, &mut all);
                first(&snapshot, key, limit, &mut some);
                prop_assert_eq!(&all[..limit.min(all.len())], &some[..]);
                prop_assert!(all.is_sorted_by_key(|at| key.of(&snapshot.processes[*at as usize])));
            }
        }
    }
}
