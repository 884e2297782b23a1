//! A BPF array map as memory: reading an element is a few loads, no system call.
#![expect(
    unsafe_code,
    reason = "the one place that maps and reads memory which the kernel writes"
)]

use std::{
    io,
    marker::PhantomData,
    os::fd::AsFd,
    ptr::{self, NonNull},
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence},
};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use subjiffy_common::sched::Plain;

/// How often a reader tries again before it takes the element as it is: a writer needs some
/// nanoseconds, so this bound is only there so that a damaged table cannot hang us.
const ATTEMPTS: usize = 1000;

/// An mmapable array map with elements of type `T`, whose size is a multiple of eight bytes.
#[derive(Debug)]
pub struct Table<T> {
    base: NonNull<u8>,
    bytes: usize,
    len: usize,
    element: PhantomData<T>,
}

// SAFETY: the memory is shared with the kernel anyway; every access here is atomic.
unsafe impl<T> Send for Table<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Table<T> {}

impl<T> Table<T> {
    /// Maps a map of `len` elements.
    ///
    /// # Errors
    /// What `mmap` says: the map was not created mmapable, or there is no address space left.
    pub fn map(fd: impl AsFd, len: usize) -> io::Result<Self> {
        Self::map_from(fd, 0, len)
    }

    /// Maps `len` elements from the one with index `first` on, which must begin a page.
    ///
    /// # Errors
    /// As [`Table::map`].
    pub fn map_from(fd: impl AsFd, first: usize, len: usize) -> io::Result<Self> {
        const { assert!(size_of::<T>().is_multiple_of(8)) };
        let bytes = (len * size_of::<T>()).next_multiple_of(rustix::param::page_size());
        // SAFETY: a new mapping at an address of the kernel's choice aliases nothing of ours.
        let base = unsafe {
            mmap(
                ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                fd,
                (first * size_of::<T>()) as u64,
            )
        }?;
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self {
            base,
            bytes,
            len,
            element: PhantomData,
        })
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether the table has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn words(&self, index: usize) -> &[AtomicU64] {
        assert!(index < self.len, "element {index} of {}", self.len);
        // SAFETY: in bounds by the assertion, aligned because the base is page-aligned and elements
        // are multiples of eight bytes, and valid for as long as the mapping, which `self` owns.
        unsafe {
            let first = self.base.as_ptr().add(index * size_of::<T>());
            std::slice::from_raw_parts(first.cast::<AtomicU64>(), size_of::<T>() / 8)
        }
    }

    /// All of the table as bytes, for the mark table.
    #[must_use]
    pub fn bytes(&self) -> &[AtomicU8] {
        // SAFETY: the whole mapping, which `self` owns, is at least this long.
        unsafe { std::slice::from_raw_parts(self.base.as_ptr().cast(), self.len * size_of::<T>()) }
    }

    /// All of the table as words of four bytes.
    #[must_use]
    pub fn halves(&self) -> &[AtomicU32] {
        // SAFETY: as above; the base is page-aligned.
        unsafe {
            std::slice::from_raw_parts(self.base.as_ptr().cast(), self.len * size_of::<T>() / 4)
        }
    }

    /// All of the table as words of eight bytes.
    #[must_use]
    pub fn all_words(&self) -> &[AtomicU64] {
        // SAFETY: as above.
        unsafe {
            std::slice::from_raw_parts(self.base.as_ptr().cast(), self.len * size_of::<T>() / 8)
        }
    }

    /// The first four bytes of an element: the sequence number of those that have one.
    #[must_use]
    pub fn sequence(&self, index: usize) -> u32 {
        self.halves()[index * size_of::<T>() / 4].load(Ordering::Acquire)
    }

    /// Stores one 8-byte word of an element, with a barrier behind it.
    pub fn store_word(&self, index: usize, word: usize, value: u64) {
        self.words(index)[word].store(value, Ordering::SeqCst);
    }
}

impl<T: Plain> Table<T> {
    /// A copy of an element whose writers keep a sequence number in its first four bytes (odd
    /// while they write): all of it from one moment.
    #[must_use]
    pub fn read(&self, index: usize) -> T {
        for _ in 0..ATTEMPTS {
            let before = self.sequence(index);
            if before.is_multiple_of(2) {
                let value = self.copy(index);
                fence(Ordering::Acquire);
                if self.sequence(index) == before {
                    return value;
                }
            }
            std::hint::spin_loop();
        }
        self.copy(index)
    }

    /// An element as it is, each word on its own.
    #[must_use]
    pub fn load(&self, index: usize) -> T {
        self.copy(index)
    }

    fn copy(&self, index: usize) -> T {
        let mut value = std::mem::MaybeUninit::<T>::uninit();
        let target = value.as_mut_ptr().cast::<u64>();
        for (offset, word) in self.words(index).iter().enumerate() {
            // SAFETY: `target` has room for as many words as the element has; every store is in it.
            unsafe {
                target
                    .add(offset)
                    .write_unaligned(word.load(Ordering::Relaxed))
            };
        }
        // SAFETY: every byte was written, and `Plain` says every bit pattern is a value.
        unsafe { value.assume_init() }
    }
}

/// A value out of bytes that the kernel side wrote; `None` if they are too few.
#[must_use]
pub fn from_bytes<T: Plain>(bytes: &[u8]) -> Option<T> {
    // SAFETY: long enough, and `Plain` says every bit pattern is a value.
    (bytes.len() >= size_of::<T>()).then(|| unsafe { ptr::read_unaligned(bytes.as_ptr().cast()) })
}

impl<T> Drop for Table<T> {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and no reference into it outlives `self`.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), self.bytes) };
    }
}
