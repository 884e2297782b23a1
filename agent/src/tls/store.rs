//! Where the self-signed pair is kept.

use std::{
    fmt,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::fs::{FlockOperation, flock};
use tracing::warn;

use super::{Names, Pair, PairError, RENEW_BEFORE, Verdict, make};

/// Why there is no pair.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or the directory cannot be read or written.
    #[error(
        "{path}: {error}; a certificate is kept there, below XDG_CONFIG_HOME or HOME: let one of them \
         name a place that can be written, or give a pair with --tls-cert and --tls-key"
    )]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What is there is no pair.
    #[error("{path}: {error}; remove cert.pem and key.pem there to have new ones made")]
    Pair {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: PairError,
    },
    /// A new one could not be made.
    #[error("{0}")]
    Make(String),
}

/// Why a pair was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// There was none.
    First,
    /// One of the two files was missing, or they did not belong together.
    Incomplete,
    /// It expires soon, or has.
    Expires,
    /// It is not for this name.
    Lacks(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("there was none"),
            Self::Incomplete => f.write_str("the old files did not belong together"),
            Self::Expires => f.write_str("the old one expires"),
            Self::Lacks(name) => write!(f, "the old one was not for {name}"),
        }
    }
}

/// The pair that is kept now.
#[derive(Debug)]
pub struct Kept {
    /// It.
    pub pair: Pair,
    /// Why it was made just now, if it was.
    pub made: Option<Reason>,
}

/// A directory with `cert.pem` and `key.pem`.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// Keeps a pair in `directory`, which need not exist yet.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// The file that clients pin.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.directory.join("key.pem")
    }

    /// The pair in the directory, or a new one if there is none for all of `names` that lasts for
    /// [`RENEW_BEFORE`].
    ///
    /// # Errors
    /// If what is there cannot be read, or something must be written and cannot.
    pub fn load_or_make(&self, names: &Names, now: SystemTime) -> Result<Kept, StoreError> {
        // Open only to us from the beginning; what is there already stays as it is.
        let mut builder = DirBuilder::new();
        let created = builder.recursive(true).mode(0o700).create(&self.directory);
        let lock = created
            .and_then(|()| File::open(&self.directory))
            .and_then(|directory| {
                // Two agents that start at the same time must not mix their pairs.
                flock(&directory, FlockOperation::LockExclusive)?;
                Ok(directory)
            })
            .map_err(io_error(&self.directory))?;
        let kept = self.load_or_make_locked(names, now);
        drop(lock);
        kept
    }

    fn load_or_make_locked(&self, names: &Names, now: SystemTime) -> Result<Kept, StoreError> {
        let (old, reason) = match self.load()? {
            Ok(pair) => match due(&pair, names, now) {
                None => return Ok(Kept { pair, made: None }),
                Some(reason) => (Some(pair), reason),
            },
            Err(reason) => (None, reason),
        };
        match (self.make(names, now), old) {
            (Ok(pair), _) => Ok(Kept {
                pair,
                made: Some(reason),
            }),
            (Err(error), Some(pair)) => {
                warn!("the certificate should be renewed ({reason}), but: {error}");
                Ok(Kept { pair, made: None })
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The pair, or why there is none to use.
    fn load(&self) -> Result<Result<Pair, Reason>, StoreError> {
        let (certificate, key) = (read(&self.certificate())?, read(&self.key())?);
        let (certificate, key) = match (certificate, key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (None, None) => return Ok(Err(Reason::First)),
            _ => return Ok(Err(Reason::Incomplete)),
        };
        tighten(&self.key());
        match Pair::parse(&certificate, &key) {
            Ok(pair) => Ok(Ok(pair)),
            // Where a power failure comes between the two files.
            Err(PairError::Mismatch) => Ok(Err(Reason::Incomplete)),
            Err(error) => {
                let of_key = error.is_of_key();
                let path = if of_key {
                    self.key()
                } else {
                    self.certificate()
                };
                Err(StoreError::Pair { path, error })
            }
        }
    }

    fn make(&self, names: &Names, now: SystemTime) -> Result<Pair, StoreError> {
        let (certificate, key) = make(names, now).map_err(StoreError::Make)?;
        let pair = Pair::parse(certificate.as_bytes(), key.as_bytes());
        let pair = pair.map_err(|error| StoreError::Make(error.to_string()))?;
        replace(&self.key(), key.as_bytes(), 0o600)?;
        replace(&self.certificate(), certificate.as_bytes(), 0o644)?;
        Ok(pair)
    }
}

/// Why `pair` must be renewed. One that this program would not have made, such as one that a CA has
/// signed, is somebody's own and stays.
fn due(pair: &Pair, names: &Names, now: SystemTime) -> Option<Reason> {
    let soon = now + RENEW_BEFORE;
    let verdict = |name: &_, at| match pair.judge(name, at) {
        Verdict::Expired(Some(end)) => match pair.judge(name, end - Duration::from_secs(1)) {
            Verdict::Good | Verdict::OtherName => Verdict::Expired(Some(end)),
            other => other,
        },
        verdict => verdict,
    };
    names
        .servers()
        .find_map(|(text, name)| match verdict(&name, soon) {
            Verdict::Expired(_) => Some(Reason::Expires),
            Verdict::OtherName => Some(Reason::Lacks(text.to_owned())),
            Verdict::Good | Verdict::Other(_) => None,
        })
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    move |error| StoreError::Io {
        path: path.to_owned(),
        error,
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(path)(error)),
    }
}

/// Takes a key away from everybody else.
fn tighten(path: &Path) {
    let Ok(metadata) = fs::metadata(path) else {
        return;
    };
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return;
    }
    let tightened = fs::set_permissions(path, Permissions::from_mode(0o600));
    let path = path.display();
    match tightened {
        Ok(()) => warn!("{path} could be read by others (mode {mode:o}); it is 600 now"),
        Err(error) => warn!("{path} can be read by others (mode {mode:o}); set it to 600: {error}"),
    }
}

/// Puts a file in the place of another one, whole or not at all. At no time has it other permissions
/// than `mode` less the umask, and then exactly `mode`.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), StoreError> {
    let next = path.with_extension("pem.new");
    let write = || {
        // One that was left behind: with `create_new` nobody else's file is written to.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&next)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&next, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&next);
        io_error(path)(error)
    })
}
