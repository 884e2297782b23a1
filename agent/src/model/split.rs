//! User and system time.

use subjiffy_common::sched::Counters;

/// Splits exact CPU time in the proportion of the time the timer tick found it in user and in
/// kernel mode: user + system is exactly `cpu_ns`.
///
/// `change` are the ticks of the interval. Where it had none (a short interval) the proportion is
/// that of the process's whole life, `totals`; without any tick at all it is user time, as the
/// kernel has it (`cputime_adjust` of kernel/sched/cputime.c).
#[must_use]
pub fn user_and_system(cpu_ns: u64, change: Counters, totals: Counters) -> (u64, u64) {
    let share_of = |ticks: Counters| {
        let sum = u128::from(ticks.user_ns) + u128::from(ticks.system_ns);
        let part = u128::from(cpu_ns) * u128::from(ticks.user_ns);
        part.checked_div(sum).map(|user| user as u64)
    };
    let user_ns = share_of(change)
        .or_else(|| share_of(totals))
        .unwrap_or(cpu_ns);
    (user_ns, cpu_ns - user_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticks(user_ns: u64, system_ns: u64) -> Counters {
        Counters {
            user_ns,
            system_ns,
            ..Counters::default()
        }
    }

    #[test]
    fn the_ticks_of_the_interval_decide_then_those_of_the_life() {
        assert_eq!(user_and_system(1000, ticks(3, 1), ticks(0, 9)), (750, 250));
        assert_eq!(user_and_system(1000, ticks(0, 0), ticks(1, 9)), (100, 900));
        assert_eq!(user_and_system(1000, ticks(0, 0), ticks(0, 0)), (1000, 0));
        assert_eq!(user_and_system(0, ticks(3, 1), ticks(3, 1)), (0, 0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_in_the_split(cpu: u64, a: u64, b: u64, c: u64, d: u64) {
            let (user, system) = user_and_system(cpu, ticks(a, b), ticks(c, d));
            prop_assert_eq!(user.checked_add(system), Some(cpu));
        }
    }
}
