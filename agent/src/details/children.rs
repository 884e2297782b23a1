//! The direct children of one process.

use std::cmp::Reverse;

use subjiffy_proto::socktop::Detail;

use super::{identity, read::Scene};
use crate::procfs::{ProcessDir, Reader};

/// At most so many are read, those that used most.
const MOST: usize = 1024;

/// A thread's list of children is asked for only if there are not more threads than this.
const MOST_THREADS: usize = 512;

/// Bytes of a child's command line.
const COMMAND: usize = 4096;

/// The children, by id, and how many there are.
///
/// Each thread has a list of those it started, which may lack some while others end, and kernels
/// without `CONFIG_PROC_CHILDREN` do not show; the snapshot knows all that were there when it was
/// taken. Whoever is in either is asked for its parent.
#[must_use]
pub fn read(
    reader: &Reader,
    parent: &mut ProcessDir,
    tids: &[u32],
    scene: &Scene<'_>,
) -> (Vec<Detail>, u32) {
    let mut pids = Vec::new();
    for &tid in tids.iter().take(MOST_THREADS) {
        // A thread that has ended has given its children to another one.
        let _ = parent.children(tid, &mut pids);
    }
    pids.extend(scene.books.children(parent.pid()).map(|(pid, _)| pid));
    pids.sort_unstable();
    pids.dedup();
    let candidates = pids.len();
    if candidates > MOST {
        pids.sort_by_key(|&pid| Reverse(scene.books.recent_ns(pid)));
        pids.truncate(MOST);
        pids.sort_unstable();
    }
    let of_it = |pid: &u32| child(reader, *pid, parent.pid(), scene);
    let children: Vec<_> = pids.iter().filter_map(of_it).collect();
    let left_out = candidates.saturating_sub(MOST);
    let count = u32::try_from(children.len() + left_out).unwrap_or(u32::MAX);
    (children, count)
}

fn child(reader: &Reader, pid: u32, parent: u32, scene: &Scene<'_>) -> Option<Detail> {
    let mut child = identity::open(reader, pid).ok()?;
    if child.stat.ppid != parent {
        return None;
    }
    let detail = scene.detail(&mut child, pid, COMMAND);
    // What could not be read because it has died meanwhile would be missing without a reason.
    child.process.stat().is_ok().then_some(detail)
}
