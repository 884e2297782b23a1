//! Names of users, from `etc/passwd`.

use std::{collections::HashMap, fs, path::PathBuf, sync::Arc, time::SystemTime};

use super::neutral;

/// Names by user id. The file is looked at again when an id has no name in it.
#[derive(Debug)]
pub struct Users {
    path: PathBuf,
    changed: Option<SystemTime>,
    names: HashMap<u32, Arc<str>>,
    /// Ids that have no name, as their number.
    numbers: HashMap<u32, Arc<str>>,
}

impl Users {
    /// Of a file like `/etc/passwd`; without it, users are numbers.
    pub fn of(path: PathBuf) -> Self {
        let mut users = Self {
            path,
            changed: None,
            names: HashMap::new(),
            numbers: HashMap::new(),
        };
        users.load();
        users
    }

    /// The name, or the number where there is none: no blanks, no control characters, never empty.
    pub fn name(&mut self, uid: u32) -> Arc<str> {
        let known = self.names.get(&uid).or_else(|| self.numbers.get(&uid));
        if let Some(known) = known {
            return known.clone();
        }
        if self.load() && self.names.contains_key(&uid) {
            return self.names[&uid].clone();
        }
        let number = Arc::<str>::from(uid.to_string());
        self.numbers.insert(uid, number.clone());
        number
    }

    /// Whether the file was another one.
    fn load(&mut self) -> bool {
        let changed = fs::metadata(&self.path).and_then(|facts| facts.modified());
        let Ok(changed) = changed else { return false };
        if self.changed == Some(changed) {
            return false;
        }
        let Ok(text) = fs::read(&self.path) else {
            return false;
        };
        self.changed = Some(changed);
        self.names.clear();
        self.numbers.clear();
        for (uid, name) in text.split(|&byte| byte == b'\n').filter_map(entry) {
            // The last one of an id counts, as in collectl.
            self.names.insert(uid, Arc::from(name));
        }
        true
    }
}

/// `NAME:PASSWORD:UID:...`; lines with `+` in front are about other sources.
fn entry(line: &[u8]) -> Option<(u32, String)> {
    if line.first() == Some(&b'+') {
        return None;
    }
    let mut fields = line.split(|&byte| byte == b':');
    let name = neutral::user(fields.next()?)?;
    let uid = std::str::from_utf8(fields.nth(1)?).ok()?.parse().ok()?;
    Some((uid, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_found_and_new_ones_too() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("passwd");
        fs::write(
            &path,
            "root:x:0:0:root:/root:/bin/sh\n+nis:x:7::\n\nbad\nme:x:1000:1\n",
        )
        .unwrap();
        let mut users = Users::of(path.clone());
        assert_eq!(&*users.name(0), "root");
        assert_eq!(&*users.name(1000), "me");
        assert_eq!(&*users.name(7), "7");
        fs::write(&path, "you:x:8:\n").unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(9);
        fs::File::open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(&*users.name(8), "you");
        assert_eq!(&*users.name(1000), "1000");
    }

    #[test]
    fn without_a_file_users_are_numbers() {
        assert_eq!(&*Users::of(PathBuf::from("/nowhere/passwd")).name(33), "33");
    }

    proptest! {
        #[test]
        fn no_line_panics(line: Vec<u8>) {
            if let Some((_, name)) = entry(&line) {
                prop_assert_eq!(name.split_whitespace().count(), 1);
            }
        }
    }
}
