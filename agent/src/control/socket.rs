//! The socket file: made so that only its owner can ever connect, and removed only if it is ours.

use std::{
    fmt,
    io::ErrorKind,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{FileTypeExt, MetadataExt},
            net::UnixListener,
        },
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Gid, Mode, chmodat, chownat, rename, unlink},
    io::Errno,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
    },
};
use thiserror::Error;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 64;

/// Why there is no socket.
#[derive(Debug, Error)]
pub enum SocketError {
    /// Another agent answers there.
    #[error("{0}: another agent is listening there; stop it, or say --control with another path")]
    Live(PathBuf),
    /// Something that is no socket.
    #[error(
        "{0}: there is a file that is no socket; remove it, or say --control with another path"
    )]
    Occupied(PathBuf),
    /// The system says no.
    #[error("{path}: {what}: {source}")]
    System {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// The listening socket and its file, which goes with it.
#[derive(Debug)]
pub struct ControlSocket {
    /// Accepts connections.
    pub listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file.
    identity: (u64, u64),
}

impl ControlSocket {
    /// Listens at `path`, for the owner of this process and root alone, or also for a group. A file
    /// that a dead agent has left is replaced.
    ///
    /// # Errors
    /// [`SocketError`]; nothing that was there is changed then.
    pub fn open(path: &Path, group: Option<Gid>) -> Result<Self, SocketError> {
        check_place(path)?;
        let failed = |what| {
            move |source: Errno| SocketError::System {
                path: path.to_owned(),
                what,
                source: source.into(),
            }
        };
        // Nobody can connect to it before it listens, nor find it before it has its name.
        let hidden = hidden(path);
        let _ = unlink(&hidden);
        let socket = stream_socket().map_err(failed("socket"))?;
        let address = SocketAddrUnix::new(&hidden).map_err(failed("the path"))?;
        bind(&socket, &address).map_err(failed("bind"))?;
        let made = Self::finish(path, &hidden, group, UnixListener::from(socket), failed);
        if made.is_err() {
            let _ = unlink(&hidden);
        }
        made
    }

    fn finish<F: Fn(Errno) -> SocketError>(
        path: &Path,
        hidden: &Path,
        group: Option<Gid>,
        listener: UnixListener,
        failed: impl Fn(&'static str) -> F,
    ) -> Result<Self, SocketError> {
        let mode = match group {
            Some(_) => Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP,
            None => Mode::RUSR | Mode::WUSR,
        };
        if group.is_some() {
            chownat(CWD, hidden, None, group, rustix::fs::AtFlags::empty())
                .map_err(failed("chown"))?;
        }
        chmodat(CWD, hidden, mode, rustix::fs::AtFlags::empty()).map_err(failed("chmod"))?;
        listen(&listener, BACKLOG).map_err(failed("listen"))?;
        let metadata = std::fs::symlink_metadata(hidden).map_err(|source| SocketError::System {
            path: path.to_owned(),
            what: "stat",
            source,
        })?;
        rename(hidden, path).map_err(failed("rename"))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            identity: (metadata.dev(), metadata.ino()),
        })
    }
}

impl fmt::Display for ControlSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let ours = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == self.identity);
        if ours {
            let _ = unlink(&self.path);
        }
    }
}

/// Beside the socket, so that it can take its place in one step.
fn hidden(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

/// Whether a socket may be put there: nothing is, or what a dead agent has left.
fn check_place(path: &Path) -> Result<(), SocketError> {
    let system = |what| {
        move |source| SocketError::System {
            path: path.to_owned(),
            what,
            source,
        }
    };
    let found = match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        found => found.map_err(system("stat"))?,
    };
    if !found.file_type().is_socket() {
        return Err(SocketError::Occupied(path.to_owned()));
    }
    match try_connect(path) {
        // Nobody listens: its agent is dead.
        Err(Errno::CONNREFUSED) => Ok(()),
        // A full queue is somebody's, too.
        Ok(()) | Err(Errno::AGAIN) => Err(SocketError::Live(path.to_owned())),
        Err(error) => Err(system("connect")(error.into())),
    }
}

/// Never waits: whoever listens there may not accept anybody.
fn try_connect(path: &Path) -> Result<(), Errno> {
    let address = SocketAddrUnix::new(path)?;
    connect(stream_socket()?, &address)
}

fn stream_socket() -> Result<OwnedFd, Errno> {
    socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
        None,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        (directory, path)
    }

    #[test]
    fn only_the_owner_can_connect_and_the_file_goes_with_it() {
        let (_directory, path) = place();
        let socket = ControlSocket::open(&path, None).unwrap();
        let mode = std::fs::metadata(&path).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(!path.exists());
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 0);
    }

    #[test]
    fn a_live_socket_and_a_file_are_left_alone_and_a_dead_socket_is_replaced() {
        let (_directory, path) = place();
        std::fs::write(&path, "mine").unwrap();
        let error = ControlSocket::open(&path, None).unwrap_err();
        assert!(matches!(error, SocketError::Occupied(_)), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        std::fs::remove_file(&path).unwrap();

        drop(UnixListener::bind(&path).unwrap());
        let socket = ControlSocket::open(&path, None).unwrap();
        let error = ControlSocket::open(&path, None).unwrap_err();
        assert!(matches!(error, SocketError::Live(_)), "{error}");
        UnixStream::connect(&path).unwrap();
        // What has taken its place is not ours to remove.
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "another's").unwrap();
        drop(socket);
        assert!(path.exists());
    }

    #[test]
    fn a_directory_that_is_not_there_is_named() {
        let error = ControlSocket::open(Path::new("/nowhere/control.sock"), None).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/control.sock: "),
            "{error}"
        );
    }
}
