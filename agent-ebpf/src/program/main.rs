//! The programs that run in the kernel.
//!
//! * `layout`: where this kernel keeps what we read
//! * `task`: reading a `task_struct`
//! * `table`: the slots, their directory and their marks
//! * `cpu`: what each CPU does now
//! * `switch`: the hot hook
//! * `clocks`: the CPUs' clocks, read with a sample
//! * `lifecycle`: fork, exec, rename
//! * `calls`: bytes and calls on sockets
//! * `functions`: the same where no tracepoint tells of it
//! * `connections`: TCP connections and segments sent again
//! * `traffic`: the slots of these two; `socket`: reading a `struct sock`
//! * `bench`: an empty hook to compare with
//! * `census`: the tasks that lived before the hooks were attached
#![expect(
    unsafe_code,
    reason = "loads through kernel pointers and map values; the verifier checks each"
)]
#![expect(
    internal_features,
    reason = "the only way to an atomic addition on this target"
)]
#![feature(core_intrinsics)]
#![no_std]
#![no_main]

mod bench;
mod calls;
mod census;
mod clocks;
mod connections;
mod cpu;
mod functions;
mod layout;
mod lifecycle;
mod socket;
mod switch;
mod table;
mod task;
mod traffic;

#[panic_handler]
fn panic(_info: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";
