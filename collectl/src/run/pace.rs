//! The loop: waits for ticks, has samples taken, ends.

use std::time::Duration;

use super::{Clock, Control, End, Schedule};
use crate::{options::Intervals, record::Time};

/// A tick, when it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Now: the time of the sample.
    pub time: Time,
    /// How late it is.
    pub late: Duration,
    /// Ticks that went by since the one before.
    pub missed: u64,
    /// Processes are due, too.
    pub processes: bool,
    /// There is none before it that it could be compared with: the first one, and after a pause.
    pub first: bool,
}

/// What is done at each tick.
pub trait Work {
    /// What can go wrong so that there is no going on.
    type Error;

    /// Takes a sample.
    ///
    /// # Errors
    /// It ends the run.
    fn sample(&mut self, tick: &Tick) -> Result<(), Self::Error>;

    /// Whether a sample would be of use to anybody.
    fn is_wanted(&self) -> bool {
        true
    }

    /// None is taken for a while: nothing of the last one is needed any more.
    fn rest(&mut self) {}
}

/// Who wants to know how a run is doing. All of it is told on its thread.
pub trait Observer {
    /// A sample was taken and handed over: so late, and it took so long.
    fn sampled(&self, begun: Time, late: Duration, took: Duration) {
        let _ = (begun, late, took);
    }

    /// Ticks that went by because a sample took too long, or the machine had other things to do.
    fn missed(&self, ticks: u64) {
        let _ = ticks;
    }

    /// Something does not work that the run goes on without, such as a file that cannot be written.
    fn trouble(&self, text: &str) {
        let _ = text;
    }
}

/// Nobody wants to know.
impl Observer for () {}

/// When samples are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// The periods.
    pub intervals: Intervals,
    /// Samples on multiples of the interval since the epoch.
    pub align: bool,
    /// Processes are among them: they have an interval of their own.
    pub processes: bool,
}

impl Rhythm {
    /// Processes are sampled every so many main intervals.
    #[must_use]
    pub fn ratio(&self) -> u64 {
        let Intervals { main, processes } = self.intervals;
        if main.is_zero() {
            // There is nothing to divide by; collectl takes seconds as the ratio then.
            return processes.as_secs().max(1);
        }
        let ratio = (processes.as_nanos() + main.as_nanos() / 2) / main.as_nanos();
        u64::try_from(ratio).unwrap_or(u64::MAX).max(1)
    }

    /// What the first tick is a multiple of.
    fn first(&self) -> Option<Duration> {
        let Intervals { main, processes } = self.intervals;
        self.align.then_some(if self.processes {
            processes.max(main)
        } else {
            main
        })
    }
}

/// When a run ends by itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// So many samples after the first, which has nothing to show.
    pub count: Option<u64>,
    /// So long.
    pub runtime: Option<Duration>,
    /// Tells the process that started it, if it is to end when that is gone.
    pub parent: Option<Parent>,
}

/// Tells the id of a process's parent; `None` if that is outside of what it can see.
pub type Parent = fn() -> Option<rustix::process::Pid>;

/// Whether the parent is gone. Who starts something with `&` from a shell that ends at once, as colmux does,
/// leaves it to another parent: the one counts that is there when the first sample is shown.
#[derive(Debug, Default)]
struct Orphan {
    parent: Option<rustix::process::Pid>,
    known: bool,
}

impl Orphan {
    fn is_one(&mut self, parent: Parent) -> bool {
        let now = parent();
        if !self.known {
            (self.parent, self.known) = (now, true);
        }
        now != self.parent
    }
}

impl Bounds {
    /// Whether it ends only when somebody says so: then it may sleep.
    fn are_none(&self) -> bool {
        self.count.is_none() && self.runtime.is_none() && self.parent.is_none()
    }

    /// Whether the next sample is one too many.
    fn over(
        &self,
        shown: u64,
        elapsed: Duration,
        interval: Duration,
        orphan: &mut Orphan,
    ) -> Option<End> {
        if self.count.is_some_and(|count| shown >= count) {
            return Some(End::Counted);
        }
        if self
            .runtime
            .is_some_and(|runtime| elapsed + interval > runtime)
        {
            return Some(End::TimeOver);
        }
        let parent = self.parent.filter(|_| shown > 0);
        parent
            .is_some_and(|parent| orphan.is_one(parent))
            .then_some(End::ParentGone)
    }
}

/// Takes samples until there is a reason to end.
///
/// # Errors
/// Those of the work.
pub fn repeat<W: Work>(
    rhythm: Rhythm,
    bounds: &Bounds,
    clock: &impl Clock,
    control: &Control,
    observer: &(impl Observer + ?Sized),
    work: &mut W,
) -> Result<End, W::Error> {
    let mut rhythm = rhythm;
    let begun = clock.now();
    let mut schedule = Schedule::new(rhythm.intervals.main, rhythm.first(), begun);
    // The first tick has both, so that there are processes to compare with as early as can be.
    let mut position = 0;
    let mut first = true;
    let mut shown = 0;
    let mut orphan = Orphan::default();
    loop {
        let mut begins = false;
        while bounds.are_none()
            && control.ended().is_none()
            && (control.is_paused() || !work.is_wanted())
        {
            if !begins {
                work.rest();
            }
            begins = true;
            control.rest();
        }
        let now = if begins {
            clock.now()
        } else {
            wait(&mut schedule, clock, control)
        };
        if let Some(end) = control.ended() {
            return Ok(end);
        }
        if let Some(intervals) = control.take_intervals() {
            rhythm.intervals = intervals;
            schedule.set_interval(intervals.main, now);
            position = 0;
            // It woke for that only.
            if !begins {
                continue;
            }
        }
        // A sample that nobody waited for is not late; the first one to show is half an interval off at least.
        let (late, missed) = match begins {
            true => {
                first = true;
                schedule.take(now.later(rhythm.intervals.main / 2));
                (Duration::ZERO, 0)
            }
            false => schedule.take(now),
        };
        if control.is_paused() {
            first = true;
            continue;
        }
        let missed = if first { 0 } else { missed };
        let ratio = rhythm.ratio();
        // Those that were missed count, so that processes stay on their own grid.
        position += missed;
        let tick = Tick {
            time: now,
            late,
            missed,
            processes: first || position >= ratio,
            first,
        };
        if tick.processes {
            position = if first { 0 } else { position % ratio };
        }
        position += 1;
        if missed > 0 {
            observer.missed(missed);
        }
        work.sample(&tick)?;
        let after = clock.now();
        let since =
            |before: Time| Duration::from_nanos(after.steady_ns.saturating_sub(before.steady_ns));
        observer.sampled(now, late, since(now));
        shown += u64::from(!first);
        first = false;
        let interval = rhythm.intervals.main;
        if let Some(end) = bounds.over(shown, since(begun), interval, &mut orphan) {
            return Ok(end);
        }
    }
}

/// Until a tick is due, or something else is wanted.
fn wait(schedule: &mut Schedule, clock: &impl Clock, control: &Control) -> Time {
    loop {
        let now = clock.now();
        if schedule.is_due(now) || control.wants_something() {
            return now;
        }
        clock.wait(schedule.due_steady_ns(), control);
    }
}

#[cfg(test)]
#[path = "pace_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "rest_tests.rs"]
mod rest_tests;
