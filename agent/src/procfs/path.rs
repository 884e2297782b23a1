//! Which trees are read, and the address of one file below the proc root.

use std::ffi::CStr;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;

use rustix::io::Errno;

/// The roots of the two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// A proc file system.
    pub proc: PathBuf,
    /// A sysfs; may be absent.
    pub sys: PathBuf,
}

impl Default for Root {
    /// The live system: `/proc` and `/sys`.
    fn default() -> Self {
        Self {
            proc: "/proc".into(),
            sys: "/sys".into(),
        }
    }
}

/// A file below the proc root. Shown relative to that root: `123/task/124/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcPath {
    /// A file of the machine, such as `meminfo`.
    System(&'static str),
    /// A file of a process.
    Process(u32, &'static str),
    /// A file of a thread: process, thread, name.
    Thread(u32, u32, &'static str),
}

impl fmt::Display for ProcPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(name) => f.write_str(name),
            Self::Process(pid, name) => write!(f, "{pid}/{name}"),
            Self::Thread(pid, tid, name) => write!(f, "{pid}/task/{tid}/{name}"),
        }
    }
}

impl ProcPath {
    /// Writes the path into `buffer` as a C string.
    ///
    /// # Errors
    /// `ENAMETOOLONG` if it does not fit.
    pub(super) fn c_str<'a>(&self, buffer: &'a mut [u8; 64]) -> Result<&'a CStr, Errno> {
        let mut space = &mut buffer[..];
        write!(space, "{self}\0").map_err(|_| Errno::NAMETOOLONG)?;
        CStr::from_bytes_until_nul(buffer).map_err(|_| Errno::INVAL)
    }

    /// The path of a file of a process, relative to the directory of that process.
    pub(super) fn below_process(name: &CStr) -> &CStr {
        let slash = name.to_bytes().iter().position(|&byte| byte == b'/');
        let rest = slash.and_then(|at| name.to_bytes_with_nul().get(at + 1..));
        rest.and_then(|rest| CStr::from_bytes_with_nul(rest).ok())
            .unwrap_or(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_root() {
        let mut buffer = [0xff; 64];
        let path = ProcPath::Thread(u32::MAX, u32::MAX, "schedstat");
        assert_eq!(
            path.c_str(&mut buffer),
            Ok(c"4294967295/task/4294967295/schedstat")
        );
        assert_eq!(
            ProcPath::Process(1, "stat").c_str(&mut buffer),
            Ok(c"1/stat")
        );
        let mut buffer = [0xff; 64];
        let path = ProcPath::Thread(7, 8, "stat").c_str(&mut buffer).unwrap();
        assert_eq!(ProcPath::below_process(path), c"task/8/stat");
        assert_eq!(
            ProcPath::System("self/net/dev").c_str(&mut buffer),
            Ok(c"self/net/dev")
        );
    }

    #[test]
    fn a_path_that_does_not_fit_is_an_error() {
        const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789";
        assert_eq!(
            ProcPath::System(LONG).c_str(&mut [0; 64]),
            Err(Errno::NAMETOOLONG)
        );
    }
}
