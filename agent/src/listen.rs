//! Opens the listening sockets.

use std::{
    io::{self, ErrorKind},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use rustix::net::sockopt::set_ipv6_v6only;
use tokio::net::{TcpListener, TcpSocket};
use tracing::{debug, warn};

use crate::settings::Listen;

/// Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn).
const BACKLOG: u32 = 1024;

/// How often another free port is tried when the one that is free at one address is not at another.
const TRIES: usize = 16;

/// Opens all sockets of `listen`, IPv4 first. Port 0 is a free one, the same everywhere if possible.
/// To be called within a runtime.
///
/// # Errors
/// Which address is not to be had, and what to do.
pub fn bind(listen: &Listen) -> Result<Vec<TcpListener>, String> {
    let (addresses, optional) = match listen {
        Listen::Loopback(port) => (vec![(Ipv4Addr::LOCALHOST, *port).into()], {
            Some(SocketAddr::from((Ipv6Addr::LOCALHOST, *port)))
        }),
        Listen::Given(addresses) => (addresses.clone(), None),
    };
    for _ in 0..TRIES {
        if let Some(listeners) = bind_all(&addresses, optional, true)? {
            return Ok(listeners);
        }
    }
    bind_all(&addresses, optional, false).map(Option::unwrap_or_default)
}

/// Opens `addresses`, and `optional` if that works. `None`: the free port that the first one got is
/// taken at another one, and `same` was asked for.
fn bind_all(
    addresses: &[SocketAddr],
    optional: Option<SocketAddr>,
    same: bool,
) -> Result<Option<Vec<TcpListener>>, String> {
    let mut listeners = Vec::with_capacity(addresses.len() + 1);
    let mut free = None;
    let all = addresses.iter().map(|address| (*address, false));
    for (mut address, may_fail) in all.chain(optional.map(|address| (address, true))) {
        let guessed = address.port() == 0 && free.is_some() && same;
        if let (true, Some(port)) = (guessed, free) {
            address.set_port(port);
        }
        match open(address, addresses) {
            Ok(listener) => {
                let bound = listener.local_addr().map_err(|error| error.to_string())?;
                free = free.or((address.port() == 0).then_some(bound.port()));
                listeners.push(listener);
            }
            Err(error) if guessed && error.kind() == ErrorKind::AddrInUse => return Ok(None),
            Err(error) if may_fail && error.kind() == ErrorKind::AddrInUse => warn!(
                "{address} is taken by another program: clients that look for `localhost` may \
                 find that one"
            ),
            Err(error) if may_fail => debug!("not listening on {address}: {error}"),
            Err(error) => return Err(explain(address, &error)),
        }
    }
    Ok(Some(listeners))
}

fn open(address: SocketAddr, all: &[SocketAddr]) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // `[::]` takes IPv4 clients too, unless another socket is there for them.
    if address.is_ipv6() && all.iter().any(SocketAddr::is_ipv4) {
        set_ipv6_v6only(&socket, true)?;
    }
    // Otherwise connections of an agent that ended just now would keep the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn explain(address: SocketAddr, error: &io::Error) -> String {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => {
            "; another program listens there, perhaps another agent: end it, or choose another \
             port with --port"
        }
        ErrorKind::AddrNotAvailable => "; no interface of this host has this address",
        ErrorKind::PermissionDenied => {
            "; ports below 1024 need root or CAP_NET_BIND_SERVICE: choose another one with --port"
        }
        _ => "",
    };
    format!("cannot listen on {address}: {error}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
        let addresses = listeners.iter().map(|l| l.local_addr().unwrap());
        addresses.collect()
    }

    #[tokio::test]
    async fn both_loopback_addresses_have_the_same_port() {
        let bound = addresses(&bind(&Listen::Loopback(0)).unwrap());
        assert_eq!(bound[0].ip(), Ipv4Addr::LOCALHOST);
        assert_ne!(bound[0].port(), 0);
        // A host may have no IPv6.
        if let Some(second) = bound.get(1) {
            assert_eq!(
                second,
                &SocketAddr::from((Ipv6Addr::LOCALHOST, bound[0].port()))
            );
        }
    }

    #[tokio::test]
    async fn a_taken_port_says_what_to_do() {
        let first = bind(&Listen::Loopback(0)).unwrap();
        let taken = addresses(&first)[0];
        for listen in [Listen::Loopback(taken.port()), Listen::Given(vec![taken])] {
            let error = bind(&listen).unwrap_err();
            assert!(
                error.contains(&taken.to_string()) && error.contains("--port"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn the_second_address_is_no_must() {
        let Ok(other) = bind(&Listen::Given(vec!["[::1]:0".parse().unwrap()])) else {
            return; // no IPv6 here
        };
        let port = addresses(&other)[0].port();
        let bound = addresses(&bind(&Listen::Loopback(port)).unwrap());
        assert_eq!(bound, [SocketAddr::from((Ipv4Addr::LOCALHOST, port))]);
    }

    #[tokio::test]
    async fn given_addresses_share_a_free_port() {
        let both = ["127.0.0.1:0", "[::1]:0"].map(|text| text.parse().unwrap());
        // A host may have no IPv6.
        if let Ok(listeners) = bind(&Listen::Given(both.to_vec())) {
            let bound = addresses(&listeners);
            assert_eq!(bound[0].port(), bound[1].port());
        }
    }

    #[tokio::test]
    async fn an_address_of_nobody_is_explained() {
        let nobodys = Listen::Given(vec!["192.0.2.1:0".parse().unwrap()]);
        let error = bind(&nobodys).unwrap_err();
        assert!(error.contains("no interface"), "{error}");
    }
}
