//! A compressed file of one who was killed has no end; what is appended to it could not be read.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

const CHUNK: usize = 64 << 10;

/// Gives a file an end after its last whole line, if it has none. Returns whether it is another file now. One
/// that is not there is fine.
///
/// # Errors
/// If it cannot be read or written; then it is as before.
pub fn mend(path: &Path) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
        Ok(found) if found.len() == 0 || !found.is_file() => return Ok(false),
        Ok(_) => {}
    }
    if is_whole(path)? {
        return Ok(false);
    }
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".mended");
    let mended = path.with_file_name(name);
    let permissions = fs::metadata(path)?.permissions();
    let result = copy(path, &mended)
        .and_then(|()| fs::set_permissions(&mended, permissions))
        .and_then(|()| fs::rename(&mended, path));
    if result.is_err() {
        let _ = fs::remove_file(&mended);
    }
    result.map(|()| true)
}

fn reader(path: &Path) -> io::Result<MultiGzDecoder<BufReader<File>>> {
    Ok(MultiGzDecoder::new(BufReader::new(File::open(path)?)))
}

fn is_whole(path: &Path) -> io::Result<bool> {
    let mut reader = reader(path)?;
    let mut buffer = vec![0; CHUNK];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(error) if is_of_system(&error) => return Err(error),
            Err(_) => return Ok(false),
        }
    }
}

/// Not of what is in the file.
fn is_of_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

/// All whole lines.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut reader = reader(from)?;
    let to = BufWriter::new(File::create(to)?);
    let mut writer = GzEncoder::new(to, Compression::default());
    let mut buffer = vec![0; CHUNK];
    let mut rest = Vec::new();
    loop {
        let length = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if is_of_system(&error) => return Err(error),
            Err(_) => break,
        };
        let chunk = &buffer[..length];
        match chunk.iter().rposition(|&byte| byte == b'\n') {
            Some(end) => {
                writer.write_all(&rest)?;
                writer.write_all(&chunk[..=end])?;
                rest.clear();
                rest.extend_from_slice(&chunk[end + 1..]);
            }
            None => rest.extend_from_slice(chunk),
        }
    }
    writer.finish()?.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(text: &str) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text.as_bytes()).unwrap();
        gzip.flush().unwrap();
        gzip.finish().unwrap()
    }

    fn read(path: &Path) -> io::Result<String> {
        let mut text = String::new();
        reader(path)?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn wherever_it_was_cut_it_has_an_end_and_whole_lines_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        let text: String = (0..50).map(|number| format!("line {number}\n")).collect();
        let mut bytes = gzip("first\n");
        let first = bytes.len();
        bytes.extend_from_slice(&gzip(&text));
        for length in 1..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            mend(&path).unwrap();
            let read = read(&path).unwrap();
            let all = format!("first\n{text}");
            assert!(all.starts_with(&read) && (read.is_empty() || read.ends_with('\n')));
            assert!(length < first || read.len() >= 6, "{length}");
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_whole_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("x.gz");
        mend(&path).unwrap();
        assert!(!path.exists());
        let bytes = gzip("1\n2");
        fs::write(&path, &bytes).unwrap();
        mend(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
