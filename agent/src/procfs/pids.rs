//! The numeric names in a directory: the processes in `/proc`, the threads in `/proc/PID/task`
//! (proc(5)).

use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use rustix::fs::RawDir;
use rustix::io::Errno;

use super::text::number;

/// Puts the numbers of an open directory, which must be at its start, into `ids`, ascending.
///
/// `space` is scratch memory and holds some hundred entries per 8 KiB. A process that starts or
/// ends during the listing may or may not be in it; others are there exactly once.
pub(super) fn list(
    dir: impl AsFd,
    space: &mut [MaybeUninit<u8>],
    ids: &mut Vec<u32>,
) -> Result<(), Errno> {
    ids.clear();
    let mut entries = RawDir::new(dir, space);
    while let Some(entry) = entries.next() {
        ids.extend(number::<u32>(entry?.file_name().to_bytes()).filter(|&id| id > 0));
    }
    ids.sort_unstable();
    Ok(())
}

/// How many numbers an open directory holds, which must be at its start.
pub(super) fn count(dir: impl AsFd, space: &mut [MaybeUninit<u8>]) -> Result<u32, Errno> {
    let (mut entries, mut count) = (RawDir::new(dir, space), 0);
    while let Some(entry) = entries.next() {
        count += u32::from(number::<u32>(entry?.file_name().to_bytes()).is_some());
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_are_listed_ascending_and_all_of_them() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["self", "4294967296", "12a", "-1", "0", "4294967295", "net"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        for id in 1..=500 {
            std::fs::create_dir(dir.path().join(id.to_string())).unwrap();
        }
        let mut ids = vec![7, 7, 7];
        // Room for a few entries only, so that the directory is read in many pieces.
        list(
            std::fs::File::open(dir.path()).unwrap(),
            &mut [MaybeUninit::uninit(); 512],
            &mut ids,
        )
        .unwrap();
        let expected: Vec<u32> = (1..=500).chain([u32::MAX]).collect();
        assert_eq!(ids, expected);
        let open = std::fs::File::open(dir.path()).unwrap();
        // 0 is a file descriptor.
        assert_eq!(count(open, &mut [MaybeUninit::uninit(); 512]), Ok(502));
    }
}
