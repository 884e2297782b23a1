//! Runs `load sockets` beside the agent and compares what both say of every operation.

use crate::agent::Top;
use crate::load::Load;
use crate::traffic::{self, Step, Traffic};
use crate::truth;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many wrong operations tell enough.
const ENOUGH: usize = 10;

/// An operation, and what became of it.
pub struct Operation {
    /// What the workload says.
    pub step: Step,
    /// Processes and what they moved.
    pub truth: Vec<(u32, Traffic)>,
    /// What the agent said in the end, in the same order.
    pub told: Vec<Traffic>,
}

/// Lets a `load sockets` do all of its operations and keeps those that are wanted. The agent may take
/// `patience` until its sums are right.
///
/// # Panics
/// When bytes were lost.
pub fn run(
    top: &mut Top,
    mut load: Load,
    patience: Duration,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Operation> {
    let pid = load.pid();
    let mut operations = Vec::new();
    let mut wrong = 0;
    loop {
        let from = top.samples.len();
        let step: Step = serde_json::from_value(load.run()).expect("a step");
        if step.last {
            break;
        }
        let mut truth = vec![(pid, step.moved)];
        truth.extend(step.others.iter().map(|other| (other.pid, other.moved)));
        let mut operation = Operation {
            step,
            truth,
            told: Vec::new(),
        };
        if wanted(&operation.step.op) {
            // Where nothing is right, nobody waits for it.
            let hope = wrong < ENOUGH;
            operation.settle(top, from, if hope { patience } else { Duration::ZERO });
            wrong += usize::from(!operation.agrees());
            operations.push(operation);
        } else {
            top.fresh();
        }
    }
    load.finish();
    let lost = crate::window::lost(&top.samples).net_bytes;
    assert_eq!(lost, 0, "bytes in nobody's row");
    operations
}

impl Operation {
    /// Reads until the sums since `from` are right, or else for some time; and one sample more, in
    /// which nothing may come.
    fn settle(&mut self, top: &mut Top, from: usize, patience: Duration) {
        let now = truth::wall_ns();
        let end = Instant::now() + patience;
        self.told = told(top, from, &self.truth);
        while !self.agrees() && Instant::now() < end {
            top.read();
            self.told = told(top, from, &self.truth);
        }
        top.after(now);
        top.read();
        self.told = told(top, from, &self.truth);
    }

    /// To the byte and to the call. Which process accepted a connection depends on the kernel; how
    /// many were does not.
    pub fn agrees(&self) -> bool {
        let accepted =
            |all: &mut dyn Iterator<Item = Traffic>| all.map(|t| t.accepted).sum::<u64>();
        let truth = accepted(&mut self.truth.iter().map(|(_, truth)| *truth));
        truth == accepted(&mut self.told.iter().copied())
            && (self.truth.iter().zip(&self.told)).all(|((_, t), told)| same(&self.step, *t, *told))
    }
}

fn same(step: &Step, mut truth: Traffic, mut told: Traffic) -> bool {
    (truth.accepted, told.accepted) = (0, 0);
    if !step.split {
        return truth == told;
    }
    let (few, many) = (truth.sum(), told.sum());
    truth.without_calls() == told.without_calls()
        && few.rx_calls <= many.rx_calls
        && few.tx_calls <= many.tx_calls
}

/// What the agent says about these processes. A pid that was used twice is there twice, in order.
fn told(top: &Top, from: usize, truth: &[(u32, Traffic)]) -> Vec<Traffic> {
    let lives = traffic::lives(&top.samples[from..]);
    let mut times: HashMap<u32, usize> = HashMap::new();
    for (pid, _) in truth {
        *times.entry(*pid).or_default() += 1;
    }
    let mut seen: HashMap<u32, usize> = HashMap::new();
    let one = |pid: &u32| {
        let Some(lives) = lives.get(pid) else {
            return Traffic::default();
        };
        let number = seen.entry(*pid).or_default();
        *number += 1;
        let mut lives = lives.values().copied();
        if times[pid] > 1 {
            lives.nth(*number - 1).unwrap_or_default()
        } else {
            lives.fold(Traffic::default(), |sum, one| sum + one)
        }
    };
    truth.iter().map(|(pid, _)| pid).map(one).collect()
}

/// All of them, and at least so many.
///
/// # Panics
/// When one is not exact.
pub fn all_exact(operations: &[Operation], at_least: usize) {
    let wrong: Vec<String> = operations.iter().flat_map(complaints).collect();
    let count = operations.len();
    assert!(count >= at_least, "only {count} of {at_least} operations");
    assert!(
        wrong.is_empty(),
        "{} lines about {count} operations:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(60)].join("\n")
    );
}

fn complaints(operation: &Operation) -> Vec<String> {
    let op = &operation.step.op;
    match &operation.step.failed {
        Some(why) if operation.step.missing && no_rings(op) => {
            eprintln!("NOT TESTED, the kernel has no io_uring: {op}: {why}");
            Vec::new()
        }
        Some(why) => vec![format!("{op}: could not be done: {why}")],
        None if operation.agrees() => Vec::new(),
        None => {
            let rows = operation.truth.iter().zip(&operation.told);
            rows.filter(|((_, truth), told)| {
                !same(&operation.step, *truth, **told) || truth != *told
            })
            .map(|((pid, truth), told)| {
                format!("{op}, {pid}:\n    truth {truth}\n    agent {told}")
            })
            .collect()
        }
    }
}

/// The kernel was built without it; a host that forbids it is no excuse.
fn no_rings(op: &str) -> bool {
    op.contains("io_uring") && !std::path::Path::new("/proc/sys/kernel/io_uring_disabled").exists()
}
