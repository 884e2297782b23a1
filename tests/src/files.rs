//! Files of one test, and something to see in them.

use crate::collectl::{Program, Run};
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A directory for files of one test.
pub struct Place(tempfile::TempDir);

impl Place {
    /// An empty one.
    ///
    /// # Panics
    /// When there is no place for it.
    #[expect(clippy::new_without_default, reason = "it is made on a disk")]
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    /// Its path, for command lines.
    pub fn path(&self) -> std::path::Display<'_> {
        self.0.path().display()
    }

    /// Files whose names have this in them, in the order of their names.
    pub fn files(&self, part: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.0.path()).expect("a directory");
        let files = entries.map(|entry| entry.expect("an entry").path());
        let mut files: Vec<_> = files
            .filter(|file| file.to_string_lossy().contains(part))
            .collect();
        files.sort();
        files
    }

    /// The only such file.
    pub fn file(&self, part: &str) -> PathBuf {
        let files = self.files(part);
        assert_eq!(files.len(), 1, "{part}: {files:?}");
        files[0].clone()
    }
}

/// What a file says, unpacked as far as it goes.
pub fn text(file: &Path) -> String {
    let bytes = std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    if !file.to_string_lossy().ends_with(".gz") {
        return String::from_utf8(bytes).expect("text");
    }
    let mut text = Vec::new();
    // What is cut off in the middle has no end.
    let _ = MultiGzDecoder::new(&*bytes).read_to_end(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// Something to see in a recording: this process computes and writes, and has children that come and go.
pub struct Busy {
    end: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Busy {
    /// Until it is dropped.
    ///
    /// # Panics
    /// When there is no place for its file.
    pub fn begin() -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let until = |mut work: Box<dyn FnMut() + Send>| {
            let end = Arc::clone(&end);
            std::thread::spawn(move || {
                while !end.load(Ordering::Relaxed) {
                    work();
                }
            })
        };
        let directory = tempfile::tempdir().expect("a directory");
        let write = move || {
            let file = directory.path().join("file");
            let written = std::fs::write(&file, vec![1; 300_000]);
            let _ = written.and_then(|()| std::fs::File::open(&file)?.sync_all());
            std::thread::sleep(Duration::from_millis(50));
        };
        let compute = || {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
            std::thread::sleep(Duration::from_millis(30));
        };
        let children = || {
            let _ = Command::new("sleep").arg("0.3").status();
        };
        let threads = vec![
            until(Box::new(write)),
            until(Box::new(compute)),
            until(Box::new(children)),
        ];
        Self { end, threads }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// All that can be recorded.
pub const ALL: &str = "-scdnmtsijbfCDNJZ";

/// Lets one of the two write a raw file.
pub fn record(program: Program, place: &Place, words: &str) -> PathBuf {
    let words = format!("-f {}/vm {words}", place.path());
    let ended = Run::start(&mut program.command(&words)).ended();
    assert!(ended.status.success(), "{words}: {}", ended.stderr);
    place.file(".raw")
}
