//! The yardstick of the benchmark: what any hook on `sched_switch` costs before it does anything.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};

/// Never attached by the agent.
#[btf_tracepoint(function = "sched_switch")]
fn subjiffy_empty(_ctx: BtfTracePointContext) -> i32 {
    0
}
