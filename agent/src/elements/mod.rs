//! The parts of a running agent, as an operator sees them: each has a name, a state, figures and, if
//! it is polled, a period.
//!
//! * [`figures`]: how punctual its polls were and what they cost
//! * [`catalog`]: which elements there are
//!
//! Whoever does the work of an element holds its [`Entry`] and looks there what it may do; whoever
//! controls it changes the entry. Neither waits for the other.

pub mod catalog;
pub mod figures;

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use subjiffy_proto::control::{Back, Element, ElementStatus, Pattern};
use tokio::sync::watch;

use crate::collect::moment::Moment;
pub use catalog::Catalog;

pub use figures::Figures;

/// What an element does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works, whenever somebody needs it.
    Running,
    /// It does nothing until it is resumed.
    Paused,
    /// It does nothing any more.
    Stopped,
    /// It could not start, or has failed; the reason is in its entry.
    Failed,
    /// This machine does not have it.
    Unsupported,
}

impl State {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Unsupported => "unsupported",
        }
    }
}

/// One element.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: Element,
    /// Of its polls.
    pub figures: Figures,
    state: watch::Sender<State>,
    /// 0 for one that is not polled at a period.
    period_ns: AtomicU64,
    /// It is to be polled at the next opportunity, due or not.
    triggered: AtomicBool,
    reason: Mutex<String>,
    back: Mutex<Option<ComingBack>>,
}

/// A period that an element gets again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComingBack {
    /// The period.
    pub period: Duration,
    /// When.
    pub at: Instant,
}

impl Entry {
    /// One that runs.
    #[must_use]
    pub fn new(name: Element, period: Option<Duration>) -> Self {
        let period_ns = period.map_or(0, |period| period.as_nanos() as u64);
        Self {
            name,
            figures: Figures::default(),
            state: watch::Sender::new(State::Running),
            period_ns: AtomicU64::new(period_ns),
            triggered: AtomicBool::new(false),
            reason: Mutex::default(),
            back: Mutex::default(),
        }
    }

    /// What it does now.
    #[must_use]
    pub fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Whether it works.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.state() == State::Running
    }

    /// Tells of every change of its state or period.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Why, if that needs a word.
    #[must_use]
    pub fn reason(&self) -> String {
        lock(&self.reason).clone()
    }

    /// Says why it is as it is; its state stays.
    pub fn set_reason(&self, reason: &str) {
        reason.clone_into(&mut lock(&self.reason));
    }

    /// Changes its state.
    pub fn set_state(&self, state: State, reason: impl Into<String>) {
        *lock(&self.reason) = reason.into();
        self.state.send_replace(state);
    }

    /// Changes its state if it is one of `from`. Says whether it was.
    pub fn change(&self, from: &[State], to: State) -> bool {
        let changed = self.state.send_if_modified(|state| {
            let applies = from.contains(state);
            if applies {
                *state = to;
            }
            applies
        });
        if changed {
            lock(&self.reason).clear();
        }
        changed
    }

    /// The time between two polls, if it is polled at one.
    #[must_use]
    pub fn period(&self) -> Option<Duration> {
        let period_ns = self.period_ns.load(Ordering::Relaxed);
        (period_ns != 0).then(|| Duration::from_nanos(period_ns))
    }

    /// Gives it another period. Says whether it has one at all.
    pub fn set_period(&self, period: Duration) -> bool {
        let has_one = self.period().is_some();
        if has_one {
            self.period_ns
                .store(period.as_nanos() as u64, Ordering::Relaxed);
            // The state is the same; who watches it looks at the period, too.
            self.state.send_modify(|_| {});
        }
        has_one
    }

    /// The period that it gets again by itself.
    #[must_use]
    pub fn back(&self) -> Option<ComingBack> {
        *lock(&self.back)
    }

    /// Says which period it gets again by itself, if any.
    pub fn set_back(&self, back: Option<ComingBack>) {
        *lock(&self.back) = back;
    }

    /// Has it polled at the next opportunity.
    pub fn trigger(&self) {
        self.triggered.store(true, Ordering::Release);
    }

    /// Whether it was triggered since the last call.
    pub fn take_trigger(&self) -> bool {
        // Almost always it was not: then nothing is written.
        self.triggered.load(Ordering::Relaxed) && self.triggered.swap(false, Ordering::AcqRel)
    }

    /// Notes that it worked since `begun`, and how far that was behind its tick, if it had one.
    pub fn polled(&self, begun: &Moment, late: Option<Duration>) {
        let cost_ns = Moment::now().since(begun);
        self.figures
            .poll(begun.wall_ns, Duration::from_nanos(cost_ns), late);
    }

    /// What is told of it.
    #[must_use]
    pub fn status(&self, now: Instant) -> ElementStatus {
        let shown = self.figures.show();
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        ElementStatus {
            name: self.name.to_string(),
            state: self.state().as_str().to_owned(),
            reason: self.reason(),
            period_ns: self.period().map(nanos),
            back: self.back().map(|back| Back {
                period_ns: nanos(back.period),
                in_ns: nanos(back.at.saturating_duration_since(now)),
            }),
            polls: shown.polls,
            missed: shown.missed,
            last_poll_ns: (shown.last_ns != 0).then_some(shown.last_ns),
            jitter_p50_ns: shown.late_p50_ns,
            jitter_p99_ns: shown.late_p99_ns,
            jitter_max_ns: shown.late_max_ns,
            cost_ns: shown.cost_ns,
            cost_max_ns: shown.cost_max_ns,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All elements. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Elements(Arc<RwLock<Vec<Arc<Entry>>>>);

impl Elements {
    /// Adds one.
    pub fn add(&self, entry: &Arc<Entry>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let at = all.partition_point(|one| one.name < entry.name);
        all.insert(at, Arc::clone(entry));
    }

    /// Takes away one whose work has ended, such as a connection.
    pub fn remove(&self, entry: &Arc<Entry>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !Arc::ptr_eq(one, entry));
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &Element) -> Option<Arc<Entry>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|entry| entry.name == *name).cloned()
    }

    /// Those that a pattern means, in the order of their names.
    #[must_use]
    pub fn matching(&self, pattern: &Pattern) -> Vec<Arc<Entry>> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.iter()
            .filter(|entry| pattern.matches(&entry.name))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_proto::control::Kind;

    const SCHED: Element = Element::new(Kind::Source, "ebpf", "sched");
    const WS: Element = Element::new(Kind::Output, "socktop", "ws");
    const SECOND: Duration = Duration::from_secs(1);

    fn names(elements: &Elements, pattern: &str) -> Vec<String> {
        let matching = elements.matching(&Pattern::parse(pattern).unwrap());
        matching.iter().map(|one| one.name.to_string()).collect()
    }

    fn entry(name: Element, period: Option<Duration>) -> Arc<Entry> {
        Arc::new(Entry::new(name, period))
    }

    #[test]
    fn elements_are_found_by_pattern_in_the_order_of_their_names() {
        let elements = Elements::default();
        let (ws, sched) = (entry(WS, None), entry(SCHED, Some(SECOND)));
        elements.add(&ws);
        elements.add(&sched);
        assert_eq!(
            names(&elements, "*"),
            ["source/ebpf/sched", "output/socktop/ws"]
        );
        assert_eq!(names(&elements, "out"), ["output/socktop/ws"]);
        elements.remove(&ws);
        assert_eq!(names(&elements, "*"), ["source/ebpf/sched"]);
    }

    #[test]
    fn a_state_changes_only_from_where_it_may() {
        let entry = entry(SCHED, Some(SECOND));
        let watch = entry.watch();
        assert!(!entry.change(&[State::Paused], State::Running));
        assert!(!watch.has_changed().unwrap());
        assert!(entry.change(&[State::Running], State::Paused));
        assert!(watch.has_changed().unwrap() && !entry.is_running());
        entry.set_state(State::Failed, "no BTF");
        assert_eq!(
            (entry.state(), entry.reason()),
            (State::Failed, "no BTF".into())
        );
        assert!(entry.change(&[State::Paused, State::Failed], State::Running));
        assert_eq!(entry.reason(), "");
    }

    #[test]
    fn a_trigger_is_taken_once() {
        let entry = entry(SCHED, Some(SECOND));
        assert!(!entry.take_trigger());
        entry.trigger();
        assert!(entry.take_trigger() && !entry.take_trigger());
    }

    #[test]
    fn a_period_is_for_those_that_have_one() {
        let (sched, ws) = (entry(SCHED, Some(SECOND)), entry(WS, None));
        assert!(sched.set_period(2 * SECOND) && !ws.set_period(SECOND));
        assert_eq!((sched.period(), ws.period()), (Some(2 * SECOND), None));
    }

    #[test]
    fn a_status_tells_what_is_known() {
        let entry = entry(SCHED, Some(SECOND));
        let now = Instant::now();
        entry.set_back(Some(ComingBack {
            period: 5 * SECOND,
            at: now + SECOND,
        }));
        entry.polled(&Moment::now(), Some(SECOND));
        let status = entry.status(now);
        assert_eq!(
            (status.name.as_str(), status.state.as_str(), status.polls),
            ("source/ebpf/sched", "running", 1)
        );
        assert_eq!(status.period_ns, Some(1_000_000_000));
        let back = status.back.unwrap();
        assert_eq!((back.period_ns, back.in_ns), (5_000_000_000, 1_000_000_000));
        assert!(status.last_poll_ns.is_some() && status.jitter_max_ns == 1_000_000_000);
    }
}
