//! Giving memory back.

/// Gives memory that was freed back to the system. Parsing the kernel's type information takes
/// tens of megabytes for some milliseconds, which the allocator would otherwise keep for good.
pub fn release_memory() {
    #[cfg(target_env = "gnu")]
    #[expect(
        unsafe_code,
        reason = "the C library's allocator has no safe interface"
    )]
    // SAFETY: malloc_trim has no preconditions and touches only memory that is not in use.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// Has the allocator keep less of what is freed: one arena for all threads, which seldom allocate at
/// once, and large blocks that always come from the system and go back to it (otherwise the first
/// one that is freed makes it keep others of that size). Call it before there are threads.
pub fn keep_little() {
    #[cfg(target_env = "gnu")]
    #[expect(
        unsafe_code,
        reason = "the C library's allocator has no safe interface"
    )]
    // SAFETY: mallopt only sets parameters of the allocator; one that it does not know is ignored.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

/// Blocks of so many bytes are large: the kernel's type information, samples of many processes.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 128 << 10;
