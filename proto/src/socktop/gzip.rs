//! A gzip compressor that keeps its memory.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::COMPRESS_ABOVE;

const LEVEL: u32 = 1;
const WINDOW_BITS: u8 = 15;

/// Makes single-member gzip; after the largest input it allocates nothing more.
#[derive(Debug)]
pub(super) struct Gzip {
    state: Compress,
    out: Vec<u8>,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self {
            state: Compress::new_gzip(Compression::new(LEVEL), WINDOW_BITS),
            out: Vec::new(),
        }
    }

    /// Compresses `plain`. `None` means to send it as it is: it is small, or the compressor failed,
    /// which no input is known to cause.
    pub(super) fn compress(&mut self, plain: &[u8]) -> Option<&[u8]> {
        if plain.len() <= COMPRESS_ABOVE {
            return None;
        }
        self.state.reset();
        self.out.clear();
        loop {
            let rest = plain.get(usize::try_from(self.state.total_in()).ok()?..)?;
            // Without spare room the compressor could make no progress.
            self.out.reserve(rest.len() / 2 + 256);
            let status = self
                .state
                .compress_vec(rest, &mut self.out, FlushCompress::Finish)
                .ok()?;
            if status == Status::StreamEnd {
                return Some(&self.out);
            }
        }
    }
}
