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
