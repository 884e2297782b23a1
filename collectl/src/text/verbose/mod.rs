//! Verbose blocks: a title, names of columns, and lines under them.

mod blocks;
mod cpu;
mod devices;
mod memory;
mod network;

pub use self::blocks::Blocks;
use super::context::Context;
use crate::options::{Subsystem, Subsystems};

/// The order of blocks. Processes come last; how they look is not told here.
const ORDER: [Subsystem; 14] = [
    Subsystem::Cpu,
    Subsystem::CpuDetail,
    Subsystem::Interrupts,
    Subsystem::InterruptDetail,
    Subsystem::Disks,
    Subsystem::DiskDetail,
    Subsystem::Nfs,
    Subsystem::Files,
    Subsystem::Memory,
    Subsystem::Buddies,
    Subsystem::Network,
    Subsystem::NetworkDetail,
    Subsystem::Sockets,
    Subsystem::Tcp,
];

/// The blocks of subsystems, in order.
fn blocks_of(of: Subsystems) -> impl Iterator<Item = Subsystem> {
    // With each CPU, its interrupts are a column there.
    let of = if of.has(Subsystem::CpuDetail) {
        of.without(Subsystem::Interrupts)
    } else {
        of
    };
    ORDER.into_iter().filter(move |&one| of.has(one))
}

/// Appends what is above a block: an empty line, the title, names of columns. `time` is what the last
/// one says of the time.
fn title(to: &mut String, block: Subsystem, context: &Context<'_>, time: &str) {
    to.push('\n');
    match block {
        Subsystem::Cpu => cpu::summary_title(to, context, time),
        Subsystem::CpuDetail => cpu::detail_title(to, context, time),
        Subsystem::Interrupts => cpu::interrupts_title(to, context, time),
        Subsystem::InterruptDetail => cpu::kinds_title(to, context, time),
        Subsystem::Disks => devices::disks_title(to, context, time),
        Subsystem::DiskDetail => devices::disk_title(to, context, time),
        Subsystem::Nfs => network::nfs_title(to, context, time),
        Subsystem::Files => memory::files_title(to, time),
        Subsystem::Memory => memory::title(to, time),
        Subsystem::Buddies => memory::buddies_title(to, context, time),
        Subsystem::Network => devices::interfaces_title(to, context, time),
        Subsystem::NetworkDetail => devices::interface_title(to, context, time),
        Subsystem::Sockets => network::sockets_title(to, time),
        Subsystem::Tcp => network::tcp_title(to, context, time),
        Subsystem::Processes => {}
    }
}

/// Appends the lines of a block. Each begins with `time`, which has its blank behind it.
fn lines(to: &mut String, block: Subsystem, context: &Context<'_>, time: &str) {
    match block {
        Subsystem::Cpu => cpu::summary(to, context, time),
        Subsystem::CpuDetail => cpu::details(to, context, time),
        Subsystem::Interrupts => cpu::interrupts(to, context, time),
        Subsystem::InterruptDetail => cpu::kinds(to, context, time),
        Subsystem::Disks => devices::disks(to, context, time),
        Subsystem::DiskDetail => devices::disk_lines(to, context, time),
        Subsystem::Nfs => network::nfs(to, context, time),
        Subsystem::Files => memory::files(to, context, time),
        Subsystem::Memory => memory::lines(to, context, time),
        Subsystem::Buddies => memory::buddies(to, context, time),
        Subsystem::Network => devices::interfaces(to, context, time),
        Subsystem::NetworkDetail => devices::interface_lines(to, context, time),
        Subsystem::Sockets => network::sockets(to, context, time),
        Subsystem::Tcp => network::tcp(to, context, time),
        Subsystem::Processes => {}
    }
}

/// A number without what is behind its point.
fn whole(value: f64) -> i64 {
    value as i64
}
