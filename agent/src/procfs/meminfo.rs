//! `/proc/meminfo` (proc_meminfo(5); `meminfo_proc_show` in fs/proc/meminfo.c).

use super::error::ParseError;
use super::text::{Words, lines};

/// Memory of the machine, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemInfo {
    /// Usable memory.
    pub total: u64,
    /// Memory that nothing uses.
    pub free: u64,
    /// The kernel's estimate of what can be had without swapping (Linux 3.14); see
    /// [`MemInfo::available`].
    pub reported_available: Option<u64>,
    /// Cached raw disk blocks. This and the following are 0 where the kernel has no such line.
    pub buffers: u64,
    /// Cached files; includes `shmem`.
    pub cached: u64,
    /// Kernel caches that can be given back.
    pub reclaimable: u64,
    /// tmpfs and shared memory.
    pub shmem: u64,
    /// Swap space.
    pub swap_total: u64,
    /// Swap space that nothing uses.
    pub swap_free: u64,
}

impl MemInfo {
    /// What can be had without swapping: the kernel's estimate, else free memory and the caches
    /// without shared memory, which cannot be dropped. At most `total`.
    #[must_use]
    pub fn available(&self) -> u64 {
        let caches = self
            .buffers
            .saturating_add(self.cached)
            .saturating_add(self.reclaimable);
        let estimate = self.free.saturating_add(caches.saturating_sub(self.shmem));
        self.reported_available.unwrap_or(estimate).min(self.total)
    }

    /// `total` less what is available.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.total - self.available()
    }

    /// Swap space in use; at most `swap_total`.
    #[must_use]
    pub fn swap_used(&self) -> u64 {
        self.swap_total.saturating_sub(self.swap_free)
    }
}

/// Reads the text of `/proc/meminfo`. Unknown lines are passed over.
///
/// # Errors
/// `MemTotal` or `MemFree` is missing, a value is no number of kB, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<MemInfo, ParseError> {
    let (mut total, mut free) = (None, None);
    let mut mem = MemInfo::default();
    let mut count = 0;
    for (line, text) in lines(text, "meminfo")? {
        count = line;
        let mut words = Words::new(text, line);
        match words.next().unwrap_or_default() {
            b"MemTotal:" => total = Some(words.kilobytes("MemTotal")?),
            b"MemFree:" => free = Some(words.kilobytes("MemFree")?),
            b"MemAvailable:" => mem.reported_available = Some(words.kilobytes("MemAvailable")?),
            b"Buffers:" => mem.buffers = words.kilobytes("Buffers")?,
            b"Cached:" => mem.cached = words.kilobytes("Cached")?,
            b"SReclaimable:" => mem.reclaimable = words.kilobytes("SReclaimable")?,
            b"Shmem:" => mem.shmem = words.kilobytes("Shmem")?,
            b"SwapTotal:" => mem.swap_total = words.kilobytes("SwapTotal")?,
            b"SwapFree:" => mem.swap_free = words.kilobytes("SwapFree")?,
            _ => {}
        }
    }
    let missing = |item| ParseError::new(count, item, "a line", b"");
    mem.total = total.ok_or_else(|| missing("MemTotal"))?;
    mem.free = free.ok_or_else(|| missing("MemFree"))?;
    Ok(mem)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/meminfo");
    const NEW: &[u8] = include_bytes!("fixtures/6.18/meminfo");

    #[test]
    fn every_value_is_taken_from_its_line_in_bytes() {
        let expected = MemInfo {
            total: 4_028_440 * 1024,
            free: 3_207_700 * 1024,
            reported_available: Some(3_600_136 * 1024),
            buffers: 33_620 * 1024,
            cached: 520_692 * 1024,
            reclaimable: 40_176 * 1024,
            shmem: 628 * 1024,
            swap_total: 998_396 * 1024,
            swap_free: 898_396 * 1024,
        };
        assert_eq!(parse(OLD), Ok(expected));
        assert_eq!(expected.used(), (4_028_440 - 3_600_136) * 1024);
        assert_eq!(expected.swap_used(), 100_000 * 1024);
        assert!(parse(NEW).unwrap().used() > 0);
    }

    #[test]
    fn without_the_kernels_estimate_caches_count_as_available_but_not_shared_memory() {
        let mem = parse(
            b"MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 1 kB\n\
            Cached: 20 kB\nSReclaimable: 5 kB\nShmem: 4 kB\n",
        );
        assert_eq!(mem.unwrap().available(), (10 + 1 + 20 + 5 - 4) * 1024);
        let mem = parse(b"MemTotal: 100 kB\nMemFree: 10 kB\nShmem: 4 kB\n").unwrap();
        assert_eq!((mem.available(), mem.swap_used()), (10 * 1024, 0));
    }

    #[test]
    fn used_stays_between_zero_and_total() {
        // Seen in containers whose limits are shown here instead of the machine's values.
        let mem = MemInfo {
            total: 10,
            reported_available: Some(11),
            swap_total: 5,
            swap_free: 6,
            ..MemInfo::default()
        };
        assert_eq!((mem.available(), mem.used(), mem.swap_used()), (10, 0, 0));
    }

    #[test]
    fn missing_and_broken_lines_are_named() {
        assert_eq!(parse(b"MemFree: 1 kB\n").unwrap_err().item, "MemTotal");
        assert_eq!(parse(b"MemTotal: 1 kB\n").unwrap_err().item, "MemFree");
        let error = parse(b"MemTotal: 1 kB\nMemFree: -1 kB\n");
        assert_eq!(error, Err(ParseError::new(2, "MemFree", "u64", b"-1")));
        assert!(
            beginnings(OLD)
                .filter(|text| !text.ends_with(b"\n"))
                .all(|text| parse(text).is_err())
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(OLD)) {
            if let Ok(mem) = parse(&text) {
                prop_assert!(mem.used() <= mem.total && mem.swap_used() <= mem.swap_total);
            }
        }
    }
}
