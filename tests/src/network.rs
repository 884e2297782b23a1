//! A network with nothing but a loopback interface: all ports are free there, and nobody outside is
//! reached.
#![allow(
    unsafe_code,
    reason = "unshare and the request that brings an interface up have no safe wrapper"
)]

use rustix::net::{AddressFamily, SocketType, socket};
use std::os::fd::AsRawFd;

/// Moves the calling thread, and all that it starts from then on, to a network of its own.
///
/// # Errors
/// Without root.
pub fn leave() -> Result<(), String> {
    let failed = |what: &str| {
        let error = std::io::Error::last_os_error();
        format!("{what}: {error}; a network namespace of its own needs root")
    };
    // SAFETY: only the network of the calling thread changes.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return Err(failed("unshare"));
    }
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)
        .map_err(|error| format!("socket: {error}"))?;
    // SAFETY: ifreq consists of integers and a union of integers.
    let mut interface: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in interface.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    interface.ifr_ifru.ifru_flags = libc::IFF_UP as libc::c_short;
    // SAFETY: the kernel reads an ifreq, which outlives the call.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const interface) };
    if done == 0 {
        Ok(())
    } else {
        Err(failed("bringing lo up"))
    }
}
