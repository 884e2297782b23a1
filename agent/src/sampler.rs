//! The one thread that collects. It sleeps until a consumer wants something.
//!
//! Nobody connected: nothing is read. The first consumer makes it take a base sample, so that the
//! first answer covers the time since then and not all the time nobody looked. Each kind of
//! consumer has a [`Track`](crate::chain::Track) of its own: how often one looks changes nothing for another.

mod publish;
mod queue;
#[cfg(test)]
mod tests;
mod tracks;
mod walk;
mod worker;

use std::{sync::Arc, thread, time::Duration};

use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};

use crate::{
    collect::{collector::Collector, moment::Moment},
    model::{MachineSnapshot, Snapshot},
    timer::Mailbox,
};
use queue::{Feed, Queue, REST};
pub use tracks::SHORTEST_JIFFIES;
pub use walk::Walk;
use worker::Worker;

/// What a consumer may want.
#[derive(Debug)]
enum Command {
    Attach,
    Detach,
    WantList,
    WantDetails,
    WantMachine,
    /// Elements have other states or periods.
    Retune(oneshot::Sender<()>),
    /// Sources were triggered; `None` if that matters only to who looks.
    Poll(Option<oneshot::Sender<()>>),
    Subscribe {
        id: u64,
        period: Option<Duration>,
        to: Feed,
    },
    Unsubscribe(u64),
    Step {
        id: u64,
        to: oneshot::Sender<Arc<Snapshot>>,
    },
    Leave(u64),
    Stop,
}

/// Asks the sampler for snapshots. Clones share one sampler.
#[derive(Debug, Clone)]
pub struct Handle {
    mailbox: Arc<Mailbox<Command>>,
    list: watch::Receiver<Arc<Snapshot>>,
    details: watch::Receiver<Arc<Snapshot>>,
    machines: watch::Receiver<Arc<MachineSnapshot>>,
    subscriptions: Arc<std::sync::atomic::AtomicU64>,
}

/// A consumer that is connected: while one lives the sampler keeps its last sample.
#[derive(Debug)]
pub struct Attached(Arc<Mailbox<Command>>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.send(Command::Detach);
    }
}

/// Snapshots at a period, for as long as this lives.
#[derive(Debug)]
pub struct Subscription {
    mailbox: Arc<Mailbox<Command>>,
    id: u64,
    queue: Arc<Queue>,
    /// When it looks again.
    rested: Instant,
}

impl Subscription {
    /// The next snapshot that was not given yet. Those that were waiting for too long are skipped; their
    /// number is the gap between two [`Snapshot::seq`]. `None` if the sampler has ended.
    ///
    /// Nothing is lost when the future is dropped. At short periods several come at once, see
    /// [`Subscription::more`].
    pub async fn next(&mut self) -> Option<Arc<Snapshot>> {
        if let Some(waiting) = self.queue.pop() {
            return Some(waiting);
        }
        let next = self.queue.next(self.rested).await?;
        self.rested = Instant::now() + REST;
        Some(next)
    }

    /// One more that is there already.
    pub fn more(&mut self) -> Option<Arc<Snapshot>> {
        self.queue.pop()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.mailbox.send(Command::Unsubscribe(self.id));
    }
}

/// The running thread.
#[derive(Debug)]
pub struct Sampler {
    handle: Handle,
    thread: Option<thread::JoinHandle<()>>,
}

impl Sampler {
    /// Starts the thread. Subscribers that name no period have that of the source of the books.
    ///
    /// # Errors
    /// If the system refuses another thread.
    pub fn start(collector: Collector) -> std::io::Result<Self> {
        let mailbox = Arc::new(Mailbox::default());
        let (list_to, list) = watch::channel(Arc::default());
        let (details_to, details) = watch::channel(Arc::default());
        let (machines_to, machines) = watch::channel(Arc::default());
        let worker = Worker::new(
            collector,
            Arc::clone(&mailbox),
            [list_to, details_to],
            machines_to,
        );
        let thread = thread::Builder::new()
            .name("sampler".into())
            .spawn(move || worker.run())?;
        let handle = Handle {
            mailbox,
            list,
            details,
            machines,
            subscriptions: Arc::default(),
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
    /// Says that a consumer is there that may ask at any time.
    #[must_use]
    pub fn attach(&self) -> Attached {
        self.mailbox.send(Command::Attach);
        Attached(Arc::clone(&self.mailbox))
    }

    /// Snapshots every `period`, from 1 ms up (200 ms where books are kept in jiffies), or at the
    /// agent's period. All who have the same period get the same ones.
    #[must_use]
    pub fn subscribe(&self, period: Option<Duration>) -> Subscription {
        let queue = Arc::<Queue>::default();
        let to = Feed(Arc::clone(&queue));
        let id = self.id();
        self.mailbox.send(Command::Subscribe { id, period, to });
        Subscription {
            mailbox: Arc::clone(&self.mailbox),
            id,
            queue,
            rested: Instant::now(),
        }
    }

    fn id(&self) -> u64 {
        let counter = &self.subscriptions;
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// Snapshots whenever they are asked for.
    #[must_use]
    pub fn walk(&self) -> Walk {
        Walk {
            mailbox: Arc::clone(&self.mailbox),
            id: self.id(),
        }
    }

    /// Has the sampler look at the states and periods of its elements. When this returns, they are in
    /// effect.
    pub async fn retune(&self) {
        let (done, wait) = oneshot::channel();
        self.mailbox.send(Command::Retune(done));
        // It may have ended: then there is nothing to change.
        let _ = wait.await;
    }

    /// Takes a sample now, which reads what was triggered and goes to all who have the agent's period.
    /// When this returns, it is taken.
    pub async fn poll(&self) {
        let (done, wait) = oneshot::channel();
        self.mailbox.send(Command::Poll(Some(done)));
        let _ = wait.await;
    }

    /// As [`Handle::poll`], without waiting.
    pub fn poll_soon(&self) {
        self.mailbox.send(Command::Poll(Some(oneshot::channel().0)));
    }

    /// As [`Handle::poll_soon`], if somebody has the agent's period.
    pub fn refresh(&self) {
        self.mailbox.send(Command::Poll(None));
    }

    /// The processes now, and what they did since a process list was asked for last. `None` if the
    /// sampler has ended.
    pub async fn processes(&self) -> Option<Arc<Snapshot>> {
        let mut newest = self.list.clone();
        newest.mark_unchanged();
        self.mailbox.send(Command::WantList);
        changed(newest).await
    }

    /// The processes now, and what they did lately, over at least 100 ms (200 ms where books are kept
    /// in jiffies). `None` if the sampler has ended.
    pub async fn details(&self) -> Option<Arc<Snapshot>> {
        let mut newest = self.details.clone();
        newest.mark_unchanged();
        self.mailbox.send(Command::WantDetails);
        changed(newest).await
    }

    /// The machine, at most `max_age` old. `None` if the sampler has ended.
    pub async fn machine(&self, max_age: Duration) -> Option<Arc<MachineSnapshot>> {
        let mut newest = self.machines.clone();
        let last = Arc::clone(&newest.borrow_and_update());
        let then = last.at.monotonic_ns;
        let age = Moment::now().monotonic_ns.saturating_sub(then);
        if then != 0 && u128::from(age) < max_age.as_nanos() {
            return Some(last);
        }
        self.mailbox.send(Command::WantMachine);
        changed(newest).await
    }
}

async fn changed<T>(mut newest: watch::Receiver<Arc<T>>) -> Option<Arc<T>> {
    newest.changed().await.ok()?;
    let snapshot = Arc::clone(&newest.borrow());
    Some(snapshot)
}
