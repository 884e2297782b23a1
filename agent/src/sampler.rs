//! The one thread that collects. It sleeps until a consumer wants something.
//!
//! Nobody connected: nothing is read. The first consumer makes it take a base sample, so that the
//! first answer covers the time since then and not all the time nobody looked.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use crate::{
    chain::{Machines, Processes},
    check,
    collect::{collector::Collector, moment::Moment, sample::Precision},
    model::{MachineSnapshot, Snapshot},
    timer::{Mailbox, be_punctual},
};

/// The interval of the first snapshot after a base sample: long enough to say something.
const FIRST_INTERVAL: Duration = Duration::from_millis(100);

/// The shortest interval of the exact books. Who asks sooner waits.
const SHORTEST_EXACT: Duration = Duration::from_millis(20);

/// The shortest interval of books that count in ticks of 10 ms.
const SHORTEST_JIFFIES: Duration = Duration::from_millis(200);

/// What a consumer may want.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Command {
    Attach,
    Detach,
    WantProcesses,
    WantMachine,
    Stop,
}

/// Asks the sampler for snapshots. Clones share one sampler.
#[derive(Debug, Clone)]
pub struct Handle {
    mailbox: Arc<Mailbox<Command>>,
    processes: watch::Receiver<Arc<Snapshot>>,
    machines: watch::Receiver<Arc<MachineSnapshot>>,
}

/// A consumer that is connected: while one lives the sampler keeps its last sample.
#[derive(Debug)]
pub struct Attached(Arc<Mailbox<Command>>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.send(Command::Detach);
    }
}

/// The running thread.
#[derive(Debug)]
pub struct Sampler {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sampler {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system refuses another thread.
    pub fn start(collector: Collector) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let (processes, processes_seen) = watch::channel(Arc::default());
        let (machines, machines_seen) = watch::channel(Arc::default());
        let worker = Worker {
            collector,
            mailbox: Arc::clone(&mailbox),
            processes: Publisher::new(processes),
            machines: Publisher::new(machines),
            process_chain: Processes::default(),
            machine_chain: Machines::default(),
            attached: 0,
            want_processes: false,
            want_machine: false,
            first: true,
        };
        let thread = thread::Builder::new()
            .name("sampler".into())
            .spawn(move || worker.run())?;
        let handle = Handle {
            mailbox,
            processes: processes_seen,
            machines: machines_seen,
        };
        Ok(Self {
            handle,
            thread: Some(thread),
        })
    }

    /// Asks for snapshots.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Sampler {
    /// Ends the thread and with it everything that is attached in the kernel.
    fn drop(&mut self) {
        self.handle.mailbox.send(Command::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Handle {
    /// Says that a consumer is there.
    #[must_use]
    pub fn attach(&self) -> Attached {
        self.mailbox.send(Command::Attach);
        Attached(Arc::clone(&self.mailbox))
    }

    /// The processes, at most `max_age` old. `None` if the sampler has ended.
    pub async fn processes(&self, max_age: Duration) -> Option<Arc<Snapshot>> {
        let at = |snapshot: &Snapshot| snapshot.at.monotonic_ns;
        fresh(self.processes.clone(), max_age, at, || {
            self.mailbox.send(Command::WantProcesses)
        })
        .await
    }

    /// The machine, at most `max_age` old. `None` if the sampler has ended.
    pub async fn machine(&self, max_age: Duration) -> Option<Arc<MachineSnapshot>> {
        let at = |snapshot: &MachineSnapshot| snapshot.at.monotonic_ns;
        fresh(self.machines.clone(), max_age, at, || {
            self.mailbox.send(Command::WantMachine)
        })
        .await
    }
}

async fn fresh<T>(
    mut receiver: watch::Receiver<Arc<T>>,
    max_age: Duration,
    at: impl Fn(&T) -> u64,
    want: impl FnOnce(),
) -> Option<Arc<T>> {
    let last = Arc::clone(&receiver.borrow_and_update());
    let now = Moment::now().monotonic_ns;
    let age = now.saturating_sub(at(&last));
    if at(&last) != 0 && u128::from(age) < max_age.as_nanos() {
        return Some(last);
    }
    want();
    receiver.changed().await.ok()?;
    let snapshot = Arc::clone(&receiver.borrow());
    Some(snapshot)
}

/// Publishes values whose memory is used again once nobody looks at them any more.
struct Publisher<T> {
    sender: watch::Sender<Arc<T>>,
    spare: Option<Arc<T>>,
}

impl<T: Default> Publisher<T> {
    fn new(sender: watch::Sender<Arc<T>>) -> Self {
        Self {
            sender,
            spare: None,
        }
    }

    /// Has `fill` write the next value; publishes it unless that fails.
    fn publish<E>(&mut self, fill: impl FnOnce(&mut T) -> Result<(), E>) -> Result<(), E> {
        let mut next = self.spare.take().unwrap_or_default();
        if Arc::get_mut(&mut next).is_none() {
            // A consumer still reads the one before the last: leave it to them.
            next = Arc::default();
        }
        if let Some(value) = Arc::get_mut(&mut next) {
            fill(value)?;
        }
        self.spare = Some(self.sender.send_replace(next));
        Ok(())
    }
}

struct Worker {
    collector: Collector,
    mailbox: Arc<Mailbox<Command>>,
    processes: Publisher<Snapshot>,
    machines: Publisher<MachineSnapshot>,
    process_chain: Processes,
    machine_chain: Machines,
    attached: usize,
    want_processes: bool,
    want_machine: bool,
    /// Whether no snapshot followed the base samples yet.
    first: bool,
}

impl Worker {
    fn run(mut self) {
        be_punctual();
        loop {
            let wake = [
                self.want_processes
                    .then(|| self.left(self.process_chain.last_ns())),
                self.want_machine
                    .then(|| self.left(self.machine_chain.last_ns())),
            ];
            let wake = wake
                .into_iter()
                .flatten()
                .min()
                .map(|left| Instant::now() + left);
            match self.mailbox.receive(wake) {
                Some(Command::Stop) => return,
                Some(command) => self.take(command),
                None => self.serve(),
            }
        }
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Attach => {
                if self.attached == 0 {
                    self.begin();
                }
                self.attached += 1;
            }
            Command::Detach => self.attached = self.attached.saturating_sub(1),
            Command::WantProcesses => self.want_processes = true,
            Command::WantMachine => self.want_machine = true,
            Command::Stop => {}
        }
    }

    fn begin(&mut self) {
        self.first = true;
        let begun = self
            .process_chain
            .begin(&mut self.collector)
            .and_then(|()| self.machine_chain.begin(&mut self.collector));
        if let Err(error) = begun {
            tracing::error!("cannot take a sample: {error}");
        }
    }

    /// How long until the next sample may be taken after one at `last_ns` of `CLOCK_MONOTONIC`.
    fn left(&self, last_ns: u64) -> Duration {
        let shortest = match self.collector.precision() {
            Precision::Jiffy => SHORTEST_JIFFIES,
            Precision::Scheduler if self.first => FIRST_INTERVAL,
            Precision::Scheduler => SHORTEST_EXACT,
        };
        let age = Moment::now().monotonic_ns.saturating_sub(last_ns);
        shortest.saturating_sub(Duration::from_nanos(age))
    }

    fn serve(&mut self) {
        if self.want_machine && self.left(self.machine_chain.last_ns()).is_zero() {
            self.want_machine = false;
            let (chain, collector) = (&mut self.machine_chain, &mut self.collector);
            report(self.machines.publish(|to| chain.next(collector, to)));
        }
        if self.want_processes && self.left(self.process_chain.last_ns()).is_zero() {
            self.want_processes = false;
            let (chain, collector) = (&mut self.process_chain, &mut self.collector);
            report(self.processes.publish(|to| {
                chain.next(collector, to)?;
                check::report(to);
                Ok(())
            }));
            self.first = false;
        }
    }
}

fn report(result: Result<(), crate::procfs::Error>) {
    if let Err(error) = result {
        tracing::error!("cannot take a sample: {error}");
    }
}
