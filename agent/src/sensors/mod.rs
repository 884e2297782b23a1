//! Temperatures of the CPU and of disks, from sysfs.
//!
//! * [`hwmon`]: which sensors there are, and reading one
//! * [`cpu`]: which of them is the CPU's
//! * [`disk`]: which of them belong to a disk, by the device they are part of
//!
//! Reading some sensors asks the device itself, which may hang: callers read on a thread that may.

pub mod cpu;
pub mod disk;
pub mod hwmon;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    time::{Duration, Instant},
};

use hwmon::Chip;

/// Sensors come and go with drivers and devices: they are looked for so often.
pub const RESCAN: Duration = Duration::from_secs(10);

/// A temperature may be so old.
pub const LIFETIME: Duration = Duration::from_millis(1500);

/// The sensors below one sysfs.
#[derive(Debug)]
pub struct Sensors {
    sys: PathBuf,
    scanned: Option<Instant>,
    chips: Vec<Chip>,
    /// The chips of a disk, by the kernel's name of the disk.
    disks: BTreeMap<String, Vec<usize>>,
}

impl Sensors {
    /// Sensors of the sysfs at `sys`; nothing is read yet.
    #[must_use]
    pub fn new(sys: PathBuf) -> Self {
        Self {
            sys,
            scanned: None,
            chips: Vec::new(),
            disks: BTreeMap::new(),
        }
    }

    /// Temperature of the CPU, of several the hottest, in degrees Celsius.
    pub fn cpu(&mut self, now: Instant) -> Option<f32> {
        self.scan(now);
        cpu::temperature(&self.chips)
    }

    /// Temperatures in degrees Celsius of those of `disks` (the kernel's names, such as `sda`) that
    /// have a sensor.
    pub fn disks(&mut self, disks: Vec<String>, now: Instant) -> BTreeMap<String, f32> {
        self.scan(now);
        let mut read = BTreeMap::new();
        let celsius = disks.into_iter().filter_map(|name| {
            let chips = (self.disks.entry(name.clone()))
                .or_insert_with(|| disk::chips(&self.sys, &name, &self.chips));
            let hottest = (chips.iter())
                .filter_map(|&at| {
                    *read
                        .entry(at)
                        .or_insert_with(|| disk::celsius(self.chips.get(at)?))
                })
                .max_by(f32::total_cmp);
            hottest.map(|celsius| (name, celsius))
        });
        celsius.collect()
    }

    fn scan(&mut self, now: Instant) {
        let due = |scanned| now.saturating_duration_since(scanned) >= RESCAN;
        if self.scanned.is_none_or(due) {
            self.scanned = Some(now);
            self.chips = hwmon::scan(&self.sys);
            self.chips.extend(hwmon::zones(&self.sys));
            self.disks.clear();
        }
    }
}

#[cfg(test)]
mod tests;
