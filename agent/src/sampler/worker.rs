//! What the thread does.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tracing::error;

use super::{
    Command,
    publish::Publisher,
    queue::Feed,
    tracks::{Details, List, Periodic, SHORTEST_JIFFIES, wait},
    walk::Walkers,
};
use crate::{
    chain::{Machines, Samples},
    check,
    collect::{
        collector::{Collector, Scope},
        moment::Moment,
        sample::{Precision, Sample},
    },
    elements::Entry,
    model::{MachineSnapshot, Snapshot},
    priority::Keeper,
    procfs::Error,
    timer::{Mailbox, be_punctual},
};

/// Of a source of books that has none.
const DEFAULT_PERIOD: Duration = Duration::from_secs(1);

/// Why periodic consumers get a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tick {
    /// They get none.
    None,
    /// A tick of some of them was then.
    Due(Instant),
    /// Somebody wants one now.
    Extra,
}

/// How long nothing is tried after `/proc` could not be read.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Worker {
    collector: Collector,
    mailbox: Arc<Mailbox<Command>>,
    samples: Samples,
    list: List,
    details: Details,
    periodic: Vec<Periodic>,
    walkers: Walkers,
    machine_chain: Machines,
    machines: Publisher<MachineSnapshot>,
    want_machine: bool,
    first_machine: bool,
    /// Has the period of who names none.
    clock: Arc<Entry>,
    /// Consumers that may ask at any time.
    attached: usize,
    /// After a failure nothing is tried before this.
    pause_until: Option<Instant>,
    priority: Keeper,
}

impl Worker {
    pub(super) fn new(
        collector: Collector,
        mailbox: Arc<Mailbox<Command>>,
        [list, details]: [watch::Sender<Arc<Snapshot>>; 2],
        machines: watch::Sender<Arc<MachineSnapshot>>,
    ) -> Self {
        Self {
            clock: Arc::clone(collector.clock()),
            collector,
            mailbox,
            samples: Samples::default(),
            list: List::new(list),
            details: Details::new(details),
            periodic: Vec::new(),
            walkers: Walkers::default(),
            machine_chain: Machines::default(),
            machines: Publisher::to(machines),
            want_machine: false,
            first_machine: true,
            attached: 0,
            pause_until: None,
            priority: Keeper::default(),
        }
    }

    pub(super) fn run(mut self) {
        be_punctual();
        loop {
            let periods = self.periodic.iter().map(|one| one.ticker.period());
            self.priority.follow(periods.min());
            match self.mailbox.receive(self.next_due()) {
                Some(Command::Stop) => return self.mailbox.close(),
                Some(command) => self.obey(command),
                None => {
                    let begun = Instant::now();
                    self.serve();
                    self.priority.worked(begun.elapsed());
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Attach => {
                if self.attached == 0 {
                    self.begin();
                }
                self.attached += 1;
            }
            Command::Detach => self.attached = self.attached.saturating_sub(1),
            Command::WantList => self.list.wanted = true,
            Command::WantDetails => {
                if self.details.is_stale()
                    && let Some(sample) = self.sample(Scope::Processes)
                {
                    self.details.begin(&sample);
                }
                self.details.wanted = true;
            }
            Command::WantMachine => self.want_machine = true,
            Command::Subscribe { id, period, to } => self.subscribe(id, period, to),
            Command::Retune(done) => {
                self.retune();
                let _ = done.send(());
            }
            Command::Poll(done) => {
                self.poll(done.is_some());
                let _ = done.map(|done| done.send(()));
            }
            Command::Unsubscribe(id) => {
                for one in &mut self.periodic {
                    one.remove(id);
                }
                self.periodic.retain(|one| !one.is_empty());
            }
            Command::Step { id, to } => {
                if let Some(sample) = self.take(Scope::Processes, None) {
                    self.pass(&sample);
                    let _ = to.send(self.walkers.step(id, &sample));
                }
            }
            Command::Leave(id) => self.walkers.leave(id),
            Command::Stop => {}
        }
    }

    /// Somebody is there after nobody was.
    fn begin(&mut self) {
        self.first_machine = true;
        let begun = self.machine_chain.begin(&mut self.collector);
        self.worked(begun);
        if let Some(sample) = self.sample(Scope::Processes) {
            self.list.begin(&sample);
            self.details.begin(&sample);
        }
    }

    /// The shortest period that the books allow, or this one.
    fn possible(&self, period: Duration) -> Duration {
        match self.collector.precision() {
            Precision::Jiffy => period.max(SHORTEST_JIFFIES),
            Precision::Scheduler => period,
        }
    }

    /// The period of who names none.
    fn period(&self) -> Duration {
        self.clock.period().unwrap_or(DEFAULT_PERIOD)
    }

    /// Brings the states and periods of elements into effect.
    fn retune(&mut self) {
        let others = self.collector.has_other_books_to_keep();
        let followed = !self.periodic.is_empty() || !self.walkers.is_empty();
        if others && (self.attached > 0 || followed) {
            // Who died until now is only known to the books that end.
            self.sample(Scope::Network);
        }
        self.collector.retune();
        self.clock = Arc::clone(self.collector.clock());
        if others && self.attached > 0 {
            // Idle times have another beginning now.
            let begun = self.machine_chain.begin(&mut self.collector);
            self.worked(begun);
        }
        let now = Instant::now();
        for at in 0..self.periodic.len() {
            let one = &self.periodic[at];
            let wanted = if one.follows {
                self.period()
            } else {
                one.wanted
            };
            let period = self.possible(wanted);
            if period != self.periodic[at].ticker.period() {
                self.periodic[at].ticker.set_period(period, now);
            }
        }
    }

    /// A sample for all who follow the agent's period, besides those at their ticks; if there are none,
    /// `always` has one taken that nobody sees.
    fn poll(&mut self, always: bool) {
        if self.periodic.iter().any(|one| one.follows) {
            self.hand_out(Instant::now(), false, false, Tick::Extra);
        } else if always {
            self.sample(Scope::Network);
        }
    }

    fn subscribe(&mut self, id: u64, period: Option<Duration>, to: Feed) {
        let follows = period.is_none();
        let wanted = period.unwrap_or_else(|| self.period());
        let period = self.possible(wanted);
        let same = |one: &&mut Periodic| one.follows == follows && one.wanted == wanted;
        if let Some(one) = self.periodic.iter_mut().find(same) {
            one.add(id, to);
            return;
        }
        let sample = self.sample(Scope::Network);
        let mut one = Periodic::begin(period, sample.as_ref());
        (one.follows, one.wanted) = (follows, wanted);
        one.add(id, to);
        self.periodic.push(one);
    }

    /// When something has to be done next, if at all.
    fn next_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let precision = self.collector.precision();
        let asked = [
            self.list.due_in(precision),
            self.details.due_in(precision),
            self.machine_due_in(),
        ];
        let asked = asked.into_iter().flatten().map(|left| now + left);
        let periodic = self.periodic.iter().map(|one| one.ticker.next());
        let due = asked.chain(periodic).min()?;
        Some(self.pause_until.map_or(due, |pause| due.max(pause)))
    }

    fn machine_due_in(&self) -> Option<Duration> {
        let last_ns = self.machine_chain.last_ns();
        let precision = self.collector.precision();
        self.want_machine
            .then(|| wait(precision, last_ns, self.first_machine))
    }

    /// Does what is due.
    fn serve(&mut self) {
        self.pause_until = None;
        if self.machine_due_in() == Some(Duration::ZERO) {
            let (chain, collector) = (&mut self.machine_chain, &mut self.collector);
            let published = self.machines.publish(|to| chain.next(collector, to));
            if self.worked(published).is_some() {
                self.want_machine = false;
                self.first_machine = false;
            }
        }
        let (now, precision) = (Instant::now(), self.collector.precision());
        let list = self.list.due_in(precision) == Some(Duration::ZERO);
        let details = self.details.due_in(precision) == Some(Duration::ZERO);
        let due = self.periodic.iter().filter(|one| one.is_due(now));
        let tick = due.map(|one| one.ticker.next()).min();
        if list || details || tick.is_some() {
            let tick = tick.map_or(Tick::None, Tick::Due);
            self.hand_out(now, list, details, tick);
        }
    }

    /// Takes a sample for all whose turn it is; the others take note of it.
    fn hand_out(&mut self, now: Instant, list: bool, details: bool, tick: Tick) {
        // Lists and details do not show the network.
        let scope = match tick {
            Tick::None => Scope::Processes,
            Tick::Due(_) | Tick::Extra => Scope::Network,
        };
        let late = match tick {
            Tick::Due(tick) => Some(now.saturating_duration_since(tick)),
            _ => None,
        };
        let sample = self.take(scope, late);
        if let Some(sample) = &sample {
            self.walkers.pass(sample);
            if list {
                self.list.next(sample);
            } else {
                self.pass_list(sample);
            }
            if details {
                self.details.next(sample);
            }
        }
        for one in &mut self.periodic {
            let due = one.is_due(now);
            let extra = tick == Tick::Extra && one.follows;
            match &sample {
                Some(sample) if due || extra => {
                    let begun = Moment::now();
                    one.next(sample);
                    let split = &self.collector.catalog().split;
                    if split.is_running() {
                        split.polled(&begun, None);
                    }
                }
                Some(sample) => one.pass(sample),
                None => {}
            }
            if due {
                let missed = one.ticker.missed();
                one.ticker.advance(Instant::now());
                self.clock.figures.miss(one.ticker.missed() - missed);
            }
        }
    }

    /// A sample that is nobody's turn.
    fn sample(&mut self, scope: Scope) -> Option<Arc<Sample>> {
        let sample = self.take(scope, None)?;
        self.pass(&sample);
        self.walkers.pass(&sample);
        Some(sample)
    }

    /// Lists and periods take note of a sample that is not for them.
    fn pass(&mut self, sample: &Sample) {
        self.pass_list(sample);
        for one in &mut self.periodic {
            one.pass(sample);
        }
    }

    fn pass_list(&mut self, sample: &Sample) {
        // With nobody to ask for a list, its next base is yet to come.
        if self.attached > 0 {
            self.list.pass(sample);
        }
    }

    /// `late` is how far behind its tick.
    fn take(&mut self, scope: Scope, late: Option<Duration>) -> Option<Arc<Sample>> {
        let taken = self.samples.take(&mut self.collector, scope);
        let sample = self.worked(taken)?;
        if sample.precision == Precision::Scheduler {
            let cost = Duration::from_nanos(sample.window_ns);
            let figures = &self.collector.catalog().sched.figures;
            figures.poll(sample.at.wall_ns, cost, late);
        }
        check::report(&sample.disagreements);
        Some(sample)
    }

    fn worked<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        if let Err(error) = &result {
            error!("cannot take a sample: {error}");
            self.pause_until = Some(Instant::now() + PAUSE);
        }
        result.ok()
    }
}
