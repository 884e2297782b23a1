//! Loads the BPF object, attaches its programs and keeps them attached.

use std::{fs, io, io::Read, os::fd::AsRawFd, path::Path};

use aya::{
    Btf as AyaBtf, Ebpf, EbpfLoader,
    maps::{Map, MapData, MapFd, Queue, RingBuf},
    programs::{BtfTracePoint, FExit, Iter, RawTracePoint, RawTracePointRunOptions, TestRun},
};
use aya_log::EbpfLogger;
use subjiffy_common::{
    directory,
    sched::{self, Plain},
};
use subjiffy_ebpf::{OBJECT, map, program};
use thiserror::Error;

use super::{
    btf::{Btf, BtfError},
    layout::Layout,
    scheduler::{Reader, Tables},
    size::Sizes,
    sockets::Sockets,
    table::{Table, from_bytes},
    traffic,
    windows::Windows,
};

/// Where the kernel publishes its type information.
pub const BTF_PATH: &str = "/sys/kernel/btf/vmlinux";

/// The hooks that must be attached for exact books: program, tracepoint.
pub const HOOKS: [(&str, &str); 4] = [
    (program::PROCESS_FORK, "sched_process_fork"),
    (program::PROCESS_EXEC, "sched_process_exec"),
    (program::TASK_RENAME, "task_rename"),
    (program::SCHED_SWITCH, "sched_switch"),
];

const ATTACHING: &str = "attaching to ";

/// Why the exact books are not to be had.
#[derive(Debug, Error)]
pub enum LoadError {
    /// No BTF file.
    #[error("the kernel's type information {BTF_PATH} cannot be read: {0}")]
    NoBtf(#[source] io::Error),
    /// The hooks see the host's process ids, `/proc` those of a container.
    #[error("this process id namespace is not the host's")]
    PidNamespace,
    /// BTF without something we need.
    #[error(transparent)]
    Btf(#[from] BtfError),
    /// `/proc` does not tell how large the tables must be.
    #[error(transparent)]
    Procfs(#[from] crate::procfs::Error),
    /// The kernel refused.
    #[error("{what}: {reason}")]
    Refused {
        /// What we tried.
        what: String,
        /// What the kernel said, with its causes.
        reason: String,
        /// Whether a privilege was missing.
        denied: bool,
    },
}

impl LoadError {
    /// The tracepoint that could not be attached to, if it came to that.
    #[must_use]
    pub fn tracepoint(&self) -> Option<&str> {
        match self {
            Self::Refused { what, .. } => what.strip_prefix(ATTACHING),
            _ => None,
        }
    }

    /// Whether more privilege would help.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Refused { denied: true, .. })
            || matches!(self, Self::NoBtf(error) if error.kind() == io::ErrorKind::PermissionDenied)
    }
}

fn refused(what: impl Into<String>, error: &(dyn std::error::Error + 'static)) -> LoadError {
    let (reason, denied) = reason(error);
    LoadError::Refused {
        what: what.into(),
        reason,
        denied,
    }
}

/// What the kernel said, with its causes, and whether a privilege was missing.
pub(super) fn reason(error: &(dyn std::error::Error + 'static)) -> (String, bool) {
    let mut reason = error.to_string();
    let mut denied = false;
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            denied |= io.kind() == io::ErrorKind::PermissionDenied;
        }
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        source = error.source();
    }
    (reason, denied)
}

/// One attached program.
#[derive(Debug)]
pub struct Hook {
    /// Name of the tracepoint or function.
    pub name: &'static str,
    /// Name of the program.
    pub(super) program: &'static str,
    /// Descriptor of the program, for its figures in `/proc/self/fdinfo`.
    pub(super) fd: i32,
}

/// The loaded object. Dropping it detaches everything: all of it hangs on file descriptors, so the
/// kernel cleans up even after SIGKILL.
#[derive(Debug)]
pub struct Kernel {
    /// What is attached.
    pub hooks: Vec<Hook>,
    /// What of sockets is counted. The CPU's books do without.
    pub sockets: Sockets,
    /// Whether this kernel keeps run delays.
    pub has_run_delay: bool,
    layout: Layout,
    ebpf: Ebpf,
}

impl Kernel {
    /// Loads, attaches and counts the tasks that already live; with `sockets`, what happens on those
    /// is counted, too.
    ///
    /// The readers of the tables come beside it: they belong to whoever collects.
    ///
    /// # Errors
    /// [`LoadError`]: what is missing. Nothing stays loaded then.
    pub fn load(sizes: Sizes, sockets: bool) -> Result<(Self, Reader, traffic::Reader), LoadError> {
        if !in_host_pid_namespace() {
            return Err(LoadError::PidNamespace);
        }
        let layout = resolve_layout(Path::new(BTF_PATH))?;
        raise_memlock();
        let mut ebpf = load_object(&layout, sizes)?;
        let tables = map_tables(&mut ebpf, sizes)?;
        let traffic_tables = map_traffic(&mut ebpf, sizes)?;
        let btf = AyaBtf::from_sys_fs().map_err(|error| refused("reading BTF", &error))?;
        let mut hooks = Vec::with_capacity(HOOKS.len());
        for (name, tracepoint) in HOOKS {
            let fd = attach(&mut ebpf, name, tracepoint, &btf)
                .map_err(|error| refused(format!("{ATTACHING}{tracepoint}"), &*error))?;
            hooks.push(Hook {
                name: tracepoint,
                program: name,
                fd,
            });
        }
        load_clocks(&mut ebpf).map_err(|error| refused("loading the clocks program", &*error))?;
        let reaped = take_census(&mut ebpf, &btf)
            .map_err(|error| refused("counting the tasks that live", &*error))?;
        let mut kernel = Self {
            hooks,
            sockets: Sockets::default(),
            has_run_delay: layout.has_run_delay(),
            layout,
            ebpf,
        };
        if sockets {
            kernel.sockets = Sockets::attach(&mut kernel.ebpf, &btf, &kernel.layout);
        }
        let traffic = traffic::Reader::new(traffic_tables);
        Ok((kernel, Reader::new(tables, reaped), traffic))
    }

    /// Puts the hooks on sockets on, as far as this kernel has them.
    ///
    /// # Errors
    /// If the kernel's type information cannot be read again. (It is too large to be kept.)
    pub fn attach_sockets(&mut self) -> Result<(), LoadError> {
        let btf = AyaBtf::from_sys_fs().map_err(|error| refused("reading BTF", &error))?;
        self.sockets = Sockets::attach(&mut self.ebpf, &btf, &self.layout);
        Ok(())
    }

    /// Takes the hooks on sockets off again: nothing is counted there any more, and nothing costs.
    pub fn detach_sockets(&mut self) {
        self.sockets.detach(&mut self.ebpf);
    }

    /// Passes the kernel side's rare warnings on to the log. The caller polls the descriptor.
    ///
    /// # Errors
    /// If the object has no log, or it was taken already.
    pub fn logger(&mut self) -> Result<EbpfLogger<&'static dyn log::Log>, aya_log::Error> {
        EbpfLogger::init(&mut self.ebpf)
    }

    /// Brings the clocks of `cpus` CPUs up to date, in the table of CPUs, and tells on which CPU
    /// that was done. Costs about a microsecond.
    pub fn read_clocks(&self, cpus: u32) -> Option<usize> {
        let program = self.ebpf.program(program::CLOCKS);
        let clocks = program.and_then(|program| <&RawTracePoint>::try_from(program).ok())?;
        let mut ran_on = None;
        for first in (0..cpus).step_by(sched::CLOCKS_AT_ONCE as usize) {
            let mut options = RawTracePointRunOptions::new();
            options.args[0] = u64::from(first);
            // Without it the clocks are those of the last sample.
            ran_on = clocks
                .test_run(options)
                .ok()
                .map(|run| run.return_value as usize);
        }
        ran_on
    }

    /// Events that the hooks missed because they would have interrupted themselves, since they
    /// were attached (`recursion_misses`, Linux 5.12 and later).
    #[must_use]
    pub fn recursion_misses(&self) -> u64 {
        let hooks = self.hooks.iter().chain(&self.sockets.attached);
        hooks.map(Hook::recursion_misses).sum()
    }
}

impl Hook {
    /// See [`Kernel::recursion_misses`].
    #[must_use]
    pub fn recursion_misses(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/self/fdinfo/{}", self.fd)).unwrap_or_default();
        field(&text, "recursion_misses:").unwrap_or(0)
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// The host's process id namespace has a fixed inode number (`PROC_PID_INIT_INO` of
/// include/linux/proc_ns.h).
fn in_host_pid_namespace() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self/ns/pid").map_or(true, |link| link.ino() == 0xEFFF_FFFC)
}

fn resolve_layout(path: &Path) -> Result<Layout, LoadError> {
    let bytes = fs::read(path).map_err(LoadError::NoBtf)?;
    Ok(Layout::resolve(&Btf::parse(&bytes)?)?)
}

/// Before Linux 5.11 maps count against this limit; later kernels ignore it.
fn raise_memlock() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(
        Resource::Memlock,
        Rlimit {
            current: None,
            maximum: None,
        },
    );
}

fn load_object(layout: &Layout, sizes: Sizes) -> Result<Ebpf, LoadError> {
    let mut loader = EbpfLoader::new();
    for (name, value) in &layout.globals {
        loader.override_global(name, value, true);
    }
    loader
        .map_max_entries(map::DIRECTORY, sizes.entries)
        .map_max_entries(map::SLOTS, sizes.slots())
        .map_max_entries(map::MARKS, sizes.mark_groups())
        .map_max_entries(map::NETS, sizes.slots())
        .map_max_entries(map::NET_MARKS, sizes.mark_groups())
        .map_max_entries(map::CPUS, sizes.cpus)
        .map_max_entries(map::FREE_CHUNKS, sizes.queued_chunks)
        .load(OBJECT)
        .map_err(|error| refused("loading the BPF object", &error))
}

fn map_tables(ebpf: &mut Ebpf, sizes: Sizes) -> Result<Tables, LoadError> {
    let directory: Table<directory::Entry> = table(ebpf, map::DIRECTORY, sizes.entries as usize)?;
    for (place, number) in directory.halves().iter().zip(1..=sizes.fixed_chunks) {
        place.store(number, std::sync::atomic::Ordering::Relaxed);
    }
    let free = ebpf
        .take_map(map::FREE_CHUNKS)
        .and_then(|map| Queue::try_from(map).ok());
    let Some(mut free_chunks): Option<Queue<MapData, u32>> = free else {
        return Err(LoadError::Btf(BtfError::Missing(format!(
            "map {}",
            map::FREE_CHUNKS
        ))));
    };
    for number in sizes.fixed_chunks + 1..=sizes.chunks() {
        free_chunks
            .push(number, 0)
            .map_err(|error| refused("filling the queue of chunks", &error))?;
    }
    Ok(Tables {
        graves: ring(ebpf, map::GRAVES)?,
        slots: windows(ebpf, map::SLOTS, sizes.slots() as usize)?,
        marks: table(ebpf, map::MARKS, sizes.mark_groups() as usize)?,
        cpus: table(ebpf, map::CPUS, sizes.cpus as usize)?,
        fixed_chunks: sizes.fixed_chunks,
        directory,
        free_chunks,
    })
}

fn map_traffic(ebpf: &mut Ebpf, sizes: Sizes) -> Result<traffic::Tables, LoadError> {
    Ok(traffic::Tables {
        graves: ring(ebpf, map::NET_GRAVES)?,
        slots: windows(ebpf, map::NETS, sizes.slots() as usize)?,
        marks: table(ebpf, map::NET_MARKS, sizes.mark_groups() as usize)?,
        loss: table(ebpf, map::NET_LOSS, 1)?,
    })
}

fn ring(ebpf: &mut Ebpf, name: &str) -> Result<RingBuf<MapData>, LoadError> {
    let ring = ebpf
        .take_map(name)
        .and_then(|map| RingBuf::try_from(map).ok());
    ring.ok_or_else(|| LoadError::Btf(BtfError::Missing(format!("map {name}"))))
}

fn table<T>(ebpf: &Ebpf, name: &str, len: usize) -> Result<Table<T>, LoadError> {
    Table::map(array(ebpf, name)?, len).map_err(|error| refused(format!("mapping {name}"), &error))
}

fn windows<T: Plain>(ebpf: &Ebpf, name: &str, len: usize) -> Result<Windows<T>, LoadError> {
    Windows::map(array(ebpf, name)?, len)
        .map_err(|error| refused(format!("mapping {name}"), &error))
}

fn array<'a>(ebpf: &'a Ebpf, name: &str) -> Result<&'a MapFd, LoadError> {
    match ebpf.map(name) {
        Some(Map::Array(data)) => Ok(data.fd()),
        _ => Err(LoadError::Btf(BtfError::Missing(format!(
            "array map {name}"
        )))),
    }
}

pub(super) type AnyError = Box<dyn std::error::Error + 'static>;

/// Attaches a program to a tracepoint and gives its descriptor.
pub(super) fn attach(
    ebpf: &mut Ebpf,
    name: &str,
    tracepoint: &str,
    btf: &AyaBtf,
) -> Result<i32, AnyError> {
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| format!("no program {name}"))?;
    let program: &mut BtfTracePoint = program.try_into()?;
    program.load(tracepoint, btf)?;
    program.attach()?;
    Ok(program.fd()?.as_fd_raw())
}

/// As [`attach`], to the return of a function.
pub(super) fn attach_to_return(
    ebpf: &mut Ebpf,
    name: &str,
    function: &str,
    btf: &AyaBtf,
) -> Result<i32, AnyError> {
    let program = ebpf
        .program_mut(name)
        .ok_or_else(|| format!("no program {name}"))?;
    let program: &mut FExit = program.try_into()?;
    program.load(function, btf)?;
    program.attach()?;
    Ok(program.fd()?.as_fd_raw())
}

fn load_clocks(ebpf: &mut Ebpf) -> Result<(), AnyError> {
    let program = ebpf
        .program_mut(program::CLOCKS)
        .ok_or("no clocks program")?;
    <&mut RawTracePoint>::try_from(program)?.load()?;
    Ok(())
}

/// Runs the iterator over all tasks; what it writes are the books of threads already reaped.
fn take_census(ebpf: &mut Ebpf, btf: &AyaBtf) -> Result<Vec<sched::Reaped>, AnyError> {
    let program = ebpf
        .program_mut(program::CENSUS)
        .ok_or("no census program")?;
    let program: &mut Iter = program.try_into()?;
    program.load("task", btf)?;
    let link = program.attach()?;
    let mut file = program.take_link(link)?.into_file()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    program.unload()?;
    Ok(bytes
        .chunks_exact(size_of::<sched::Reaped>())
        .filter_map(from_bytes)
        .collect())
}

/// The raw number of a program's descriptor.
trait AsFdRaw {
    fn as_fd_raw(&self) -> i32;
}

impl AsFdRaw for aya::programs::ProgramFd {
    fn as_fd_raw(&self) -> i32 {
        use std::os::fd::AsFd;
        self.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_are_read_where_the_kernel_tells_them() {
        assert_eq!(
            field(
                "prog_type:\t26\nrecursion_misses:\t7\n",
                "recursion_misses:"
            ),
            Some(7)
        );
        assert_eq!(field("prog_type:\t26\n", "recursion_misses:"), None);
    }
}
