//! Units that depend on the machine: clock ticks and memory pages.

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// How long a tick and how large a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// `USER_HZ`: the ticks that `/proc` counts in (100 on all common machines, whatever the
    /// kernel's own HZ).
    pub ticks_per_second: u64,
    /// Bytes in a page.
    pub page_size: u64,
}

impl Clock {
    /// The running system's, from the auxiliary vector (`AT_CLKTCK`, `AT_PAGESZ`; getauxval(3)).
    #[must_use]
    pub fn system() -> Self {
        Self {
            ticks_per_second: rustix::param::clock_ticks_per_second(),
            page_size: rustix::param::page_size() as u64,
        }
    }

    /// Clock ticks in nanoseconds; `u64::MAX` if that does not fit.
    #[must_use]
    pub fn ticks_to_ns(self, ticks: u64) -> u64 {
        let ns = u128::from(ticks) * NANOS_PER_SECOND / u128::from(self.ticks_per_second.max(1));
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// Pages in bytes; `u64::MAX` if that does not fit.
    #[must_use]
    pub fn pages_to_bytes(self, pages: u64) -> u64 {
        pages.saturating_mul(self.page_size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions() {
        let clock = Clock {
            ticks_per_second: 100,
            page_size: 4096,
        };
        assert_eq!(clock.ticks_to_ns(3), 30_000_000);
        assert_eq!(clock.pages_to_bytes(2), 8192);
        assert_eq!(clock.ticks_to_ns(u64::MAX), u64::MAX);
        assert_eq!(clock.pages_to_bytes(u64::MAX), u64::MAX);
        let odd = Clock {
            ticks_per_second: 1024,
            page_size: 65536,
        };
        assert_eq!(odd.ticks_to_ns(1), 976_562);
    }

    #[test]
    fn the_running_system_has_sane_units() {
        let clock = Clock::system();
        assert!((100..=1024).contains(&clock.ticks_per_second), "{clock:?}");
        assert!(
            clock.page_size >= 4096 && clock.page_size.is_power_of_two(),
            "{clock:?}"
        );
    }
}
