//! Sums over samples.

use crate::sample::{Lost, Sample};

/// CPU time of the children of a process, and of everything that died without a row of its own.
pub fn children_cpu_ns(samples: &[Sample], parent: u32) -> u64 {
    let rows = samples.iter().flat_map(|s| &s.processes);
    let listed: u64 = rows.filter(|r| r.ppid == parent).map(|r| r.cpu_ns).sum();
    listed + samples.iter().map(Sample::exited_unlisted_ns).sum::<u64>()
}

/// CPU time of one process over the samples, all rows of its pid together.
pub fn cpu_ns(samples: &[Sample], pid: u32) -> u64 {
    let rows = samples.iter().flat_map(|s| &s.processes);
    rows.filter(|r| r.pid == pid).map(|r| r.cpu_ns).sum()
}

/// Voluntary and involuntary switches of one process over the samples.
pub fn switches(samples: &[Sample], pid: u32) -> (u64, u64) {
    let rows = samples.iter().flat_map(|s| &s.processes);
    rows.filter(|r| r.pid == pid).fold((0, 0), |(v, i), r| {
        (v + r.voluntary_switches, i + r.involuntary_switches)
    })
}

/// Number of processes that died.
pub fn exits(samples: &[Sample]) -> u64 {
    samples.iter().map(|s| s.exited.count).sum()
}

/// All detail that was lost.
pub fn lost(samples: &[Sample]) -> Lost {
    samples.iter().fold(Lost::default(), |sum, s| Lost {
        slots: sum.slots + s.lost.slots,
        records: sum.records + s.lost.records,
        misses: sum.misses + s.lost.misses,
        net_bytes: sum.net_bytes + s.lost.net_bytes,
        net_retransmits: sum.net_retransmits + s.lost.net_retransmits,
    })
}

/// Fails unless no sample is missing and their intervals touch. Of each sample: `seq`, `at_ns`,
/// `interval_ns`.
///
/// # Panics
/// See above.
pub fn check_gapless(samples: impl IntoIterator<Item = (u64, u64, u64)>) {
    let mut before: Option<(u64, u64)> = None;
    for (seq, at_ns, interval_ns) in samples {
        if let Some((last, last_ns)) = before {
            assert_eq!(seq, last + 1, "numbers of two samples");
            // The wall clock may be slewed between two samples.
            let apart = (at_ns - interval_ns).abs_diff(last_ns);
            assert!(apart < 1_000_000, "{apart} ns between two intervals");
        }
        before = Some((seq, at_ns));
    }
}
