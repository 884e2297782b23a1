//! What a file's header says of the machine.

use std::fmt;

use super::header::{field, rest};

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
