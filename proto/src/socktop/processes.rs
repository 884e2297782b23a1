//! The answer to `get_processes`.

use prost::Message;

use super::finite;
use crate::generated::socktop::{Process, Processes};

/// Number of the field `rows` in `Processes`.
const ROWS: u32 = 2;

/// One process, with its name still in the kernel's memory format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row<'a> {
    /// Process id.
    pub pid: u32,
    /// The kernel's `comm`; any bytes.
    pub comm: &'a [u8],
    /// Share of the whole machine in percent, 0 to 100.
    pub cpu_usage: f32,
    /// Resident memory in bytes.
    pub mem_bytes: u64,
}

impl Row<'_> {
    /// Fills `process`, whose name keeps its memory. What is not UTF-8 becomes U+FFFD, because one
    /// bad name makes clients reject the whole list.
    fn copy_to(&self, process: &mut Process) {
        process.pid = self.pid;
        process.cpu_usage = finite(self.cpu_usage, 0.0, 100.0);
        process.mem_bytes = self.mem_bytes;
        process.name.clear();
        for chunk in self.comm.utf8_chunks() {
            process.name.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                process.name.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
}

/// Appends a `Processes` message to `out`, row by row through one `scratch` row: a list costs no
/// allocation but the growth of `out`.
pub(super) fn encode<'a>(
    process_count: u64,
    rows: impl IntoIterator<Item = Row<'a>>,
    scratch: &mut Process,
    out: &mut Vec<u8>,
) {
    Processes {
        process_count,
        rows: Vec::new(),
    }
    .encode_raw(out);
    for row in rows {
        row.copy_to(scratch);
        prost::encoding::message::encode(ROWS, scratch, out);
    }
}
