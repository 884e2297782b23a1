//! Waiting for ticks that come often, for less.
//!
//! Whoever sets a timer that is the next one of its CPU has the hardware's timer set, which in a
//! virtual machine costs more than all the rest of waiting. So two timers of twice the period take
//! turns: the one that has fired is set again while the other one is pending, which comes first,
//! and a tick is one system call.
//!
//! A thread is never there the moment its timer fires, in a virtual machine tens of microseconds later.
//! What it always takes at least, the timers fire before the tick.

use std::{
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use rustix::{
    io::{Errno, read},
    time::{
        ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec,
        clock_gettime, timerfd_create, timerfd_settime,
    },
};

/// Who waits cannot be woken before the tick, so it must not be far away.
const LONGEST: Duration = Duration::from_millis(4);

/// Closer together than this they are no period: somebody had other things to do.
const SHORTEST: Duration = Duration::from_micros(100);

/// The timers fire before the tick by this at most.
const EARLIEST: Duration = Duration::from_micros(50);

/// So many ticks tell how long it takes at least to be there.
const TICKS: u32 = 256;

/// A difference that is not worth setting the timers anew.
const EQUAL: Duration = Duration::from_micros(2);

/// Finds out by itself what the period is, and waits if there is one.
#[derive(Debug, Default)]
pub struct Metronome {
    /// The tick before, and its distance from the one before it.
    last: Option<(Instant, Duration)>,
    pair: Option<Pair>,
    /// There are no timers to be had.
    refused: bool,
}

impl Metronome {
    /// Sleeps until `until` if that is a tick of a short period; else returns `false` at once.
    pub fn wait(&mut self, until: Instant) -> bool {
        let distance = self
            .last
            .and_then(|last| until.checked_duration_since(last.0))
            .unwrap_or_default();
        let steady = self.last.is_some_and(|last| last.1 == distance);
        self.last = Some((until, distance));
        if until.saturating_duration_since(Instant::now()) > LONGEST {
            return false;
        }
        if self.pair.as_ref().is_some_and(|pair| pair.ticks_at(until)) {
            return self.sleep(until);
        }
        if !steady || self.refused || !(SHORTEST..=LONGEST).contains(&distance) {
            return false;
        }
        let begun = match self.pair.take() {
            Some(pair) => pair.begin(until, distance),
            None => Pair::new(until).and_then(|pair| pair.begin(until, distance)),
        };
        match begun {
            Ok(pair) => self.pair = Some(pair),
            Err(_) => self.refused = true,
        }
        self.pair.is_some() && self.sleep(until)
    }

    fn sleep(&mut self, until: Instant) -> bool {
        let slept = self.pair.as_mut().map(|pair| pair.sleep(until));
        if let Some(Err(_)) = slept {
            self.pair = None;
            self.refused = true;
        }
        slept.is_some_and(|slept| slept.is_ok())
    }
}

/// The two timers.
#[derive(Debug)]
struct Pair {
    timers: [OwnedFd; 2],
    /// The same moment on both clocks; the second never before the first.
    anchor: (Instant, Duration),
    /// A tick of the first timer.
    origin: Instant,
    period: Duration,
    /// The timers fire so long before the ticks.
    lead: Duration,
    /// How long it took at least, in how many ticks, to be there after the timer.
    quickest: Duration,
    ticks: u32,
}

impl Pair {
    fn new(origin: Instant) -> Result<Self, Errno> {
        let timer = || timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC);
        let instant = Instant::now();
        let now = clock_gettime(ClockId::Monotonic);
        let monotonic = Duration::new(now.tv_sec as u64, now.tv_nsec as u32);
        Ok(Self {
            timers: [timer()?, timer()?],
            anchor: (instant, monotonic),
            origin,
            period: Duration::ZERO,
            lead: Duration::ZERO,
            quickest: EARLIEST,
            ticks: 0,
        })
    }

    fn begin(mut self, origin: Instant, period: Duration) -> Result<Self, Errno> {
        self.origin = origin;
        self.period = period;
        self.set()?;
        Ok(self)
    }

    /// Sets the timers for the first two ticks, from where on they go by themselves.
    fn set(&self) -> Result<(), Errno> {
        let (origin, period) = (self.origin, self.period);
        for (timer, first) in self.timers.iter().zip([origin, origin + period]) {
            let times = Itimerspec {
                it_interval: timespec(2 * period),
                it_value: timespec(
                    (self.anchor.1 + first.duration_since(self.anchor.0)).saturating_sub(self.lead),
                ),
            };
            timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &times)?;
        }
        Ok(())
    }

    /// The number of a tick, if it is one.
    fn number(&self, until: Instant) -> Option<u128> {
        let since = until.checked_duration_since(self.origin)?.as_nanos();
        let period = self.period.as_nanos().max(1);
        since.is_multiple_of(period).then_some(since / period)
    }

    fn ticks_at(&self, until: Instant) -> bool {
        self.number(until).is_some()
    }

    fn sleep(&mut self, until: Instant) -> Result<(), Errno> {
        let odd = self.number(until).unwrap_or(0) % 2;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            match read(&self.timers[odd as usize], &mut [0; 8]) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            let now = Instant::now();
            let left = until.saturating_duration_since(now);
            // After ticks that nobody waited for, the timer had fired already.
            if left <= self.lead {
                return self.arrive(until, now);
            }
        }
    }

    /// Is there after the timer, which fires before the tick.
    fn arrive(&mut self, until: Instant, now: Instant) -> Result<(), Errno> {
        let took = (now + self.lead).saturating_duration_since(until);
        self.quickest = self.quickest.min(took);
        self.ticks += 1;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        if self.ticks < TICKS {
            return Ok(());
        }
        let quickest = std::mem::replace(&mut self.quickest, EARLIEST);
        self.ticks = 0;
        if quickest.abs_diff(self.lead) > EQUAL {
            self.lead = quickest;
            self.origin = until + self.period;
            self.set()?;
        }
        Ok(())
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: duration.as_secs().cast_signed(),
        tv_nsec: duration.subsec_nanos().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(2);

    #[test]
    fn ticks_of_a_short_period_are_waited_for_and_none_comes_early() {
        let mut metronome = Metronome::default();
        let begun = Instant::now();
        let mut waited = Vec::new();
        for number in 1..=20 {
            let until = begun + number * PERIOD;
            waited.push(metronome.wait(until));
            assert!(Instant::now() >= until || !waited[number as usize - 1]);
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
        }
        // Two distances tell the period.
        assert_eq!(waited[..2], [false; 2]);
        assert!(waited[3..].iter().all(|&one| one), "{waited:?}");
    }

    #[test]
    fn ticks_that_were_missed_do_not_make_later_ones_early() {
        let mut metronome = Metronome::default();
        let begun = Instant::now();
        let mut number = 0;
        for round in 0..12 {
            number += 1;
            while begun + number * PERIOD <= Instant::now() {
                number += 1;
            }
            let until = begun + number * PERIOD;
            if metronome.wait(until) {
                assert!(Instant::now() >= until);
            } else {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
            }
            if round % 3 == 2 {
                std::thread::sleep(3 * PERIOD + PERIOD / 2);
            }
        }
    }

    #[test]
    fn timers_fire_as_much_earlier_as_it_takes_to_be_there() {
        let (begun, period) = (Instant::now(), Duration::from_micros(10));
        let pair = Pair::new(begun + period).unwrap();
        let mut pair = pair.begin(begun + period, period).unwrap();
        let took = [40, 30, 70].map(Duration::from_micros);
        for (number, took) in (1..=TICKS).zip(took.into_iter().cycle()) {
            let tick = begun + number * period;
            pair.arrive(tick, tick + took).unwrap();
        }
        assert_eq!((pair.lead, pair.ticks), (took[1], 0));
        assert!(
            pair.ticks_at(begun + (TICKS + 1) * period),
            "the grid is the same"
        );
        // It may take longer from then on than the timers can make up for.
        for number in TICKS + 1..=2 * TICKS {
            let tick = begun + number * period;
            pair.arrive(tick, tick + 3 * EARLIEST).unwrap();
        }
        assert_eq!(pair.lead, EARLIEST);
    }

    #[test]
    fn what_is_no_tick_and_what_is_far_away_is_left_to_others() {
        let mut metronome = Metronome::default();
        let begun = Instant::now();
        for number in 1..10 {
            assert!(!metronome.wait(begun + number * Duration::from_secs(3600)));
        }
        for distance in [1700, 2300, 1900, 3100] {
            assert!(!metronome.wait(Instant::now() + Duration::from_micros(distance)));
        }
    }

    #[test]
    fn another_period_is_found() {
        let mut metronome = Metronome::default();
        let mut tick = Instant::now();
        for period in [PERIOD, PERIOD / 2, PERIOD * 3 / 2] {
            let mut waited = 0;
            for _ in 0..12 {
                tick += period;
                if metronome.wait(tick) {
                    assert!(Instant::now() >= tick);
                    waited += 1;
                } else {
                    std::thread::sleep(tick.saturating_duration_since(Instant::now()));
                }
            }
            assert!(waited >= 8, "{waited} of {period:?}");
        }
    }
}
