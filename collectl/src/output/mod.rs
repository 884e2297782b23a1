//! Where lines go.

use std::sync::Arc;

/// The lines of one sample, for every output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lines {
    /// The header that belongs above them now, each line with its end; empty if the body has its own. The
    /// same one is the same allocation: who has shown it needs it again only when it is due.
    pub header: Arc<str>,
    /// What the sample says, each line with its end.
    pub body: Arc<str>,
}
