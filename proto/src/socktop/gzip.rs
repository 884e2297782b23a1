//! A gzip compressor that keeps its memory.

use flate2::{Compress, Compression, FlushCompress, Status};

use super::COMPRESS_ABOVE;

const LEVEL: u32 = 1;
const WINDOW_BITS: u8 = 15;

/// Makes single-member gzip; after the largest input it allocates nothing more.
#[derive(Debug, Default)]
pub(super) struct Gzip {
    /// Large, and made when it is needed first.
    state: Option<Compress>,
    out: Vec<u8>,
}

impl Gzip {
    /// Compresses `plain`. `None` means to send it as it is: it is small, or the compressor failed,
    /// which no input is known to cause.
    pub(super) fn compress(&mut self, plain: &[u8]) -> Option<&[u8]> {
        if plain.len() <= COMPRESS_ABOVE {
            return None;
        }
        let state = self
            .state
            .get_or_insert_with(|| Compress::new_gzip(Compression::new(LEVEL), WINDOW_BITS));
        state.reset();
        self.out.clear();
        loop {
            let rest = plain.get(usize::try_from(state.total_in()).ok()?..)?;
            // Without spare room the compressor could make no progress.
            self.out.reserve(rest.len() / 2 + 256);
            let status = state
                .compress_vec(rest, &mut self.out, FlushCompress::Finish)
                .ok()?;
            if status == Status::StreamEnd {
                return Some(&self.out);
            }
        }
    }
}
