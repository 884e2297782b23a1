//! What a total grew by.

/// A wrapped total is believed up to so much growth; what is beyond is a counter that began anew.
const MOST_WRAPPED: u64 = 1 << 28;

/// How much a total grew from `old` to `new`. A total that went back either passed the end of 32 bits,
/// as some of the kernel's do, or it began anew, as that of a device that went and came again: what it
/// did in this interval is not known, and 0 is better than a giant.
#[must_use]
pub fn change(old: u64, new: u64) -> u64 {
    if let Some(grown) = new.checked_sub(old) {
        return grown;
    }
    let both_fit = old <= u64::from(u32::MAX);
    let wrapped = (new + (1 << 32)).saturating_sub(old);
    if both_fit && wrapped < MOST_WRAPPED {
        wrapped
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_total_that_goes_back_is_no_giant() {
        assert_eq!(change(5, 12), 7);
        assert_eq!(change(5_000_000_000, 3), 0, "a device came again");
        assert_eq!(change(4_000_000_000, 3), 0, "too far for a wrap");
        assert_eq!(change(u64::from(u32::MAX), 4), 5, "32 bits wrapped");
        assert_eq!(change(0, u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn what_goes_back_stays_small(old: u64, new: u64) {
            let grown = change(old, new);
            prop_assert!(new >= old || grown < MOST_WRAPPED);
        }
    }
}
