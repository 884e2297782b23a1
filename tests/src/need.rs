//! What a test needs from the machine, and the lock that keeps measurements apart.

use rustix::fs::{FlockOperation, flock};
use std::fs::File;

const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// Whether the test can count on BPF. Where it must work, the answer is always yes, so that a
/// broken BPF fails the test; elsewhere it says why the test does nothing.
pub fn bpf() -> bool {
    let has = |cap| capabilities() & (1_u64 << cap) != 0;
    let needed = has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
    needed || required("SUBJIFFY_REQUIRE_BPF") || skip("CAP_BPF and CAP_PERFMON")
}

/// Whether the test runs as root, with the same rule.
pub fn root() -> bool {
    capabilities() & (1 << CAP_SYS_ADMIN) != 0 || required("SUBJIFFY_REQUIRE_BPF") || skip("root")
}

/// Whether `found` is there, or must be because of `variable` or CI.
pub fn tool(found: bool, what: &str, variable: &str) -> bool {
    found || required(variable) || skip(what)
}

/// Whether these programs are there, with the same rule for `variable`.
pub fn programs(names: &[&str], variable: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &&str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    tool(names.iter().all(found), &names.join(", "), variable)
}

/// Holds the machine for one test at a time, over all test programs: they disturb each other.
pub fn exclusive() -> File {
    let program = std::env::current_exe().expect("the path of the test program");
    let path = program.with_file_name("subjiffy-tests.lock");
    let file = File::create(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    flock(&file, FlockOperation::LockExclusive).expect("the lock of the tests");
    file
}

fn required(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|v| v == "1")
        || std::env::var("CI").is_ok_and(|v| v == "true")
}

fn skip(what: &str) -> bool {
    eprintln!("skipped: this test needs {what}");
    false
}

fn capabilities() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0)
}
