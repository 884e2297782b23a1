//! Sockets that listen.

use std::{io, net::SocketAddr};

use rustix::net::sockopt;
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that wait to be accepted; the kernel makes it less (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// An address that cannot be listened at.
#[derive(Debug, Error)]
#[error("could not listen on {address}: {source}")]
pub struct ListenError {
    /// It.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

/// Listens at all of them. An address of a kind that this machine does not have at all, such as IPv6, is
/// passed over if there is another.
pub fn all(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners = Vec::new();
    let mut unknown = None;
    for &address in addresses {
        match listen(address, addresses) {
            Ok(listener) => listeners.push(listener),
            Err(source) => {
                let unsupported = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
                let error = ListenError { address, source };
                if error.source.raw_os_error() != Some(unsupported) {
                    return Err(error);
                }
                tracing::warn!("{error}");
                unknown = Some(error);
            }
        }
    }
    match unknown {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

fn listen(address: SocketAddr, all: &[SocketAddr]) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    // `[::]` takes the port for IPv4, too, unless somebody else wants that.
    let shared = |other: &SocketAddr| other.is_ipv4() && other.port() == address.port();
    if address.is_ipv6() && all.iter().any(shared) {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
