//! Temperature of the CPU and the graphics processors, read in the background while somebody asks.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    background::{Ages, Background},
    gpu::{self, Gpu, Gpus},
    procfs::Root,
    sensors::{self, Sensors},
};

/// What hangs is given for so long as it was last.
const FORGOTTEN: Duration = Duration::from_secs(60);

/// How long the first reading is waited for. Drivers may need seconds to wake a device.
const PATIENCE: Duration = Duration::from_millis(300);

/// What may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether graphics processors are looked for.
    pub gpus: bool,
    /// Whether temperatures of the CPU and of disks are read.
    pub temperatures: bool,
}

impl Default for Settings {
    /// Everything.
    fn default() -> Self {
        Self {
            gpus: true,
            temperatures: true,
        }
    }
}

/// Reads what the metrics tell about hardware.
#[derive(Debug)]
pub struct Hardware {
    cpu: Option<Source<Sensors, Option<f32>>>,
    gpus: Option<Source<Gpus, Arc<[Gpu]>>>,
}

/// Something to read from, and what it said.
#[derive(Debug)]
struct Source<S, T> {
    from: Arc<Mutex<S>>,
    value: Background<T>,
}

impl<S: Send + 'static, T: Clone + Send + Sync + 'static> Source<S, T> {
    fn new(from: S) -> Self {
        Self {
            from: Arc::new(Mutex::new(from)),
            value: Background::default(),
        }
    }

    async fn get(&self, ages: Ages, read: fn(&mut S) -> T) -> Option<T> {
        let from = Arc::clone(&self.from);
        let read = move || read(&mut from.lock().unwrap_or_else(PoisonError::into_inner));
        self.value.get(ages, read).await
    }
}

impl Hardware {
    /// What `settings` allow, below `root`. Nothing is read yet.
    #[must_use]
    pub fn new(root: &Root, settings: Settings) -> Self {
        let cpu = || Source::new(Sensors::new(root.sys.clone()));
        let gpus = || Source::new(Gpus::new(root.sys.clone()));
        Self {
            cpu: settings.temperatures.then(cpu),
            gpus: settings.gpus.then(gpus),
        }
    }

    /// Temperature of the CPU in degrees Celsius.
    pub async fn cpu_celsius(&self) -> Option<f32> {
        let cpu = self.cpu.as_ref()?;
        // Where there is none it is only looked for now and then.
        let none = cpu.value.last().is_some_and(|last| last.1.is_none());
        let fresh = if none {
            sensors::RESCAN
        } else {
            sensors::LIFETIME
        };
        let celsius = cpu.get(ages(fresh, sensors::RESCAN), |from| {
            from.cpu(Instant::now())
        });
        celsius.await.flatten()
    }

    /// The graphics processors.
    pub async fn gpus(&self) -> Arc<[Gpu]> {
        let Some(gpus) = &self.gpus else {
            return Arc::default();
        };
        let none = gpus.value.last().is_some_and(|last| last.1.is_empty());
        let fresh = if none { gpu::LOOK_AGAIN } else { gpu::LIFETIME };
        let all = gpus.get(ages(fresh, gpu::LOOK_AGAIN), |from| {
            from.read(Instant::now()).into()
        });
        all.await.unwrap_or_default()
    }
}

fn ages(fresh: Duration, again: Duration) -> Ages {
    Ages {
        fresh,
        usable: again + Duration::from_secs(5),
        last: Some(FORGOTTEN),
        patience: PATIENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::testing::Tree;

    fn tree() -> Tree {
        let tree = Tree::new();
        tree.file("sys/class/hwmon/hwmon0/name", "coretemp\n")
            .file("sys/class/hwmon/hwmon0/temp1_label", "Package id 0\n")
            .file("sys/class/hwmon/hwmon0/temp1_input", "50000\n")
            .file("sys/class/drm/card0/device/vendor", "0x1002\n");
        tree
    }

    fn read(settings: Settings) -> (Option<f32>, usize) {
        let tree = tree();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        runtime.block_on(async {
            let hardware = Hardware::new(&tree.root, settings);
            (hardware.cpu_celsius().await, hardware.gpus().await.len())
        })
    }

    #[test]
    fn what_is_switched_off_is_not_read() {
        assert_eq!(read(Settings::default()), (Some(50.0), 1));
        let settings = |gpus, temperatures| Settings { gpus, temperatures };
        assert_eq!(read(settings(false, true)), (Some(50.0), 0));
        assert_eq!(read(settings(true, false)), (None, 1));
    }

    /// A pipe that nobody writes to: opening it never returns.
    #[test]
    fn a_sensor_that_hangs_holds_nobody() {
        let tree = tree();
        let path = tree.root.sys.join("class/hwmon/hwmon0/temp1_input");
        std::fs::remove_file(&path).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            0o600.into(),
            0,
        )
        .unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        runtime.block_on(async {
            let hardware = Hardware::new(&tree.root, Settings::default());
            let asked = Instant::now();
            for _ in 0..50 {
                assert_eq!(hardware.cpu_celsius().await, None);
            }
            assert!(asked.elapsed() < PATIENCE * 25, "each of them waited");
            // The other kind is not held either.
            assert_eq!(hardware.gpus().await.len(), 1);
        });
        runtime.shutdown_background();
        // Lets the thread go.
        drop(std::fs::File::options().write(true).open(&path));
    }
}
