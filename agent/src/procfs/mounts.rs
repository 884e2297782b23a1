//! `/proc/self/mountinfo` (proc_pid_mountinfo(5); `show_mountinfo` in fs/proc_namespace.c).

use std::borrow::Cow;
use std::iter::successors;

use super::error::ParseError;
use super::text::{lines, number};

/// One mount, in the reader's mount namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount<'a> {
    /// Number of the mount.
    pub id: u32,
    /// Number of the mount that it is mounted in; may be one that is not listed.
    pub parent: u32,
    /// Major device number; 0 for file systems without one device of their own, btrfs too.
    pub major: u32,
    /// Minor device number.
    pub minor: u32,
    /// Where it is mounted, as bytes.
    pub mount_point: Cow<'a, [u8]>,
    /// Whether nothing can be written through this mount.
    pub read_only: bool,
    /// File system, with a subtype after a point (`fuse.sshfs`).
    pub fs_type: &'a [u8],
    /// What is mounted: a device such as `/dev/sda1`, or a word that the file system understands.
    pub source: Cow<'a, [u8]>,
}

/// Reads the text of a `mountinfo` file.
///
/// # Errors
/// A line lacks a field or has a wrong number in it, or the text was cut short.
pub fn parse(text: &[u8]) -> Result<Vec<Mount<'_>>, ParseError> {
    lines(text, "mountinfo")?
        .map(|(line, text)| {
            mount(text)
                .ok_or_else(|| ParseError::new(line, "mount", "id parent major:minor ...", text))
        })
        .collect()
}

fn mount(line: &[u8]) -> Option<Mount<'_>> {
    // Parted by single blanks: the source can be empty.
    let mut words = line.split(|&byte| byte == b' ');
    let id = number(words.next()?)?;
    let parent = number(words.next()?)?;
    let device = words.next()?;
    let colon = device.iter().position(|&byte| byte == b':')?;
    let mount_point = unescape(words.nth(1)?); // after the root
    let mut options = words.next()?.split(|&byte| byte == b',');
    words.find(|&word| word == b"-")?; // after the optional fields
    Some(Mount {
        id,
        parent,
        major: number(&device[..colon])?,
        minor: number(&device[colon + 1..])?,
        mount_point,
        read_only: options.any(|option| option == b"ro"),
        fs_type: words.next()?,
        source: unescape(words.next()?),
    })
}

/// Undoes `\040` and the like (`mangle_path` in fs/seq_file.c writes three octal digits).
fn unescape(word: &[u8]) -> Cow<'_, [u8]> {
    if !word.contains(&b'\\') {
        return Cow::Borrowed(word);
    }
    let mut plain = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, after)) = rest.split_first() {
        match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', tail @ ..] if first == b'\\' => {
                plain.push(((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'));
                rest = tail;
            }
            _ => {
                plain.push(first);
                rest = after;
            }
        }
    }
    Cow::Owned(plain)
}

impl<'a> Mount<'a> {
    /// This mount, the one that it is mounted in, and so on.
    pub(super) fn chain<'m>(
        &'m self,
        mounts: &'m [Mount<'a>],
    ) -> impl Iterator<Item = &'m Mount<'a>> {
        let parent = |mount: &&Mount<'a>| {
            let parent = mount.parent;
            mounts
                .iter()
                .find(|other| other.id == parent && parent != mount.id)
        };
        // No chain is longer than the list: numbers that go round in a circle end there.
        successors(Some(self), parent).take(mounts.len())
    }

    /// Whether its mount point leads to it: no other mount lies on it or on a directory above.
    pub(super) fn is_visible(&self, mounts: &[Mount<'a>]) -> bool {
        let mut way: &Mount<'a> = self;
        self.chain(mounts).all(|step| {
            let hidden = mounts.iter().any(|other| {
                other.parent == step.id
                    && other.id != step.id
                    && other.id != way.id
                    && is_within(&way.mount_point, &other.mount_point)
            });
            way = step;
            !hidden
        })
    }
}

/// Whether `path` is `directory` or below it.
pub(super) fn is_within(path: &[u8], directory: &[u8]) -> bool {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest[0] == b'/')
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/mountinfo");

    #[test]
    fn fields_and_escapes() {
        let mounts = parse(PLAIN).unwrap();
        assert_eq!(mounts.len(), 19);
        let expected = Mount {
            id: 31,
            parent: 22,
            major: 8,
            minor: 17,
            mount_point: Cow::Borrowed(b"/mnt/my disk\\a"),
            read_only: false,
            fs_type: b"ext4",
            source: Cow::Borrowed(b"/dev/sdb1"),
        };
        assert_eq!(mounts[9], expected);
    }

    #[test]
    fn any_number_of_optional_fields_and_an_empty_source() {
        let mounts = parse(include_bytes!("fixtures/5.10/mountinfo")).unwrap();
        assert_eq!(
            (mounts[0].fs_type, &*mounts[0].source),
            (&b"rootfs"[..], &b"rootfs"[..])
        );
        assert_eq!(
            (mounts[1].fs_type, &*mounts[1].source),
            (&b"proc"[..], &b""[..])
        );
        let text = b"1 0 8:1 / /a rw shared:1 master:2 unbindable - ext4 /dev/x rw\n";
        assert_eq!(&*parse(text).unwrap()[0].source, b"/dev/x");
        // A mount point that looks like the separator.
        assert_eq!(
            &*parse(b"1 0 8:1 / - rw - ext4 /dev/x rw\n").unwrap()[0].source,
            b"/dev/x"
        );
    }

    #[test]
    fn a_mount_may_be_read_only() {
        let read_only = |options| {
            let text = format!("1 0 8:1 / / {options} shared:1 - ext4 /dev/ro rw\n");
            parse(text.as_bytes()).unwrap()[0].read_only
        };
        assert!(read_only("ro") && read_only("nosuid,ro,noatime"));
        assert!(!read_only("rw") && !read_only("rw,errors=remount-ro"));
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(&*unescape(b"a\\134b\\011"), b"a\\b\t");
        assert_eq!(&*unescape(b"\\377\\400\\08\\"), b"\xff\\400\\08\\");
    }

    #[test]
    fn a_broken_line_is_named() {
        let error =
            parse(b"1 0 8:1 / / rw - ext4 /dev/a rw\n1 0 8 / / rw - ext4 /dev/a\n").unwrap_err();
        assert_eq!((error.line, error.item), (2, "mount"));
        assert!(
            beginnings(PLAIN)
                .filter(|text| !text.ends_with(b"\n"))
                .all(|text| parse(text).is_err())
        );
    }

    fn visible(text: &[u8]) -> Vec<u32> {
        let mounts = parse(text).unwrap();
        mounts
            .iter()
            .filter(|mount| mount.is_visible(&mounts))
            .map(|mount| mount.id)
            .collect()
    }

    #[test]
    fn mounts_below_other_mounts_are_hidden() {
        let stacked =
            b"1 0 8:1 / / rw - e /d r\n2 1 8:2 / /a rw - e /d r\n3 2 0:3 / /a rw - nfs s:/ r\n";
        assert_eq!(visible(stacked), [1, 3], "on the same directory");
        let above =
            b"1 0 8:1 / / rw - e /d r\n2 1 8:2 / /a/b rw - e /d r\n3 1 0:3 / /a rw - nfs s:/ r\n";
        assert_eq!(visible(above), [1, 3], "on a directory above");
        let between = b"1 0 8:1 / / rw - e /d r\n\
            2 1 8:2 / /a rw - e /d r\n\
            3 2 8:3 / /a/b rw - e /d r\n\
            4 2 8:4 / /a rw - e /d r\n";
        assert_eq!(visible(between), [1, 4], "on the mount that holds it");
    }

    #[test]
    fn other_mounts_hide_nothing() {
        // The root is not always listed first.
        let plain = b"2 1 8:2 / /a rw - e /d r\n\
            3 2 8:3 / /a/b rw - e /d r\n\
            4 1 8:4 / /ab rw - e /d r\n\
            1 1 8:1 / / rw - e /d r\n";
        assert_eq!(visible(plain), [2, 3, 4, 1]);
        let circle = b"1 2 8:1 / /a rw - e /d r\n2 1 8:2 / /b rw - e /d r\n";
        assert_eq!(visible(circle), [1, 2]);
    }

    #[test]
    fn paths_are_compared_by_directory() {
        assert!(
            is_within(b"/run", b"/run") && is_within(b"/run/a", b"/run") && is_within(b"/a", b"/")
        );
        assert!(!is_within(b"/runner", b"/run") && !is_within(b"/", b"/run"));
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(PLAIN)) {
            if let Ok(mounts) = parse(&text) {
                mounts.iter().for_each(|mount| { mount.is_visible(&mounts); });
                crate::procfs::disks::plan(&mounts, |_| None);
            }
        }
    }
}
