//! A snapshot as a table.

use std::io::{self, Write};

use rustix::termios::tcgetwinsize;

use crate::{
    collect::sample::Precision,
    model::{Process, Snapshot, network::Network},
    order::{SortKey, first},
};

/// Lines above the rows.
const HEADER_LINES: usize = 4;

/// Where the table goes.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    terminal: bool,
}

impl Screen {
    /// A terminal is cleared before each table and shows as many rows as it has lines.
    #[must_use]
    pub fn new(terminal: bool) -> Self {
        Self { terminal }
    }

    fn rows(&self) -> usize {
        if !self.terminal {
            return usize::MAX;
        }
        let lines = tcgetwinsize(io::stdout()).map_or(24, |size| usize::from(size.ws_row));
        lines.saturating_sub(HEADER_LINES + 1).max(1)
    }

    fn columns(&self) -> usize {
        if !self.terminal {
            return usize::MAX;
        }
        tcgetwinsize(io::stdout()).map_or(80, |size| usize::from(size.ws_col).max(1))
    }
}

/// Writes one table. `order` is memory to use again.
///
/// # Errors
/// What the writer says.
pub fn write(
    out: &mut impl Write,
    snapshot: &Snapshot,
    key: SortKey,
    screen: &Screen,
    order: &mut Vec<u32>,
) -> io::Result<()> {
    if screen.terminal {
        out.write_all(b"\x1b[H\x1b[2J")?;
    }
    header(out, snapshot, screen.columns())?;
    first(snapshot, key, screen.rows(), order);
    for &at in order.iter() {
        row(out, snapshot, &snapshot.processes[at as usize])?;
    }
    if !screen.terminal {
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn header(out: &mut impl Write, snapshot: &Snapshot, columns: usize) -> io::Result<()> {
    let machine = &snapshot.machine;
    let wall = snapshot.interval_ns as f64 * f64::from(snapshot.cpus.max(1));
    let percent = |ns: f64| if wall > 0.0 { ns / wall * 100.0 } else { 0.0 };
    let precision = match snapshot.precision {
        Precision::Scheduler => "exact",
        Precision::Jiffy => "in ticks of 10 ms",
    };
    writeln!(
        out,
        "{} CPUs: {:.2} % busy, {:.2} % idle, {:.2} % steal, {:.2} % unattributed; {precision}, \
         over {:.3} s",
        snapshot.cpus,
        percent(machine.busy_ns as f64),
        percent(machine.idle_ns as f64),
        percent(machine.steal_ns as f64),
        percent(machine.unattributed_ns as f64),
        snapshot.interval_ns as f64 / 1e9,
    )?;
    let lost = &snapshot.lost;
    writeln!(
        out,
        "{} processes; {} exited with {:.2} % CPU; lost: {} slots, {} records, {} misses",
        snapshot.living,
        snapshot.exited.count,
        percent(snapshot.exited.cpu_ns as f64),
        lost.slots,
        lost.records,
        lost.misses,
    )?;
    // The longest line: one that goes on below would push the table off the screen.
    let network = network(snapshot.network.as_ref());
    writeln!(out, "{}", network.get(..columns).unwrap_or(&network))?;
    writeln!(
        out,
        "{:>7} {:>6} {:>4} S {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>12} COMMAND",
        "PID",
        "UID",
        "THR",
        "CPU%",
        "USER%",
        "WAIT%",
        "VSW/s",
        "ISW/s",
        "RX/s",
        "TX/s",
        "RSS",
        "TIME",
    )
}

/// Interfaces are the sum of those that add up.
fn network(network: Option<&Network>) -> String {
    let Some(network) = network else {
        return "net: -".to_owned();
    };
    let seconds = (network.interval_ns as f64 / 1e9).max(1e-9);
    let rate = |count: u64| bytes((count as f64 / seconds) as u64);
    let (sum, tcp, udp) = (network.counted(), &network.tcp, &network.udp);
    format!(
        "net: rx {}/s tx {}/s, {} errors, {} dropped; tcp {} opened, {} accepted, \
         {} retransmitted, {} in errors; udp {} in, {} out, {} no port, {} in errors",
        rate(sum.rx_bytes),
        rate(sum.tx_bytes),
        sum.rx_errors.saturating_add(sum.tx_errors),
        sum.rx_dropped.saturating_add(sum.tx_dropped),
        tcp.active_opens,
        tcp.passive_opens,
        tcp.retransmitted_segments,
        tcp.in_errors,
        udp.in_datagrams,
        udp.out_datagrams,
        udp.no_ports,
        udp.in_errors,
    )
}

/// Percentages are of one CPU.
fn row(out: &mut impl Write, snapshot: &Snapshot, process: &Process) -> io::Result<()> {
    let seconds = (snapshot.interval_ns as f64 / 1e9).max(1e-9);
    let percent = |ns: u64| ns as f64 / 1e7 / seconds;
    let sample = &process.sample;
    write!(
        out,
        "{:>7} {:>6} {:>4} {} {:>8.3} {:>8.3} ",
        sample.id.pid,
        sample.uid,
        sample.threads,
        sample.state.letter(),
        percent(process.cpu_ns),
        percent(process.user_ns),
    )?;
    match snapshot.precision {
        Precision::Scheduler => write!(
            out,
            "{:>8.3} {:>8.1} {:>8.1} ",
            percent(process.run_delay_ns),
            process.voluntary_switches as f64 / seconds,
            process.involuntary_switches as f64 / seconds,
        )?,
        Precision::Jiffy => write!(out, "{:>8} {:>8} {:>8} ", "-", "-", "-")?,
    }
    if snapshot.counts_traffic {
        let per_second = |moved: u64| bytes((moved as f64 / seconds).round() as u64);
        let (rx, tx) = (process.moved.rx_bytes, process.moved.tx_bytes);
        write!(out, "{:>8} {:>8} ", per_second(rx), per_second(tx))?;
    } else {
        write!(out, "{:>8} {:>8} ", "-", "-")?;
    }
    let name: String = String::from_utf8_lossy(snapshot.name(process))
        .chars()
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .collect();
    writeln!(
        out,
        "{:>9} {:>12} {name}",
        bytes(sample.rss_bytes),
        time(sample.counters.run_ns),
    )
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes}"),
        1_024..1_048_576 => format!("{}K", bytes >> 10),
        1_048_576..1_073_741_824 => format!("{:.1}M", bytes as f64 / 1_048_576.0),
        _ => format!("{:.2}G", bytes as f64 / 1_073_741_824.0),
    }
}

/// Minutes, seconds and milliseconds.
fn time(ns: u64) -> String {
    let ms = ns / 1_000_000;
    format!("{}:{:02}.{:03}", ms / 60_000, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        collect::process::{Comm, Identity, ProcessSample},
        interfaces::Class,
        procfs::{Interface, Tcp, Udp},
    };

    fn process(pid: u32, cpu_ns: u64, rss_bytes: u64, comm: &[u8]) -> Process {
        let sample = ProcessSample {
            id: Identity { pid, start_ns: 1 },
            rss_bytes,
            comm: Comm::from_bytes(comm),
            ..ProcessSample::default()
        };
        Process {
            sample,
            cpu_ns,
            ..Process::default()
        }
    }

    fn table(key: SortKey) -> String {
        written(key, true)
    }

    fn written(key: SortKey, counts_traffic: bool) -> String {
        let mut small = process(1, 5_000_000, 2 << 20, b"small");
        (small.moved.rx_bytes, small.moved.tx_bytes) = (3 << 20, 600);
        let snapshot = Snapshot {
            interval_ns: 2_000_000_000,
            cpus: 2,
            counts_traffic,
            processes: vec![small, process(2, 1_000_000_000, 1 << 10, b"b\x1b[2Jig")],
            ..Snapshot::default()
        };
        let mut text = Vec::new();
        write(
            &mut text,
            &snapshot,
            key,
            &Screen::new(false),
            &mut Vec::new(),
        )
        .unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn rows_come_in_the_order_asked_for() {
        let top = |key| {
            let text = table(key);
            text.lines()
                .nth(HEADER_LINES)
                .unwrap()
                .split_whitespace()
                .next()
                .unwrap()
                .to_owned()
        };
        assert_eq!(top(SortKey::Cpu), "2");
        assert_eq!(top(SortKey::Rss), "1");
        assert_eq!(top(SortKey::Net), "1");
        assert_eq!(top(SortKey::Pid), "1");
    }

    #[test]
    fn bytes_on_sockets_are_rates_and_a_dash_where_nobody_counts() {
        let columns = |text: String| {
            let row = text.lines().find(|line| line.ends_with("small")).unwrap();
            let words: Vec<_> = row.split_whitespace().map(str::to_owned).collect();
            words[words.len() - 5..words.len() - 3].to_vec()
        };
        assert_eq!(columns(written(SortKey::Pid, true)), ["1.5M", "300"]);
        assert_eq!(columns(written(SortKey::Pid, false)), ["-", "-"]);
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let text = table(SortKey::Cpu);
        assert!(!text.contains('\x1b'), "{text:?}");
        assert!(
            text.contains("b?[2Jig") && text.contains("50.000"),
            "{text}"
        );
    }

    #[test]
    fn the_network_is_one_line_and_each_byte_counts_once() {
        assert_eq!(network(None), "net: -");
        let interface = |counted| Interface {
            rx_bytes: 614_400,
            tx_bytes: 153_600,
            rx_errors: 1,
            tx_errors: 2,
            rx_dropped: 3,
            tx_dropped: 4,
            class: Class {
                counted,
                ..Class::default()
            },
            ..Interface::default()
        };
        let some = Network {
            interval_ns: 500_000_000,
            interfaces: vec![interface(true), interface(false)],
            tcp: Tcp {
                active_opens: 12,
                passive_opens: 3,
                retransmitted_segments: 5,
                in_errors: 6,
                ..Tcp::default()
            },
            udp: Udp {
                in_datagrams: 7,
                out_datagrams: 8,
                no_ports: 9,
                in_errors: 10,
                ..Udp::default()
            },
            ..Network::default()
        };
        assert_eq!(
            network(Some(&some)),
            "net: rx 1.2M/s tx 300K/s, 3 errors, 7 dropped; tcp 12 opened, 3 accepted, \
             5 retransmitted, 6 in errors; udp 7 in, 8 out, 9 no port, 10 in errors"
        );
    }

    #[test]
    fn times_and_sizes_are_short() {
        assert_eq!(time(61_002_000_000), "1:01.002");
        assert_eq!(bytes(3 << 30), "3.00G");
    }
}
