//! Reads one process with its threads and children. Blocks.

use subjiffy_proto::socktop::{Detail, ProcessMetrics};

use super::{
    books::Books,
    children,
    identity::{self, Missing, Opened, missing},
    state, threads,
};
use crate::{
    collect::moment::Moment,
    model::Snapshot,
    procfs::{Clock, Reader, Root},
};

/// Bytes of a command line.
const COMMAND: usize = 64 << 10;

/// What is known beside the files of a process.
#[derive(Debug)]
pub struct Scene<'a> {
    /// CPU time of all processes.
    pub books: Books<'a>,
    clock: Clock,
    now: Moment,
}

/// Reads the process that has this id now. What this user may not see, or what is gone a moment
/// later, is left out.
///
/// # Errors
/// There is no such process, or it has ended during the reading.
pub fn read(
    root: &Root,
    pid: u32,
    snapshot: &Snapshot,
    clock: Clock,
    now: Moment,
) -> Result<ProcessMetrics, Missing> {
    let reader = Reader::open(root).map_err(|error| missing(pid, error))?;
    let mut opened = identity::open(&reader, pid)?;
    let scene = Scene {
        books: Books::new(snapshot, clock, now.boot_ns),
        clock,
        now,
    };
    let threads = threads::read(&mut opened.process, clock);
    // Where the first thread has ended before the others, one of those speaks for the process.
    let (witness, state) = threads.alive.unwrap_or((pid, opened.stat.state));
    opened.stat.state = if threads.running { 'R' } else { state };
    let mut detail = scene.detail(&mut opened, witness, COMMAND);
    let Opened { mut process, .. } = opened;
    let (children, count) = children::read(&reader, &mut process, &threads.tids, &scene);
    detail.child_processes = children;
    detail.child_count = Some(count);
    detail.threads = threads.list;
    process.stat().map_err(|error| missing(pid, error))?;
    Ok(ProcessMetrics {
        process: detail,
        cached_at: now.wall_ns / 1_000_000_000,
    })
}

impl Scene<'_> {
    /// A process without its threads and children. `witness` is a thread of it that lives, and at
    /// most `most` bytes of its command are read.
    pub(super) fn detail(&self, opened: &mut Opened, witness: u32, most: usize) -> Detail {
        let Opened {
            process,
            stat,
            status,
        } = opened;
        let used = self.books.used(stat);
        let [run_delay_ns, voluntary, involuntary] = match used.scheduling {
            Some(numbers) => numbers.map(Some),
            None => [None; 3],
        };
        let memory = process.statm(witness).ok();
        let bytes = |pages: u64| self.clock.pages_to_bytes(pages);
        let io = process.io().ok();
        let name = stat.comm.lossy().into_owned();
        let command = process.cmdline(witness, most).unwrap_or_default();
        let command = if command.is_empty() {
            // As ps does for kernel threads and zombies.
            format!("[{name}]")
        } else {
            command
        };
        let text = |path: Vec<u8>| String::from_utf8_lossy(&path).into_owned();
        Detail {
            pid: stat.pid,
            command,
            name,
            cpu_usage: used.percent(),
            mem_bytes: memory.map_or(0, |memory| bytes(memory.resident)),
            virtual_mem_bytes: memory.map_or(0, |memory| bytes(memory.size)),
            shared_mem_bytes: memory.map(|memory| bytes(memory.shared)),
            thread_count: stat.num_threads,
            fd_count: process.descriptors(witness).ok(),
            status: state::words(stat.state).to_owned(),
            parent_pid: Some(stat.ppid).filter(|&ppid| ppid != 0),
            user_id: status.uid,
            group_id: status.gid,
            start_time: self.wall_s(used.start_ns),
            cpu_time_user: used.user_ns / 1000,
            cpu_time_system: used.system_ns / 1000,
            read_bytes: io.map(|io| io.read_chars),
            write_bytes: io.map(|io| io.written_chars),
            working_directory: process.directory(witness).ok().map(text),
            executable_path: process.executable(witness).ok().map(text),
            child_processes: Vec::new(),
            threads: Vec::new(),
            state: stat.state.to_string(),
            uid: status.euid,
            gid: status.egid,
            start_ns: used.start_ns,
            cpu_total_ns: used.total_ns,
            cpu_ns: used.cpu_ns,
            interval_ns: used.interval_ns,
            run_delay_ns,
            voluntary_switches: voluntary,
            involuntary_switches: involuntary,
            storage_read_bytes: io.map(|io| io.storage_read),
            storage_write_bytes: io.map(|io| io.storage_written),
            sockets: used.sockets,
            child_count: None,
            working_directory_text: None,
            executable_path_text: None,
        }
    }

    /// A moment since boot in seconds of Unix time, as the wall clock is set now.
    fn wall_s(&self, boot_ns: u64) -> u64 {
        let age_ns = self.now.boot_ns.saturating_sub(boot_ns);
        self.now.wall_ns.saturating_sub(age_ns) / 1_000_000_000
    }
}
