//! Tells the log what the cross-check of the exact books against the jiffies found.

use crate::collect::sample::Disagreement;

/// Reports processes whose two accounts disagree by more than the tick error.
pub fn report(disagreements: &[Disagreement]) {
    for one in disagreements {
        tracing::warn!(
            "process {}: {} ns of CPU by the scheduler's books but {} ns by /proc",
            one.id.pid,
            one.exact_ns,
            one.jiffies_ns
        );
    }
}
