use std::{cell::RefCell, convert::Infallible};

use super::*;

const MS: u64 = 1_000_000;

/// Waiting takes no time; samples take what they say.
struct Fake {
    now: RefCell<Time>,
}

impl Fake {
    fn new() -> Self {
        let now = Time {
            wall_ns: 1_795_196_375_345 * MS,
            steady_ns: 1_000 * MS,
        };
        Self {
            now: RefCell::new(now),
        }
    }

    fn pass(&self, ns: u64) {
        let mut now = self.now.borrow_mut();
        now.wall_ns += ns;
        now.steady_ns += ns;
    }
}

impl Clock for Fake {
    fn now(&self) -> Time {
        *self.now.borrow()
    }

    fn wait(&self, until_steady_ns: u64, control: &Control) {
        if !control.wants_something() {
            let now = self.now.borrow().steady_ns;
            self.pass(until_steady_ns.saturating_sub(now));
        }
    }
}

/// Keeps ticks, and does something at each.
struct Kept<'a, F> {
    ticks: Vec<Tick>,
    clock: &'a Fake,
    at_each: F,
}

impl<F: FnMut(usize, &Fake)> Work for Kept<'_, F> {
    type Error = Infallible;

    fn sample(&mut self, tick: &Tick) -> Result<(), Infallible> {
        (self.at_each)(self.ticks.len(), self.clock);
        self.ticks.push(*tick);
        Ok(())
    }
}

fn rhythm(main: u64, processes: u64) -> Rhythm {
    Rhythm {
        intervals: intervals(main, processes),
        align: false,
        processes: true,
    }
}

fn intervals(main: u64, processes: u64) -> Intervals {
    Intervals {
        main: Duration::from_millis(main),
        processes: Duration::from_millis(processes),
    }
}

fn run(
    rhythm: Rhythm,
    bounds: Bounds,
    control: &Control,
    at_each: impl FnMut(usize, &Fake),
) -> (Vec<Tick>, End) {
    let clock = Fake::new();
    let mut kept = Kept {
        ticks: Vec::new(),
        clock: &clock,
        at_each,
    };
    let end = repeat(rhythm, &bounds, &clock, control, &(), &mut kept).unwrap();
    (kept.ticks, end)
}

fn count(count: u64) -> Bounds {
    Bounds {
        count: Some(count),
        ..Bounds::default()
    }
}

/// Of the wall clock, ms within a minute.
fn times(ticks: &[Tick]) -> Vec<u64> {
    ticks
        .iter()
        .map(|tick| tick.time.wall_ns / MS % 60_000)
        .collect()
}

fn processes(ticks: &[Tick]) -> Vec<bool> {
    ticks.iter().map(|tick| tick.processes).collect()
}

#[test]
fn so_many_samples_are_taken_and_one_before_them() {
    let (ticks, end) = run(rhythm(1000, 1000), count(3), &Control::default(), |_, _| {});
    assert_eq!(end, End::Counted);
    assert_eq!(times(&ticks), [36_000, 37_000, 38_000, 39_000]);
    let first: Vec<_> = ticks.iter().map(|tick| tick.first).collect();
    assert_eq!(first, [true, false, false, false]);
}

#[test]
fn processes_come_with_the_first_and_then_at_their_own_interval() {
    let (ticks, _) = run(rhythm(1000, 3000), count(6), &Control::default(), |_, _| {});
    assert_eq!(
        processes(&ticks),
        [true, false, false, true, false, false, true]
    );
}

#[test]
fn what_takes_too_long_is_told_and_processes_stay_on_their_grid() {
    let slow = |number, clock: &Fake| clock.pass(if number == 1 { 2100 * MS } else { MS });
    let (ticks, _) = run(rhythm(1000, 3000), count(4), &Control::default(), slow);
    assert_eq!(
        times(&ticks),
        [36_000, 37_000, 40_000 - 900, 40_000, 41_000]
    );
    let missed: Vec<_> = ticks.iter().map(|tick| tick.missed).collect();
    assert_eq!(missed, [0, 0, 1, 0, 0]);
    assert_eq!(processes(&ticks), [true, false, true, false, false]);
}

#[test]
fn it_ends_before_the_time_would_be_over() {
    let bounds = Bounds {
        runtime: Some(Duration::from_secs(4)),
        ..Bounds::default()
    };
    let (ticks, end) = run(rhythm(1000, 1000), bounds, &Control::default(), |_, _| {});
    assert_eq!(end, End::TimeOver);
    assert_eq!(times(&ticks), [36_000, 37_000, 38_000, 39_000]);
}

#[test]
fn it_ends_when_it_is_asked_to_and_when_its_parent_is_gone() {
    let control = Control::default();
    let stop = |number, _: &Fake| {
        if number == 2 {
            control.end(End::PeerGone);
        }
    };
    let (ticks, end) = run(rhythm(1000, 1000), Bounds::default(), &control, stop);
    assert_eq!((ticks.len(), end), (3, End::PeerGone));

    // The shell that began it is gone at once; the next parent lives for two samples more.
    thread_local!(static ASKED: std::cell::Cell<i32> = const { std::cell::Cell::new(0) });
    let parent = || {
        let asked = ASKED.get();
        ASKED.set(asked + 1);
        rustix::process::Pid::from_raw(if asked < 3 { 7 } else { 1 })
    };
    let bounds = Bounds {
        parent: Some(parent),
        ..Bounds::default()
    };
    let (ticks, end) = run(rhythm(1000, 1000), bounds, &Control::default(), |_, _| {});
    // The first one shows nothing yet.
    assert_eq!((ticks.len(), end), (5, End::ParentGone));
}

#[test]
fn after_a_pause_it_begins_anew_and_nothing_was_missed() {
    let control = Control::default();
    let pause = |number, clock: &Fake| {
        if number == 1 {
            control.pause(true);
            clock.pass(5500 * MS);
            control.pause(false);
        }
        if number == 2 {
            control.pause(true);
            control.end(End::Asked);
        }
    };
    let (ticks, _) = run(rhythm(1000, 2000), count(9), &control, pause);
    // Paused for less than a tick is not paused.
    assert_eq!(ticks.len(), 3);
    assert!(!ticks[2].first && ticks[2].missed == 4);

    struct Waker<'a>(Fake, &'a Control, std::cell::Cell<u32>);
    impl Clock for Waker<'_> {
        fn now(&self) -> Time {
            self.0.now()
        }
        fn wait(&self, until: u64, control: &Control) {
            self.2.set(self.2.get() + 1);
            self.1.pause((3..6).contains(&self.2.get()));
            self.0.wait(until, control);
        }
    }
    let control = Control::default();
    let clock = Waker(Fake::new(), &control, std::cell::Cell::new(0));
    let mut kept = Kept {
        ticks: Vec::new(),
        clock: &clock.0,
        at_each: |_, _: &Fake| {},
    };
    repeat(
        rhythm(1000, 2000),
        &count(3),
        &clock,
        &control,
        &(),
        &mut kept,
    )
    .unwrap();
    assert_eq!(times(&kept.ticks), [36_000, 37_000, 41_000, 42_000, 43_000]);
    let first: Vec<_> = kept.ticks.iter().map(|tick| tick.first).collect();
    assert_eq!(first, [true, false, true, false, false]);
    assert_eq!(processes(&kept.ticks), [true, false, true, false, true]);
    assert!(kept.ticks.iter().all(|tick| tick.missed == 0));
}

#[test]
fn another_interval_is_followed_at_once() {
    let control = Control::default();
    let change = |number, _: &Fake| {
        if number == 1 {
            control.set_intervals(intervals(500, 1000));
        }
    };
    let (ticks, _) = run(rhythm(1000, 1000), count(4), &control, change);
    assert_eq!(times(&ticks), [36_000, 37_000, 37_500, 38_000, 38_500]);
}

#[test]
fn ratios_are_whole_whatever_the_intervals_are() {
    assert_eq!(rhythm(100, 100).ratio(), 1);
    assert_eq!(rhythm(100, 60_000).ratio(), 600);
    assert_eq!(rhythm(1000, 10).ratio(), 1);
    assert_eq!(rhythm(0, 4000).ratio(), 4);
    assert_eq!(rhythm(0, 0).ratio(), 1);
}
