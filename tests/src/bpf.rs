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
