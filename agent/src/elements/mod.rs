//! The parts of a running agent, as an operator sees them: each has a name, a state, figures and, if
//! it is polled, a period.
//!
//! * [`figures`]: how punctual its polls were and what they cost
//! * [`known`]: those that a configuration file may name
//!
//! Whoever does the work of an element holds its [`Entry`] and looks there what it may do; whoever
//! controls it changes the entry. Neither waits for the other.

pub mod figures;
pub mod known;

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use subjiffy_proto::control::{Element, Pattern};

pub use figures::Figures;

/// What an element does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It works, whenever somebody needs it.
    Running = 0,
    /// It does nothing until it is resumed.
    Paused = 1,
    /// It does nothing any more.
    Stopped = 2,
    /// It could not start, or has failed; the reason is in its entry.
    Failed = 3,
    /// This machine does not have it.
    Unsupported = 4,
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

    fn from_bits(bits: u8) -> Self {
        match bits {
            0 => Self::Running,
            1 => Self::Paused,
            2 => Self::Stopped,
            3 => Self::Failed,
            _ => Self::Unsupported,
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
    state: AtomicU8,
    /// 0 for one that is not polled at a period.
    period_ns: AtomicU64,
    reason: Mutex<String>,
}

impl Entry {
    fn new(name: Element, period: Option<Duration>) -> Self {
        let period_ns = period.map_or(0, |period| period.as_nanos() as u64);
        Self {
            name,
            figures: Figures::default(),
            state: AtomicU8::new(State::Running as u8),
            period_ns: AtomicU64::new(period_ns),
            reason: Mutex::default(),
        }
    }

    /// What it does now.
    #[must_use]
    pub fn state(&self) -> State {
        State::from_bits(self.state.load(Ordering::Acquire))
    }

    /// Why, if that needs a word.
    #[must_use]
    pub fn reason(&self) -> String {
        self.reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes its state.
    pub fn set_state(&self, state: State, reason: impl Into<String>) {
        *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason.into();
        self.state.store(state as u8, Ordering::Release);
    }

    /// Pauses it or lets it go on. Says whether that changed anything: what is stopped, failed or not
    /// there stays so.
    pub fn pause(&self, pause: bool) -> bool {
        let (from, to) = match pause {
            true => (State::Running, State::Paused),
            false => (State::Paused, State::Running),
        };
        self.state
            .compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    /// The time between two polls, if it is polled at one.
    #[must_use]
    pub fn period(&self) -> Option<Duration> {
        let period_ns = self.period_ns.load(Ordering::Acquire);
        (period_ns != 0).then(|| Duration::from_nanos(period_ns))
    }

    /// Gives it another period. Says whether it has one at all.
    pub fn set_period(&self, period: Duration) -> bool {
        let has_one = self.period().is_some();
        if has_one {
            self.period_ns
                .store(period.as_nanos() as u64, Ordering::Release);
        }
        has_one
    }
}

/// All elements. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Elements(Arc<RwLock<Vec<Arc<Entry>>>>);

impl Elements {
    /// Adds an element that runs, or finds the one of this name.
    #[must_use]
    pub fn add(&self, name: Element, period: Option<Duration>) -> Arc<Entry> {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match all.binary_search_by(|entry| entry.name.cmp(&name)) {
            Ok(at) => Arc::clone(&all[at]),
            Err(at) => {
                let entry = Arc::new(Entry::new(name, period));
                all.insert(at, Arc::clone(&entry));
                entry
            }
        }
    }

    /// Takes away one whose work has ended, such as a connection.
    pub fn remove(&self, entry: &Arc<Entry>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| !Arc::ptr_eq(one, entry));
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

    #[test]
    fn elements_are_found_by_pattern_and_each_is_there_once() {
        let elements = Elements::default();
        let ws = elements.add(WS, None);
        let sched = elements.add(SCHED, Some(SECOND));
        assert!(Arc::ptr_eq(&sched, &elements.add(SCHED, None)));
        assert_eq!(
            names(&elements, "*"),
            ["source/ebpf/sched", "output/socktop/ws"]
        );
        assert_eq!(names(&elements, "out"), ["output/socktop/ws"]);
        elements.remove(&ws);
        assert_eq!(names(&elements, "*"), ["source/ebpf/sched"]);
    }

    #[test]
    fn only_what_runs_is_paused_and_only_what_is_paused_goes_on() {
        let elements = Elements::default();
        let entry = elements.add(SCHED, Some(SECOND));
        assert!(!entry.pause(false));
        assert!(entry.pause(true) && !entry.pause(true));
        assert_eq!(entry.state(), State::Paused);
        assert!(entry.pause(false));
        entry.set_state(State::Failed, "no BTF");
        assert!(!entry.pause(true) && !entry.pause(false));
        assert_eq!(
            (entry.state(), entry.reason()),
            (State::Failed, "no BTF".into())
        );
    }

    #[test]
    fn a_period_is_for_those_that_have_one() {
        let elements = Elements::default();
        let (sched, ws) = (elements.add(SCHED, Some(SECOND)), elements.add(WS, None));
        assert!(sched.set_period(2 * SECOND) && !ws.set_period(SECOND));
        assert_eq!((sched.period(), ws.period()), (Some(2 * SECOND), None));
    }
}
