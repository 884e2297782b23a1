//! What the thread does.

use std::{
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tracing::error;

use super::{Asker, Command, publish::Publisher};
use crate::{
    chain::{Machines, Samples, Track},
    check,
    collect::{
        collector::Collector,
        moment::Moment,
        sample::{Precision, Sample},
    },
    model::{MachineSnapshot, Snapshot},
    procfs::Error,
    timer::{Mailbox, Ticker, be_punctual},
};

/// The shortest interval after a base sample: long enough to say something.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);

/// The shortest interval of the exact books. Who asks sooner waits.
const SHORTEST_EXACT: Duration = Duration::from_millis(20);

/// The shortest interval of books that count in ticks of 10 ms.
const SHORTEST_JIFFIES: Duration = Duration::from_millis(200);

/// Details say what a process does now: over a longer time than this they begin anew.
const LONGEST_DETAILS: Duration = Duration::from_secs(5);

/// How long nothing is tried after `/proc` could not be read.
const PAUSE: Duration = Duration::from_secs(1);

/// A track that is followed when somebody asks.
struct Asked {
    who: Asker,
    track: Track,
    publisher: Publisher<Snapshot>,
    wanted: bool,
    /// Whether nothing was published since it began.
    first: bool,
}

/// A track that is followed at a period.
struct Periodic {
    period: Duration,
    ticker: Ticker,
    track: Track,
    publisher: Publisher<Snapshot>,
}

pub(super) struct Worker {
    collector: Collector,
    mailbox: Arc<Mailbox<Command>>,
    samples: Samples,
    asked: [Asked; 2],
    periodic: Vec<Periodic>,
    machine_chain: Machines,
    machines: Publisher<MachineSnapshot>,
    want_machine: bool,
    first_machine: bool,
    attached: usize,
    /// After a failure nothing is tried before this.
    pause_until: Option<Instant>,
}

impl Worker {
    pub(super) fn new(
        collector: Collector,
        mailbox: Arc<Mailbox<Command>>,
        [list, details]: [watch::Sender<Arc<Snapshot>>; 2],
        machines: watch::Sender<Arc<MachineSnapshot>>,
    ) -> Self {
        let asked = |(who, sender)| Asked {
            who,
            track: Track::default(),
            publisher: Publisher::to(sender),
            wanted: false,
            first: true,
        };
        Self {
            collector,
            mailbox,
            samples: Samples::default(),
            asked: [(Asker::List, list), (Asker::Details, details)].map(asked),
            periodic: Vec::new(),
            machine_chain: Machines::default(),
            machines: Publisher::to(machines),
            want_machine: false,
            first_machine: true,
            attached: 0,
            pause_until: None,
        }
    }

    pub(super) fn run(mut self) {
        be_punctual();
        loop {
            match self.mailbox.receive(self.next_due()) {
                Some(Command::Stop) => return,
                Some(command) => self.obey(command),
                None => self.serve(),
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
            Command::Want(who) => self.want(who),
            Command::WantMachine => self.want_machine = true,
            Command::Subscribe { id, period, to } => self.subscribe(id, period, to),
            Command::Unsubscribe(id) => {
                for one in &mut self.periodic {
                    one.publisher.remove(id);
                }
                self.periodic.retain(|one| !one.publisher.is_empty());
            }
            Command::Stop => {}
        }
    }

    /// Somebody is there after nobody was.
    fn begin(&mut self) {
        self.first_machine = true;
        let begun = self.machine_chain.begin(&mut self.collector);
        self.worked(begun);
        let Some(sample) = self.sample() else { return };
        for one in &mut self.asked {
            one.begin(&sample);
        }
    }

    fn want(&mut self, who: Asker) {
        let now_ns = Moment::now().monotonic_ns;
        let Some(at) = self.asked.iter().position(|one| one.who == who) else {
            return;
        };
        let age = Duration::from_nanos(now_ns.saturating_sub(self.asked[at].track.last_ns()));
        let begin = who == Asker::Details && !self.asked[at].wanted && age > LONGEST_DETAILS;
        if begin && let Some(sample) = self.sample() {
            self.asked[at].begin(&sample);
        }
        self.asked[at].wanted = true;
    }

    fn subscribe(&mut self, id: u64, period: Duration, to: watch::Sender<Arc<Snapshot>>) {
        let period = match self.collector.precision() {
            Precision::Jiffy => period.max(SHORTEST_JIFFIES),
            Precision::Scheduler => period,
        };
        let same = self.periodic.iter_mut().find(|one| one.period == period);
        if let Some(one) = same {
            one.publisher.add(id, to);
            return;
        }
        let mut track = Track::default();
        if let Some(sample) = self.sample() {
            track.begin(&sample);
        }
        let mut publisher = Publisher::default();
        publisher.add(id, to);
        self.periodic.push(Periodic {
            period,
            ticker: Ticker::new(period, Instant::now()),
            track,
            publisher,
        });
    }

    /// When something has to be done next, if at all.
    fn next_due(&self) -> Option<Instant> {
        let now = Instant::now();
        let asked = self.asked.iter().filter(|one| one.wanted);
        let asked = asked.map(|one| now + self.left(one.track.last_ns(), one.first));
        let machine = self
            .want_machine
            .then(|| now + self.left(self.machine_chain.last_ns(), self.first_machine));
        let periodic = self.periodic.iter().map(|one| one.ticker.next());
        let due = asked.chain(machine).chain(periodic).min()?;
        Some(self.pause_until.map_or(due, |pause| due.max(pause)))
    }

    /// How long until somebody who asks may have a sample after one at `last_ns` of
    /// `CLOCK_MONOTONIC`.
    fn left(&self, last_ns: u64, first: bool) -> Duration {
        let shortest = match self.collector.precision() {
            Precision::Jiffy => SHORTEST_JIFFIES,
            Precision::Scheduler if first => FIRST_INTERVAL,
            Precision::Scheduler => SHORTEST_EXACT,
        };
        let age = Moment::now().monotonic_ns.saturating_sub(last_ns);
        shortest.saturating_sub(Duration::from_nanos(age))
    }

    /// Does what is due.
    fn serve(&mut self) {
        self.pause_until = None;
        let due = self.want_machine
            && self
                .left(self.machine_chain.last_ns(), self.first_machine)
                .is_zero();
        if due {
            let (chain, collector) = (&mut self.machine_chain, &mut self.collector);
            let published = self.machines.publish(|to| chain.next(collector, to));
            if self.worked(published).is_some() {
                self.want_machine = false;
                self.first_machine = false;
            }
        }

        let now = Instant::now();
        let asked = [0, 1].map(|at| {
            let Asked {
                wanted,
                first,
                track,
                ..
            } = &self.asked[at];
            *wanted && self.left(track.last_ns(), *first).is_zero()
        });
        let ticks = self.periodic.iter().any(|one| one.ticker.next() <= now);
        if !ticks && asked == [false, false] {
            return;
        }
        let sample = self.take();
        for (one, due) in self.asked.iter_mut().zip(asked) {
            match &sample {
                Some(sample) if due => one.next(sample),
                // Nobody will ask: its next base is yet to come.
                Some(sample) if self.attached > 0 && one.who == Asker::List => {
                    one.track.pass(sample);
                }
                _ => {}
            }
        }
        for one in &mut self.periodic {
            let due = one.ticker.next() <= now;
            match &sample {
                Some(sample) if due => one.next(sample),
                Some(sample) => one.track.pass(sample),
                None => {}
            }
            if due {
                one.ticker.advance(Instant::now());
            }
        }
    }

    /// A sample that is none of the tracks' turn.
    fn sample(&mut self) -> Option<Arc<Sample>> {
        let sample = self.take()?;
        for one in &mut self.periodic {
            one.track.pass(&sample);
        }
        if self.attached > 0 {
            for one in self.asked.iter_mut().filter(|one| one.who == Asker::List) {
                one.track.pass(&sample);
            }
        }
        Some(sample)
    }

    fn take(&mut self) -> Option<Arc<Sample>> {
        let taken = self.samples.take(&mut self.collector);
        let sample = self.worked(taken)?;
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

impl Asked {
    fn begin(&mut self, sample: &Arc<Sample>) {
        self.track.begin(sample);
        self.first = true;
    }

    fn next(&mut self, sample: &Arc<Sample>) {
        self.wanted = false;
        // Of two details dialogs neither should see an interval that the other cut short.
        self.first = self.who == Asker::Details;
        publish(&mut self.publisher, &mut self.track, sample);
    }
}

impl Periodic {
    fn next(&mut self, sample: &Arc<Sample>) {
        publish(&mut self.publisher, &mut self.track, sample);
    }
}

fn publish(publisher: &mut Publisher<Snapshot>, track: &mut Track, sample: &Arc<Sample>) {
    let filled: Result<(), Infallible> = publisher.publish(|to| {
        track.next(sample, to);
        Ok(())
    });
    let Ok(()) = filled;
}
