//! What the kernel publishes under `/proc`, and the mounted disks.
//!
//! Map: one file per subject. A *parser* takes the bytes of one file and gives a plain value or a
//! [`ParseError`]; it does no I/O and holds no unit conversion that depends on the machine
//! ([`Clock`] does those). The [`Reader`] is the only part that opens files; it works below a
//! [`Root`], so tests hand it a throw-away tree.
//!
//! | file | holds |
//! |---|---|
//! | [`reader`], `file`, [`path`] | opening and reading, reused buffers; naming a file |
//! | [`error`], [`name`], `text` | errors, inline byte strings, words and numbers |
//! | `pids`, [`pid_stat`], [`pid_statm`], [`pid_status`], [`pid_schedstat`], [`pid_io`], [`cmdline`], [`children`] | one process or thread |
//! | [`process`] | one process, held so that its id cannot come to mean another |
//! | [`stat`], [`meminfo`], [`net_dev`], [`snmp`], [`snmp6`], [`loadavg`], [`uptime`], [`sysctl`] | the machine |
//! | [`mounts`], [`mount_table`], [`block`], [`disks`] | mounted file systems by disk |
//! | [`clock`] | ticks and pages to nanoseconds and bytes |
//!
//! Invariants: no input panics; a process that is gone is [`Error::NotFound`] and costs no
//! allocation; reading the same file again allocates nothing once the buffers have grown (the
//! exceptions, disks and the host name, say so).

pub mod block;
pub mod children;
pub mod clock;
pub mod cmdline;
pub mod disks;
pub mod error;
pub mod loadavg;
pub mod meminfo;
pub mod mount_table;
pub mod mounts;
pub mod name;
pub mod net_dev;
pub mod path;
pub mod pid_io;
pub mod pid_schedstat;
pub mod pid_stat;
pub mod pid_statm;
pub mod pid_status;
pub mod process;
pub mod reader;
pub mod snmp;
pub mod snmp6;
pub mod stat;
pub mod sysctl;
pub mod uptime;

mod file;
mod pids;
mod text;

#[cfg(test)]
mod live_tests;
#[cfg(test)]
pub(crate) mod testing;

pub use clock::Clock;
pub use disks::Disk;
pub use error::{Error, ParseError};
pub use loadavg::LoadAvg;
pub use meminfo::MemInfo;
pub use mount_table::MountTable;
pub use name::Name;
pub use net_dev::Interface;
pub use path::{ProcPath, Root};
pub use pid_io::PidIo;
pub use pid_schedstat::SchedStat;
pub use pid_stat::{Comm, PidStat};
pub use pid_statm::StatM;
pub use pid_status::PidStatus;
pub use process::ProcessDir;
pub use reader::Reader;
pub use snmp::{Snmp, Tcp, Udp};
pub use stat::{Cpu, CpuTimes, Stat};
pub use uptime::Uptime;
