//! A chain of samples: each snapshot says what happened since the one before.

use crate::{
    collect::{
        collector::Collector,
        sample::{MachineSample, Sample},
    },
    model::{
        MachineSnapshot, Snapshot,
        derive::{derive, derive_machine},
    },
    procfs::Error,
};

/// Samples of all processes.
#[derive(Debug, Default)]
pub struct Processes {
    old: Sample,
    new: Sample,
    seq: u64,
}

impl Processes {
    /// Begins anew: what happened before now is no news.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn begin(&mut self, collector: &mut Collector) -> Result<(), Error> {
        collector.sample(&mut self.old)
    }

    /// When the last sample was taken, ns of `CLOCK_MONOTONIC`.
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.old.at.monotonic_ns
    }

    /// Takes a sample and computes what happened since the last one.
    ///
    /// # Errors
    /// If the machine's own files cannot be read; the chain goes on from where it was.
    pub fn next(&mut self, collector: &mut Collector, to: &mut Snapshot) -> Result<(), Error> {
        collector.sample(&mut self.new)?;
        self.seq += 1;
        derive(&self.old, &self.new, self.seq, to);
        std::mem::swap(&mut self.old, &mut self.new);
        Ok(())
    }
}

/// Samples of the machine without its processes.
#[derive(Debug, Default)]
pub struct Machines {
    old: MachineSample,
    new: MachineSample,
}

impl Machines {
    /// As [`Processes::begin`].
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn begin(&mut self, collector: &mut Collector) -> Result<(), Error> {
        collector.machine(&mut self.old)
    }

    /// As [`Processes::last_ns`].
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.old.at.monotonic_ns
    }

    /// As [`Processes::next`].
    ///
    /// # Errors
    /// As [`Processes::next`].
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
