//! What all formats need to know to write a sample.

use super::{
    facts::Facts,
    order::{Order, found},
    scale::Form,
};
use crate::{
    options::{Subsystem, Subsystems},
    values::{Cpu, Disk, Interface, Interval},
};

/// A sample, and how it is written.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The sample.
    pub interval: &'a Interval,
    /// CPUs that are online.
    pub online: usize,
    /// The machine.
    pub facts: &'a Facts,
    /// What is shown.
    pub subsystems: Subsystems,
    /// The order of devices.
    pub order: &'a Order,
    /// How numbers are scaled.
    pub form: Form,
    /// Mean sizes of requests in brief lines.
    pub sizes: bool,
    /// Changes are not divided by the time.
    pub totals: bool,
}

impl Context<'_> {
    /// CPUs there are.
    #[must_use]
    pub fn cpus(&self) -> usize {
        self.facts.cpus.max(self.interval.cpus.len())
    }

    /// A CPU; one without numbers is one that did nothing.
    #[must_use]
    pub fn cpu(&self, number: usize) -> Cpu {
        self.interval.cpus.get(number).copied().unwrap_or_default()
    }

    /// Disks in their order.
    pub fn disks(&self) -> impl Iterator<Item = &Disk> {
        let names = self.order.disks().iter().enumerate();
        names.filter_map(|(at, name)| found(&self.interval.disks, at, |one| one.name == *name))
    }

    /// Interfaces in their order.
    pub fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        let names = self.order.interfaces().iter().enumerate();
        names.filter_map(|(at, name)| found(&self.interval.interfaces, at, |one| one.name == *name))
    }

    /// Whether a CPU is online. If no reading has CPU times, all are.
    #[must_use]
    pub fn is_online(&self, number: usize) -> bool {
        self.online == 0 || self.cpu(number).online
    }

    /// What titles say if not all CPUs are online.
    #[must_use]
    pub fn disabled_message(&self) -> &'static str {
        let some = self.online > 0 && self.online < self.cpus();
        if some && self.subsystems.has(Subsystem::Cpu) {
            ": *** One or more CPUs disabled ***"
        } else {
            ""
        }
    }

    /// What rates are per: a second or an interval.
    #[must_use]
    pub fn per(&self) -> &'static str {
        if self.totals { "/int" } else { "/sec" }
    }

    /// `[HYPER]` where two CPUs share a core.
    #[must_use]
    pub fn hyper(&self) -> &'static str {
        if self.facts.hyper_threads {
            "[HYPER]"
        } else {
            ""
        }
    }
}
