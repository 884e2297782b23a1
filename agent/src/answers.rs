//! Answers to socktop's requests: fresh when they are old enough, shared between all clients.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use rustix::system::uname;
use subjiffy_proto::socktop::{Disk, Encoder, ErrorObject, Frame, Gpu, Metrics, Network, Request};

use crate::{
    gpu,
    hardware::{self, Hardware},
    model::MachineSnapshot,
    procfs::{Interface, Root},
    rows::Rows,
    sampler::{Attached, Handle},
    serve::Answers,
    storage::Storage,
};

/// For how long an answer is given again, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// CPU, memory and network.
    pub metrics: Duration,
    /// Mounted disks.
    pub disks: Duration,
    /// The process list.
    pub processes: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            metrics: Duration::from_millis(250),
            disks: Duration::from_millis(1000),
            processes: Duration::from_millis(1500),
        }
    }
}

impl Lifetimes {
    /// The defaults, changed by the reference agent's variables (`SOCKTOP_AGENT_METRICS_TTL_MS`
    /// and so on), read through `variable`. 0 makes every answer new.
    ///
    /// # Errors
    /// Which variable makes no sense, and what would.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let lifetime = |kind: &str, default: Duration| {
            let name = format!("SOCKTOP_AGENT_{kind}_TTL_MS");
            let Some(text) = variable(&name) else {
                return Ok(default);
            };
            let wrong = |_| format!("{name}={text:?} is no number of milliseconds, such as 250");
            text.trim()
                .parse()
                .map(Duration::from_millis)
                .map_err(wrong)
        };
        let default = Self::default();
        Ok(Self {
            metrics: lifetime("METRICS", default.metrics)?,
            disks: lifetime("DISKS", default.disks)?,
            processes: lifetime("PROCESSES", default.processes)?,
        })
    }
}

/// An answer and when it was made. The lock is held while the next one is made: requests that
/// come meanwhile get that one too.
type Cache = tokio::sync::Mutex<Option<(Instant, Frame)>>;

/// Everything socktop's clients may ask for.
#[derive(Debug)]
pub struct Socktop {
    sampler: Handle,
    hardware: Hardware,
    storage: Storage,
    lifetimes: Lifetimes,
    metrics: Cache,
    disks: Cache,
    processes: Cache,
    // Never held across an await.
    encoder: Mutex<(Encoder, Rows)>,
}

impl Socktop {
    /// Answers from what `sampler` collects and the hardware and disks below `root`.
    #[must_use]
    pub fn new(
        sampler: Handle,
        root: Root,
        lifetimes: Lifetimes,
        hardware: hardware::Settings,
    ) -> Self {
        Self {
            sampler,
            hardware: Hardware::new(&root, hardware),
            storage: Storage::new(root, hardware.temperatures),
            lifetimes,
            metrics: Cache::default(),
            disks: Cache::default(),
            processes: Cache::default(),
            encoder: Mutex::default(),
        }
    }

    async fn cached(
        cache: &Cache,
        lifetime: Duration,
        make: impl Future<Output = Result<Frame, String>>,
    ) -> Result<Frame, String> {
        let mut cache = cache.lock().await;
        if let Some((made, frame)) = &*cache
            && made.elapsed() < lifetime
        {
            return Ok(frame.clone());
        }
        let frame = make.await?;
        *cache = Some((Instant::now(), frame.clone()));
        Ok(frame)
    }

    async fn metrics(&self) -> Result<Frame, String> {
        let (machine, cpu_temp_c, gpus) = tokio::join!(
            self.sampler.machine(Duration::ZERO),
            self.hardware.cpu_celsius(),
            self.hardware.gpus(),
        );
        let metrics = Metrics {
            cpu_temp_c,
            gpus: (!gpus.is_empty()).then(|| gpus.iter().map(gpu).collect()),
            ..metrics(&machine.ok_or(ENDING)?)
        };
        Ok(self.encode(|encoder, _| encoder.metrics(metrics)))
    }

    async fn disks(&self) -> Result<Frame, String> {
        let disks = self.storage.list().await?.into_iter().map(|disk| Disk {
            name: disk.name,
            total: disk.total,
            available: disk.available,
            temperature: disk.temperature,
            is_partition: disk.is_partition,
            mount_point: disk.mount_point,
            fs_type: disk.fs_type,
        });
        Ok(self.encode(|encoder, _| encoder.disks(disks.collect())))
    }

    async fn processes(&self) -> Result<Frame, String> {
        let snapshot = self.sampler.processes(Duration::ZERO).await.ok_or(ENDING)?;
        Ok(self
            .encode(|encoder, rows| encoder.processes(snapshot.living as u64, rows.of(&snapshot))))
    }

    fn encode(&self, make: impl FnOnce(&mut Encoder, &mut Rows) -> Frame) -> Frame {
        let mut guard = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let (encoder, rows) = &mut *guard;
        make(encoder, rows)
    }
}

/// What a client is told that asks while the agent stops.
const ENDING: &str = "the agent is shutting down";

impl Answers for Socktop {
    type Attached = Attached;

    fn attach(&self) -> Attached {
        self.sampler.attach()
    }

    async fn answer(&self, request: Request) -> Frame {
        let Lifetimes {
            metrics,
            disks,
            processes,
        } = self.lifetimes;
        let result = match request {
            Request::Metrics => Self::cached(&self.metrics, metrics, self.metrics()).await,
            Request::Disks => Self::cached(&self.disks, disks, self.disks()).await,
            Request::Processes => Self::cached(&self.processes, processes, self.processes()).await,
            Request::ProcessMetrics { .. } | Request::JournalEntries { .. } => Err(format!(
                "{} is not answered by this version of subjiffy",
                request.name()
            )),
        };
        result.unwrap_or_else(|error| ErrorObject::new(request, error).to_frame())
    }
}

fn metrics(machine: &Arc<MachineSnapshot>) -> Metrics {
    let percent = |share: f64| (share * 100.0) as f32;
    let memory = &machine.memory;
    Metrics {
        sampled_at_ms: machine.at.wall_ns / 1_000_000,
        cpu_total: percent(machine.busy),
        cpu_per_core: machine.busy_by_cpu.iter().copied().map(percent).collect(),
        mem_total: memory.total,
        mem_used: memory.used(),
        swap_total: memory.swap_total,
        swap_used: memory.swap_used(),
        hostname: uname().nodename().to_string_lossy().into_owned(),
        networks: networks(&machine.interfaces, true),
        networks_virtual: networks(&machine.interfaces, false),
        ..Metrics::default()
    }
}

/// The interfaces whose traffic counts, or the others.
fn networks(interfaces: &[Interface], counted: bool) -> Vec<Network> {
    let chosen = interfaces.iter().filter(|one| one.class.counted == counted);
    let networks = chosen.map(|interface| Network {
        name: interface.name.lossy().into_owned(),
        received: interface.rx_bytes,
        transmitted: interface.tx_bytes,
        kind: interface.class.kind.lossy().into_owned().into(),
    });
    networks.collect()
}

fn gpu(gpu: &gpu::Gpu) -> Gpu {
    Gpu {
        name: Some(gpu.name.clone()),
        vendor: Some(gpu.vendor.to_owned()),
        utilization_gpu_pct: gpu.busy_percent,
        mem_used_bytes: gpu.memory.map(|memory| memory.used),
        mem_total_bytes: gpu.memory.map(|memory| memory.total),
        temp_c: gpu.celsius,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{interfaces::Class, procfs::Name};

    #[test]
    fn the_sum_the_client_makes_counts_each_byte_once() {
        let interface = |name: &[u8], kind: &[u8], counted| Interface {
            name: Name::shortened(name),
            rx_bytes: 100,
            tx_bytes: 10,
            class: Class {
                kind: Name::shortened(kind),
                counted,
            },
            ..Interface::default()
        };
        let snapshot = MachineSnapshot {
            interfaces: vec![
                interface(b"lo", b"loopback", false),
                interface(b"eth0", b"physical", true),
                interface(b"br0", b"bridge", false),
            ],
            ..MachineSnapshot::default()
        };
        let metrics = metrics(&Arc::new(snapshot));
        let sum: u64 = metrics.networks.iter().map(|one| one.received).sum();
        assert_eq!(sum, 100);
        let names = |list: &[Network]| {
            let names = list.iter().map(|one| format!("{} {}", one.name, one.kind));
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&metrics.networks), ["eth0 physical"]);
        assert_eq!(
            names(&metrics.networks_virtual),
            ["lo loopback", "br0 bridge"]
        );
    }

    #[test]
    fn a_graphics_processor_without_memory_crashes_no_client() {
        let mut metrics = Metrics {
            gpus: Some(vec![gpu(&gpu::Gpu {
                memory: Some(gpu::Memory { used: 5, total: 0 }),
                busy_percent: Some(250.0),
                ..gpu::Gpu::default()
            })]),
            ..Metrics::default()
        };
        metrics.sanitize();
        let gpu = &metrics.gpus.unwrap()[0];
        assert_eq!((gpu.mem_used_bytes, gpu.mem_total_bytes), (None, None));
        assert_eq!(gpu.utilization_gpu_pct, Some(100.0));
    }

    #[test]
    fn the_reference_agents_variables_are_understood() {
        let with = |name: &'static str, value: &'static str| {
            Lifetimes::from_variables(move |asked| (asked == name).then(|| value.to_owned()))
        };
        let metrics = with("SOCKTOP_AGENT_METRICS_TTL_MS", "0").map(|one| one.metrics);
        assert_eq!(metrics, Ok(Duration::ZERO));
        let disks = with("SOCKTOP_AGENT_DISKS_TTL_MS", "70").map(|one| one.disks);
        assert_eq!(disks, Ok(Duration::from_millis(70)));
        let error = with("SOCKTOP_AGENT_PROCESSES_TTL_MS", "1s").unwrap_err();
        assert!(
            error.contains("PROCESSES_TTL_MS") && error.contains("1s"),
            "{error}"
        );
        assert_eq!(with("HOME", "1"), Ok(Lifetimes::default()));
    }
}
