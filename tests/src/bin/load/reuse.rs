//! Two processes with one pid.

use crate::args::Args;
use crate::clock::{PROCESS, burn_us, now_ns};
use crate::fork;
use crate::steps::{Steps, say};
use rustix::fd::{AsFd, OwnedFd};
use rustix::pipe::pipe;

/// A first child sleeps until the next line of stdin; then it burns and dies, and a second child
/// with the same pid burns three times as much and sleeps until this process ends.
pub fn reuse(args: &mut Args, steps: Steps) -> Result<(), String> {
    let burn: u64 = args.required("burn-us")?;
    args.done()?;
    let (first_wait, first_go) = pipe().map_err(|e| format!("pipe: {e}"))?;
    let (last_wait, last_go) = pipe().map_err(|e| format!("pipe: {e}"))?;
    let (report, first_says) = pipe().map_err(|e| format!("pipe: {e}"))?;
    let pid = fork::fork(|| {
        fork::die_with_parent();
        wait_for_byte(&first_wait);
        burn_us(PROCESS, burn);
        tell(&first_says, now_ns(PROCESS));
        0
    })?;
    say(&format!("{{\"child\":{pid}}}"));
    steps.next();

    tell(&first_go, 1);
    fork::reap_one();
    let (second_report, second_says) = pipe().map_err(|e| format!("pipe: {e}"))?;
    fork::fork_with_pid(pid, || {
        fork::die_with_parent();
        burn_us(PROCESS, 3 * burn);
        tell(&second_says, now_ns(PROCESS));
        wait_for_byte(&last_wait);
        0
    })?;
    let (first, second) = (read_u64(&report), read_u64(&second_report));
    steps.done(&format!("{{\"first_ns\":{first},\"second_ns\":{second}}}"));
    tell(&last_go, 1);
    fork::reap_one();
    Ok(())
}

fn tell(fd: &OwnedFd, value: u64) {
    let _ = rustix::io::write(fd.as_fd(), &value.to_ne_bytes());
}

fn wait_for_byte(fd: &OwnedFd) {
    let _ = read_u64(fd);
}

fn read_u64(fd: &OwnedFd) -> u64 {
    let mut bytes = [0; 8];
    match rustix::io::read(fd.as_fd(), &mut bytes) {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => 0,
    }
}
