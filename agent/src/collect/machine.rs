//! `/proc/stat`: the books of the CPUs.

use super::sample::CpuSample;
use crate::procfs::{Clock, Error, Reader, Stat};

/// `/proc/stat` as it was read last.
#[derive(Debug)]
pub struct CpuBooks {
    clock: Clock,
    stat: Stat,
}

impl CpuBooks {
    /// Nothing read yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            stat: Stat::default(),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(&mut self, procfs: &mut Reader) -> Result<(), Error> {
        procfs.stat(&mut self.stat)
    }

    /// Appends the books of the online CPUs as the file has them, in ticks made nanoseconds.
    /// Waiting for a disk counts as idle: the CPU had nothing to run.
    pub fn cpus_into(&self, cpus: &mut Vec<CpuSample>) {
        cpus.extend(self.stat.cpus.iter().map(|cpu| {
            CpuSample {
                id: cpu.id,
                idle_ns: self
                    .clock
                    .ticks_to_ns(cpu.times.idle.saturating_add(cpu.times.iowait)),
                steal_ns: self.clock.ticks_to_ns(cpu.times.steal),
            }
        }));
    }
}
