//! Waiting for ticks that come often, for less.
//!
//! Whoever sets a timer that is the next one of its CPU has the hardware's timer set, which in a
//! virtual machine costs more than all the rest of waiting. So two timers of twice the period take
//! turns: the one that has fired is set again while the other one is pending, which comes first,
//! and a tick is one system call.

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
        let slept = self.pair.as_ref().map(|pair| pair.sleep(until));
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
        })
    }

    fn begin(mut self, origin: Instant, period: Duration) -> Result<Self, Errno> {
        self.origin = origin;
        self.period = period;
        for (timer, first) in self.timers.iter().zip([origin, origin + period]) {
            let times = Itimerspec {
                it_interval: timespec(2 * period),
                it_value: timespec(self.anchor.1 + first.duration_since(self.anchor.0)),
            };
            timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &times)?;
        }
        Ok(self)
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

    fn sleep(&self, until: Instant) -> Result<(), Errno> {
        let odd = self.number(until).unwrap_or(0) % 2;
        // After ticks that nobody waited for, the timer has fired already.
        while Instant::now() < until {
            match read(&self.timers[odd as usize], &mut [0; 8]) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
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
