//! The priority of the thread that takes samples: with a short period it has to be there on time.
//!
//! At a real-time priority it comes before everything ordinary, so it must need little: one whose
//! samples take longer than the period loses it until the period changes. (The kernel bounds what
//! all real-time threads use together: `sched_rt_runtime_us`.) It is inherited by threads that the
//! sampler starts; the only one lives for milliseconds. Where it is refused, ticks are late under
//! load and nothing else.

use std::time::Duration;

use rustix::process::{getpriority_process, setpriority_process};
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
    ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

/// Longer periods are no hurry.
const HURRY: Duration = Duration::from_millis(3);

/// Above ordinary threads and below whatever else is real-time, such as the kernel's own threads.
const REAL_TIME: u8 = 10;

/// Where real time is refused although privileges would do (control groups without a share of it).
const NICE: i32 = -10;

/// So many samples in a row that took longer than the period, and the priority goes.
const PATIENCE: u32 = 100;

/// A priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// As it was started.
    #[default]
    Normal,
    /// `SCHED_FIFO`, or a lower nice value.
    RealTime,
}

/// What the shortest period in use asks for; `None` is nobody who wants samples.
#[must_use]
pub fn wanted(shortest: Option<Duration>) -> Priority {
    match shortest {
        Some(period) if period <= HURRY => Priority::RealTime,
        _ => Priority::Normal,
    }
}

/// Keeps the priority of the thread that calls it.
#[derive(Debug, Default)]
pub struct Keeper {
    now: Priority,
    shortest: Option<Duration>,
    /// Samples in a row that took longer than the period.
    overruns: u32,
    nice: i32,
}

impl Keeper {
    /// The shortest period is this now: brings the priority to what it asks for.
    pub fn follow(&mut self, shortest: Option<Duration>) {
        if self.shortest != shortest {
            self.shortest = shortest;
            self.overruns = 0;
            self.change(wanted(shortest));
        }
    }

    /// What a tick needed took so long.
    pub fn worked(&mut self, took: Duration) {
        if self.now == Priority::Normal {
            return;
        }
        let over = self.shortest.is_some_and(|period| took > period);
        self.overruns = if over { self.overruns + 1 } else { 0 };
        if self.overruns >= PATIENCE {
            self.change(Priority::Normal);
        }
    }

    fn change(&mut self, priority: Priority) {
        if std::mem::replace(&mut self.now, priority) == priority {
            return;
        }
        match priority {
            Priority::RealTime => {
                self.nice = getpriority_process(None).unwrap_or(0);
                let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
                if !set(policy, REAL_TIME) {
                    let _ = setpriority_process(None, NICE.min(self.nice));
                }
            }
            Priority::Normal => {
                // The nice value goes with it.
                let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
                set(policy, 0);
                let _ = setpriority_process(None, self.nice);
            }
        }
    }
}

/// Whether the calling thread got the policy.
fn set(policy: ThreadSchedulePolicy, priority: u8) -> bool {
    let Ok(value) = ThreadPriorityValue::try_from(priority) else {
        return false;
    };
    let value = ThreadPriority::Crossplatform(value);
    set_thread_priority_and_policy(thread_native_id(), value, policy).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Option<Duration> = Some(Duration::from_millis(1));
    const SLOW: Option<Duration> = Some(Duration::from_secs(1));

    /// Policy, real-time priority and nice value of this thread, by the kernel.
    fn scheduling() -> (u32, u32, i32) {
        let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split(' ').collect();
        // The first one is the state, field 3.
        let field = |number: usize| fields[number - 2];
        let number = |at| field(at).parse().unwrap();
        (number(41), number(40), field(19).parse().unwrap())
    }

    #[test]
    fn only_short_periods_are_a_hurry() {
        assert_eq!(wanted(None), Priority::Normal);
        assert_eq!(wanted(SLOW), Priority::Normal);
        assert_eq!(
            wanted(Some(HURRY + Duration::from_nanos(1))),
            Priority::Normal
        );
        assert_eq!(wanted(Some(HURRY)), Priority::RealTime);
        assert_eq!(wanted(QUICK), Priority::RealTime);
    }

    #[test]
    fn it_comes_with_a_short_period_and_goes_with_it() {
        std::thread::spawn(|| {
            let before = scheduling();
            let mut keeper = Keeper::default();
            for quick in [QUICK, Some(HURRY), QUICK] {
                keeper.follow(quick);
                assert_eq!(keeper.now, Priority::RealTime);
                let (policy, priority, nice) = scheduling();
                // Real time, or a lower nice value, or both were refused.
                match policy {
                    1 => assert_eq!(priority, u32::from(REAL_TIME)),
                    _ => assert!(nice == NICE || nice == before.2),
                }
                keeper.follow(SLOW);
                assert_eq!(scheduling(), before);
            }
            keeper.follow(QUICK);
            keeper.follow(None);
            assert_eq!((keeper.now, scheduling()), (Priority::Normal, before));
        })
        .join()
        .unwrap();
    }

    #[test]
    fn who_cannot_keep_the_period_does_not_hold_the_cpu() {
        std::thread::spawn(|| {
            let before = scheduling();
            let mut keeper = Keeper::default();
            keeper.follow(QUICK);
            let (over, within) = (Duration::from_millis(2), Duration::from_micros(50));
            for _ in 0..10 {
                (1..PATIENCE).for_each(|_| keeper.worked(over));
                keeper.worked(within);
            }
            assert_eq!(keeper.now, Priority::RealTime);
            (0..PATIENCE).for_each(|_| keeper.worked(over));
            assert_eq!((keeper.now, scheduling()), (Priority::Normal, before));
            keeper.worked(within);
            keeper.follow(QUICK);
            assert_eq!(keeper.now, Priority::Normal, "the period is the same");
            keeper.follow(Some(HURRY));
            assert_eq!(keeper.now, Priority::RealTime);
        })
        .join()
        .unwrap();
    }
}
