//! What lines say of the machine itself.

/// Of the machine that samples are of: this one, or that of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Its name, up to the first dot.
    pub host: String,
    /// CPUs, also those that are not online; 0 if only samples tell.
    pub cpus: usize,
    /// Whether two CPUs share a core.
    pub hyper_threads: bool,
    /// Bytes of a page.
    pub page_bytes: u64,
}
