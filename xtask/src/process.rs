//! Child processes that inherit nothing by accident.
//!
//! `cargo run` sets dozens of variables for the program it starts (`CARGO_*`, `RUSTUP_TOOLCHAIN`,
//! `LD_LIBRARY_PATH`, ...), and a developer may have others (`RUSTFLAGS`, `CARGO_PROFILE_*`). Each
//! could change the toolchain or the object, so a child gets only the few that are named here.

use std::{
    env,
    ffi::OsStr,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Where the system's tools are.
const SYSTEM_PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Variables a child may see: where the user's files are, and what a download needs.
const KEPT: [&str; 12] = [
    "HOME",
    "CARGO_HOME",
    "TMPDIR",
    "TERM",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
];

/// As [`KEPT`]: settings of cargo's downloads.
const KEPT_PREFIXES: [&str; 4] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTR",
    "CARGO_SOURCE_",
];

/// A command that finds programs in `directories` first, then in the system's.
pub fn command(program: impl AsRef<OsStr>, directories: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    command.envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept)));
    let path: Vec<&str> = directories.iter().copied().chain([SYSTEM_PATH]).collect();
    command.env("PATH", path.join(":"));
    command
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Runs it; its output goes where ours goes.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", shown(command));
    }
    Ok(())
}

/// Runs it and returns what it wrote to standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed: {}", shown(command), output.status);
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("the output of {} is no UTF-8", shown(command)))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_sees_neither_our_cargo_nor_our_flags() {
        let text = output(&mut command("/usr/bin/env", &["/first"])).unwrap();
        assert!(
            text.lines()
                .any(|line| line == format!("PATH=/first:{SYSTEM_PATH}")),
            "{text}"
        );
        for name in [
            "CARGO=",
            "CARGO_MANIFEST_DIR=",
            "RUSTFLAGS=",
            "RUSTUP_TOOLCHAIN=",
        ] {
            assert!(
                !text.lines().any(|line| line.starts_with(name)),
                "{name} is left in\n{text}"
            );
        }
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(&mut command("/bin/false", &[]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("/bin/false failed: exit status: 1"),
            "{error}"
        );
    }
}
