//! Where lines go.
//!
//! * [`Terminal`]: standard output
//! * [`Server`]: listens; any number of clients. [`Client`]: connects out and ends with its peer
//! * [`RawFile`], [`PlotFiles`]: recordings
//!
//! Sockets are served by tasks of a tokio runtime: who hands lines over never waits for a peer.

mod client;
mod files;
mod prefix;
mod repeat;
mod server;
mod sockets;
mod terminal;

use std::sync::Arc;

pub use client::{Client, ConnectError};
pub use files::{FileError, Header as FileHeader, Keeping, Naming, PlotFiles, PlotPart, RawFile};
pub use prefix::Prefixed;
pub use repeat::Repeats;
pub use server::{CLIENTS, ListenError, Server};
pub use sockets::{Audience, Manner, Runtime};
pub use terminal::Terminal;

/// The lines of one sample, for every output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    /// The header that belongs above them now, each line with its end; empty if the body has its own. The
    /// same one is the same allocation: who has shown it needs it again only when it is due.
    pub header: Arc<str>,
    /// What the sample says, each line with its end.
    pub body: Arc<str>,
}

/// What is told of samples that are not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remark {
    /// The receiver was too slow for so many.
    Skipped(u64),
    /// So many could not be taken in time.
    Missed(u64),
}

/// How a stream of lines tells [`Remark`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Remarks {
    /// As lines that begin with `#`.
    #[default]
    Comments,
    /// As JSON objects with one member.
    Json,
}

impl Remarks {
    /// The line, with its end.
    #[must_use]
    pub fn line(self, remark: Remark) -> String {
        let (samples, what) = match remark {
            Remark::Skipped(samples) => (samples, "skipped"),
            Remark::Missed(samples) => (samples, "missed"),
        };
        match self {
            Self::Comments if samples == 1 => format!("# 1 sample {what}\n"),
            Self::Comments => format!("# {samples} samples {what}\n"),
            Self::Json => format!("{{\"samples_{what}\":{samples}}}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_are_lines_of_their_stream() {
        let line = |how: Remarks, remark| how.line(remark);
        let comments = Remarks::Comments;
        assert_eq!(
            line(comments, Remark::Skipped(12)),
            "# 12 samples skipped\n"
        );
        assert_eq!(line(comments, Remark::Missed(1)), "# 1 sample missed\n");
        let json = line(Remarks::Json, Remark::Skipped(3));
        assert_eq!(json, "{\"samples_skipped\":3}\n");
    }
}
