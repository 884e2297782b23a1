//! `-A`: where lines go over TCP.
//!
//! * `HOST[:PORT[:TIMEOUT]]`: connects there; an address of IPv6 is in brackets
//! * `server[:PORT]`: listens on all addresses of IPv4, as collectl does
//! * `server:ADDRESS[:PORT]`: listens on that one; of IPv6 in brackets, `[::]` is all of both kinds

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::{Error, intervals};
use crate::options::{Address, PORT};

/// How long a connection attempt may take if nothing else is said.
pub const TIMEOUT: Duration = Duration::from_secs(10);

const SERVER: &str = "server";

/// Reads it; lines of a server have no prefix yet.
pub(super) fn parse(name: &str, text: &str) -> Result<Address, Error> {
    let (host, rest) = host(text).map_err(|problem| Error::value(name, text, problem))?;
    let parsed = if host.eq_ignore_ascii_case(SERVER) && !text.starts_with('[') {
        listen(rest)
    } else {
        connect(&host, rest)
    };
    parsed.map_err(|problem| Error::value(name, text, problem))
}

/// A host, without its brackets, and what is behind it with its colon.
fn host(text: &str) -> Result<(String, Option<&str>), String> {
    if let Some(inside) = text.strip_prefix('[') {
        let (address, rest) = inside
            .split_once(']')
            .ok_or("the bracket is never closed; right would be [::1]:2655")?;
        let address: Ipv6Addr = address
            .parse()
            .map_err(|_| format!("{address:?} in brackets is no address of IPv6, such as [::1]"))?;
        let rest = match rest {
            "" => None,
            _ => Some(
                rest.strip_prefix(':')
                    .ok_or("after ] there must be a colon and a port")?,
            ),
        };
        return Ok((address.to_string(), rest));
    }
    if text.parse::<Ipv6Addr>().is_ok() {
        return Err(format!(
            "an address of IPv6 is written in brackets: [{text}] or [{text}]:{PORT}"
        ));
    }
    Ok(match text.split_once(':') {
        Some((host, rest)) => (host.to_owned(), Some(rest)),
        None => (text.to_owned(), None),
    })
}

fn connect(host: &str, rest: Option<&str>) -> Result<Address, String> {
    if host.is_empty() {
        return Err(format!(
            "the host is missing; right would be HOST:PORT, or {SERVER}:PORT to listen"
        ));
    }
    let begins = host
        .get(..SERVER.len())
        .is_some_and(|begin| begin.eq_ignore_ascii_case(SERVER));
    if begins && !host.contains('.') {
        return Err(format!(
            "collectl listens when the name begins with {SERVER}: write {SERVER} to listen, or the whole \
             name or the address of that host to connect to it"
        ));
    }
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if !host.bytes().all(good) {
        return Err(format!("{host:?} is no name of a host"));
    }
    let (port_text, timeout) = match rest.map(|rest| rest.split_once(':').unwrap_or((rest, ""))) {
        Some((port, timeout)) => (port, timeout),
        None => ("", ""),
    };
    let timeout = match timeout {
        "" => TIMEOUT,
        text => match intervals::seconds(text) {
            Ok(Duration::ZERO) => return Err("a time-out of 0 leaves no time to connect".into()),
            Ok(time) => time,
            Err(problem) => return Err(format!("the time-out: {problem}")),
        },
    };
    Ok(Address::Connect {
        host: host.to_owned(),
        port: port(port_text)?,
        timeout,
    })
}

fn listen(rest: Option<&str>) -> Result<Address, String> {
    let at = match rest {
        None => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT),
        Some(rest) if rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            (IpAddr::V4(Ipv4Addr::UNSPECIFIED), port(rest)?)
        }
        Some(rest) => {
            let (address, behind) = host(rest)?;
            if !address.is_empty() && address.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(format!(
                    "a port is the last thing of {SERVER}:PORT: a server has no time-out"
                ));
            }
            let address = address.parse().map_err(|_| {
                format!("{address:?} is no address to listen on; right would be {SERVER}:127.0.0.1:{PORT} or {SERVER}:[::1]:{PORT}")
            })?;
            (address, port(behind.unwrap_or_default())?)
        }
    };
    Ok(Address::Listen {
        at: vec![SocketAddr::from(at)],
        prefix: false,
    })
}

fn port(text: &str) -> Result<u16, String> {
    if text.is_empty() {
        return Ok(PORT);
    }
    let port = text.parse().ok().filter(|&port: &u16| port > 0);
    port.ok_or_else(|| format!("{text:?} is no port: it must be a number from 1 to 65535"))
}
