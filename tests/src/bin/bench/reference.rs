//! `socktop_agent` 1.60.1, in a network namespace of its own: it listens on all addresses.
#![allow(
    unsafe_code,
    reason = "unshare and the request that brings an interface up have no safe wrapper"
)]

use crate::client::Client;
use rustix::net::{AddressFamily, SocketType, socket};
use std::os::fd::AsRawFd;
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

/// Starts it without caches and waits until it listens. Call [`leave_the_network`] first.
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

/// Moves this thread, and all that it starts, to a network with nothing but a loopback interface.
pub fn leave_the_network() -> Result<(), String> {
    let failed = |what: &str| {
        let error = std::io::Error::last_os_error();
        format!("{what}: {error}; a network namespace of its own needs root")
    };
    // SAFETY: only the network of the calling thread changes.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return Err(failed("unshare"));
    }
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| format!("socket: {error}"))?;
    // SAFETY: ifreq consists of integers and a union of integers.
    let mut interface: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in interface.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    interface.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the kernel reads an ifreq, which outlives the call.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const interface) };
    if done == 0 {
        Ok(())
    } else {
        Err(failed("bringing lo up"))
    }
}
