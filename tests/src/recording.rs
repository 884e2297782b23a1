//! All samples of a client of `/stream`, read in a thread of its own so that none is missed.

use crate::stream::Stream;
use crate::window;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What is asked for where only times matter.
pub const TIMES: &str = r#"{"fields":["pid","cpu_ns","cpu_total_ns"]}"#;

/// As much of a sample as tells times.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    /// Number of the sample.
    pub seq: u64,
    /// Samples that were not given before this one.
    pub skipped: u64,
    /// Wall clock at the end of the acquisition.
    pub at_ns: u64,
    /// What the interval values cover.
    pub interval_ns: u64,
    /// `scheduler` or `jiffy`.
    pub precision: String,
    processes: Vec<Row>,
}

#[derive(Debug, Clone, Deserialize)]
struct Row {
    pid: u32,
    cpu_ns: u64,
    #[serde(default)]
    cpu_total_ns: u64,
}

impl Line {
    /// CPU time of a process in the interval.
    pub fn cpu_ns(&self, pid: u32) -> u64 {
        let rows = self.processes.iter().filter(|row| row.pid == pid);
        rows.map(|row| row.cpu_ns).sum()
    }

    /// CPU time of a process since it began, where that was asked for.
    pub fn cpu_total_ns(&self, pid: u32) -> u64 {
        let row = self.processes.iter().find(|row| row.pid == pid);
        row.map_or(0, |row| row.cpu_total_ns)
    }
}

/// A client that is reading.
pub struct Recording {
    texts: Receiver<String>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What has been looked at so far.
    pub lines: Vec<Line>,
}

impl Recording {
    /// Asks the agent whose `/ws` is at `url` for samples and begins to read.
    pub fn start(url: &str, request: &str) -> Self {
        let mut stream = Stream::open(url, request);
        let (sender, texts) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                let Some(text) = stream.text_within(Duration::from_millis(100)) else {
                    continue;
                };
                if text.is_err() || text.is_ok_and(|text| sender.send(text).is_err()) {
                    return;
                }
            }
        });
        Self {
            texts,
            stop,
            thread: Some(thread),
            lines: Vec::new(),
        }
    }

    /// Takes what has come, and waits for more until that moment.
    pub fn read_until(&mut self, end: Instant) {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.texts.recv_timeout(left) {
                Ok(text) => self.add(&text),
                Err(_) => return,
            }
        }
    }

    /// Waits for the first sample that was taken after a moment of the wall clock.
    ///
    /// # Panics
    /// When none comes within `limit`.
    pub fn after(&mut self, wall_ns: u64, limit: Duration) -> &Line {
        let end = Instant::now() + limit;
        while self.lines.last().is_none_or(|line| line.at_ns <= wall_ns) {
            let left = end.saturating_duration_since(Instant::now());
            let text = self.texts.recv_timeout(left);
            let last = self.lines.last().map(|line| line.at_ns);
            self.add(
                &text.unwrap_or_else(|_| panic!("{last:?}, nothing after {wall_ns} in {limit:?}")),
            );
        }
        self.lines.last().expect("the line just read")
    }

    /// Stops reading; all that had come is there then.
    pub fn finish(mut self) -> Vec<Line> {
        self.end();
        self.read_until(Instant::now());
        std::mem::take(&mut self.lines)
    }

    fn add(&mut self, text: &str) {
        let line = serde_json::from_str(text);
        self.lines
            .push(line.unwrap_or_else(|e| panic!("{e}: {text}")));
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.end();
    }
}

/// Fails where a sample is missing that the client was not told of, or time is. How many it was told
/// of: it was too slow for them.
///
/// # Panics
/// See above.
pub fn check_gapless(lines: &[Line]) -> u64 {
    let times = |line: &Line| (line.seq, line.at_ns, line.interval_ns);
    for row in lines.chunk_by(|_, after| after.skipped == 0) {
        window::check_gapless(row.iter().map(times));
    }
    for pair in lines.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq + 1 + pair[1].skipped);
    }
    lines.iter().skip(1).map(|line| line.skipped).sum()
}
