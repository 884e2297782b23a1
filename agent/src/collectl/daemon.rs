//! `-D`: the same command again, in the background.
//!
//! The program is started anew, in a session of its own, and told so by a variable. What it says until it
//! works goes through a pipe to the one that was started by hand, which ends with it.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::{self, Read, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{Command, Stdio},
};

use rustix::{process::setsid, stdio::dup2_stderr};

/// Tells the program that it is the one in the background.
const VARIABLE: &str = "SUBJIFFY_COLLECTL_DAEMON";

/// The last it says to the one that was started by hand.
const WORKS: u8 = 0;

/// Whether this is the one in the background. If so it leaves its terminal.
#[must_use]
pub fn is_daemon() -> bool {
    let is = env::var_os(VARIABLE).is_some();
    if is {
        // It fails for the leader of a group, which a process that was just made is not.
        let _ = setsid();
    }
    is
}

/// Starts the one in the background and waits until it works.
///
/// # Errors
/// Why it does not, in its own words.
pub fn start() -> Result<(), String> {
    let failed = |error: io::Error| format!("cannot go to the background: {error}");
    let mut words = env::args_os();
    let name = words.next().unwrap_or_else(|| OsString::from("subjiffy"));
    let mut command = Command::new(env::current_exe().map_err(failed)?);
    let command = command.arg0(name).args(words).env(VARIABLE, "1");
    let (null, pipe) = (Stdio::null, Stdio::piped());
    let command = command.stdin(null()).stdout(null()).stderr(pipe);
    let mut child = command.spawn().map_err(failed)?;
    let mut said = Vec::new();
    if let Some(mut errors) = child.stderr.take() {
        errors.read_to_end(&mut said).map_err(failed)?;
    }
    let works = said.pop_if(|last| *last == WORKS);
    let text = String::from_utf8_lossy(&said);
    if works.is_none() && !child.wait().map_err(failed)?.success() {
        return Err(text.trim().trim_start_matches("Error: ").to_owned());
    }
    eprint!("{text}");
    Ok(())
}

/// The one in the background works: nobody waits for what it says any more.
///
/// # Errors
/// If there is no `/dev/null`.
pub fn works() -> io::Result<()> {
    io::stderr().write_all(&[WORKS])?;
    let null = File::options().write(true).open("/dev/null")?;
    Ok(dup2_stderr(null.as_fd())?)
}
