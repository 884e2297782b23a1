//! Where the control socket is, and who may come near it.

use std::{
    ffi::OsString,
    fs::Metadata,
    io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Gid, Mode, OFlags, fchmod, fchown, mkdirat, openat},
    io::Errno,
    process::geteuid,
};
use thiserror::Error;

/// Its directory, in `/run` or in the runtime directory of a user.
const DIRECTORY: &str = "subjiffy";

/// The socket's own name.
const NAME: &str = "control.sock";

/// Why there is no place for a socket, or no such group.
#[derive(Debug, Error)]
pub enum PathError {
    /// A user without a directory of its own.
    #[error(
        "there is no default control socket for a user without XDG_RUNTIME_DIR: say its path \
         (--control of the agent, --socket of ctl), or run as root, whose is \
         /run/subjiffy/control.sock"
    )]
    NoRuntimeDirectory,
    /// It depends on where one is.
    #[error(
        "XDG_RUNTIME_DIR is {0:?}, which is no absolute path; right would be a directory such as \
         /run/user/1000"
    )]
    Relative(OsString),
    /// The path has no directory.
    #[error("{0}: a path with a directory is needed, such as /run/subjiffy/control.sock")]
    NoDirectory(PathBuf),
    /// There is something else.
    #[error("{0} is no directory; remove it, or choose another path for the control socket")]
    NotDirectory(PathBuf),
    /// Somebody else could put another socket there.
    #[error(
        "{path} belongs to user {owner}, and not to user {own}, as whom this agent runs; remove it, \
         or choose another path for the control socket"
    )]
    Owner {
        /// The directory.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        own: u32,
    },
    /// So could these.
    #[error(
        "others may write to {path} (mode {mode:04o}); right would be `chmod go-w` on it, or \
         another path for the control socket"
    )]
    Writable {
        /// The directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Nobody has that name.
    #[error("no group {name:?} in {file}; right would be one that is there, or a number")]
    NoGroup {
        /// What was asked for.
        name: String,
        /// Where it was looked for.
        file: PathBuf,
    },
    /// The system says no.
    #[error("{path}: {what}: {source}")]
    System {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// The path of the socket when nobody says another: of root below `/run`, of other users below
/// `XDG_RUNTIME_DIR`.
///
/// # Errors
/// [`PathError::NoRuntimeDirectory`], [`PathError::Relative`]
pub fn default_path(
    is_root: bool,
    runtime_directory: Option<OsString>,
) -> Result<PathBuf, PathError> {
    let parent = match runtime_directory {
        _ if is_root => PathBuf::from("/run"),
        Some(directory) if !directory.is_empty() => PathBuf::from(directory),
        _ => return Err(PathError::NoRuntimeDirectory),
    };
    if parent.is_relative() {
        return Err(PathError::Relative(parent.into_os_string()));
    }
    Ok(parent.join(DIRECTORY).join(NAME))
}

/// Makes the directory of a socket's default path, its last component only: for its owner alone, or
/// also open to a group. One that is there is left as it is.
///
/// # Errors
/// [`PathError`]: it cannot be made, or somebody else could put another socket into the one that is
/// there.
pub fn make_directory(socket: &Path, group: Option<Gid>) -> Result<(), PathError> {
    let directory = socket
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .ok_or_else(|| PathError::NoDirectory(socket.to_owned()))?;
    let failed = |what| {
        move |source: Errno| PathError::System {
            path: directory.to_owned(),
            what,
            source: source.into(),
        }
    };
    match mkdirat(CWD, directory, Mode::RWXU) {
        Ok(()) => give(directory, group).map_err(failed("chmod")),
        Err(Errno::EXIST) => {
            let found = std::fs::symlink_metadata(directory);
            let found = found.map_err(|source| PathError::System {
                path: directory.to_owned(),
                what: "stat",
                source,
            })?;
            check(directory, &found)
        }
        Err(error) => Err(failed("mkdir")(error)),
    }
}

/// The exact permissions, whatever the umask is.
fn give(directory: &Path, group: Option<Gid>) -> Result<(), Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(CWD, directory, flags, Mode::empty())?;
    let Some(group) = group else {
        return fchmod(&file, Mode::RWXU);
    };
    fchown(&file, None, Some(group))?;
    fchmod(&file, Mode::RWXU | Mode::RGRP | Mode::XGRP)
}

fn check(directory: &Path, found: &Metadata) -> Result<(), PathError> {
    let (path, own) = (directory.to_owned(), geteuid().as_raw());
    if !found.is_dir() {
        return Err(PathError::NotDirectory(path));
    }
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    if owner != own {
        return Err(PathError::Owner { path, owner, own });
    }
    if mode & 0o022 != 0 {
        return Err(PathError::Writable { path, mode });
    }
    Ok(())
}

/// The group with this name in `etc/group` below `root`, or with this number, which need not be
/// there. Only that file is read: groups of other databases (nsswitch.conf) go by number.
///
/// # Errors
/// [`PathError::NoGroup`], or why the file cannot be read.
pub fn group(name: &str, root: &Path) -> Result<Gid, PathError> {
    let file = root.join("etc/group");
    let read = std::fs::read(&file);
    let named = read.as_ref().ok().and_then(|text| find_group(text, name));
    // The highest one stands for "no group" in the calls of the system.
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    let number = || name.parse().ok().filter(|&gid| digits && gid != u32::MAX);
    if let Some(gid) = named.or_else(number) {
        return Ok(Gid::from_raw(gid));
    }
    match read {
        Err(source) if source.kind() != io::ErrorKind::NotFound => Err(PathError::System {
            path: file,
            what: "read",
            source,
        }),
        _ => Err(PathError::NoGroup {
            name: name.to_owned(),
            file,
        }),
    }
}

/// The number of a group in the text of group(5): `name:password:gid:members`. Lines that are not of
/// this form are passed over, and so are comments (`#`) and what refers to other databases (`+`, `-`).
fn find_group(text: &[u8], name: &str) -> Option<u32> {
    text.split(|&byte| byte == b'\n').find_map(|line| {
        let mut fields = std::str::from_utf8(line).ok()?.split(':');
        let found = fields
            .next()
            .filter(|found| !found.is_empty() && !found.starts_with(['#', '+', '-']));
        found.filter(|&found| found == name)?;
        let gid = fields.nth(1)?.parse().ok();
        gid.filter(|&gid| gid != u32::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    #[test]
    fn root_and_users_have_their_places() {
        let of = |root, directory: Option<&str>| default_path(root, directory.map(Into::into));
        let run = PathBuf::from("/run/subjiffy/control.sock");
        assert_eq!(of(true, None).unwrap(), run);
        assert_eq!(of(true, Some("/run/user/0")).unwrap(), run);
        assert_eq!(
            of(false, Some("/run/user/7")).unwrap(),
            Path::new("/run/user/7/subjiffy/control.sock")
        );
        for none in [None, Some("")] {
            let error = of(false, none).unwrap_err().to_string();
            assert!(error.contains("XDG_RUNTIME_DIR"), "{error}");
        }
        let error = of(false, Some("run")).unwrap_err().to_string();
        assert!(
            error.contains("\"run\"") && error.contains("absolute"),
            "{error}"
        );
    }

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    #[test]
    fn a_directory_is_made_for_its_owner_or_a_group_and_only_the_last_one() {
        let place = tempfile::tempdir().unwrap();
        let own = std::fs::metadata(place.path()).unwrap().gid();
        let (alone, shared) = (place.path().join("alone"), place.path().join("shared"));
        make_directory(&alone.join("s"), None).unwrap();
        make_directory(&shared.join("s"), Some(Gid::from_raw(own))).unwrap();
        assert_eq!((mode(&alone), mode(&shared)), (0o700, 0o750));
        assert_eq!(std::fs::metadata(&shared).unwrap().gid(), own);
        // What is there stays as it is.
        make_directory(&alone.join("s"), Some(Gid::from_raw(own))).unwrap();
        assert_eq!(mode(&alone), 0o700);
        let error = make_directory(&place.path().join("a/b/s"), None).unwrap_err();
        assert!(error.to_string().contains("a/b: mkdir: "), "{error}");
        let error = make_directory(Path::new("s"), None).unwrap_err();
        assert!(matches!(error, PathError::NoDirectory(_)), "{error}");
    }

    #[test]
    fn a_directory_where_others_could_put_a_socket_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("run");
        std::fs::create_dir(&directory).unwrap();
        let made = || make_directory(&directory.join("s"), None);
        for wide in [0o777, 0o1777, 0o720, 0o702] {
            std::fs::set_permissions(&directory, PermissionsExt::from_mode(wide)).unwrap();
            let error = made().unwrap_err().to_string();
            assert!(error.contains(&format!("mode {wide:04o}")), "{error}");
        }
        for narrow in [0o755, 0o700] {
            std::fs::set_permissions(&directory, PermissionsExt::from_mode(narrow)).unwrap();
            made().unwrap();
        }
        if geteuid().is_root() {
            chown(&directory, Some(65534), None).unwrap();
            let error = made().unwrap_err();
            assert!(
                matches!(error, PathError::Owner { owner: 65534, .. }),
                "{error}"
            );
        }
        let (file, link) = (place.path().join("file"), place.path().join("link"));
        std::fs::write(&file, "").unwrap();
        symlink(place.path(), &link).unwrap();
        for wrong in [file, link] {
            let error = make_directory(&wrong.join("s"), None).unwrap_err();
            assert!(matches!(error, PathError::NotDirectory(_)), "{error}");
        }
    }

    #[test]
    fn groups_have_names_and_numbers() {
        let place = tempfile::tempdir().unwrap();
        let none = group("adm", place.path()).unwrap_err().to_string();
        assert!(
            none.contains("no group \"adm\"") && none.contains("etc/group"),
            "{none}"
        );
        assert_eq!(group("12", place.path()).unwrap().as_raw(), 12);
        std::fs::create_dir(place.path().join("etc")).unwrap();
        let text =
            b"root:x:0:\n# adm:x:9:\nadm:x:4:syslog,me\n\xff:x:5:\nbad:x\nworse:x:y:\n77:x:8:\n+\n\
                     huge:x:4294967295:";
        std::fs::write(place.path().join("etc/group"), text).unwrap();
        let of = |name| group(name, place.path()).ok().map(Gid::as_raw);
        assert_eq!(of("root"), Some(0));
        assert_eq!(of("adm"), Some(4));
        // A name of digits is a name first.
        assert_eq!((of("77"), of("78")), (Some(8), Some(78)));
        for wrong in [
            "",
            "bad",
            "worse",
            "+",
            "# adm",
            "adm:x",
            "huge",
            "4294967295",
            "-1",
            "+5",
        ] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_written_is_found(
            before in prop::collection::vec(any::<u8>(), 0..64),
            text in "[a-z:0-9\n]{0,64}",
            gid in 0..u32::MAX,
        ) {
            let _ = find_group(&before, "a");
            let _ = find_group(text.as_bytes(), "a");
            let text = [&before[..], format!("\nOurs:x:{gid}:a,b\n").as_bytes()].concat();
            prop_assert_eq!(find_group(&text, "Ours"), Some(gid));
        }
    }
}
