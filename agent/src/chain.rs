//! Who looks at which samples: a track's snapshots say what happened since its last one, however
//! many samples others had taken in between.

use std::sync::Arc;

use crate::{
    collect::{
        collector::Collector,
        sample::{MachineSample, Sample},
    },
    model::{
        MachineSnapshot, Snapshot,
        derive::{derive, derive_machine},
        events::Events,
    },
    procfs::Error,
};

/// Takes samples into memory that is used again once no track needs it.
#[derive(Debug, Default)]
pub struct Samples {
    spare: Vec<Arc<Sample>>,
}

impl Samples {
    /// Takes a sample.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn take(&mut self, collector: &mut Collector) -> Result<Arc<Sample>, Error> {
        let unused = |sample: &mut Arc<Sample>| Arc::get_mut(sample).is_some();
        let place = self.spare.iter_mut().position(unused);
        let mut sample = place.map_or_else(Arc::default, |place| self.spare.swap_remove(place));
        let taken = Arc::get_mut(&mut sample).map_or(Ok(()), |sample| collector.sample(sample));
        // Others that nobody needs are let go; this one is needed or free by the next time.
        self.spare.retain(|sample| Arc::strong_count(sample) > 1);
        self.spare.push(Arc::clone(&sample));
        taken.map(|()| sample)
    }
}

/// One way through the samples.
#[derive(Debug, Default)]
pub struct Track {
    base: Arc<Sample>,
    events: Events,
    seq: u64,
}

impl Track {
    /// Begins anew at `sample`: what happened before is no news.
    pub fn begin(&mut self, sample: &Arc<Sample>) {
        self.base = Arc::clone(sample);
        self.events.clear();
    }

    /// When its last sample was taken, ns of `CLOCK_MONOTONIC`; 0 before it has begun.
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.base.at.monotonic_ns
    }

    /// Notes a sample that others had taken.
    pub fn pass(&mut self, sample: &Sample) {
        self.events.add(&self.base, sample);
    }

    /// Computes what happened until `sample`.
    pub fn next(&mut self, sample: &Arc<Sample>, to: &mut Snapshot) {
        self.pass(sample);
        self.events.sort();
        self.seq += 1;
        derive(&self.base, sample, &self.events, self.seq, to);
        self.begin(sample);
    }
}

/// Samples of the machine without its processes.
#[derive(Debug, Default)]
pub struct Machines {
    old: MachineSample,
    new: MachineSample,
}

impl Machines {
    /// Begins anew: what happened before now is no news.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn begin(&mut self, collector: &mut Collector) -> Result<(), Error> {
        collector.machine(&mut self.old)
    }

    /// As [`Track::last_ns`].
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.old.at.monotonic_ns
    }

    /// Takes a sample and computes what happened since the last one.
    ///
    /// # Errors
    /// If the machine's own files cannot be read; the chain goes on from where it was.
    pub fn next(
        &mut self,
        collector: &mut Collector,
        to: &mut MachineSnapshot,
    ) -> Result<(), Error> {
        collector.machine(&mut self.new)?;
        derive_machine(&self.old, &self.new, to);
        std::mem::swap(&mut self.old, &mut self.new);
        Ok(())
    }
}
