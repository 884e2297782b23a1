//! Owns every source and takes samples. It belongs to one thread.

use super::{
    exact::Exact,
    facts::{Bounds, Facts},
    jiffies::Jiffies,
    machine::CpuBooks,
    moment::Moment,
    network::{Networks, protocols},
    sample::{MachineSample, Precision, Sample},
    zombies::Zombies,
};
use crate::{
    interfaces::Interfaces,
    kernel::{load::LoadError, size::Sizes},
    procfs::{Clock, Error, Reader, Root, Snmp},
};

/// `/proc/stat` costs more than all the exact books together and counts in ticks of 10 ms:
/// reading it more often tells nothing.
const STAT_PERIOD_NS: u64 = 100_000_000;

/// The files of the network cost more than `/proc/stat`: the kernel adds up every CPU's counters.
const NETWORK_PERIOD_NS: u64 = 100_000_000;

/// Totals of TCP and UDP, for whom the machine's other figures are enough in between.
const PROTOCOLS_PERIOD_NS: u64 = 1_000_000_000;

/// Which CPUs are online is read at most so often.
const ONLINE_PERIOD_NS: u64 = 1_000_000_000;

/// A process's memory is read at most so often.
const FACTS_PERIOD_NS: u64 = 1_000_000_000;

/// Timers fire a little early or late: a source that is due within this is due now.
const DUE_SLACK_NS: u64 = 20_000_000;

/// Where CPU time comes from.
#[derive(Debug)]
enum Books {
    Exact(Box<Exact>),
    Jiffies(Jiffies),
}

/// Takes samples.
#[derive(Debug)]
pub struct Collector {
    procfs: Reader,
    books: Books,
    cpu_books: CpuBooks,
    facts: Facts,
    zombies: Zombies,
    facts_read_ns: Option<u64>,
    interfaces: Interfaces,
    networks: Networks,
    protocols: Option<Snmp>,
    protocols_read_ns: Option<u64>,
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
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where `/proc` and `/sys` are.
    pub root: Root,
    /// Whether BPF may be used.
    pub bpf: bool,
}

impl Collector {
    /// Opens the sources. Where BPF is not to be had the books are kept in jiffies, and
    /// [`Collector::missing`] says why.
    ///
    /// # Errors
    /// If `/proc` cannot be read.
    pub fn open(setup: &Setup) -> Result<Self, Error> {
        let mut procfs = Reader::open(&setup.root)?;
        let clock = Clock::system();
        let mut denied = None;
        let mut books = Books::Jiffies(Jiffies::new(clock));
        if setup.bpf {
            match Exact::start(sizes(&mut procfs)?, &mut procfs) {
                Ok(exact) => books = Books::Exact(Box::new(exact)),
                Err(error) => denied = Some(error),
            }
        }
        Ok(Self {
            procfs,
            books,
            cpu_books: CpuBooks::new(clock),
            facts: Facts::new(clock),
            zombies: Zombies::default(),
            facts_read_ns: None,
            interfaces: Interfaces::default(),
            networks: Networks::default(),
            protocols: None,
            protocols_read_ns: None,
            denied,
        })
    }

    /// Why BPF is not used although it was asked for.
    #[must_use]
    pub fn missing(&self) -> Option<&LoadError> {
        self.denied.as_ref()
    }

    /// How CPU time is measured.
    #[must_use]
    pub fn precision(&self) -> Precision {
        match self.books {
            Books::Exact(_) => Precision::Scheduler,
            Books::Jiffies(_) => Precision::Jiffy,
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
        let now_ns = begun.monotonic_ns;
        self.cpu_books
            .refresh(&mut self.procfs, now_ns, STAT_PERIOD_NS - DUE_SLACK_NS)?;
        self.cpu_books.cpus_into(&mut sample.cpus);
        match &mut self.books {
            Books::Exact(exact) => {
                let due = self.facts_read_ns.is_none_or(|read| {
                    now_ns.saturating_sub(read) >= FACTS_PERIOD_NS - DUE_SLACK_NS
                });
                if due {
                    self.facts_read_ns = Some(now_ns);
                    let bounds = Bounds {
                        books_ns: now_ns,
                        now_ns: || Moment::now().monotonic_ns,
                        cpus: sample.cpus.len() as u64,
                    };
                    exact.update(&begun);
                    self.facts.refresh(
                        &mut exact.tracker,
                        &mut self.procfs,
                        bounds,
                        &mut sample.disagreements,
                    );
                }
                sample.at = Moment::now();
                exact.update(&sample.at);
                exact.idle_into(&sample.at, &mut sample.cpus);
                exact.tracker.sample_into(sample);
                sample.counts_traffic = exact.kernel().sockets.are_counted();
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
            Books::Jiffies(jiffies) => {
                let Sample {
                    processes,
                    names,
                    exited,
                    ..
                } = sample;
                jiffies.read_into(&mut self.procfs, processes, names, exited)?;
                sample.at = Moment::now();
            }
        }
        if scope == Scope::Network {
            sample.network = self.networks.get(
                &mut self.procfs,
                &mut self.interfaces,
                now_ns,
                NETWORK_PERIOD_NS - DUE_SLACK_NS,
            );
        }
        sample.window_ns = Moment::now().since(&begun);
        Ok(())
    }

    /// The machine without its processes, into `sample`, whose memory is used again.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn machine(&mut self, sample: &mut MachineSample) -> Result<(), Error> {
        sample.cpus.clear();
        sample.memory = self.procfs.meminfo()?;
        sample.interfaces.clear();
        self.procfs.net_dev(&mut sample.interfaces)?;
        sample.at = Moment::now();
        let now_ns = sample.at.monotonic_ns;
        let age = self
            .protocols_read_ns
            .map(|read| now_ns.saturating_sub(read));
        if age.is_none_or(|age| age >= PROTOCOLS_PERIOD_NS - DUE_SLACK_NS) {
            self.protocols_read_ns = Some(now_ns);
            self.protocols = protocols(&mut self.procfs).ok();
        }
        sample.snmp = self.protocols;
        self.interfaces
            .classify(&mut sample.interfaces, sample.at.monotonic_ns);
        let period_ns = match self.books {
            // It says which CPUs are online, no more: idle times come from the exact books.
            Books::Exact(_) => ONLINE_PERIOD_NS - DUE_SLACK_NS,
            Books::Jiffies(_) => STAT_PERIOD_NS / 2,
        };
        self.cpu_books
            .refresh(&mut self.procfs, sample.at.monotonic_ns, period_ns)?;
        self.cpu_books.cpus_into(&mut sample.cpus);
        if let Books::Exact(exact) = &mut self.books {
            exact.read_cpus();
            exact.idle_into(&sample.at, &mut sample.cpus);
        }
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
