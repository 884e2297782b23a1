//! Processes in raw files, as collectl has them:
//!
//! ```text
//! proc:1858 stat 1858 (bash) S 1853 ...
//! proc:1858 Tgid: 1858
//! proc:1858 Uid: 0 0 0 0
//! proc:1858 VmSize:     5004 kB
//! proc:1858 voluntary_ctxt_switches: 101
//! proc:1858 cmd bash /dev/fd/3
//! proc:1858 io rchar: 9653408
//! ```
//!
//! and `procT:` for threads. CPU times are ticks, cut from exact totals, so nothing is lost. What only we
//! know stands in lines that collectl passes over, with times in ns and sizes in bytes. Of processes that
//! did nothing they have the totals alone:
//!
//! ```text
//! subjiffy interval 1000049120 exact 1 unlisted 0 network 1
//! proc:1858 subjiffy total-system 90120034 total-user 280900112 system 120034 user 900112 wait 1204
//! ```

mod lines;
mod replay;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod tests;
mod write;

pub use replay::Replay;
pub use write::Writer;
