//! A process list in parts: what is the same as in the last list is neither encoded nor compressed
//! again. Most processes sleep, so most parts are the same.

use flate2::{Compress, Compression, Crc, FlushCompress};

use super::{COMPRESS_ABOVE, List, Row, processes};
use crate::generated::socktop::Process;

/// A part begins where the process ids pass a multiple of this: a birth or a death moves the
/// bounds of no other part.
const GRAIN: u32 = 128;

/// A part has at least so many rows, unless it is the last one.
const FEWEST: usize = 64;

const LEVEL: u32 = 1;

/// A part has some kilobytes; a larger window would only be more to clear.
const WINDOW_BITS: u8 = 12;

/// Gzip of deflate; no name, no time, unknown system (RFC 1952).
const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// An empty block, the last one (RFC 1951).
const LAST_BLOCK: [u8; 2] = [3, 0];

/// The last list, as far as the next one may need it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    heading: Vec<u8>,
    parts: Vec<Part>,
    scratch: Process,
    /// Large, and made when it is needed first.
    deflate: Option<Compress>,
    out: Vec<u8>,
}

/// Rows that follow each other.
#[derive(Debug, Default)]
struct Part {
    rows: Vec<Encoded>,
    names: Vec<u8>,
    plain: Vec<u8>,
    /// `plain` as blocks of deflate that end at a byte; empty if they are not made yet.
    packed: Vec<u8>,
    /// Of `plain`, made with `packed`.
    sum: Crc,
}

/// A row in a part; its name is apart from it.
#[derive(Debug)]
struct Encoded {
    row: Row<'static>,
    name_end: usize,
    plain_end: usize,
}

impl Parts {
    /// A `Processes` message; if it is long, as one gzip member.
    pub(super) fn encode<'a>(
        &mut self,
        list: List,
        rows: impl IntoIterator<Item = Row<'a>>,
    ) -> &[u8] {
        self.heading.clear();
        processes::encode_heading(list, &mut self.heading);
        let (mut place, mut count, mut last) = (0, 0, 0);
        for row in rows {
            let group = row.pid / GRAIN;
            if count >= FEWEST && group != last {
                self.parts[place].truncate(count);
                (place, count) = (place + 1, 0);
            }
            if count == 0 {
                self.open(place, row.pid);
            }
            self.parts[place].put(count, row, &mut self.scratch);
            (count, last) = (count + 1, group);
        }
        if count > 0 {
            self.parts[place].truncate(count);
            place += 1;
        }
        self.parts.truncate(place);
        self.join()
    }

    /// Makes the part that begins with this process the one at `place`.
    fn open(&mut self, place: usize, pid: u32) {
        let begins = |part: &Part| part.rows.first().map_or(0, |first| first.row.pid);
        while self.parts.get(place).is_some_and(|part| begins(part) < pid) {
            self.parts.remove(place);
        }
        if self.parts.get(place).is_none_or(|part| begins(part) != pid) {
            self.parts.insert(place, Part::default());
        }
    }

    fn join(&mut self) -> &[u8] {
        let plain = self.parts.iter().map(|part| part.plain.len());
        let size = plain.sum::<usize>() + self.heading.len();
        self.out.clear();
        if size <= COMPRESS_ABOVE || self.pack(size).is_none() {
            self.out.clear();
            self.out.extend_from_slice(&self.heading);
            for part in &self.parts {
                self.out.extend_from_slice(&part.plain);
            }
        }
        &self.out
    }

    /// `None` if the compressor failed, which no input is known to cause.
    fn pack(&mut self, size: usize) -> Option<()> {
        let deflate = self.deflate.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::new(LEVEL), false, WINDOW_BITS)
        });
        let mut sum = Crc::new();
        self.out.extend_from_slice(&GZIP_HEADER);
        // The heading is another one each time and short: it stays as it is.
        let length = u16::try_from(self.heading.len()).ok()?;
        self.out.push(0);
        self.out.extend_from_slice(&length.to_le_bytes());
        self.out.extend_from_slice(&(!length).to_le_bytes());
        self.out.extend_from_slice(&self.heading);
        sum.update(&self.heading);
        for part in &mut self.parts {
            part.pack(deflate)?;
            self.out.extend_from_slice(&part.packed);
            sum.combine(&part.sum);
        }
        self.out.extend_from_slice(&LAST_BLOCK);
        self.out.extend_from_slice(&sum.sum().to_le_bytes());
        // Modulo 2^32, says the RFC.
        self.out.extend_from_slice(&(size as u32).to_le_bytes());
        Some(())
    }
}

impl Part {
    /// The name and the message of the rows before `at` end here.
    fn ends(&self, at: usize) -> (usize, usize) {
        let before = at.checked_sub(1).and_then(|last| self.rows.get(last));
        before.map_or((0, 0), |row| (row.name_end, row.plain_end))
    }

    /// Forgets the rows from `count` on.
    fn truncate(&mut self, count: usize) {
        if count < self.rows.len() {
            let (name_end, plain_end) = self.ends(count);
            self.rows.truncate(count);
            self.names.truncate(name_end);
            self.plain.truncate(plain_end);
            self.packed.clear();
        }
    }

    /// Sets the row at `at`; those before it are set.
    fn put(&mut self, at: usize, row: Row<'_>, scratch: &mut Process) {
        let anonymous = Row { comm: &[], ..row };
        if let Some(known) = self.rows.get(at)
            && known.row == anonymous
            && self.names[self.ends(at).0..known.name_end] == *row.comm
        {
            return;
        }
        self.truncate(at);
        self.packed.clear();
        self.names.extend_from_slice(row.comm);
        processes::encode_row(&row, scratch, &mut self.plain);
        self.rows.push(Encoded {
            row: anonymous,
            name_end: self.names.len(),
            plain_end: self.plain.len(),
        });
    }

    fn pack(&mut self, deflate: &mut Compress) -> Option<()> {
        if !self.packed.is_empty() {
            return Some(());
        }
        self.sum.reset();
        self.sum.update(&self.plain);
        deflate.reset();
        loop {
            let rest = self
                .plain
                .get(usize::try_from(deflate.total_in()).ok()?..)?;
            // Room to spare says that nothing is left inside.
            self.packed.reserve(rest.len() / 2 + 256);
            deflate
                .compress_vec(rest, &mut self.packed, FlushCompress::Sync)
                .ok()?;
            if self.packed.len() < self.packed.capacity() {
                return Some(());
            }
        }
    }
}
