//! One connection to an agent's control socket.

use std::{
    io::{ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::{fs::FileTypeExt, net::UnixStream},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
        sockopt::{Timeout, set_socket_timeout},
    },
};

use super::{ending::Ending, error::CtlError};

/// The longest reply, bytes.
pub const LONGEST: usize = 16 << 20;

/// Who may be asked to end looks so often whether it is.
const LOOK: Duration = Duration::from_millis(100);

/// How it is waited for a reply.
#[derive(Debug, Clone, Copy)]
pub struct Patience<'a> {
    /// At most so long; without it, until it comes.
    pub timeout: Option<Duration>,
    /// Or until somebody asks to end.
    pub ending: Option<&'a Ending>,
}

/// Sends lines, and reads lines.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    path: PathBuf,
    /// Read already, and behind the last reply.
    rest: Vec<u8>,
}

impl Connection {
    /// Connects to the socket at `path`. This and every later writing takes no longer than `timeout`.
    ///
    /// # Errors
    /// What would help.
    pub fn open(path: &Path, timeout: Duration) -> Result<Self, CtlError> {
        let failed = |what| {
            move |source: Errno| CtlError::System {
                path: path.to_owned(),
                what,
                source: source.into(),
            }
        };
        let address = SocketAddrUnix::new(path).map_err(|error| match error {
            Errno::NAMETOOLONG => CtlError::TooLong(path.to_owned()),
            other => failed("the path")(other),
        })?;
        let (family, flags) = (AddressFamily::UNIX, SocketFlags::CLOEXEC);
        let socket =
            socket_with(family, SocketType::STREAM, flags, None).map_err(failed("socket"))?;
        // Of connecting, too: an agent that hangs lets the queue in front of it fill up.
        set_socket_timeout(&socket, Timeout::Send, Some(timeout)).map_err(failed("setsockopt"))?;
        while let Err(error) = connect(&socket, &address) {
            match error {
                Errno::INTR => continue,
                Errno::NOENT => return Err(CtlError::Absent(path.to_owned())),
                Errno::CONNREFUSED if is_socket(path) => {
                    return Err(CtlError::Stale(path.to_owned()));
                }
                Errno::CONNREFUSED => return Err(CtlError::NoSocket(path.to_owned())),
                Errno::ACCESS | Errno::PERM => return Err(CtlError::Denied(path.to_owned())),
                Errno::AGAIN => {
                    let (path, waited) = (path.to_owned(), timeout);
                    return Err(CtlError::Busy { path, waited });
                }
                other => return Err(failed("connect")(other)),
            }
        }
        Ok(Self {
            stream: socket.into(),
            path: path.to_owned(),
            rest: Vec::new(),
        })
    }

    /// Sends one line. Who is sent away may find that out only here; why it is, is in the reply.
    ///
    /// # Errors
    /// If the agent takes nothing for so long.
    pub fn say(&mut self, line: &str) -> Result<(), CtlError> {
        match self.stream.write_all(format!("{line}\n").as_bytes()) {
            Err(error) if gone(error.kind()) => Ok(()),
            said => said.map_err(|error| self.failed("write", error)),
        }
    }

    /// No more lines will be sent.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Waits for one line. Bytes that are not UTF-8 are replaced.
    ///
    /// # Errors
    /// If it does not come, or not whole.
    pub fn reply(&mut self, patience: Patience<'_>) -> Result<String, CtlError> {
        let end = patience.timeout.map(|timeout| Instant::now() + timeout);
        let (mut buffer, mut looked) = (vec![0; 1 << 16], 0);
        loop {
            let unseen = self.rest.get(looked..).unwrap_or_default();
            if let Some(at) = unseen.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=looked + at).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            looked = self.rest.len();
            if looked > LONGEST {
                return Err(CtlError::Endless(self.path.clone()));
            }
            self.wait(end, patience)?;
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(self.closed()),
                Ok(length) => self.rest.extend_from_slice(&buffer[..length]),
                Err(error) if gone(error.kind()) => return Err(self.closed()),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                    _ => return Err(self.failed("read", error)),
                },
            }
        }
    }

    /// The next reading may take so long.
    fn wait(&self, end: Option<Instant>, patience: Patience<'_>) -> Result<(), CtlError> {
        if patience.ending.is_some_and(Ending::ended) {
            return Err(CtlError::Ended);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(CtlError::Silent {
                path: self.path.clone(),
                waited: patience.timeout.unwrap_or_default(),
            });
        }
        let look = patience.ending.map(|_| LOOK);
        let limit = left.into_iter().chain(look).min();
        let set = self.stream.set_read_timeout(limit);
        set.map_err(|error| self.failed("setsockopt", error))
    }

    fn closed(&self) -> CtlError {
        let path = self.path.clone();
        match self.rest.is_empty() {
            true => CtlError::Closed(path),
            false => CtlError::Broken(path),
        }
    }

    fn failed(&self, what: &'static str, source: std::io::Error) -> CtlError {
        let path = self.path.clone();
        match source.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => CtlError::Silent {
                path,
                waited: self
                    .stream
                    .write_timeout()
                    .ok()
                    .flatten()
                    .unwrap_or_default(),
            },
            _ => CtlError::System { path, what, source },
        }
    }
}

fn is_socket(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket())
}

fn gone(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)
}
