//! Brief lines: a column group a subsystem, one line a sample.
//!
//! Groups always come in the order of [`Subsystem::ALL`], whatever was asked for first.

use std::fmt::Write as _;

use super::{
    clock::Moment,
    context::Context,
    scale::{Column, Form},
};
use crate::{
    options::{Subsystem, TimeFormat},
    values::{Interval, ORDERS},
};

const PERCENT: usize = 3;
const COUNT4: Column = Column::of(4, 1000);
const COUNT5: Column = Column::of(5, 1000);
const COUNT6: Column = Column::of(6, 1000);
const BYTES4: Column = Column::of(4, 1024);
const BYTES6: Column = Column::of(6, 1024);
const KILO4: Column = Column::of_kilo(4);

/// Memory and its fragments have one title.
const MEMORY_AND_BUDDIES: &str = "<-----------------Memory----------------->";

/// Appends the two lines above the columns, each with its end. `time` is what the second one says of the
/// time, such as `Time     `.
pub fn headers(to: &mut String, context: &Context<'_>, time: &str) {
    let groups = context.subsystems;
    let message = context.disabled_message();
    if !message.is_empty() {
        let _ = writeln!(to, "#{}", message.trim_start_matches(':'));
    }
    let _ = write!(to, "#{:width$}", "", width = time.len());
    let together = groups.has(Subsystem::Memory) && groups.has(Subsystem::Buddies);
    for group in groups.iter() {
        match group {
            Subsystem::Memory if together => to.push_str(MEMORY_AND_BUDDIES),
            Subsystem::Buddies if together => {}
            _ => title(to, group, context),
        }
    }
    let _ = write!(to, "\n#{time}");
    for group in groups.iter() {
        names(to, group, context);
    }
    to.push('\n');
}

/// What is above a group.
fn title(to: &mut String, group: Subsystem, context: &Context<'_>) {
    let title = match group {
        Subsystem::Cpu if context.facts.hyper_threads => "<----CPU[HYPER]----->",
        Subsystem::Cpu => "<--------CPU-------->",
        Subsystem::Interrupts => {
            // As collectl draws it, which fits an even number of CPUs.
            let dashes = context.cpus().saturating_sub(1) * 5 / 2;
            let _ = write!(to, "<{:-<dashes$}Int{:-<dashes$}->", "", "");
            ""
        }
        Subsystem::Memory => "<-----------Memory----------->",
        Subsystem::Buddies => "<--Memory-->",
        Subsystem::Disks if context.sizes => "<---------------Disks---------------->",
        Subsystem::Disks => "<----------Disks----------->",
        Subsystem::Network if context.sizes => "<---------------Network--------------->",
        Subsystem::Network => "<----------Network---------->",
        Subsystem::Tcp => "<-------TCP-------->",
        Subsystem::Sockets => "<------Sockets----->",
        Subsystem::Files => "<----Files--->",
        Subsystem::Nfs => "<------NFS Totals------>",
        _ => "",
    };
    to.push_str(title);
}

/// One that is offline has crosses for digits; the word is cut so that the column stays.
fn cpu_name(to: &mut String, cpu: usize, online: bool) {
    let number = cpu.to_string();
    let digits = match online {
        true => number,
        false => "X".repeat(number.len()),
    };
    let room = 4_usize.saturating_sub(digits.len());
    let _ = write!(to, "{:.room$}{digits} ", "Cpu");
}

fn names(to: &mut String, group: Subsystem, context: &Context<'_>) {
    let names = match group {
        Subsystem::Cpu => "cpu sys inter  ctxsw ",
        Subsystem::Interrupts => {
            for cpu in 0..context.cpus() {
                cpu_name(to, cpu, context.is_online(cpu));
            }
            ""
        }
        Subsystem::Memory => "Free Buff Cach Inac Slab  Map ",
        Subsystem::Buddies => "  Fragments ",
        Subsystem::Disks if context.sizes => "KBRead  Reads Size KBWrit Writes Size ",
        Subsystem::Disks => "KBRead  Reads KBWrit Writes ",
        Subsystem::Network if context.sizes => "  KBIn  PktIn Size  KBOut  PktOut Size ",
        Subsystem::Network => "  KBIn  PktIn  KBOut  PktOut ",
        Subsystem::Tcp => "  IP  Tcp  Udp Icmp ",
        Subsystem::Sockets => " Tcp  Udp  Raw Frag ",
        Subsystem::Files => "Handle Inodes ",
        Subsystem::Nfs => " Reads Writes Meta Comm ",
        _ => "",
    };
    to.push_str(names);
}

/// Appends the line of a sample with its end.
pub fn line(to: &mut String, context: &Context<'_>, moment: &Moment, format: Option<TimeFormat>) {
    if let Some(format) = format {
        moment.put(to, format);
        to.push_str("  ");
    } else {
        to.push(' ');
    }
    for group in context.subsystems.iter() {
        values(to, group, context);
    }
    to.push('\n');
}

/// Columns of a line.
struct Line<'a> {
    to: &'a mut String,
    form: Form,
}

impl Line<'_> {
    fn put(&mut self, column: Column, value: f64) -> &mut Self {
        column.put(self.to, value, self.form);
        self.to.push(' ');
        self
    }

    fn percent(&mut self, value: f64) -> &mut Self {
        let _ = write!(self.to, "{:>PERCENT$} ", value as u64);
        self
    }
}

fn values(to: &mut String, group: Subsystem, context: &Context<'_>) {
    let interval = context.interval;
    let form = context.form;
    let mut line = Line { to, form };
    let rate = |change| interval.rate(change);
    match group {
        Subsystem::Cpu => {
            let shares = interval.cpu.unwrap_or_default();
            let activity = interval.activity.unwrap_or_default();
            let system = shares.system_total();
            line.percent(shares.user + shares.nice + system)
                .percent(system)
                .put(COUNT5, rate(activity.interrupts))
                .put(COUNT6, rate(activity.switches));
        }
        Subsystem::Interrupts => {
            for cpu in 0..context.cpus() {
                line.put(COUNT4, rate(context.cpu(cpu).interrupts));
            }
        }
        Subsystem::Memory => {
            let memory = interval.memory.unwrap_or_default();
            for kb in [
                memory.free,
                memory.buffers,
                memory.cached,
                memory.inactive,
                memory.slab,
                memory.mapped.saturating_add(memory.anonymous),
            ] {
                line.put(KILO4, kb as f64);
            }
        }
        Subsystem::Buddies => buddies(line.to, interval),
        Subsystem::Disks => {
            let disks = &interval.disk_total;
            line.put(BYTES6, rate(disks.read_kb))
                .put(COUNT6, rate(disks.reads));
            if context.sizes {
                line.put(COUNT4, disks.read_size());
            }
            line.put(BYTES6, rate(disks.written_kb))
                .put(COUNT6, rate(disks.writes));
            if context.sizes {
                line.put(COUNT4, disks.write_size());
            }
        }
        Subsystem::Network => {
            let network = &interval.network_total;
            line.put(BYTES6, rate(network.kb_in()))
                .put(COUNT6, rate(network.received[1]));
            if context.sizes {
                line.put(BYTES4, network.size_in());
            }
            line.put(BYTES6, rate(network.kb_out()));
            line.to.push(' ');
            line.put(COUNT6, rate(network.sent[1]));
            if context.sizes {
                line.put(BYTES4, network.size_out());
            }
        }
        Subsystem::Tcp => {
            if let Some(protocols) = &interval.protocols {
                line.put(COUNT4, protocols.ip_errors())
                    .put(COUNT4, protocols.tcp_errors())
                    .put(COUNT4, protocols.udp_errors())
                    .put(COUNT4, protocols.icmp_errors());
            } else {
                line.to.push_str("   0    0    0    0 ");
            }
        }
        Subsystem::Sockets => {
            let sockets = interval.sockets.unwrap_or_default();
            for number in [sockets.used, sockets.udp, sockets.raw, sockets.fragments] {
                line.put(COUNT4, number as f64);
            }
        }
        Subsystem::Files => {
            let files = interval.files.unwrap_or_default();
            let used = files.inodes.saturating_sub(files.unused_inodes);
            line.put(COUNT6, files.open as f64).put(COUNT6, used as f64);
        }
        Subsystem::Nfs => {
            let nfs = interval.nfs.unwrap_or_default();
            let (client, server) = (nfs.client, nfs.server);
            line.put(COUNT6, rate(client.reads + server.reads))
                .put(COUNT6, rate(client.writes + server.writes))
                .put(COUNT4, rate(client.meta + server.meta))
                .put(COUNT4, rate(client.commits + server.commits));
        }
        _ => {}
    }
}

/// Appends a character an order: a digit, then a letter for each step of tens and of hundreds, then one
/// for each power of ten.
fn buddies(to: &mut String, interval: &Interval) {
    for free in interval.buddies.unwrap_or([0; ORDERS]) {
        let (first, step) = match free {
            0..=9 => (b'0', free),
            10..=99 => (b'a', free / 10 - 1),
            100..=999 => (b'j', free / 100 - 1),
            _ => (b's', u64::from(free.ilog10() - 3).min(7)),
        };
        to.push(char::from(first + step as u8));
    }
    to.push(' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_cpus_keep_the_column() {
        let name = |cpu, online| {
            let mut to = String::new();
            cpu_name(&mut to, cpu, online);
            to
        };
        let online = [7, 42, 123, 1000].map(|cpu| name(cpu, true));
        assert_eq!(online, ["Cpu7 ", "Cp42 ", "C123 ", "1000 "]);
        let offline = [7, 42].map(|cpu| name(cpu, false));
        assert_eq!(offline, ["CpuX ", "CpXX "]);
    }
}
