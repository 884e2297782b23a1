//! Runs that nobody needs for a while.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use super::*;

/// Takes ticks as quick as they can be had, on the real clock.
struct Watched {
    wanted: Arc<AtomicBool>,
    rests: Arc<AtomicU32>,
    ticks: Vec<Tick>,
    control: Arc<Control>,
}

impl Work for Watched {
    type Error = Infallible;

    fn sample(&mut self, tick: &Tick) -> Result<(), Infallible> {
        self.ticks.push(*tick);
        match self.ticks.len() {
            // Now nobody is there.
            3 => self.wanted.store(false, Ordering::Relaxed),
            6 => self.control.end(End::Asked),
            _ => {}
        }
        Ok(())
    }

    fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed)
    }

    fn rest(&mut self) {
        self.rests.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn nothing_is_taken_while_nobody_wants_it_and_it_begins_anew_at_once() {
    const INTERVAL: Duration = Duration::from_millis(40);
    let (wanted, rests) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicU32::new(0)));
    let control = Arc::new(Control::default());
    let rhythm = Rhythm {
        intervals: Intervals {
            main: INTERVAL,
            processes: 5 * INTERVAL,
        },
        align: false,
        processes: true,
    };
    let mut work = Watched {
        wanted: Arc::clone(&wanted),
        rests: Arc::clone(&rests),
        ticks: Vec::new(),
        control: Arc::clone(&control),
    };
    let running = thread::spawn({
        let control = Arc::clone(&control);
        move || {
            let clock = super::super::SystemClock::of_this_thread();
            let end = repeat(rhythm, &Bounds::default(), &clock, &control, &(), &mut work);
            (end, work.ticks)
        }
    });
    while rests.load(Ordering::Relaxed) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    // Being woken for nothing changes nothing, and pauses are rests, too.
    control.pause(true);
    wanted.store(true, Ordering::Relaxed);
    control.wake();
    thread::sleep(3 * INTERVAL);
    control.pause(false);
    let (end, ticks) = running.join().unwrap();
    assert_eq!(end, Ok(End::Asked));
    assert_eq!(rests.load(Ordering::Relaxed), 1);
    let firsts: Vec<_> = ticks.iter().map(|tick| tick.first).collect();
    assert_eq!(firsts, [true, false, false, true, false, false]);
    assert!(ticks[3].processes && ticks[3].late.is_zero());
    assert!(ticks.iter().all(|tick| !tick.first || tick.missed == 0));
    let between = |one: usize| ticks[one].time.steady_ns - ticks[one - 1].time.steady_ns;
    assert!(
        between(3) >= 3 * INTERVAL.as_nanos() as u64,
        "{}",
        between(3)
    );
    // The grid is the old one, and the first interval is not too short to say something.
    assert!(
        between(4) >= INTERVAL.as_nanos() as u64 / 2,
        "{}",
        between(4)
    );
}
