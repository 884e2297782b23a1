//! A child process that is always reaped.

use rustix::process::{Pid, kill_process};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

pub use rustix::process::Signal;

/// Copies a program or a script to where it is executed. Another process writes it: one that is
/// forked here meanwhile, by another test, would hold the new file open for writing, and the kernel
/// executes no such file (`ETXTBSY`).
///
/// # Panics
/// When it cannot be copied.
pub fn install(from: &Path, to: &Path) {
    let mut command = Command::new("install");
    let status = command.args(["-m", "755"]).arg(from).arg(to).status();
    let copied = status.is_ok_and(|status| status.success());
    assert!(copied, "{} to {}", from.display(), to.display());
}

/// Kills and reaps on drop.
pub struct Owned(pub Child);

impl Owned {
    /// The pid.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        kill_process(pid, signal).unwrap_or_else(|e| panic!("signal to {}: {e}", self.id()));
    }

    /// Waits for the end of the process.
    ///
    /// # Panics
    /// When it does not end in time.
    pub fn end_within(&mut self, limit: Duration) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("wait") {
                return status;
            }
            assert!(
                start.elapsed() < limit,
                "process {} still runs after {limit:?}",
                self.id()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
