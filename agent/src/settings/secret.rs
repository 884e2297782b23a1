//! The token on its way from where it is kept to the server.

use std::{
    fmt,
    fs::File,
    io::Read,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tracing::warn;

use super::Told;
use crate::serve::Token;

/// Most bytes of a token: more would not fit into a request.
const LONGEST: u64 = 4096;

/// A text that is not to be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes it.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Where the token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// There is none: everybody may connect.
    None,
    /// A variable, and its name.
    Variable(Secret, &'static str),
    /// A file; a newline at its end is not part of it.
    File(Told<PathBuf>),
}

impl TokenSource {
    /// The token, if there is one.
    ///
    /// # Errors
    /// What is wrong with its file, never what is in it.
    pub fn load(&self) -> Result<Option<Token>, String> {
        match self {
            Self::None => Ok(None),
            Self::Variable(Secret(text), name) => {
                let token = Token::new(text.as_bytes());
                token.map(Some).map_err(|why| format!("{name}: {why}"))
            }
            Self::File(Told {
                value: path,
                whence,
            }) => {
                let wrong = |why: &str| format!("{whence} {}: {why}", path.display());
                let bytes = read(path).map_err(|error| wrong(&error.to_string()))?;
                let token = of_file(&bytes).map_err(wrong)?;
                Token::new(token).map(Some).map_err(wrong)
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o7777;
    if mode & 0o004 != 0 {
        warn!(
            "{} can be read by everybody (mode {mode:o})",
            path.display()
        );
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The token in what a file holds.
fn of_file(bytes: &[u8]) -> Result<&[u8], &'static str> {
    let token = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let token = token.strip_suffix(b"\r").unwrap_or(token);
    if token.is_empty() {
        Err("the token is empty; put a secret into it, such as that of `openssl rand -hex 32`")
    } else if token.len() as u64 > LONGEST {
        Err("the token is too long; 4096 bytes are the most")
    } else if token.contains(&b'\n') || token.contains(&0) {
        Err("the token must be one line of text")
    } else {
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newline_of_a_file_is_not_part_of_the_token() {
        for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            assert_eq!(of_file(text.as_bytes()), Ok(&b"s3cret"[..]));
        }
        assert_eq!(of_file(b" s3cret \n"), Ok(&b" s3cret "[..]));
        for (text, why) in [
            ("", "empty"),
            ("\n", "empty"),
            ("a\nb\n", "one line"),
            ("a\0", "one line"),
        ] {
            assert!(
                of_file(text.as_bytes()).unwrap_err().contains(why),
                "{text:?}"
            );
        }
        let long = vec![b'x'; LONGEST as usize + 3];
        assert!(of_file(&long).unwrap_err().contains("4096"));
        assert!(of_file(&long[..LONGEST as usize]).is_ok());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let file_source = |path: &Path| TokenSource::File(Told::flag(&path.into(), "--token-file"));
        let error = file_source(Path::new("/nonexistent")).load().unwrap_err();
        assert!(error.contains("--token-file /nonexistent"), "{error}");
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = file_source(file.path()).load().unwrap_err();
        assert!(error.contains("empty"), "{error}");
        std::fs::write(file.path(), "s3cret\n").unwrap();
        let token = file_source(file.path()).load().unwrap().unwrap();
        assert!(token.is(b"s3cret") && !token.is(b"s3cret\n"));
    }

    #[test]
    fn it_is_not_printed() {
        let source = TokenSource::Variable(Secret::new("s3cret".into()), "SOCKTOP_TOKEN");
        assert!(!format!("{source:?}").contains("s3cret"));
        assert!(source.load().unwrap().unwrap().is(b"s3cret"));
    }
}
