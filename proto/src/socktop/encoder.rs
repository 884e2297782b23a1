//! Values to frames.

use serde::Serialize;

use super::{Disk, Frame, Journal, List, Metrics, ProcessMetrics, Row, gzip::Gzip, parts::Parts};

/// Encodes answers in memory that it keeps: a repeated process list allocates only its frame.
/// It sanitizes what it is given, so no frame breaks a client.
#[derive(Debug)]
pub struct Encoder {
    plain: Vec<u8>,
    gzip: Gzip,
    parts: Parts,
}

impl Encoder {
    /// An encoder; from its first long answer on it has about 0.4 MB, most of it the compressor's
    /// tables.
    pub fn new() -> Self {
        Self {
            plain: Vec::new(),
            gzip: Gzip::default(),
            parts: Parts::default(),
        }
    }

    /// The answer to [`Request::Metrics`](super::Request::Metrics).
    pub fn metrics(&mut self, mut metrics: Metrics) -> Frame {
        metrics.sanitize();
        self.json(&metrics)
    }

    /// The answer to [`Request::Disks`](super::Request::Disks), shown by clients in this order.
    pub fn disks(&mut self, mut disks: Vec<Disk>) -> Frame {
        Disk::sanitize(&mut disks);
        self.json(&disks)
    }

    /// The answer to [`Request::Processes`](super::Request::Processes). It must list every process:
    /// clients take one that is missing for dead.
    pub fn processes<'a>(&mut self, list: List, rows: impl IntoIterator<Item = Row<'a>>) -> Frame {
        Frame::binary(self.parts.encode(list, rows))
    }

    /// The answer to [`Request::ProcessMetrics`](super::Request::ProcessMetrics).
    pub fn process_metrics(&mut self, mut metrics: ProcessMetrics) -> Frame {
        metrics.sanitize();
        self.json(&metrics)
    }

    /// The answer to [`Request::JournalEntries`](super::Request::JournalEntries).
    pub fn journal(&mut self, mut journal: Journal) -> Frame {
        journal.sanitize();
        self.json(&journal)
    }

    fn json(&mut self, value: &impl Serialize) -> Frame {
        self.plain.clear();
        // Writing plain structs to memory has no way to fail.
        let _ = serde_json::to_writer(&mut self.plain, value);
        Frame::json(&self.plain, self.gzip.compress(&self.plain))
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}
