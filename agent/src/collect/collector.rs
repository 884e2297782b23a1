//! Owns every source and takes samples. It belongs to one thread.

use std::{sync::Arc, time::Duration};

use super::{
    exact::Exact,
    facts::{Bounds, Facts},
    jiffies::Jiffies,
    machine::CpuBooks,
    moment::Moment,
    network::{Networks, protocols},
    pace::Pace,
    process::Identity,
    sample::{Known, MachineSample, Memory, Precision, Sample},
    traffic::Traffic,
    zombies::Zombies,
};
use crate::{
    elements::{Catalog, Entry, State},
    interfaces::Interfaces,
    kernel::{load::LoadError, size::Sizes},
    procfs::{Clock, Error, Reader, Root, Snmp},
};

/// Totals of TCP and UDP, for whom the machine's other figures are enough in between.
const PROTOCOLS_PERIOD: Duration = Duration::from_secs(1);

/// Which CPUs are online is read at most so often, where nothing else is wanted of that file.
const ONLINE_PERIOD: Duration = Duration::from_secs(1);

/// Takes samples.
#[derive(Debug)]
pub struct Collector {
    catalog: Catalog,
    procfs: Reader,
    /// The books of the scheduler, where they are to be had.
    exact: Option<Box<Exact>>,
    /// What processes had done on sockets when the exact books were closed.
    traffic_before: Vec<(Identity, Traffic)>,
    jiffies: Jiffies,
    cpu_books: CpuBooks,
    facts: Facts,
    zombies: Zombies,
    kernel: Pace,
    processes: Pace,
    memory: Pace,
    newest_memory: Option<Memory>,
    memory_size: [u64; 2],
    network: Pace,
    interfaces: Interfaces,
    networks: Networks,
    protocols_pace: Pace,
    protocols: Option<Snmp>,
    bpf: bool,
    denied: Option<LoadError>,
}

/// What a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Processes and CPUs.
    Processes,
    /// The network of the machine, too.
    Network,
}

/// What to collect with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Where `/proc` and `/sys` are.
    pub root: Root,
    /// Whether BPF may be used.
    pub bpf: bool,
    /// What is collected, and how often.
    pub catalog: Catalog,
}

impl Collector {
    /// Opens the sources. Where BPF is not to be had the books are kept in jiffies, and
    /// [`Collector::missing`] says why.
    ///
    /// # Errors
    /// If `/proc` cannot be read.
    pub fn open(setup: &Setup) -> Result<Self, Error> {
        let clock = Clock::system();
        let catalog = &setup.catalog;
        let pace = |entry: &Arc<Entry>| Pace::new(Arc::clone(entry));
        // Its figures are in no status: it is a part of the network's.
        let protocols = Entry::new(catalog.network.name.clone(), Some(PROTOCOLS_PERIOD));
        let mut collector = Self {
            procfs: Reader::open(&setup.root)?,
            exact: None,
            traffic_before: Vec::new(),
            jiffies: Jiffies::new(clock),
            cpu_books: CpuBooks::new(clock),
            facts: Facts::new(clock),
            zombies: Zombies::default(),
            kernel: pace(&catalog.kernel),
            processes: pace(&catalog.processes),
            memory: pace(&catalog.memory),
            newest_memory: None,
            memory_size: [0; 2],
            network: pace(&catalog.network),
            interfaces: Interfaces::default(),
            networks: Networks::default(),
            protocols_pace: Pace::new(Arc::new(protocols)),
            protocols: None,
            bpf: setup.bpf,
            denied: None,
            catalog: catalog.clone(),
        };
        if let Ok(info) = collector.procfs.meminfo() {
            collector.memory_size = [info.total, info.swap_total];
        }
        if setup.bpf {
            collector.retune();
        } else {
            for entry in [&catalog.sched, &catalog.net] {
                entry.set_state(State::Unsupported, "BPF is switched off");
            }
        }
        Ok(collector)
    }

    /// What is collected, and how often.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whose period is the sampling period: the source of the books.
    #[must_use]
    pub fn clock(&self) -> &Arc<Entry> {
        match self.bpf && self.denied.is_none() {
            true => &self.catalog.sched,
            false => &self.catalog.processes,
        }
    }

    /// Why BPF is not used although it was asked for.
    #[must_use]
    pub fn missing(&self) -> Option<&LoadError> {
        self.denied.as_ref()
    }

    /// How CPU time is measured.
    #[must_use]
    pub fn precision(&self) -> Precision {
        match self.exact {
            Some(_) => Precision::Scheduler,
            None => Precision::Jiffy,
        }
    }

    /// Whether [`Collector::retune`] would begin other books.
    #[must_use]
    pub fn has_other_books_to_keep(&self) -> bool {
        self.bpf && self.catalog.sched.is_running() != self.exact.is_some()
    }

    /// Attaches and detaches what was resumed and paused.
    pub fn retune(&mut self) {
        let (sched, net) = (&self.catalog.sched, &self.catalog.net);
        let begins = self.exact.is_none();
        if !sched.is_running() {
            if let Some(exact) = self.exact.take() {
                self.traffic_before = exact.tracker.traffic().collect();
                // What they knew when they were closed last is no news.
                self.jiffies = Jiffies::new(Clock::system());
            }
        } else if begins && self.bpf {
            let started = sizes(&mut self.procfs)
                .map_err(LoadError::from)
                .and_then(|sizes| Exact::start(sizes, net.is_running(), &mut self.procfs));
            match started {
                Ok(mut exact) => {
                    let before = std::mem::take(&mut self.traffic_before);
                    exact.tracker.add_traffic(before.into_iter());
                    self.zombies = Zombies::default();
                    // Whoever is found dead died under other books, which told of it.
                    let mut past = Sample::default();
                    exact.tracker.take_exited(&mut past);
                    self.zombies.note(&mut past.exited, &past.traffic);
                    self.denied = None;
                    self.exact = Some(Box::new(exact));
                }
                Err(error) => {
                    sched.set_state(State::Failed, error.to_string());
                    self.denied = Some(error);
                }
            }
        }
        let Some(exact) = &mut self.exact else {
            if net.is_running() {
                net.set_state(State::Running, "waits for source/ebpf/sched");
            }
            return;
        };
        let counted = match exact.kernel().sockets.why_not() {
            Some(reason) if begins => Err(reason.to_owned()),
            _ => exact.count_sockets(net.is_running()),
        };
        match counted {
            Err(reason) => net.set_state(State::Failed, reason),
            Ok(()) if net.is_running() => net.set_state(State::Running, ""),
            Ok(()) => {}
        }
    }

    /// All processes, into `sample`, whose memory is used again.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn sample(&mut self, sample: &mut Sample, scope: Scope) -> Result<(), Error> {
        sample.clear();
        sample.precision = self.precision();
        let begun = Moment::now();
        if self.kernel.is_due(&begun) || !self.kernel.was_read() {
            self.read_stat()?;
        }
        self.cpu_books.cpus_into(&mut sample.cpus);
        sample.known = Known {
            books: true,
            machine: self.kernel.is_running(),
            resident: self.processes.is_running(),
            split: self.catalog.split.is_running(),
        };
        if self.exact.is_some() {
            self.exact_into(&begun, sample);
        } else {
            self.jiffies_into(sample)?;
        }
        if scope == Scope::Network {
            self.machine_into(&begun, sample);
        }
        sample.window_ns = Moment::now().since(&begun);
        Ok(())
    }

    fn exact_into(&mut self, begun: &Moment, sample: &mut Sample) {
        let Some(exact) = &mut self.exact else {
            return;
        };
        if self.processes.is_due(begun) {
            let now = Moment::now();
            let bounds = Bounds {
                books_ns: begun.monotonic_ns,
                now_ns: || Moment::now().monotonic_ns,
                cpus: sample.cpus.len() as u64,
            };
            exact.update(begun);
            self.facts.refresh(
                &mut exact.tracker,
                &mut self.procfs,
                bounds,
                &mut sample.disagreements,
            );
            self.processes.read(&now);
        }
        sample.at = Moment::now();
        exact.update(&sample.at);
        exact.idle_into(&sample.at, &mut sample.cpus);
        exact.tracker.sample_into(sample);
        sample.counts_traffic = exact.kernel().sockets.are_counted();
        if sample.counts_traffic {
            let figures = &self.catalog.net.figures;
            figures.poll(sample.at.wall_ns, exact.traffic_cost, None);
        }
        self.zombies.insert_into(
            sample.at.monotonic_ns,
            &mut sample.processes,
            &mut sample.traffic,
        );
        exact.tracker.take_exited(sample);
        self.zombies.note(&mut sample.exited, &sample.traffic);
        self.facts.note_exits(&sample.exited);
        sample.unlisted = exact.unlisted();
        sample.lost = exact.lost();
    }

    fn jiffies_into(&mut self, sample: &mut Sample) -> Result<(), Error> {
        sample.known.books = self.processes.is_running();
        if sample.known.books {
            let begun = Moment::now();
            let Sample {
                processes,
                names,
                exited,
                ..
            } = sample;
            self.jiffies
                .read_into(&mut self.procfs, processes, names, exited)?;
            self.processes.read(&begun);
        }
        sample.at = Moment::now();
        Ok(())
    }

    /// What else there is to tell of the machine. What cannot be read spoils no sample.
    fn machine_into(&mut self, begun: &Moment, sample: &mut Sample) {
        if self.network.is_due(begun) {
            let begun = Moment::now();
            self.networks.read(&mut self.procfs, &mut self.interfaces);
            self.network.read(&begun);
        }
        if self.network.is_running() {
            sample.network = self.networks.newest();
        }
        if self.memory.is_due(begun) {
            let at = Moment::now();
            let info = self.procfs.meminfo();
            self.newest_memory = info.ok().map(|info| Memory { at, info });
            self.memory.read(&at);
        }
        if self.memory.is_running() {
            sample.memory = self.newest_memory;
        }
    }

    /// The machine without its processes, into `sample`, whose memory is used again.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn machine(&mut self, sample: &mut MachineSample) -> Result<(), Error> {
        sample.cpus.clear();
        sample.interfaces.clear();
        sample.memory = None;
        sample.snmp = None;
        if self.memory.is_running() {
            let begun = Moment::now();
            let info = self.procfs.meminfo()?;
            self.memory_size = [info.total, info.swap_total];
            sample.memory = Some(info);
            // Who follows the samples has this one, then.
            self.newest_memory = Some(Memory { at: begun, info });
            self.memory.read(&begun);
        }
        sample.memory_size = self.memory_size;
        if self.network.is_running() {
            let begun = Moment::now();
            self.procfs.net_dev(&mut sample.interfaces)?;
            if self.protocols_pace.is_due(&begun) {
                self.protocols = protocols(&mut self.procfs).ok();
                self.protocols_pace.read(&begun);
            }
            sample.snmp = self.protocols;
            // The samples' own reading is due as before.
            self.catalog.network.polled(&begun, None);
        }
        sample.at = Moment::now();
        self.interfaces
            .classify(&mut sample.interfaces, sample.at.monotonic_ns);
        let due = match self.exact {
            // It says which CPUs are online, no more: idle times come from the exact books.
            Some(_) => self.kernel.is_due_after(&sample.at, ONLINE_PERIOD),
            None => self.kernel.is_due(&sample.at),
        };
        if due || !self.kernel.was_read() {
            self.read_stat()?;
        }
        // Old idle times would make a CPU look busy.
        if self.exact.is_some() || self.kernel.is_running() {
            self.cpu_books.cpus_into(&mut sample.cpus);
        }
        if let Some(exact) = &mut self.exact {
            exact.read_cpus();
            exact.idle_into(&sample.at, &mut sample.cpus);
        }
        Ok(())
    }

    fn read_stat(&mut self) -> Result<(), Error> {
        let begun = Moment::now();
        self.cpu_books.read(&mut self.procfs)?;
        self.kernel.read(&begun);
        Ok(())
    }
}

/// How large the kernel side's tables must be on this host.
///
/// # Errors
/// If `/proc` does not tell the largest process id.
pub fn sizes(procfs: &mut Reader) -> Result<Sizes, Error> {
    let pid_max = procfs.pid_max()?;
    let threads = procfs.loadavg().map_or(0, |load| load.threads);
    Ok(Sizes::for_host(pid_max, threads, possible_cpus()))
}

/// CPUs that can ever be online: the array of the hooks is indexed by CPU.
fn possible_cpus() -> u32 {
    let possible = aya::util::nr_cpus().unwrap_or(1);
    u32::try_from(possible).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    /// Who asks for the machine alone takes nothing away from those who follow the samples.
    #[test]
    fn samples_have_the_machine_at_their_period_whoever_else_reads_it() {
        let setup = Setup::default();
        let mut collector = Collector::open(&setup).unwrap();
        let (mut sample, mut machine) = (Sample::default(), MachineSample::default());
        let mut take = |collector: &mut Collector| {
            collector.sample(&mut sample, Scope::Network).unwrap();
            let network = sample.network.as_ref().unwrap().at;
            (network, sample.memory.unwrap().at)
        };
        let first = take(&mut collector);
        for _ in 0..3 {
            sleep(Duration::from_millis(40));
            collector.machine(&mut machine).unwrap();
        }
        let second = take(&mut collector);
        assert!(second.0.since(&first.0) > 0 && second.1.since(&first.1) > 0);
        // What is paused is in none of both, and nothing but its size is told.
        for entry in [&setup.catalog.memory, &setup.catalog.network] {
            entry.change(&[State::Running], State::Paused);
        }
        collector.machine(&mut machine).unwrap();
        assert!(machine.memory.is_none() && machine.snmp.is_none());
        assert!(machine.interfaces.is_empty() && machine.memory_size[0] > 0);
    }
}
