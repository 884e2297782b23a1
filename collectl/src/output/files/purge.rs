//! Removes old files, of ours only.

use std::{fs, io, os::unix::ffi::OsStrExt};

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::Naming;

/// Removes files of more than so many days ago, by the date in their names.
///
/// # Errors
/// The last one of those that there were: a file that cannot be removed does not keep others.
pub fn purge(naming: &Naming, days: u16, now: Timestamp, zone: &TimeZone) -> io::Result<()> {
    let today = now.to_zoned(zone.clone()).date();
    let Ok(oldest) = today.checked_sub(i64::from(days).days()) else {
        return Ok(());
    };
    let oldest = oldest.strftime("%Y%m%d").to_string();
    let mut result = Ok(());
    for entry in fs::read_dir(naming.directory())? {
        let entry = entry?;
        let name = entry.file_name();
        let date = naming.date(name.as_bytes());
        if date.is_some_and(|date| date < oldest.as_bytes()) {
            result = fs::remove_file(entry.path()).and(result);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn old_files_of_ours_go_and_all_others_stay() {
        let directory = tempfile::tempdir().unwrap();
        let names = [
            ("vm-20261112-000000.raw.gz", false),
            ("vm-20261112.tab.gz", false),
            ("vm-20261113.cpu", true),
            ("vm-20261120.tab.gz", true),
            ("other-20200101.tab.gz", true),
            ("vm-20200101.notes.txt", true),
            ("vm-collectl-202001.log", true),
        ];
        for (name, _) in names {
            File::create(directory.path().join(name)).unwrap();
        }
        let naming = Naming::new(directory.path(), "vm");
        let now = "2026-11-20T17:39:05Z".parse().unwrap();
        purge(&naming, 7, now, &TimeZone::UTC).unwrap();
        for (name, stays) in names {
            assert_eq!(directory.path().join(name).exists(), stays, "{name}");
        }
    }
}
