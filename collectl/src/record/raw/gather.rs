//! What a machine's files say of it.

use std::{fs, path::Path};

use super::System;
use crate::{
    options::{Subsystem, Subsystems},
    reading::Machine,
    record::{Counters, Time},
};

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
