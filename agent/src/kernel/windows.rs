//! A large table of which only the parts in use are mapped.
//!
//! A mapping of a BPF array is resident as a whole, and thread ids that live lie together: so a
//! window is mapped when something in it is read for the first time, and goes when nothing was read
//! in it for a while.

use std::{
    cell::{Cell, OnceCell},
    io,
    os::fd::{AsFd, OwnedFd},
};

use subjiffy_common::sched::Plain;

use super::table::Table;

/// Bytes in one window: a multiple of every page size.
const WINDOW_BYTES: usize = 64 << 10;

/// The elements of an mmapable array map, as [`Table`].
#[derive(Debug)]
pub struct Windows<T> {
    map: OwnedFd,
    len: usize,
    windows: Vec<Window<T>>,
}

#[derive(Debug)]
struct Window<T> {
    /// `None` if it could not be mapped.
    table: OnceCell<Option<Table<T>>>,
    used: Cell<bool>,
}

impl<T: Plain> Windows<T> {
    /// Elements in one window.
    const ELEMENTS: usize = {
        assert!(WINDOW_BYTES.is_multiple_of(size_of::<T>()));
        WINDOW_BYTES / size_of::<T>()
    };

    /// Of a map of `len` elements. The first window is mapped at once, to see that it can be.
    ///
    /// # Errors
    /// What `dup` or `mmap` says.
    pub fn map(fd: impl AsFd, len: usize) -> io::Result<Self> {
        let map = rustix::io::fcntl_dupfd_cloexec(fd, 0)?;
        let windows = (0..len.div_ceil(Self::ELEMENTS)).map(|_| Window {
            table: OnceCell::new(),
            used: Cell::new(false),
        });
        let windows = Self {
            map,
            len,
            windows: windows.collect(),
        };
        if let Some(first) = windows.windows.first() {
            let _ = first.table.set(Some(windows.open(0)?));
        }
        Ok(windows)
    }

    fn open(&self, window: usize) -> io::Result<Table<T>> {
        let first = window * Self::ELEMENTS;
        let len = Self::ELEMENTS.min(self.len - first);
        Table::map_from(&self.map, first, len)
    }

    /// The window of an element and the element's place in it.
    fn find(&self, index: usize) -> Option<(&Table<T>, usize)> {
        let at = index / Self::ELEMENTS;
        let window = self.windows.get(at)?;
        window.used.set(true);
        // Without memory for page tables there is nothing to see here until there is some again.
        let table = window.table.get_or_init(|| self.open(at).ok());
        Some((table.as_ref()?, index % Self::ELEMENTS))
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// As [`Table::sequence`].
    #[must_use]
    pub fn sequence(&self, index: usize) -> u32 {
        self.find(index).map_or(0, |(table, at)| table.sequence(at))
    }

    /// As [`Table::read`]; all zeros if it cannot be mapped.
    #[must_use]
    pub fn read(&self, index: usize) -> T {
        let found = self.find(index);
        found.map_or_else(T::zeros, |(table, at)| table.read(at))
    }

    /// As [`Table::load`]; all zeros if it cannot be mapped.
    #[must_use]
    pub fn load(&self, index: usize) -> T {
        let found = self.find(index);
        found.map_or_else(T::zeros, |(table, at)| table.load(at))
    }

    /// As [`Table::store_word`].
    pub fn store_word(&self, index: usize, word: usize, value: u64) {
        if let Some((table, at)) = self.find(index) {
            table.store_word(at, word, value);
        }
    }

    /// Whether an element can be read now.
    #[must_use]
    pub fn is_readable(&self, index: usize) -> bool {
        self.find(index).is_some()
    }

    /// Lets go what was not looked at since the last call; what could not be mapped is tried again.
    pub fn forget_unused(&mut self) {
        for window in &mut self.windows {
            let used = window.used.replace(false);
            if !used || matches!(window.table.get(), Some(None)) {
                window.table.take();
            }
        }
    }

    /// Windows that are mapped now.
    #[must_use]
    pub fn mapped(&self) -> usize {
        let mapped = |window: &&Window<T>| matches!(window.table.get(), Some(Some(_)));
        self.windows.iter().filter(mapped).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::{
        fs::{MemfdFlags, ftruncate, memfd_create},
        io::pwrite,
    };
    use subjiffy_common::net::NetSlot;

    const LEN: usize = 3 * Windows::<NetSlot>::ELEMENTS + 7;

    fn windows() -> (OwnedFd, Windows<NetSlot>) {
        let file = memfd_create("windows", MemfdFlags::CLOEXEC).unwrap();
        let bytes = (LEN * size_of::<NetSlot>()).next_multiple_of(rustix::param::page_size());
        ftruncate(&file, bytes as u64).unwrap();
        let windows = Windows::map(&file, LEN).unwrap();
        (file, windows)
    }

    #[test]
    fn every_element_is_where_the_map_has_it() {
        let (file, windows) = windows();
        for index in [0, 1, 511, 512, 1024, LEN - 1] {
            let start = (index as u64 + 1).to_ne_bytes();
            pwrite(&file, &start, (index * size_of::<NetSlot>()) as u64).unwrap();
        }
        for index in [0, 1, 511, 512, 1024, LEN - 1] {
            assert_eq!(windows.load(index).start_ns, index as u64 + 1);
        }
        windows.store_word(513, NetSlot::READ_EVENTS_WORD, 9);
        assert_eq!(windows.load(513).read_events, 9);
        assert_eq!(
            windows.load(LEN + 512),
            NetSlot::default(),
            "beyond the end"
        );
    }

    #[test]
    fn only_what_is_looked_at_is_mapped() {
        let (_file, mut windows) = windows();
        assert_eq!(windows.mapped(), 1);
        windows.store_word(LEN - 1, NetSlot::READ_EVENTS_WORD, 5);
        let _ = windows.load(700);
        assert_eq!(windows.mapped(), 3);
        windows.forget_unused();
        let _ = windows.load(701);
        windows.forget_unused();
        assert_eq!(windows.mapped(), 1);
        assert_eq!(windows.load(LEN - 1).read_events, 5);
    }
}
