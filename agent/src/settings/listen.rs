//! Where to listen.

use std::net::SocketAddr;

use super::{Sources, Whence};

/// Ports without and with TLS, those of the reference agent.
const PORTS: (u16, u16) = (3000, 8443);

/// Where to listen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// On this port of 127.0.0.1, and of `::1` if that is possible: some clients take `localhost` for
    /// the second one.
    Loopback(u16),
    /// On all of these.
    Given(Vec<SocketAddr>),
}

impl Listen {
    /// Whether others than this host's users can connect.
    pub(super) fn is_exposed(&self) -> bool {
        match self {
            Self::Loopback(_) => false,
            Self::Given(all) => all.iter().any(|a| !a.ip().to_canonical().is_loopback()),
        }
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Loopback(port) => write!(f, "127.0.0.1:{port}"),
            Self::Given(all) => {
                let all: Vec<_> = all.iter().map(ToString::to_string).collect();
                f.write_str(&all.join(", "))
            }
        }
    }
}

/// Addresses and a port. A port changes addresses that come from no better place than itself: one
/// given in full keeps its own.
pub(super) fn listen(sources: &Sources<'_>, tls: bool) -> Result<(Listen, Whence), String> {
    let port = sources.port()?;
    let Some(told) = sources.addresses() else {
        let default = if tls { PORTS.1 } else { PORTS.0 };
        let port = port.map_or(default, |port| port.value);
        return Ok((Listen::Loopback(port), Whence::Default));
    };
    let port = port.filter(|port| port.whence.rank() <= told.whence.rank());
    let mut all: Vec<SocketAddr> = Vec::new();
    for mut address in told.value {
        if let Some(port) = &port {
            address.set_port(port.value);
        }
        if !all.contains(&address) {
            all.push(address);
        }
    }
    // IPv4 first: that is the address to show.
    all.sort_by_key(SocketAddr::is_ipv6);
    Ok((Listen::Given(all), told.whence))
}
