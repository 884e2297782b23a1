//! What this process may do, and how to be allowed more.

use std::{fmt, fs};

use serde::Serialize;

use crate::kernel::load::LoadError;

/// Bits of include/uapi/linux/capability.h.
const CAPABILITIES: [(&str, u32); 4] = [
    ("cap_sys_admin", 21),
    ("cap_sys_resource", 24),
    ("cap_perfmon", 38),
    ("cap_bpf", 39),
];

/// The user and the capabilities that matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Privileges {
    /// Effective user id.
    pub uid: u32,
    /// Capabilities in force, of those that BPF needs.
    pub capabilities: Vec<&'static str>,
}

impl Privileges {
    /// As they are.
    #[must_use]
    pub fn of_this_process() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            uid: rustix::process::geteuid().as_raw(),
            capabilities: capabilities(&status),
        }
    }

    /// Whether BPF programs of our kind may be loaded (capabilities(7)).
    #[must_use]
    pub fn allow_bpf(&self) -> bool {
        let has = |name| self.capabilities.contains(&name);
        has("cap_sys_admin") || (has("cap_bpf") && has("cap_perfmon"))
    }
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uid {}, ", self.uid)?;
        match self.capabilities.is_empty() {
            true => f.write_str("no capability that BPF needs"),
            false => f.write_str(&self.capabilities.join(" ")),
        }
    }
}

fn capabilities(status: &str) -> Vec<&'static str> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = line
        .and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok())
        .unwrap_or(0);
    let in_force = CAPABILITIES.iter().filter(|(_, bit)| bits >> bit & 1 != 0);
    in_force.map(|(name, _)| *name).collect()
}

/// What to do about exact books that are not to be had, in one line.
#[must_use]
pub fn advice(error: &LoadError, privileges: &Privileges) -> String {
    if !privileges.allow_bpf() {
        return "exact CPU times need CAP_BPF and CAP_PERFMON: run as root (sudo), or once \
                `sudo setcap cap_bpf,cap_perfmon,cap_sys_resource+ep` on the program"
            .to_owned();
    }
    match error {
        LoadError::NoBtf(_) => "exact CPU times need the kernel's type information: a kernel with \
                                CONFIG_DEBUG_INFO_BTF=y, and /sys not masked in a container"
            .to_owned(),
        LoadError::PidNamespace => {
            "exact CPU times need the host's process id namespace: start the \
                                    container with --pid=host"
                .to_owned()
        }
        _ => "exact CPU times are not to be had on this kernel; `subjiffy doctor --json` has the \
              whole reason"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capabilities_in_force_decide() {
        let of = |bits: &str| capabilities(&format!("Name:\tx\nCapEff:\t{bits}\nCapBnd:\tff\n"));
        assert_eq!(of("000000c000000000"), ["cap_perfmon", "cap_bpf"]);
        assert_eq!(of("0000000000000000"), [""; 0]);
        let with = |capabilities| Privileges {
            uid: 1,
            capabilities,
        };
        assert!(with(of("000000c000000000")).allow_bpf());
        assert!(!with(of("0000008000000000")).allow_bpf());
        assert!(with(of("000001ffffffffff")).allow_bpf());
    }
}
