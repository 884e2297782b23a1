//! An agent with TLS and where its certificate is.

use crate::server::Server;
use std::fs::{read_dir, read_to_string};
use std::path::{Path, PathBuf};

/// An agent that makes its own certificate. Whatever place for its files it chooses, it is below
/// `directory`.
///
/// # Panics
/// When it does not start.
pub fn server(directory: &Path, token: Option<&str>) -> Server {
    Server::with("--tls", |command| {
        for variable in [
            "HOME",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
            "STATE_DIRECTORY",
        ] {
            command.env(variable, directory);
        }
        command.envs(token.map(|token| ("SOCKTOP_TOKEN", token)));
    })
}

/// The file with the certificate.
///
/// # Panics
/// When there is none.
pub fn certificate(directory: &Path) -> PathBuf {
    let found = find(directory, "BEGIN CERTIFICATE");
    let first = found.into_iter().next();
    first.unwrap_or_else(|| panic!("no certificate below {}", directory.display()))
}

/// The files below a directory that have this text.
///
/// # Panics
/// When the directory cannot be read.
pub fn find(directory: &Path, text: &str) -> Vec<PathBuf> {
    let entries = read_dir(directory).expect("a directory").flatten();
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(find(&path, text));
        } else if read_to_string(&path).is_ok_and(|content| content.contains(text)) {
            found.push(path);
        }
    }
    found
}
