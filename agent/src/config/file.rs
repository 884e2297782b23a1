//! Reads the file itself.

use std::{
    fs::OpenOptions,
    io::Read,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use super::{Config, Known, source::Lines};

/// Most bytes of a file; everything that can be said takes some thousands.
const LONGEST: u64 = 1 << 20;

/// Most problems that are told.
const TOLD: usize = 100;

/// A file and what it says.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// Its name, as it was given.
    pub path: PathBuf,
    /// What it says.
    pub config: Config,
}

impl ConfigFile {
    /// Reads and checks it.
    ///
    /// # Errors
    /// Everything that is wrong with it, a line each.
    pub fn read(path: &Path, known: &[Known]) -> Result<Self, String> {
        let text = text(path)?;
        let config = Config::parse(&text, known).map_err(|problems| {
            let mut told: Vec<_> = problems.iter().map(|p| p.of_file(path)).collect();
            if told.len() > TOLD {
                let more = told.len() - TOLD;
                told.truncate(TOLD);
                told.push(format!("{}: and {more} more problems", path.display()));
            }
            told.join("\n")
        })?;
        Ok(Self {
            path: path.to_owned(),
            config,
        })
    }

    /// What is accepted and has no meaning here, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.config.warnings.iter();
        warnings
            .map(|warning| warning.of_file(&self.path))
            .collect()
    }
}

fn text(path: &Path) -> Result<String, String> {
    let wrong = |why: &str| format!("{}: {why}", path.display());
    let failed = |error: std::io::Error| wrong(&error.to_string());
    // A pipe that nobody writes to must not keep us waiting.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(flags).open(path);
    let file = file.map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(wrong("this is a directory; right would be a file"));
    }
    if !metadata.is_file() {
        return Err(wrong("this is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LONGEST {
        return Err(wrong("the file is too large; 1 MiB is the most"));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.into_bytes();
        let good = String::from_utf8_lossy(bytes.get(..good).unwrap_or_default());
        let line = Lines::new(&good).of(good.len());
        format!("{}:{line}: the file is not UTF-8 here", path.display())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<ConfigFile, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let name = file.path().display().to_string();
        let read = ConfigFile::read(file.path(), &[]);
        read.map_err(|error| error.replace(&name, "FILE"))
    }

    #[test]
    fn what_is_no_text_is_told() {
        assert_eq!(
            read(b"a\nb\xff").unwrap_err(),
            "FILE:2: the file is not UTF-8 here"
        );
        assert_eq!(
            read(b"\xff").unwrap_err(),
            "FILE:1: the file is not UTF-8 here"
        );
        let large = vec![b'\n'; LONGEST as usize + 1];
        assert!(read(&large).unwrap_err().contains("1 MiB"));
        assert!(read(&large[1..]).is_ok());
        let error = ConfigFile::read(Path::new("/"), &[]).unwrap_err();
        assert_eq!(error, "/: this is a directory; right would be a file");
        let error = ConfigFile::read(Path::new("/dev/null"), &[]).unwrap_err();
        assert!(error.contains("no regular file"), "{error}");
        let error = ConfigFile::read(Path::new("/nonexistent"), &[]).unwrap_err();
        assert!(error.starts_with("/nonexistent: No such file"), "{error}");
    }

    #[test]
    fn problems_and_warnings_begin_with_the_file() {
        assert_eq!(
            read(b"\ntls = 1").unwrap_err(),
            "FILE:2: tls: 1 is wrong; right would be true or false"
        );
        let many: String = (0..TOLD + 7).map(|n| format!("x{n} = 1\n")).collect();
        let told = read(many.as_bytes()).unwrap_err();
        assert_eq!(told.lines().count(), TOLD + 1);
        assert!(told.ends_with("FILE: and 7 more problems"), "{told}");
        let mut file = read(b"[plugins.rapl]").unwrap();
        file.path = "FILE".into();
        assert_eq!(
            file.warnings(),
            ["FILE:1: plugins.rapl: ignored: there is no such plugin here"]
        );
    }
}
