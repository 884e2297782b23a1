//! What disks did.

use super::change;
use crate::record;

/// What a disk did between two readings; numbers are changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Disk {
    /// Its name; none if it is all of them together.
    pub name: String,
    /// Requests that read.
    pub reads: f64,
    /// Requests that were merged into others.
    pub reads_merged: f64,
    /// KB read.
    pub read_kb: f64,
    /// Time that requests took, ms.
    pub read_ms: f64,
    /// Requests that wrote.
    pub writes: f64,
    /// Requests that were merged into others.
    pub writes_merged: f64,
    /// KB written.
    pub written_kb: f64,
    /// Time that requests took, ms.
    pub write_ms: f64,
    /// Time with any request in flight, ms.
    pub busy_ms: f64,
    /// Time of all requests in flight, ms.
    pub weighted_ms: f64,
}

/// A quotient; 0 if there is nothing to divide by.
pub(super) fn each(sum: f64, number: f64) -> f64 {
    if number == 0.0 { 0.0 } else { sum / number }
}

impl Disk {
    /// Mean KB of a read.
    #[must_use]
    pub fn read_size(&self) -> f64 {
        each(self.read_kb, self.reads)
    }

    /// Mean KB of a write.
    #[must_use]
    pub fn write_size(&self) -> f64 {
        each(self.written_kb, self.writes)
    }

    /// Mean KB of a request.
    #[must_use]
    pub fn size(&self) -> f64 {
        each(self.read_kb + self.written_kb, self.requests())
    }

    /// Mean ms of a read.
    #[must_use]
    pub fn read_wait(&self) -> f64 {
        each(self.read_ms, self.reads)
    }

    /// Mean ms of a write.
    #[must_use]
    pub fn write_wait(&self) -> f64 {
        each(self.write_ms, self.writes)
    }

    /// Mean ms of a request.
    #[must_use]
    pub fn wait(&self) -> f64 {
        each(self.read_ms + self.write_ms, self.requests())
    }

    /// Requests in flight while there was any.
    #[must_use]
    pub fn queue(&self) -> f64 {
        each(self.weighted_ms, self.busy_ms)
    }

    /// Busy ms for each request.
    #[must_use]
    pub fn service(&self) -> f64 {
        each(self.busy_ms, self.requests())
    }

    /// Share of so many seconds with a request in flight, percent.
    #[must_use]
    pub fn busy_share(&self, seconds: f64) -> f64 {
        each(self.busy_ms * 10.0, seconds * 100.0)
    }

    fn requests(&self) -> f64 {
        self.reads + self.writes
    }

    fn add(&mut self, other: &Self) {
        self.reads += other.reads;
        self.reads_merged += other.reads_merged;
        self.read_kb += other.read_kb;
        self.read_ms += other.read_ms;
        self.writes += other.writes;
        self.writes_merged += other.writes_merged;
        self.written_kb += other.written_kb;
        self.write_ms += other.write_ms;
        self.busy_ms += other.busy_ms;
        self.weighted_ms += other.weighted_ms;
    }

    fn set(&mut self, old: Option<&record::Disk>, new: &record::Disk) {
        // A disk that was not there did nothing that is known.
        let old = old.unwrap_or(new);
        super::name(&mut self.name, &new.name);
        self.reads = change(old.reads, new.reads) as f64;
        self.reads_merged = change(old.reads_merged, new.reads_merged) as f64;
        self.read_kb = change(old.sectors_read, new.sectors_read) as f64 / 2.0;
        self.read_ms = change(old.read_ms, new.read_ms) as f64;
        self.writes = change(old.writes, new.writes) as f64;
        self.writes_merged = change(old.writes_merged, new.writes_merged) as f64;
        self.written_kb = change(old.sectors_written, new.sectors_written) as f64 / 2.0;
        self.write_ms = change(old.write_ms, new.write_ms) as f64;
        self.busy_ms = change(old.busy_ms, new.busy_ms) as f64;
        self.weighted_ms = change(old.weighted_ms, new.weighted_ms) as f64;
    }
}

/// Fills in the disks and their sum.
pub(super) fn set(
    disks: &mut Vec<Disk>,
    total: &mut Disk,
    old: &[record::Disk],
    new: &[record::Disk],
) {
    disks.resize_with(new.len(), Disk::default);
    *total = Disk::default();
    for (at, (disk, new_disk)) in disks.iter_mut().zip(new).enumerate() {
        disk.set(
            super::same(old, at, |other| other.name == new_disk.name),
            new_disk,
        );
        if !new_disk.outside_totals {
            total.add(disk);
        }
    }
}
