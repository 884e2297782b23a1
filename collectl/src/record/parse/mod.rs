//! Records as numbers. Each line begins with a word that says what it is; what is not known is passed
//! over, and so is a line that is not whole: nothing here fails.

mod devices;
mod memory;
mod network;

#[cfg(test)]
mod odd_tests;
#[cfg(test)]
mod tests;

use super::{Activity, Counters, CpuTimes, Files, Interrupt, Load, Time, Zone};
use devices::Outside;

impl Counters {
    /// The numbers of a record.
    #[must_use]
    pub fn parse(text: &str, time: Time) -> Self {
        let mut counters = Self::default();
        counters.update(text, time);
        counters
    }

    /// As [`Counters::parse`], in the memory of an earlier record.
    pub fn update(&mut self, text: &str, time: Time) {
        let mut lists = Lists::start(self);
        let mut header = ("", "");
        self.time = time;
        for line in text.lines() {
            let (kind, rest) = split(line);
            match kind {
                "cpu" => self.cpu = times(rest).or(self.cpu),
                "intr" | "ctxt" | "processes" | "procs_running" | "procs_blocked" => {
                    activity(&mut self.activity, kind, rest);
                }
                "load" => self.load = load(rest).or(self.load),
                "disk" => devices::disk(&mut lists.disks, rest),
                "Net" => devices::interface(&mut lists.interfaces, rest),
                "int" => interrupt(&mut lists.interrupts, rest),
                "buddy" => zone(&mut lists.buddies, rest),
                "sock" => network::sockets(&mut self.sockets, rest),
                "fs-ds" | "fs-is" | "fs-fnr" => files(&mut self.files, kind, rest),
                super::devices::DISKS_OUTSIDE => lists.outside.disks = Some(rest),
                super::devices::INTERFACES_OUTSIDE => lists.outside.interfaces = Some(rest),
                _ => {
                    if let Some(cpu) = kind.strip_prefix("cpu") {
                        if let (Some(cpu), Some(times)) = (number(cpu), times(rest)) {
                            self.cpus.push((cpu, times));
                        }
                    } else if let Some(group) = kind.strip_prefix("tcp-") {
                        network::protocol(&mut lists.protocols, &mut header, group, rest);
                    } else if let Some(kind) = kind.strip_prefix("nfsc-") {
                        network::nfs_client(&mut lists.nfs, kind, rest);
                    } else if let Some(kind) = kind.strip_prefix("nfss-") {
                        network::nfs_server(&mut lists.nfs, kind, rest);
                    } else if let Some(name) = kind.strip_suffix(':') {
                        memory::memory(&mut self.memory, name, rest);
                    } else {
                        memory::paging(&mut self.paging, kind, rest);
                    }
                }
            }
        }
        lists.end(self);
    }
}

/// A list whose elements are used again, with what they hold.
struct List<T> {
    all: Vec<T>,
    used: usize,
}

impl<T: Default> List<T> {
    /// All elements are free to be used.
    fn of(all: &mut Vec<T>) -> Self {
        let all = std::mem::take(all);
        Self { all, used: 0 }
    }

    /// One more, with what it was before.
    fn next(&mut self) -> &mut T {
        if self.used == self.all.len() {
            self.all.push(T::default());
        }
        self.used += 1;
        &mut self.all[self.used - 1]
    }

    fn end(mut self) -> Vec<T> {
        self.all.truncate(self.used);
        self.all
    }
}

/// The lists of a record while it is read.
struct Lists<'a> {
    disks: List<super::Disk>,
    interfaces: List<super::Interface>,
    interrupts: List<Interrupt>,
    buddies: List<Zone>,
    protocols: List<(String, String, i64)>,
    nfs: network::Calls,
    outside: Outside<'a>,
}

impl Lists<'_> {
    fn start(counters: &mut Counters) -> Self {
        counters.cpu = None;
        counters.cpus.clear();
        counters.activity = None;
        counters.load = None;
        counters.memory = None;
        counters.paging = None;
        counters.sockets = None;
        counters.files = None;
        let mut protocols = counters.protocols.take().unwrap_or_default().totals;
        Self {
            disks: List::of(&mut counters.disks),
            interfaces: List::of(&mut counters.interfaces),
            interrupts: List::of(&mut counters.interrupts),
            buddies: List::of(&mut counters.buddies),
            protocols: List::of(&mut protocols),
            nfs: network::Calls::of(counters.nfs.take().unwrap_or_default()),
            outside: Outside::default(),
        }
    }

    fn end(self, counters: &mut Counters) {
        counters.disks = self.disks.end();
        counters.interfaces = self.interfaces.end();
        counters.interrupts = self.interrupts.end();
        counters.buddies = self.buddies.end();
        let totals = self.protocols.end();
        counters.protocols = (!totals.is_empty()).then_some(super::Protocols { totals });
        counters.nfs = self.nfs.end();
        self.outside.mark(counters);
    }
}

/// The first word, and what is behind it.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim_ascii_start();
    let end = line.find(|one: char| one.is_ascii_whitespace());
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    (word, rest.trim_ascii())
}

/// Digits only, and not too many of them.
fn number<T: std::str::FromStr>(word: &str) -> Option<T> {
    let digits = word.bytes().all(|one| one.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

/// The numbers up to the first word that is none.
fn numbers(text: &str) -> impl Iterator<Item = u64> {
    text.split_ascii_whitespace().map_while(number)
}

/// The first so many numbers of a line that has at least `least` of them; the others are 0.
fn array<const N: usize>(text: &str, least: usize) -> Option<[u64; N]> {
    let mut all = [0; N];
    let mut count = 0;
    for (place, number) in all.iter_mut().zip(numbers(text)) {
        *place = number;
        count += 1;
    }
    (count >= least).then_some(all)
}

fn times(text: &str) -> Option<CpuTimes> {
    let [
        user,
        nice,
        system,
        idle,
        iowait,
        irq,
        softirq,
        steal,
        guest,
        guest_nice,
    ] = array(text, 4)?;
    Some(CpuTimes {
        user,
        nice,
        system,
        idle,
        iowait,
        irq,
        softirq,
        steal,
        guest,
        guest_nice,
    })
}

fn activity(activity: &mut Option<Activity>, kind: &str, text: &str) {
    let Some(number) = numbers(text).next() else {
        return;
    };
    let activity = activity.get_or_insert_default();
    let place = match kind {
        "intr" => &mut activity.interrupts,
        "ctxt" => &mut activity.switches,
        "processes" => &mut activity.forks,
        "procs_running" => &mut activity.running,
        _ => &mut activity.blocked,
    };
    *place = number;
}

fn load(text: &str) -> Option<Load> {
    let mut words = text.split_ascii_whitespace();
    let mut average = || {
        let number: f64 = words.next()?.parse().ok()?;
        (0.0..1e15).contains(&number).then_some(number)
    };
    let averages = [average()?, average()?, average()?];
    let (running, tasks) = words.next()?.split_once('/')?;
    Some(Load {
        averages,
        running: number(running)?,
        tasks: number(tasks)?,
    })
}

fn files(files: &mut Option<Files>, kind: &str, text: &str) {
    match kind {
        "fs-ds" => {
            if let Some([entries, unused]) = array(text, 2) {
                let files = files.get_or_insert_default();
                (files.entries, files.unused_entries) = (entries, unused);
            }
        }
        "fs-is" => {
            if let Some([inodes, unused]) = array(text, 2) {
                let files = files.get_or_insert_default();
                (files.inodes, files.unused_inodes) = (inodes, unused);
            }
        }
        _ => {
            if let Some([open, _, most]) = array(text, 3) {
                let files = files.get_or_insert_default();
                (files.open, files.most) = (open, most);
            }
        }
    }
}

/// `Node 0, zone      DMA      0      0 …`
fn zone(zones: &mut List<Zone>, text: &str) {
    let mut words = text.split_ascii_whitespace();
    let (Some("Node"), Some(node), Some("zone"), Some(name)) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return;
    };
    let Some(node) = number(node.trim_end_matches(',')) else {
        return;
    };
    let zone = zones.next();
    zone.node = node;
    replace(&mut zone.name, name);
    zone.free.clear();
    zone.free.extend(words.map_while(number::<u64>));
}

/// `24:          1          0  IO-APIC   5-edge      ACPI:Ged`
fn interrupt(interrupts: &mut List<Interrupt>, text: &str) {
    let (label, rest) = split(text);
    let Some(label) = label.strip_suffix(':') else {
        return;
    };
    let interrupt = interrupts.next();
    replace(&mut interrupt.label, label);
    interrupt.totals.clear();
    interrupt.totals.extend(numbers(rest));
    interrupt.text.clear();
    for word in rest.split_ascii_whitespace().skip(interrupt.totals.len()) {
        if !interrupt.text.is_empty() {
            interrupt.text.push(' ');
        }
        interrupt.text.push_str(word);
    }
}

fn replace(old: &mut String, new: &str) {
    old.clear();
    old.push_str(new);
}
