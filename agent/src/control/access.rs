//! Who may control the agent. The file's mode keeps others out already; this is for who made it wider.

use rustix::{
    net::UCred,
    process::{Gid, Pid, Uid},
};

/// Who may besides root and the user of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// Nobody.
    None,
    /// The members of a group.
    Members(Gid),
}

/// Whether a peer may, of an agent that runs as `own`.
///
/// # Errors
/// Who it is and who may.
pub fn admit(
    peer: UCred,
    own: Uid,
    others: Others,
    groups_of: impl FnOnce(Pid) -> Vec<u32>,
) -> Result<(), String> {
    if peer.uid.is_root() || peer.uid == own {
        return Ok(());
    }
    let (uid, own) = (peer.uid.as_raw(), own.as_raw());
    let Others::Members(group) = others else {
        return Err(format!(
            "user {uid}: only root and user {own} may control this agent"
        ));
    };
    let group = group.as_raw();
    if peer.gid.as_raw() == group || groups_of(peer.pid).contains(&group) {
        return Ok(());
    }
    Err(format!(
        "user {uid}: only root, user {own} and members of group {group} may control this agent"
    ))
}

/// The supplementary groups of a process, as `/proc/PID/status` has them now. (The kernel remembers
/// those of the moment of connecting, but tells them by a call that no safe library has.)
#[must_use]
pub fn groups_of(pid: Pid) -> Vec<u32> {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    std::fs::read(path).map_or_else(|_| Vec::new(), |text| groups_in(&text))
}

/// The numbers in the line `Groups:` (proc_pid_status(5)).
fn groups_in(status: &[u8]) -> Vec<u32> {
    let mut lines = status.split(|&byte| byte == b'\n');
    let groups = lines.find_map(|line| line.strip_prefix(b"Groups:"));
    let groups = groups.and_then(|line| std::str::from_utf8(line).ok());
    let words = groups.unwrap_or_default().split_ascii_whitespace();
    words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn peer(uid: u32, gid: u32) -> UCred {
        UCred {
            pid: Pid::INIT,
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
        }
    }

    #[test]
    fn root_the_own_user_and_members_may_and_nobody_else() {
        let own = Uid::from_raw(7);
        let ask = |uid, gid, others| admit(peer(uid, gid), own, others, |_| vec![30, 40]);
        let members = Others::Members(Gid::from_raw(40));
        for others in [Others::None, members] {
            ask(0, 0, others).unwrap();
            ask(7, 1, others).unwrap();
        }
        let error = ask(8, 40, Others::None).unwrap_err();
        assert!(error.contains("user 8: only root and user 7"), "{error}");
        ask(8, 40, Others::Members(Gid::from_raw(40))).unwrap();
        ask(8, 1, members).unwrap();
        let error = ask(8, 1, Others::Members(Gid::from_raw(50))).unwrap_err();
        assert!(error.contains("members of group 50"), "{error}");
    }

    #[test]
    fn groups_are_those_of_the_status_file() {
        let text = b"Name:\tx\nGid:\t9\t9\t9\t9\nGroups:\t4 24 1000 \nNStgid:\t1\n";
        assert_eq!(groups_in(text), [4, 24, 1000]);
        assert!(groups_in(b"Groups:\t\n").is_empty());
        let own = Pid::from_raw(std::process::id() as i32).unwrap();
        let known = rustix::process::getgroups().unwrap();
        let known: Vec<_> = known.into_iter().map(Gid::as_raw).collect();
        assert_eq!(groups_of(own), known);
    }

    proptest! {
        #[test]
        fn no_text_panics(text: Vec<u8>) {
            groups_in(&text);
        }
    }
}
