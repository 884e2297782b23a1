//! fork and its relatives, wrapped once. The only unsafe code of the workloads.
#![allow(
    unsafe_code,
    reason = "fork, clone3, alarm and SYS_exit have no safe wrapper"
)]

use std::io::Error;

/// Ends the process after `seconds`; children do not inherit it.
pub fn alarm(seconds: u32) {
    // SAFETY: alarm takes no pointer and the default action of SIGALRM is to end the process.
    unsafe { libc::alarm(seconds) };
}

/// Forks; the child runs `work` and exits with its return value without running destructors.
///
/// `work` must keep to async-signal-safe calls unless the caller has a single thread, which every
/// caller here has.
pub fn fork(work: impl FnOnce() -> i32) -> Result<i32, String> {
    // SAFETY: the process is single-threaded, so the child finds no lock held by a lost thread.
    match unsafe { libc::fork() } {
        -1 => Err(format!("fork: {}", Error::last_os_error())),
        0 => leave(work()),
        pid => Ok(pid),
    }
}

/// Like [`fork`], but the child gets exactly this pid, which must be free.
pub fn fork_with_pid(pid: i32, work: impl FnOnce() -> i32) -> Result<i32, String> {
    let set_tid = [pid];
    // SAFETY: clone_args consists of integers, for which zero means "not used".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.exit_signal = libc::SIGCHLD as u64;
    args.set_tid = set_tid.as_ptr() as u64;
    args.set_tid_size = 1;
    // SAFETY: args and set_tid outlive the call; without CLONE_VM the child has its own memory,
    // so this is a fork.
    let result = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of_val(&args)) };
    match result {
        -1 => Err(format!("clone3 with pid {pid}: {}", Error::last_os_error())),
        0 => leave(work()),
        child => Ok(child as i32),
    }
}

/// In a child: dies with its parent, so that nothing is left over when the parent is killed.
pub fn die_with_parent() {
    // SAFETY: PR_SET_PDEATHSIG takes a signal number and touches no memory.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Waits for one child; false when there is none left.
pub fn reap_one() -> bool {
    // SAFETY: a null status pointer is allowed.
    unsafe { libc::waitpid(-1, std::ptr::null_mut(), 0) > 0 }
}

/// Waits for this child.
pub fn reap(pid: u32) {
    // SAFETY: a null status pointer is allowed.
    unsafe { libc::waitpid(pid.cast_signed(), std::ptr::null_mut(), 0) };
}

/// Returns when the child is dead, without reaping it.
pub fn wait_for_zombie(pid: i32) {
    // SAFETY: siginfo_t consists of integers; waitid fills it and it is not read.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let id = pid.unsigned_abs();
        libc::waitid(
            libc::P_PID,
            id,
            &raw mut info,
            libc::WEXITED | libc::WNOWAIT,
        );
    }
}

/// User and system time of all reaped children.
pub fn children_rusage_ns() -> (u64, u64) {
    let ns = |t: libc::timeval| t.tv_sec as u64 * 1_000_000_000 + t.tv_usec as u64 * 1_000;
    // SAFETY: rusage consists of integers and getrusage fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    };
    (ns(usage.ru_utime), ns(usage.ru_stime))
}

/// Ends the calling thread only, also when it is the first one.
pub fn exit_thread() -> ! {
    // SAFETY: the thread owns nothing that another one uses; the process goes on.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("SYS_exit does not return")
}

fn leave(status: i32) -> ! {
    // SAFETY: _exit is async-signal-safe and does not return.
    unsafe { libc::_exit(status) }
}
