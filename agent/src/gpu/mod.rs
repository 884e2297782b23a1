//! Graphics processors: all of them, of three makers.
//!
//! * [`nvml`]: NVIDIA's, by the library that comes with its driver, found at run time
//! * [`drm`]: which cards the kernel's graphics drivers have; the rest of what sysfs says of each
//! * [`amd`], [`intel`]: what only their drivers say
//!
//! Reading may take long (drivers wake a sleeping card) or hang: callers read on a thread that may.

pub mod amd;
pub mod drm;
pub mod intel;
pub mod nvml;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// Drivers and cards may come later: they are looked for so often.
pub const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A reading may be so old.
pub const LIFETIME: Duration = Duration::from_millis(1500);

/// Space in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// In use.
    pub used: u64,
    /// All of it.
    pub total: u64,
}

/// One graphics processor. What is not known is `None`, never 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gpu {
    /// Its address on the bus, `0000:01:00.0`: lists are in this order.
    pub address: String,
    /// Who made it.
    pub vendor: &'static str,
    /// What it is called, or else its maker and number.
    pub name: String,
    /// How busy it is, in percent.
    pub busy_percent: Option<f32>,
    /// Its own memory.
    pub memory: Option<Memory>,
    /// Its temperature in degrees Celsius.
    pub celsius: Option<f32>,
}

/// The graphics processors of this machine.
#[derive(Debug)]
pub struct Gpus {
    sys: PathBuf,
    nvidia: nvml::Nvidia,
    cards: Vec<drm::Card>,
    looked: Option<Instant>,
}

impl Gpus {
    /// Those that the sysfs at `sys` shows and those that NVIDIA's library shows. Nothing is read
    /// yet.
    #[must_use]
    pub fn new(sys: PathBuf) -> Self {
        Self {
            sys,
            nvidia: nvml::Nvidia::default(),
            cards: Vec::new(),
            looked: None,
        }
    }

    /// What they say now, in the order of their addresses.
    pub fn read(&mut self, now: Instant) -> Vec<Gpu> {
        let due = |looked| now.saturating_duration_since(looked) >= LOOK_AGAIN;
        if self.looked.is_none_or(due) {
            self.looked = Some(now);
            self.nvidia.look();
            drm::look(&self.sys, &mut self.cards);
        }
        let mut gpus = self.nvidia.read();
        for card in &mut self.cards {
            // NVIDIA's driver may show its cards here too, but says less about them.
            if gpus.iter().all(|gpu| gpu.address != card.address) {
                gpus.push(card.read(now));
            }
        }
        gpus.sort_by(|a, b| a.address.cmp(&b.address));
        gpus
    }
}

#[cfg(test)]
mod tests;
