//! `/proc/PID/status` (proc_pid_status(5); `proc_pid_status` in fs/proc/array.c and `task_mem` in
//! fs/proc/task_mmu.c).

use super::error::ParseError;
use super::text::{Words, lines};

/// Owner, memory and switches of one process, or of one thread if read from `task/TID`.
///
/// Memory is of the whole process; the switch counts are of the one thread (of the leader if read
/// for a process).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PidStatus {
    /// Process id (the thread group's).
    pub tgid: u32,
    /// Parent process id; 0 if there is none in this pid namespace.
    pub ppid: u32,
    /// Real user id, in the reader's user namespace.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective group id.
    pub egid: u32,
    /// Threads of the process.
    pub threads: u32,
    /// Resident bytes. This and the other memory values are `None` for zombies and kernel threads.
    pub rss: Option<u64>,
    /// Resident bytes that map files (Linux 4.5).
    pub rss_file: Option<u64>,
    /// Resident bytes of shared memory (Linux 4.5). Shared memory as `top` shows it is `rss_file +
    /// rss_shmem`.
    pub rss_shmem: Option<u64>,
    /// Swapped-out bytes, without shared memory.
    pub swap: Option<u64>,
    /// Switches because the thread waited.
    pub voluntary_switches: u64,
    /// Switches because the thread was preempted.
    pub involuntary_switches: u64,
}

/// Reads the text of a `status` file. Unknown lines are passed over.
///
/// # Errors
/// A line that every supported kernel has is missing, a value is no number, or the text was cut
/// short.
pub fn parse(text: &[u8]) -> Result<PidStatus, ParseError> {
    let (mut tgid, mut ppid, mut uids, mut gids, mut threads) = (None, None, None, None, None);
    let (mut rss, mut rss_file, mut rss_shmem, mut swap) = (None, None, None, None);
    let (mut voluntary, mut involuntary) = (None, None);
    let mut count = 0;
    for (line, text) in lines(text, "status")? {
        count = line;
        let Some(colon) = text.iter().position(|&byte| byte == b':') else {
            continue;
        };
        let mut words = Words::new(&text[colon + 1..], line);
        match &text[..colon] {
            b"Tgid" => tgid = Some(words.unsigned("Tgid")?),
            b"PPid" => ppid = Some(words.unsigned("PPid")?),
            b"Uid" => {
                uids = Some((
                    words.unsigned("real Uid")?,
                    words.unsigned("effective Uid")?,
                ))
            }
            b"Gid" => {
                gids = Some((
                    words.unsigned("real Gid")?,
                    words.unsigned("effective Gid")?,
                ))
            }
            b"Threads" => threads = Some(words.unsigned("Threads")?),
            b"VmRSS" => rss = Some(words.kilobytes("VmRSS")?),
            b"RssFile" => rss_file = Some(words.kilobytes("RssFile")?),
            b"RssShmem" => rss_shmem = Some(words.kilobytes("RssShmem")?),
            b"VmSwap" => swap = Some(words.kilobytes("VmSwap")?),
            b"voluntary_ctxt_switches" => {
                voluntary = Some(words.unsigned("voluntary_ctxt_switches")?)
            }
            b"nonvoluntary_ctxt_switches" => {
                involuntary = Some(words.unsigned("nonvoluntary_ctxt_switches")?)
            }
            _ => {}
        }
    }
    let missing = |item| ParseError::new(count, item, "a line", b"");
    let (uid, euid) = uids.ok_or_else(|| missing("Uid"))?;
    let (gid, egid) = gids.ok_or_else(|| missing("Gid"))?;
    Ok(PidStatus {
        tgid: tgid.ok_or_else(|| missing("Tgid"))?,
        ppid: ppid.ok_or_else(|| missing("PPid"))?,
        uid,
        euid,
        gid,
        egid,
        threads: threads.ok_or_else(|| missing("Threads"))?,
        rss,
        rss_file,
        rss_shmem,
        swap,
        voluntary_switches: voluntary.ok_or_else(|| missing("voluntary_ctxt_switches"))?,
        involuntary_switches: involuntary.ok_or_else(|| missing("nonvoluntary_ctxt_switches"))?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{beginnings, noise};
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] = include_bytes!("fixtures/5.10/pid_status");
    const PLAIN: &[u8] = include_bytes!("fixtures/6.18/pid_status");
    const ODD_NAME: &[u8] = include_bytes!("fixtures/6.18/pid_status_odd_name");
    const KTHREAD: &[u8] = include_bytes!("fixtures/6.18/pid_status_kthread");

    #[test]
    fn every_value_is_taken_from_its_line() {
        let expected = PidStatus {
            tgid: 1,
            ppid: 0,
            uid: 0,
            euid: 1000,
            gid: 0,
            egid: 1001,
            threads: 1,
            rss: Some(10_548 * 1024),
            rss_file: Some(7_876 * 1024),
            rss_shmem: Some(8 * 1024),
            swap: Some(12 * 1024),
            voluntary_switches: 2811,
            involuntary_switches: 1093,
        };
        assert_eq!(parse(OLD), Ok(expected));
    }

    #[test]
    fn captured_files() {
        assert_eq!(parse(PLAIN).unwrap().tgid, 17767);
        // The kernel escapes newlines in the name here, so the name cannot fake a line.
        assert_eq!(parse(ODD_NAME).unwrap().tgid, 17650);
        let kthread = parse(KTHREAD).unwrap();
        assert_eq!(
            (kthread.rss, kthread.rss_shmem, kthread.swap),
            (None, None, None)
        );
    }

    #[test]
    fn a_missing_or_broken_line_is_named() {
        let text = String::from_utf8(OLD.to_vec()).unwrap();
        for line in [
            "Tgid",
            "PPid",
            "Uid",
            "Gid",
            "Threads",
            "voluntary_ctxt_switches",
            "nonvoluntary_ctxt_switches",
        ] {
            let without = text.replace(&format!("\n{line}:"), "\nOther:");
            assert_eq!(parse(without.as_bytes()).unwrap_err().item, line);
        }
        let broken = text.replace("VmRSS:\t   10548 kB", "VmRSS:\t   lots kB");
        assert_eq!(
            parse(broken.as_bytes()),
            Err(ParseError::new(22, "VmRSS", "u64", b"lots"))
        );
    }

    #[test]
    fn a_file_cut_short_is_an_error() {
        // The last line read is the last line of the file.
        assert!(
            beginnings(PLAIN)
                .chain(beginnings(OLD))
                .all(|text| parse(text).is_err())
        );
    }

    proptest! {
        #[test]
        fn no_input_panics(text in noise(ODD_NAME)) {
            let _ = parse(&text);
        }
    }
}
