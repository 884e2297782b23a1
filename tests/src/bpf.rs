//! What is loaded into the kernel.
#![allow(unsafe_code, reason = "the bpf system call has no safe wrapper")]

use std::collections::BTreeSet;

const PROGRAM: libc::c_long = 11;
const MAP: libc::c_long = 12;
const LINK: libc::c_long = 31;

/// Kinds and numbers of all BPF objects of the kernel. Numbers are not given out twice.
pub fn objects() -> BTreeSet<(&'static str, u32)> {
    [("program", PROGRAM), ("map", MAP), ("link", LINK)]
        .into_iter()
        .flat_map(|(kind, command)| ids(command).into_iter().map(move |id| (kind, id)))
        .collect()
}

fn ids(command: libc::c_long) -> Vec<u32> {
    // The kernel's `union bpf_attr` as far as BPF_*_GET_NEXT_ID use it: from, answer, flags.
    let mut attributes = [0_u32; 3];
    let mut found = Vec::new();
    // SAFETY: the kernel reads and writes within the size that it is told.
    while unsafe {
        libc::syscall(
            libc::SYS_bpf,
            command,
            &raw mut attributes,
            size_of_val(&attributes),
        )
    } == 0
    {
        attributes[0] = attributes[1];
        found.push(attributes[1]);
    }
    found
}

/// What the programs of a process are attached to: tracepoints by name, others by the kind of their
/// link. Read from its descriptors.
pub fn hooks(pid: u32) -> BTreeSet<String> {
    let links = descriptors(pid, "bpf_link");
    let named = links.iter().map(|info| {
        let value = |key: &str| info.lines().find_map(|line| line.strip_prefix(key));
        let name = value("tp_name:").or_else(|| value("link_type:"));
        name.unwrap_or("unnamed").trim().to_owned()
    });
    named.collect()
}

/// How many programs a process holds.
pub fn programs(pid: u32) -> usize {
    descriptors(pid, "bpf-prog").len()
}

/// What the kernel says of those descriptors of a process that are anonymous files of a kind.
fn descriptors(pid: u32, kind: &str) -> Vec<String> {
    let folder = format!("/proc/{pid}/fd");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder}: {e}"));
    let of_kind = entries.flatten().filter(|entry| {
        let target = std::fs::read_link(entry.path());
        target.is_ok_and(|target| target.to_string_lossy() == format!("anon_inode:{kind}"))
    });
    let info = |number: &str| std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}"));
    of_kind
        .filter_map(|entry| info(&entry.file_name().to_string_lossy()).ok())
        .collect()
}
