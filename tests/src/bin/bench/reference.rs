//! `socktop_agent` 1.60.1, in a network namespace of its own: it listens on all addresses.

use crate::client::Client;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use subjiffy_tests::process::Owned;

pub const ADDRESS: &str = "127.0.0.1:3000";

const INSTALL: &str = "install it with `cargo install --locked socktop_agent --version 1.60.1 \
     --no-default-features` and set SOCKTOP_AGENT_BIN to its path";

/// The program that ours is compared with.
pub fn binary() -> Result<PathBuf, String> {
    let path = std::env::var_os("SOCKTOP_AGENT_BIN").map(PathBuf::from);
    let path = path.ok_or_else(|| format!("SOCKTOP_AGENT_BIN is not set: {INSTALL}"))?;
    if path.is_file() {
        return Ok(path);
    }
    Err(format!(
        "SOCKTOP_AGENT_BIN: {} is no file: {INSTALL}",
        path.display()
    ))
}

/// Starts it without caches and waits until it listens. Call [`subjiffy_tests::network::leave`] first.
pub fn start() -> Result<Owned, String> {
    let mut command = Command::new(binary()?);
    command.args(["--port", "3000"]);
    without_caches(&mut command);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command
        .spawn()
        .map_err(|error| format!("{command:?}: {error}"))?;
    let agent = Owned(child);
    let begun = Instant::now();
    while let Err(error) = Client::connect(ADDRESS) {
        if begun.elapsed() > Duration::from_secs(10) {
            return Err(format!("socktop_agent does not listen: {error}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(agent)
}

/// Each answer is made anew. Both agents know these variables.
pub fn without_caches(command: &mut Command) {
    for kind in ["METRICS", "DISKS", "PROCESSES"] {
        command.env(format!("SOCKTOP_AGENT_{kind}_TTL_MS"), "0");
    }
}
