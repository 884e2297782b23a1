//! Rates and levels, from two readings.
//!
//! Numbers are kept as changes; [`Interval::rate`] makes rates of them with the time that really passed.

mod change;
mod cpu;
mod disks;
mod interrupts;
mod network;
mod nfs;
mod protocols;
#[cfg(test)]
mod tests;

pub use self::{
    change::change, cpu::Shares, disks::Disk, interrupts::Interrupt, network::Interface,
    nfs::Calls, nfs::Nfs, protocols::Protocols,
};
use crate::record::{self, Counters, Files, Load, Memory, Sockets, Time};

/// Orders of free blocks that are shown.
pub const ORDERS: usize = 11;

/// What happened between two readings, and levels at the second one. What neither has is `None` or empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Interval {
    /// When the second one was taken.
    pub time: Time,
    /// Seconds between them; 0 if there are none.
    pub seconds: f64,
    /// What changes are divided by: `seconds`, or 1.
    divisor: f64,
    /// All CPUs together.
    pub cpu: Option<Shares>,
    /// By number; those without a reading are not online.
    pub cpus: Vec<Cpu>,
    /// Interrupts, switches, forks; levels of tasks.
    pub activity: Option<Activity>,
    /// Load averages and tasks.
    pub load: Option<Load>,
    /// Memory, levels.
    pub memory: Option<Memory>,
    /// Paging, changes.
    pub paging: Option<Paging>,
    /// Disks in the order of the file.
    pub disks: Vec<Disk>,
    /// The sum of whole disks.
    pub disk_total: Disk,
    /// Interfaces in the order of the file.
    pub interfaces: Vec<Interface>,
    /// The sum of real interfaces.
    pub network_total: Interface,
    /// Levels.
    pub sockets: Option<Sockets>,
    /// Levels.
    pub files: Option<Files>,
    /// Changes.
    pub protocols: Option<Protocols>,
    /// Free blocks by order, of all zones.
    pub buddies: Option<[u64; ORDERS]>,
    /// By kind.
    pub interrupts: Vec<Interrupt>,
    /// Changes.
    pub nfs: Option<Nfs>,
}

/// A CPU.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cpu {
    /// Whether it is online.
    pub online: bool,
    /// Its time.
    pub shares: Shares,
    /// Interrupts, change.
    pub interrupts: f64,
}

/// Changes, then levels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Activity {
    /// Interrupts.
    pub interrupts: f64,
    /// Context switches.
    pub switches: f64,
    /// Forks.
    pub forks: f64,
    /// Tasks running or waiting for a CPU, without the one that asks.
    pub running: u64,
    /// Tasks waiting for a device.
    pub blocked: u64,
}

/// Changes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Paging {
    /// KB read from block devices.
    pub paged_in: f64,
    /// KB written to them.
    pub paged_out: f64,
    /// Pages swapped in.
    pub swapped_in: f64,
    /// Pages swapped out.
    pub swapped_out: f64,
    /// Page faults.
    pub faults: f64,
    /// Those that needed a device.
    pub major_faults: f64,
}

impl Default for Interval {
    fn default() -> Self {
        Self {
            time: Time::default(),
            seconds: 0.0,
            divisor: 1.0,
            cpu: None,
            cpus: Vec::new(),
            activity: None,
            load: None,
            memory: None,
            paging: None,
            disks: Vec::new(),
            disk_total: Disk::default(),
            interfaces: Vec::new(),
            network_total: Interface::default(),
            sockets: None,
            files: None,
            protocols: None,
            buddies: None,
            interrupts: Vec::new(),
            nfs: None,
        }
    }
}

impl Interval {
    /// What happened from `old` to `new`. With `totals`, changes are not divided by the time (`-on`).
    #[must_use]
    pub fn between(old: &Counters, new: &Counters, totals: bool) -> Self {
        let mut interval = Self::default();
        interval.set(old, new, totals);
        interval
    }

    /// The same in place: its lists are used again.
    pub fn set(&mut self, old: &Counters, new: &Counters, totals: bool) {
        let ns = new.time.steady_ns.saturating_sub(old.time.steady_ns);
        self.time = new.time;
        self.seconds = ns as f64 / 1e9;
        self.divisor = if totals || ns == 0 { 1.0 } else { self.seconds };

        let cpu = old.cpu.zip(new.cpu);
        self.cpu = cpu.map(|(old, new)| Shares::between(&old, &new, totals));
        self.set_cpus(old, new, totals);
        interrupts::set(&mut self.interrupts, &mut self.cpus, old, new);
        self.activity = both(&old.activity, &new.activity).map(|(old, new)| Activity {
            interrupts: change(old.interrupts, new.interrupts) as f64,
            switches: change(old.switches, new.switches) as f64,
            forks: change(old.forks, new.forks) as f64,
            running: new.running.saturating_sub(1),
            blocked: new.blocked,
        });
        self.load = new.load;
        self.memory = new.memory;
        self.paging = both(&old.paging, &new.paging).map(|(old, new)| Paging::between(old, new));
        disks::set(
            &mut self.disks,
            &mut self.disk_total,
            &old.disks,
            &new.disks,
        );
        network::set(
            &mut self.interfaces,
            &mut self.network_total,
            &old.interfaces,
            &new.interfaces,
        );
        self.sockets = new.sockets;
        self.files = new.files;
        match &new.protocols {
            None => self.protocols = None,
            Some(new) => {
                let protocols = self.protocols.get_or_insert_default();
                protocols.set(old.protocols.as_ref(), new);
            }
        }
        self.buddies = (!new.buddies.is_empty()).then(|| free_blocks(&new.buddies));
        self.nfs = both(&old.nfs, &new.nfs).map(|(old, new)| Nfs::between(old, new));
    }

    /// A change a second; with totals, the change.
    #[must_use]
    pub fn rate(&self, change: f64) -> f64 {
        change / self.divisor
    }

    /// CPUs that are online; of how many we know.
    #[must_use]
    pub fn online(&self) -> usize {
        self.cpus.iter().filter(|cpu| cpu.online).count()
    }

    fn set_cpus(&mut self, old: &Counters, new: &Counters, totals: bool) {
        self.cpus.clear();
        for (at, &(number, times)) in new.cpus.iter().enumerate() {
            if number as usize >= interrupts::MOST_CPUS {
                continue;
            }
            let before = same(&old.cpus, at, |one| one.0 == number);
            let cpu = cpu_at(&mut self.cpus, number as usize);
            cpu.online = true;
            // One that came just now has no time that is known.
            cpu.shares = before.map_or_else(Shares::default, |before| {
                Shares::between(&before.1, &times, totals)
            });
        }
    }
}

impl Paging {
    fn between(old: &record::Paging, new: &record::Paging) -> Self {
        Self {
            paged_in: change(old.paged_in, new.paged_in) as f64,
            paged_out: change(old.paged_out, new.paged_out) as f64,
            swapped_in: change(old.swapped_in, new.swapped_in) as f64,
            swapped_out: change(old.swapped_out, new.swapped_out) as f64,
            faults: change(old.faults, new.faults) as f64,
            major_faults: change(old.major_faults, new.major_faults) as f64,
        }
    }
}

/// Both, if there are both.
fn both<'a, T>(old: &'a Option<T>, new: &'a Option<T>) -> Option<(&'a T, &'a T)> {
    old.as_ref().zip(new.as_ref())
}

/// The one that is meant: nearly always it has the same place as before.
fn same<T>(all: &[T], at: usize, is: impl Fn(&T) -> bool) -> Option<&T> {
    match all.get(at) {
        Some(one) if is(one) => Some(one),
        _ => all.iter().find(|one| is(one)),
    }
}

/// The CPU of a number; there is one afterwards.
fn cpu_at(cpus: &mut Vec<Cpu>, number: usize) -> &mut Cpu {
    if cpus.len() <= number {
        cpus.resize(number + 1, Cpu::default());
    }
    &mut cpus[number]
}

/// Copies a name. It may be from a recording, and harms no terminal: control characters become `?`.
fn name(to: &mut String, from: &str) {
    to.clear();
    let shown = |one: char| if one.is_control() { '?' } else { one };
    if from.contains(char::is_control) {
        to.extend(from.chars().map(shown));
    } else {
        to.push_str(from);
    }
}

fn free_blocks(zones: &[record::Zone]) -> [u64; ORDERS] {
    let mut free = [0_u64; ORDERS];
    for zone in zones {
        for (sum, &one) in free.iter_mut().zip(&zone.free) {
            *sum = sum.saturating_add(one);
        }
    }
    free
}
