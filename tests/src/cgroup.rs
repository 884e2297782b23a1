//! A control group around a workload: it counts every nanosecond of its members, also of those
//! that died.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A fresh group; removed on drop, when its members are gone.
pub struct Group {
    path: PathBuf,
}

const ROOTS: [&str; 3] = [
    "/sys/fs/cgroup/cpuacct",
    "/sys/fs/cgroup",
    "/sys/fs/cgroup/unified",
];

impl Group {
    /// A group, where the machine lets us have one.
    pub fn new() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("subjiffy-tests-{}-{number}", std::process::id());
        ROOTS.iter().find_map(|root| {
            let group = Self {
                path: Path::new(root).join(&name),
            };
            fs::create_dir(&group.path).ok()?;
            (group.usage_file().is_some() && group.path.join("cgroup.procs").exists())
                .then_some(group)
        })
    }

    /// Moves a process into the group.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add(&self, pid: u32) -> std::io::Result<()> {
        fs::write(self.path.join("cgroup.procs"), pid.to_string())
    }

    /// CPU time of all members so far; members that are on a CPU right now lag behind.
    pub fn usage_ns(&self) -> u64 {
        self.usage_file().unwrap_or(0)
    }

    fn usage_file(&self) -> Option<u64> {
        if let Ok(text) = fs::read_to_string(self.path.join("cpuacct.usage")) {
            return text.trim().parse().ok();
        }
        let text = fs::read_to_string(self.path.join("cpu.stat")).ok()?;
        let us: u64 = text
            .lines()
            .find_map(|l| l.strip_prefix("usage_usec "))?
            .parse()
            .ok()?;
        Some(us * 1_000)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A dead member leaves the group a moment after it was reaped.
        for _ in 0..50 {
            if fs::remove_dir(&self.path).is_ok() || !self.path.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
