//! Runs `journalctl`, with limits.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::fs::{Access, access};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command,
    time::{Instant, timeout_at},
};

/// Most bytes of its output that are kept.
const OUTPUT: usize = 4 << 20;

/// Most bytes of its complaints that are kept.
const COMPLAINTS: usize = 4 << 10;

/// What it said.
#[derive(Debug)]
pub struct Said {
    /// Its output; whole lines and possibly a broken last one.
    pub output: Vec<u8>,
    /// Its complaints.
    pub complaints: Vec<u8>,
    /// How it ended.
    pub end: End,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exit(ExitStatus),
    /// It took too long and was killed.
    Late,
    /// It said too much and was killed.
    Full,
}

/// Finds an executable file of this name in the absolute directories of `path`.
#[must_use]
pub fn find(name: &str, path: &OsStr) -> Option<PathBuf> {
    let places = std::env::split_paths(path).filter(|directory| directory.is_absolute());
    { places }
        .map(|directory| directory.join(name))
        .find(|file| file.is_file() && access(file, Access::EXEC_OK).is_ok())
}

/// Runs a program with `path` as its whole environment, until `deadline` at the latest. It is killed
/// if this future is dropped.
///
/// # Errors
/// It cannot be started.
pub async fn run(
    program: &Path,
    arguments: &[String],
    path: &OsStr,
    deadline: Instant,
) -> io::Result<Said> {
    let mut child = Command::new(program)
        .args(arguments)
        // Nothing of the agent's environment, such as its token, is the program's business.
        .env_clear()
        .env("PATH", OsString::from(path))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (mut output, mut complaints) = (Vec::new(), Vec::new());
    let finish = async {
        let output = async {
            if read(out, &mut output, OUTPUT, false).await {
                Err(End::Full)
            } else {
                Ok(())
            }
        };
        // Complaints beyond the limit are read and forgotten, or it would wait for a reader.
        let complaints = async {
            read(err, &mut complaints, COMPLAINTS, true).await;
            Ok(())
        };
        match tokio::try_join!(output, complaints) {
            Ok(_) => child.wait().await.map(End::Exit),
            Err(full) => Ok(full),
        }
    };
    let end = match timeout_at(deadline, finish).await {
        Ok(end) => end?,
        Err(_) => End::Late,
    };
    Ok(Said {
        output,
        complaints,
        end,
    })
}

/// Reads at most `most` bytes and tells whether there was more. With `drain` the rest is read too.
async fn read(
    stream: Option<impl AsyncRead + Unpin>,
    into: &mut Vec<u8>,
    most: usize,
    drain: bool,
) -> bool {
    let Some(stream) = stream else { return false };
    let mut limited = stream.take(most as u64);
    let _ = limited.read_to_end(into).await;
    let mut rest = limited.into_inner();
    let mut more = [0; 4096];
    let mut full = false;
    while rest.read(&mut more).await.is_ok_and(|count| count > 0) {
        full = true;
        if !drain {
            break;
        }
    }
    full
}
