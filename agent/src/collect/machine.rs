//! The machine's own files: CPUs, memory, interfaces.

use super::sample::CpuSample;
use crate::procfs::{Clock, Error, Reader, Stat};

/// `/proc/stat`, read again when it is old enough.
#[derive(Debug)]
pub struct CpuBooks {
    clock: Clock,
    stat: Stat,
    read_ns: Option<u64>,
}

impl CpuBooks {
    /// Nothing read yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            stat: Stat::default(),
            read_ns: None,
        }
    }

    /// Reads the file unless it was read less than `period_ns` before `now_ns` (both of
    /// `CLOCK_MONOTONIC`).
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn refresh(
        &mut self,
        procfs: &mut Reader,
        now_ns: u64,
        period_ns: u64,
    ) -> Result<(), Error> {
        if self
            .read_ns
            .is_some_and(|read| now_ns.saturating_sub(read) < period_ns)
        {
            return Ok(());
        }
        procfs.stat(&mut self.stat)?;
        self.read_ns = Some(now_ns);
        Ok(())
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
