//! The BPF programs: the empty hook that ours is compared with, and the kernel's statistics.

use aya::programs::{BtfTracePoint, ProgramInfo, loaded_programs};
use aya::sys::{Stats, enable_stats};
use aya::{Btf, Ebpf, EbpfLoader};
use std::os::fd::OwnedFd;
use std::time::Duration;
use subjiffy::kernel::layout::Layout;
use subjiffy::kernel::load::BTF_PATH;
use subjiffy::kernel::{btf, load::Kernel, scheduler, traffic};
use subjiffy::{collect::collector, procfs};
use subjiffy_ebpf::{OBJECT, program};

const ADVICE: &str = "the hooks need root, or CAP_BPF and CAP_PERFMON, on a kernel with BTF; \
                      `subjiffy doctor` says what is missing";

/// Attaching patches kernel code and waits for all CPUs; that is over after this.
pub fn settle() {
    std::thread::sleep(Duration::from_millis(300));
}

/// Attaches the empty hook to a tracepoint; it goes with the object.
pub fn empty(tracepoint: &str) -> Result<Ebpf, String> {
    attach_empty(tracepoint).map_err(|error| format!("{error}; {ADVICE}"))
}

fn attach_empty(tracepoint: &str) -> Result<Ebpf, Box<dyn std::error::Error>> {
    let bytes = std::fs::read(BTF_PATH)?;
    let layout = Layout::resolve(&btf::Btf::parse(&bytes)?)?;
    let mut loader = EbpfLoader::new();
    for (name, value) in &layout.globals {
        loader.override_global(name, value, true);
    }
    let mut object = loader.load(OBJECT)?;
    let empty = object.program_mut(program::EMPTY);
    let empty: &mut BtfTracePoint = empty.ok_or("no empty hook in the object")?.try_into()?;
    empty.load(tracepoint, &Btf::from_sys_fs()?)?;
    empty.attach()?;
    Ok(object)
}

/// What holds the agent's programs.
pub type Agent = (Kernel, scheduler::Reader, traffic::Reader);

/// Attaches everything the agent does; it goes with the returned values.
pub fn agent() -> Result<Agent, String> {
    let mut procfs =
        procfs::Reader::open(&procfs::Root::default()).map_err(|error| error.to_string())?;
    let sizes = collector::sizes(&mut procfs).map_err(|error| error.to_string())?;
    Kernel::load(sizes, true).map_err(|error| format!("{error}; {ADVICE}"))
}

/// An error that says what is missing if the agent's hooks cannot be attached.
pub fn possible() -> Result<(), String> {
    agent().map(drop)
}

/// The kernel measures programs for as long as this lives.
pub fn statistics() -> Result<OwnedFd, String> {
    let advice = "they need CAP_SYS_ADMIN and Linux 5.8";
    enable_stats(Stats::RunTime).map_err(|error| format!("BPF statistics: {error}; {advice}"))
}

/// Nanoseconds and runs so far of the newest loaded program of this name.
pub fn run_time(name: &str) -> Option<(u64, u64)> {
    newest(name).map(|one| (one.run_time().as_nanos() as u64, one.run_count()))
}

/// Number of the newest loaded program of this name; numbers are not given out twice.
pub fn newest_id(name: &str) -> Option<u32> {
    newest(name).map(|one| one.id())
}

fn newest(name: &str) -> Option<ProgramInfo> {
    let all = loaded_programs().filter_map(Result::ok);
    all.filter(|one| one.name_as_str() == Some(name))
        .max_by_key(ProgramInfo::id)
}
