//! What a file's header says of the machine.

use std::{fmt, fs, path::Path};

use super::header::{field, rest};
use crate::{
    options::{Subsystem, Subsystems},
    reading::Machine,
    record::{Counters, Time},
};

/// A machine that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct System {
    /// Its name up to the first dot.
    pub host: String,
    /// When it was started, 1/100 s since the epoch.
    pub booted_cs: u64,
    /// What is installed.
    pub distro: String,
    /// What it is made as.
    pub platform: String,
    /// CPUs, also those that are offline.
    pub cpus: u32,
    /// Some of them are offline.
    pub cpus_disabled: bool,
    /// Zones of memory, lines of `/proc/buddyinfo`.
    pub zones: u32,
    /// Ticks in a second.
    pub hz: u64,
    /// Kind of CPUs, as the kernel has it.
    pub arch: String,
    /// Bytes of a page.
    pub page_size: u64,
    /// Who made the CPUs.
    pub vendor: String,
    /// Their clock in MHz, in words.
    pub mhz: String,
    /// Cores of a CPU package.
    pub cores: u32,
    /// Threads of a CPU package.
    pub siblings: u32,
    /// NUMA nodes.
    pub nodes: u32,
    /// Version of the kernel.
    pub kernel: String,
    /// Memory, KB.
    pub memory_kb: u64,
    /// Swap space, KB.
    pub swap_kb: u64,
    /// Names of the disks in records.
    pub disks: Vec<String>,
    /// Names of the interfaces in records, with their speed in Mbit/s where it is known.
    pub interfaces: Vec<(String, Option<u64>)>,
    /// Processes have `/proc/PID/io`. It is among the flags of a header, not among its facts.
    pub process_io: bool,
}

impl System {
    /// The machine whose `etc`, `proc` and `sys` are in the directory `root`. What it does not tell is empty
    /// or 0. `wall_ns` is the time now, since the epoch.
    #[must_use]
    pub fn of(root: &Path, wall_ns: u64) -> Self {
        let text = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
        let line = |path: &str| {
            text(path)
                .lines()
                .next()
                .unwrap_or_default()
                .trim_ascii()
                .to_owned()
        };
        let counters = counters(root);
        let numbered = |path: &str, name: &str| numbered(&root.join(path), name);
        let online = counters.cpus.len().try_into().unwrap_or(u32::MAX);
        let present = numbered("sys/devices/system/cpu", "cpu").max(online);
        let info = text("proc/cpuinfo");
        let of_cpu = |name: &str| rest_of(&info, name);
        let count = |name: &str| {
            of_cpu(name)
                .and_then(|count| count.parse().ok())
                .unwrap_or(1)
        };
        let host = line("proc/sys/kernel/hostname");
        let uptime = line("proc/uptime");
        let uptime = uptime
            .split(' ')
            .next()
            .and_then(|word| word.parse::<f64>().ok())
            .unwrap_or_default();
        let memory = counters.memory.unwrap_or_default();
        let speed = |name: &str| {
            let of = |file: &str| line(&format!("sys/class/net/{name}/{file}"));
            // Those of virtual machines and of tap devices are not true.
            let known = matches!(of("operstate").as_str(), "up" | "unknown")
                && !["vnet", "tap"].iter().any(|kind| name.starts_with(kind));
            known.then(|| of("speed").parse().ok()).flatten()
        };
        let interfaces = counters.interfaces.into_iter();
        Self {
            host: host.split('.').next().unwrap_or_default().to_owned(),
            booted_cs: (wall_ns / 1_000_000_000 * 100)
                .saturating_sub((uptime * 100.0).round() as u64),
            distro: distro(text),
            platform: Some(line("sys/class/dmi/id/product_name"))
                .filter(|name| !name.is_empty())
                .unwrap_or_else(|| "Unknown".to_owned()),
            cpus: present,
            cpus_disabled: online < present,
            zones: counters.buddies.len().try_into().unwrap_or(u32::MAX),
            hz: rustix::param::clock_ticks_per_second(),
            arch: format!("{}-linux", std::env::consts::ARCH),
            page_size: rustix::param::page_size() as u64,
            vendor: of_cpu("vendor_id").unwrap_or("???").to_owned(),
            mhz: of_cpu("cpu MHz").unwrap_or("???").to_owned(),
            cores: count("cpu cores"),
            siblings: count("siblings"),
            nodes: numbered("sys/devices/system/node", "node").max(1),
            kernel: line("proc/sys/kernel/osrelease"),
            memory_kb: memory.total,
            swap_kb: memory.swap_total,
            disks: counters.disks.into_iter().map(|disk| disk.name).collect(),
            interfaces: interfaces
                .map(|one| {
                    let speed = speed(&one.name);
                    (one.name, speed)
                })
                .collect(),
            process_io: root.join("proc/self/io").exists(),
        }
    }

    /// Reads it from a header.
    pub(super) fn parse(text: &str) -> Self {
        let owned = |name: &str| field(text, name).unwrap_or_default().to_owned();
        let count = |name: &str| {
            field(text, name)
                .and_then(|word| word.parse().ok())
                .unwrap_or_default()
        };
        let number = |name: &str| {
            field(text, name)
                .and_then(|word| word.parse().ok())
                .unwrap_or_default()
        };
        let before = |name: &str, end: &str| {
            let all = rest(text, name).unwrap_or_default();
            all.split_once(end)
                .map_or(all, |one| one.0)
                .trim_ascii()
                .to_owned()
        };
        let names = |name: &str| {
            rest(text, name)
                .unwrap_or_default()
                .split_ascii_whitespace()
        };
        let interface = |one: &str| {
            let (name, speed) = one.rsplit_once(':').unwrap_or((one, ""));
            (name.to_owned(), speed.parse().ok())
        };
        let flags = field(text, "Flags:").unwrap_or_default();
        Self {
            host: owned("Host:"),
            booted_cs: booted(&owned("Booted:")).unwrap_or_default(),
            distro: before("Distro:", "Platform:"),
            platform: rest(text, "Platform:").unwrap_or_default().to_owned(),
            cpus: count("NumCPUs:"),
            cpus_disabled: flags.contains('D'),
            zones: count("NumBud:"),
            hz: number("HZ:"),
            arch: owned("Arch:"),
            page_size: number("PageSize:"),
            vendor: before("# Cpu:", "Speed(MHz):"),
            mhz: owned("Speed(MHz):"),
            cores: count("Cores:"),
            siblings: count("Siblings:"),
            nodes: count("Nodes:"),
            kernel: owned("Kernel:"),
            memory_kb: number("Memory:"),
            swap_kb: number("Swap:"),
            disks: names("DiskNames:").map(str::to_owned).collect(),
            interfaces: names("NetNames:").map(interface).collect(),
            process_io: flags.contains('i'),
        }
    }

    /// Whether each core runs two threads.
    #[must_use]
    pub fn hyper(&self) -> bool {
        self.cores > 0 && self.siblings / self.cores == 2
    }

    /// `1795150250.8`
    pub(super) fn booted(&self) -> impl fmt::Display {
        let (seconds, part) = (self.booted_cs / 100, self.booted_cs % 100);
        match part {
            0 => format!("{seconds}"),
            _ => format!("{seconds}.{part:02}")
                .trim_end_matches('0')
                .to_owned(),
        }
    }
}

impl fmt::Display for System {
    /// The lines of a header that are about nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "# HZ:         {}  Arch: {} PageSize: {}",
            self.hz, self.arch, self.page_size
        )?;
        write!(f, "# Cpu:        {} Speed(MHz): {} ", self.vendor, self.mhz)?;
        writeln!(
            f,
            "Cores: {}  Siblings: {} Nodes: {}",
            self.cores, self.siblings, self.nodes
        )?;
        writeln!(
            f,
            "# Kernel:     {}  Memory: {} kB  Swap: {} kB",
            self.kernel, self.memory_kb, self.swap_kb
        )?;
        writeln!(
            f,
            "# NumDisks:   {} DiskNames: {}",
            self.disks.len(),
            self.disks.join(" ")
        )?;
        write!(f, "# NumNets:    {} NetNames:", self.interfaces.len())?;
        for (name, speed) in &self.interfaces {
            match speed {
                Some(speed) => write!(f, " {name}:{speed}")?,
                None => write!(f, " {name}:??")?,
            }
        }
        writeln!(f)
    }
}

/// What a record of the machine says of it.
fn counters(root: &Path) -> Counters {
    use Subsystem as S;
    let all = [S::Cpu, S::Memory, S::Buddies, S::Disks, S::Network];
    let subsystems: Subsystems = all.into_iter().collect();
    let mut text = String::new();
    if let Ok(mut machine) = Machine::open(root, subsystems) {
        machine.read(&mut text);
    }
    Counters::parse(&text, Time::default())
}

/// How many names in a directory are `name` and a number.
fn numbered(directory: &Path, name: &str) -> u32 {
    let Ok(entries) = fs::read_dir(directory) else {
        return 0;
    };
    let is = |file: &str| {
        file.strip_prefix(name).is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|one| one.is_ascii_digit())
        })
    };
    let count = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is))
        .count();
    count.try_into().unwrap_or(u32::MAX)
}

/// The first value of a name in `/proc/cpuinfo`.
fn rest_of<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let pairs = info.lines().filter_map(|line| line.split_once(':'));
    let mut values = pairs.filter(|pair| pair.0.trim_ascii() == name);
    values.next().map(|pair| pair.1.trim_ascii())
}

fn distro(text: impl Fn(&str) -> String) -> String {
    let line = |path: &str| {
        text(path)
            .lines()
            .next()
            .unwrap_or_default()
            .trim_ascii()
            .to_owned()
    };
    let value = |path: &str, name: &str| {
        let text = text(path);
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().trim_matches('"').to_owned()
    };
    let red_hat = line("etc/redhat-release");
    let debian = line("etc/debian_version");
    match (red_hat.as_str(), debian.as_str()) {
        ("", "") => value("etc/os-release", "PRETTY_NAME"),
        ("", debian) => match value("etc/lsb-release", "DISTRIB_DESCRIPTION").as_str() {
            "" => format!("debian {debian}"),
            derived => format!("debian {debian}, {derived}"),
        },
        (red_hat, _) => red_hat.to_owned(),
    }
}

/// 1/100 s of `1795150250.8`.
fn booted(text: &str) -> Option<u64> {
    let (seconds, part) = text.split_once('.').unwrap_or((text, ""));
    let mut part = part.bytes().chain([b'0', b'0']).take(2);
    let mut digit = || {
        part.next()
            .filter(u8::is_ascii_digit)
            .map(|one| u64::from(one - b'0'))
    };
    let part = 10 * digit()? + digit()?;
    seconds
        .parse::<u64>()
        .ok()?
        .checked_mul(100)?
        .checked_add(part)
}
