use super::*;
use proptest::prelude::*;

const MS: u64 = 1_000_000;
const EPOCH: u64 = 1_795_196_375_000 * MS;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// Both clocks, ms after a whole second; the steady one began at some time.
fn at(wall_ms: u64) -> Time {
    Time {
        wall_ns: EPOCH + wall_ms * MS,
        steady_ns: 77_123_456_789 + wall_ms * MS,
    }
}

/// When the next tick is, as ms of the wall clock while it is not set.
fn due(schedule: &Schedule) -> u64 {
    (schedule.due_steady_ns() - at(0).steady_ns) / MS
}

#[test]
fn ticks_are_on_a_grid_through_a_whole_second_near_the_start() {
    let mut schedule = Schedule::new(ms(10_000), None, at(345));
    assert_eq!(due(&schedule), 1000);
    assert!(!schedule.is_due(at(999)));
    assert!(schedule.is_due(at(1000)));
    assert_eq!(schedule.take(at(1000)), (ms(0), 0));
    assert_eq!(due(&schedule), 11_000);

    let mut schedule = Schedule::new(ms(200), None, at(345));
    assert_eq!(due(&schedule), 400);
    assert_eq!(schedule.take(at(403)), (ms(3), 0));
    assert_eq!(due(&schedule), 600, "being late moves nothing");

    let schedule = Schedule::new(ms(300), None, at(345));
    assert_eq!(due(&schedule), 400, "1000 is on the grid");
}

#[test]
fn aligned_ticks_are_multiples_since_the_epoch() {
    // EPOCH is 35 s after a multiple of a minute.
    let mut schedule = Schedule::new(ms(10_000), Some(ms(60_000)), at(1));
    assert_eq!(due(&schedule), 25_000);
    schedule.take(at(25_000));
    assert_eq!(due(&schedule), 35_000);
    schedule.set_interval(ms(60_000), at(36_000));
    assert_eq!(due(&schedule), 85_000);
}

#[test]
fn ticks_that_went_by_are_counted() {
    let mut schedule = Schedule::new(ms(100), None, at(999));
    assert_eq!(schedule.take(at(1399)), (ms(399), 3));
    assert_eq!(due(&schedule), 1400);
    assert_eq!(schedule.take(at(1400)), (ms(0), 0));
}

#[test]
fn another_interval_counts_from_the_last_tick() {
    let mut schedule = Schedule::new(ms(1000), None, at(500));
    schedule.take(at(1000));
    schedule.set_interval(ms(300), at(1010));
    assert_eq!(due(&schedule), 1300);
    schedule.take(at(1300));
    schedule.set_interval(ms(5000), at(1500));
    assert_eq!(due(&schedule), 6300);
}

#[test]
fn a_wall_clock_that_is_set_is_followed_and_nothing_was_missed() {
    for jump_ms in [3_600_000_i64, -3_600_000, 700, -700] {
        let mut schedule = Schedule::new(ms(1000), None, at(500));
        let set = |time: Time| Time {
            wall_ns: time
                .wall_ns
                .checked_add_signed(jump_ms * MS as i64)
                .unwrap(),
            ..time
        };
        schedule.take(at(1000));
        assert!(schedule.is_due(set(at(2000))), "{jump_ms}");
        assert_eq!(schedule.take(set(at(2000))), (ms(0), 0), "{jump_ms}");
        let next = set(at(due(&schedule)));
        assert!(due(&schedule) <= 3000, "{jump_ms}");
        assert_eq!(
            next.wall_ns % (1000 * MS),
            0,
            "whole seconds of the new time"
        );
    }
}

#[test]
fn a_tick_is_not_taken_before_its_time_for_clocks_that_differ_a_little() {
    let mut schedule = Schedule::new(ms(1000), None, at(500));
    let now = Time {
        wall_ns: at(1000).wall_ns - 70,
        ..at(1000)
    };
    assert!(!schedule.is_due(now));
    assert_eq!(schedule.due_steady_ns(), at(1000).steady_ns + 70);
    let now = Time {
        wall_ns: now.wall_ns + 70,
        steady_ns: now.steady_ns + 70,
    };
    assert!(schedule.is_due(now));
}

#[test]
fn without_an_interval_it_is_always_due() {
    let mut schedule = Schedule::new(Duration::ZERO, None, at(345));
    for ms in [345, 346, 347] {
        assert!(schedule.is_due(at(ms)));
        assert_eq!(schedule.take(at(ms)).1, 0);
    }
}

proptest! {
    #[test]
    fn every_tick_is_in_the_future_and_on_the_grid(
        interval in 1_u64..20_000_000_000,
        align in proptest::option::of(1_u64..5),
        start in 0_u64..2_000_000,
        late in proptest::collection::vec(0_u64..3_000_000_000, 1..20),
    ) {
        let interval = Duration::from_nanos(interval);
        let align = align.map(|times| interval * times as u32);
        let mut now = at(start);
        let mut schedule = Schedule::new(interval, align, now);
        let first = schedule.due_steady_ns();
        for late in late {
            prop_assert!(schedule.due_steady_ns() > now.steady_ns);
            let since = u128::from(schedule.due_steady_ns() - first);
            prop_assert!(since.is_multiple_of(interval.as_nanos()));
            let wait = schedule.due_steady_ns() - now.steady_ns + late;
            now = Time { wall_ns: now.wall_ns + wait, steady_ns: now.steady_ns + wait };
            prop_assert!(schedule.is_due(now));
            let (was_late, missed) = schedule.take(now);
            prop_assert_eq!(was_late, Duration::from_nanos(late));
            prop_assert_eq!(u128::from(missed), u128::from(late) / interval.as_nanos());
        }
    }

    #[test]
    fn no_time_and_no_interval_panics(
        interval: u64, align: Option<u64>, wall_ns: u64, steady_ns: u64, later: u64,
    ) {
        let now = Time { wall_ns, steady_ns };
        let align = align.map(Duration::from_secs);
        let mut schedule = Schedule::new(Duration::from_secs(interval), align, now);
        let now = Time { wall_ns: later, steady_ns: later };
        schedule.is_due(now);
        schedule.take(now);
        schedule.set_interval(Duration::from_nanos(interval), now);
        let _ = schedule.due_steady_ns();
    }
}
