//! A way of its own through the samples, for who looks at times of his own and says so each time.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{Command, publish::Memory};
use crate::{chain::Track, collect::sample::Sample, model::Snapshot, timer::Mailbox};

/// Snapshots on their way.
const KEPT: usize = 2;

/// Snapshots whenever they are asked for, each over the time since the one before.
#[derive(Debug)]
pub struct Walk {
    pub(super) mailbox: Arc<Mailbox<Command>>,
    pub(super) id: u64,
}

impl Walk {
    /// The processes now, and what they did since the call before; nothing at the first one. Waits for
    /// the sample, so it must not be called by a thread that serves others. `None` if the sampler has ended
    /// or the sample could not be taken.
    pub fn step(&mut self) -> Option<Arc<Snapshot>> {
        let (to, reply) = oneshot::channel();
        self.mailbox.send(Command::Step { id: self.id, to });
        reply.blocking_recv().ok()
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        self.mailbox.send(Command::Leave(self.id));
    }
}

/// The sampler's side of it.
pub(super) struct Walker {
    id: u64,
    track: Track,
    memory: Memory<Snapshot>,
}

impl Walker {
    /// Begins at `sample`, which has just been taken.
    fn begin(id: u64, sample: &Arc<Sample>) -> Self {
        let mut track = Track::default();
        track.begin(sample);
        Self {
            id,
            track,
            memory: Memory::keeping(KEPT),
        }
    }
}

/// All that walk.
#[derive(Default)]
pub(super) struct Walkers(Vec<Walker>);

impl Walkers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of a sample that was taken for others.
    pub(super) fn pass(&mut self, sample: &Sample) {
        for one in &mut self.0 {
            one.track.pass(sample);
        }
    }

    /// What one gets of `sample`, which was taken for it; the others take note of it.
    pub(super) fn step(&mut self, id: u64, sample: &Arc<Sample>) -> Arc<Snapshot> {
        if self.0.iter().all(|one| one.id != id) {
            self.0.push(Walker::begin(id, sample));
        }
        let mut snapshot = Arc::default();
        for one in &mut self.0 {
            if one.id == id {
                snapshot = one.memory.fill(|to| one.track.next(sample, to));
            } else {
                one.track.pass(sample);
            }
        }
        snapshot
    }

    pub(super) fn leave(&mut self, id: u64) {
        self.0.retain(|one| one.id != id);
    }
}
