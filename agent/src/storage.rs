//! The list of disks for the clients: sizes, and temperatures of the devices.
//!
//! Nothing here is asked on a thread that others wait for. Local file systems are asked together,
//! each remote one on a thread of its own: one that never answers costs that thread, and shows the
//! size it had last.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use crate::{
    background::{Ages, Background},
    procfs::{
        Disk, Error, MountTable, Root,
        disks::{self, Planned, Reach, Space},
        mount_table::space,
    },
    sensors::{self, Sensors},
};

/// At most so many remote file systems are asked at a time.
const REMOTE_THREADS: usize = 16;

/// Always asked anew, and waited for so long.
const LOCAL: Ages = Ages {
    fresh: Duration::ZERO,
    usable: Duration::ZERO,
    last: None,
    patience: Duration::from_secs(2),
};

/// A remote answer costs the peer something.
const REMOTE: Ages = Ages {
    fresh: Duration::from_secs(2),
    patience: Duration::from_millis(200),
    ..LOCAL
};

/// Some disks are asked for it by a command of their own.
const TEMPERATURE: Ages = Ages {
    fresh: sensors::LIFETIME,
    usable: sensors::LIFETIME,
    last: Some(Duration::from_secs(60)),
    patience: Duration::from_millis(200),
};

/// Number and place of a mount.
type Key = (u32, Vec<u8>);

/// What was found about local file systems.
#[derive(Debug, Clone)]
struct Local {
    plan: Arc<[Planned]>,
    /// By number of the mount.
    spaces: Arc<BTreeMap<u32, Space>>,
}

/// Asks for the disks below one [`Root`].
#[derive(Debug)]
pub struct Storage {
    root: Root,
    table: Arc<Mutex<Option<MountTable>>>,
    local: Background<Result<Local, Error>>,
    remote: Mutex<BTreeMap<Key, Arc<Background<Option<Space>>>>>,
    sensors: Option<Arc<Mutex<Sensors>>>,
    celsius: Background<Arc<BTreeMap<String, f32>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Storage {
    /// The disks below `root`, with temperatures or without. Nothing is read yet.
    #[must_use]
    pub fn new(root: Root, temperatures: bool) -> Self {
        let sensors = || Arc::new(Mutex::new(Sensors::new(root.sys.clone())));
        Self {
            sensors: temperatures.then(sensors),
            root,
            table: Arc::default(),
            local: Background::default(),
            remote: Mutex::default(),
            celsius: Background::default(),
        }
    }

    /// The list, in the order of [`disks::list`].
    ///
    /// # Errors
    /// If the mount table cannot be read, in words.
    pub async fn list(&self) -> Result<Vec<Disk>, String> {
        let (root, table) = (self.root.clone(), Arc::clone(&self.table));
        let local = self
            .local
            .get(LOCAL, move || local(&root, &mut lock(&table)));
        let local = local.await.ok_or("a local file system does not answer")?;
        let Local { plan, spaces } = local.map_err(|error| error.to_string())?;
        let remote = self.remote(&plan).await;
        let celsius = self.celsius(&plan).await;
        let space = |one: &Planned| match one.reach {
            Reach::Local | Reach::Memory => spaces.get(&one.id).copied(),
            Reach::Remote => remote.get(&one.id).copied(),
        };
        Ok(disks::list(&plan, space, |disk| celsius.get(disk).copied()))
    }

    /// Sizes of the remote file systems that have ever answered, by number of the mount.
    async fn remote(&self, plan: &[Planned]) -> BTreeMap<u32, Space> {
        let planned = plan.iter().filter(|one| one.reach == Reach::Remote);
        let asked: Vec<_> = {
            let mut known = lock(&self.remote);
            let old = std::mem::take(&mut *known);
            for one in planned.clone() {
                let key = (one.id, one.mount_point.clone());
                let value = old.get(&key).cloned().unwrap_or_default();
                known.insert(key, value);
            }
            let values = planned.map(|one| {
                let key = (one.id, one.mount_point.clone());
                (known.get(&key).cloned().unwrap_or_default(), key)
            });
            values.collect()
        };
        let answers = asked.iter().map(async |(value, (id, point))| {
            let busy = asked.iter().filter(|one| one.0.is_reading()).count();
            let answer = if busy >= REMOTE_THREADS && !value.is_reading() {
                value.last().map(|last| last.1)
            } else {
                let point = point.clone();
                value.get(REMOTE, move || space(&point)).await
            };
            Some((*id, answer??))
        });
        join_all(answers).await.into_iter().flatten().collect()
    }

    /// Temperatures in degrees Celsius, by the kernel's name of the disk.
    async fn celsius(&self, plan: &[Planned]) -> Arc<BTreeMap<String, f32>> {
        let devices = plan.iter().filter_map(|one| one.device.as_ref());
        let mut disks: Vec<_> = devices.map(|device| device.disk.clone()).collect();
        let Some(sensors) = self.sensors.clone().filter(|_| !disks.is_empty()) else {
            return Arc::default();
        };
        disks.sort();
        disks.dedup();
        // Where there is none they are only looked for now and then.
        let none = self.celsius.last().is_some_and(|last| last.1.is_empty());
        let fresh = if none {
            sensors::RESCAN
        } else {
            sensors::LIFETIME
        };
        let ages = Ages {
            fresh,
            usable: fresh,
            ..TEMPERATURE
        };
        let read = move || Arc::new(lock(&sensors).disks(disks, Instant::now()));
        self.celsius.get(ages, read).await.unwrap_or_default()
    }
}

/// Local sizes, and what there is besides.
fn local(root: &Root, table: &mut Option<MountTable>) -> Result<Local, Error> {
    let table = match table {
        Some(table) => table,
        None => table.insert(MountTable::open(root)?),
    };
    let plan = table.plan(Instant::now())?;
    let local = plan.iter().filter(|one| one.reach != Reach::Remote);
    let spaces = local.filter_map(|one| Some((one.id, space(&one.mount_point)?)));
    let spaces = Arc::new(spaces.collect());
    Ok(Local { plan, spaces })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::testing::Tree;

    fn run<T>(future: impl Future<Output = T>) -> T {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().build().unwrap();
        let value = runtime.block_on(future);
        runtime.shutdown_background();
        value
    }

    fn names(disks: &[Disk]) -> Vec<&str> {
        disks.iter().map(|disk| &*disk.name).collect()
    }

    #[test]
    fn the_mount_table_the_space_and_the_sensors_are_joined() {
        let tree = Tree::new();
        let disk = "sys/devices/pci0/nvme/nvme0/nvme0n1";
        tree.file(&format!("{disk}/nvme0n1p1/partition"), "1\n")
            .link(
                "sys/dev/block/259:1",
                "../../devices/pci0/nvme/nvme0/nvme0n1/nvme0n1p1",
            )
            .link(
                "sys/class/block/nvme0n1",
                "../../devices/pci0/nvme/nvme0/nvme0n1",
            )
            .file("sys/devices/pci0/nvme/nvme0/hwmon9/name", "nvme\n")
            .file("sys/devices/pci0/nvme/nvme0/hwmon9/temp1_input", "41000\n")
            .link("sys/devices/pci0/nvme/nvme0/hwmon9/device", "../../nvme0")
            .link(
                "sys/class/hwmon/hwmon9",
                "../../devices/pci0/nvme/nvme0/hwmon9",
            );
        let mounts = "1 0 259:1 / / rw - ext4 /dev/nvme0n1p1 rw\n\
             2 1 0:9 / /gone rw - ext4 /dev/sdb rw\n\
             4 1 0:8 / /tmp rw - tmpfs tmpfs rw\n";
        tree.file("proc/self/mountinfo", mounts);
        let rows = |temperatures| {
            let disks = run(Storage::new(tree.root.clone(), temperatures).list()).unwrap();
            let rows = disks.into_iter().map(|disk| (disk.name, disk.temperature));
            rows.collect::<Vec<_>>()
        };
        let expected = [
            ("/dev/nvme0n1".to_owned(), Some(41.0)),
            ("/dev/nvme0n1p1".to_owned(), Some(41.0)),
            ("tmpfs:/tmp".to_owned(), None),
        ];
        assert_eq!(rows(true), expected, "/gone has no size");
        assert!(rows(false).iter().all(|row| row.1.is_none()));
    }

    #[test]
    fn a_remote_file_system_that_answers_is_listed_last() {
        let tree = Tree::new();
        // Any directory tells a size; this one stands for a server's.
        let mounts = "1 0 8:1 / / rw - ext4 /dev/a rw\n\
             3 1 0:9 / /tmp rw - nfs4 server:/export rw\n\
             4 1 0:9 / /no/such/place rw - cifs //gone/x rw\n";
        tree.file("proc/self/mountinfo", mounts);
        let disks = run(Storage::new(tree.root.clone(), true).list()).unwrap();
        assert_eq!(names(&disks), ["/dev/a", "server:/export"]);
        assert_eq!(disks[1].mount_point.as_deref(), Some("/tmp"));
        assert_eq!(disks[1].fs_type.as_deref(), Some("nfs4"));
    }

    #[test]
    fn a_mount_that_hangs_is_left_out_or_has_its_last_size() {
        let tree = Tree::new();
        tree.file(
            "proc/self/mountinfo",
            "1 0 8:1 / / rw - ext4 /dev/a rw\n2 1 0:9 / /tmp rw - nfs4 server:/x rw\n",
        );
        run(async {
            let storage = Storage::new(tree.root.clone(), true);
            let (release, hung) = std::sync::mpsc::channel::<()>();
            let value = Arc::new(Background::default());
            let hang = move || {
                let _ = hung.recv();
                None
            };
            let key = (2, b"/tmp".to_vec());
            lock(&storage.remote).insert(key, Arc::clone(&value));
            let impatient = Ages {
                patience: Duration::ZERO,
                ..LOCAL
            };
            value.get(impatient, hang).await;
            assert_eq!(
                names(&storage.list().await.unwrap()),
                ["/dev/a"],
                "never answered"
            );
            drop(release);
            while value.is_reading() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let size = Space {
                total: 7,
                available: 3,
            };
            value.get(LOCAL, move || Some(size)).await;
            let (release, hung) = std::sync::mpsc::channel::<()>();
            let hang = move || {
                let _ = hung.recv();
                None
            };
            value.get(impatient, hang).await;
            let disks = storage.list().await.unwrap();
            assert_eq!(names(&disks), ["/dev/a", "server:/x"]);
            assert_eq!((disks[1].total, disks[1].available), (7, 3));
            assert!(value.is_reading(), "it still hangs");
            drop(release);
        });
    }

    #[test]
    fn no_mount_table_is_an_error() {
        let tree = Tree::new();
        let error = run(Storage::new(tree.root.clone(), true).list()).unwrap_err();
        assert!(error.contains("mountinfo"), "{error}");
    }
}
