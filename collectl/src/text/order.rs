//! The order of devices: that in which they were first seen.

use crate::values::Interval;

/// Names of devices in the order in which they were first seen: one that comes later has its place at the
/// end, wherever the kernel lists it.
#[derive(Debug, Default)]
pub(super) struct Order {
    disks: Vec<String>,
    interfaces: Vec<String>,
    /// Those that went keep their place.
    keeps: bool,
}

impl Order {
    /// Places of devices that went are kept: columns stay where they are.
    pub(super) fn keeping() -> Self {
        Self {
            keeps: true,
            ..Self::default()
        }
    }

    /// Takes over what a sample has.
    pub(super) fn update(&mut self, interval: &Interval) {
        let disks = interval.disks.iter().map(|one| one.name.as_str());
        update(&mut self.disks, disks, self.keeps);
        let interfaces = interval.interfaces.iter().map(|one| one.name.as_str());
        update(&mut self.interfaces, interfaces, self.keeps);
    }

    pub(super) fn disks(&self) -> &[String] {
        &self.disks
    }

    pub(super) fn interfaces(&self) -> &[String] {
        &self.interfaces
    }
}

fn update<'a>(order: &mut Vec<String>, names: impl Iterator<Item = &'a str> + Clone, keeps: bool) {
    if names.clone().eq(order.iter().map(String::as_str)) {
        return;
    }
    if !keeps {
        order.retain(|old| names.clone().any(|name| name == old));
    }
    for name in names {
        if !order.iter().any(|old| old == name) {
            order.push(name.to_owned());
        }
    }
}

/// The device that is meant: nearly always it has the same place as its name.
pub(super) fn found<T>(all: &[T], at: usize, is: impl Fn(&T) -> bool) -> Option<&T> {
    match all.get(at) {
        Some(one) if is(one) => Some(one),
        _ => all.iter().find(|one| is(one)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(order: &mut Vec<String>, names: &str, keeps: bool) -> String {
        update(order, names.split_ascii_whitespace(), keeps);
        order.join(" ")
    }

    #[test]
    fn who_comes_later_is_at_the_end() {
        for (keeps, without, again) in [(false, "b c", "b c a"), (true, "a b c", "a b c")] {
            let order = &mut Vec::new();
            assert_eq!(after(order, "a b", keeps), "a b");
            assert_eq!(after(order, "c a b", keeps), "a b c");
            assert_eq!(after(order, "c b", keeps), without);
            assert_eq!(after(order, "a b c", keeps), again);
        }
    }
}
