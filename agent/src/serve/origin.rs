//! Which web pages may connect.
//!
//! A browser lets any page open a WebSocket to any address, and sends along where the page comes
//! from. Native clients send no `Origin`, so that refusing foreign ones harms none of them.

use std::{net::IpAddr, str::FromStr};

use hyper::{
    HeaderMap,
    header::{HOST, HeaderName, HeaderValue, ORIGIN},
};

/// Sent by browsers where a request comes from, even without an `Origin`.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// An origin of RFC 6454, in the form that browsers send: lower case, no default port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const RIGHT: &str = "an origin is a scheme, a host and perhaps a port: https://example.org:8443, or * for all";
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.split_once("://").ok_or(RIGHT)?;
        let letters = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        if scheme.is_empty() || !scheme.chars().all(letters) {
            return Err(RIGHT);
        }
        let (host, port) = split_port(authority).ok_or(RIGHT)?;
        let port = port.filter(|&port| Some(port) != default_port(scheme));
        Ok(Self(match port {
            Some(port) => format!("{scheme}://{host}:{port}"),
            None => format!("{scheme}://{host}"),
        }))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    }
}

/// Host and port of `HOST[:PORT]`; the host in lower case, an IPv6 address with its brackets.
fn split_port(authority: &str) -> Option<(String, Option<u16>)> {
    let end = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority[end..].find(':') {
        Some(colon) => authority.split_at(end + colon),
        None => (authority, ""),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
        Some(_) => return None,
        None => None,
    };
    let name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let good = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.chars().all(name),
    };
    good.then(|| (host.to_ascii_lowercase(), port))
}

/// The pages that may connect.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    /// All of them.
    pub all: bool,
    /// These.
    pub allowed: Vec<Origin>,
    /// Names of this host.
    pub own_names: Vec<String>,
    /// Whether clients come over TLS.
    pub tls: bool,
}

impl Origins {
    /// Whether the request with these headers comes from a page that may not connect.
    pub(super) fn are_foreign(&self, headers: &HeaderMap) -> bool {
        if self.all {
            return false;
        }
        let mut origins = headers.get_all(ORIGIN).iter();
        let (Some(origin), None) = (origins.next(), origins.next()) else {
            // Every WebSocket handshake of a browser has an origin (the Fetch standard); should one
            // come without, it may still say that another site's page is the cause.
            let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
            return headers.contains_key(ORIGIN)
                || matches!(site, Some(b"cross-site" | b"same-site"));
        };
        // `null`, which any sandboxed page sends, is no origin at all.
        let Some(origin) = origin.to_str().ok().and_then(|text| text.parse().ok()) else {
            return true;
        };
        !self.allowed.contains(&origin) && !self.is_own(&origin, headers)
    }

    /// Whether a page comes from this very server.
    ///
    /// That origin and `Host` agree is not enough: a page of `http://evil.example:3000` whose name is
    /// suddenly resolved to 127.0.0.1 (DNS rebinding) connects with `Host: evil.example:3000`. Only
    /// a host that no stranger can own proves something: an IP address, `localhost`, our own name.
    fn is_own(&self, origin: &Origin, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let Some((host, port)) = host.to_str().ok().and_then(split_port) else {
            return false;
        };
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        if !address && host != "localhost" && !self.own_names.contains(&host) {
            return false;
        }
        // Without TLS of our own there may be a proxy with it in front.
        let schemes: &[&str] = if self.tls {
            &["https"]
        } else {
            &["http", "https"]
        };
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        schemes.iter().any(|scheme| {
            let here = format!("{scheme}://{host}{port}").parse::<Origin>();
            here.as_ref() == Ok(origin)
        })
    }
}

/// The names under which a host called `nodename` knows itself: whole, and without the domain.
#[must_use]
pub fn own_names(nodename: &str) -> Vec<String> {
    let name = nodename.to_ascii_lowercase();
    let mut names: Vec<String> = name
        .split_once('.')
        .map(|(own, _)| own.into())
        .into_iter()
        .collect();
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut map = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            map.append(name, value);
        });
        map
    }

    fn origins(allowed: &[&str], tls: bool) -> Origins {
        Origins {
            all: false,
            allowed: allowed.iter().map(|text| text.parse().unwrap()).collect(),
            own_names: own_names("Web1.example.org"),
            tls,
        }
    }

    fn foreign(host: &str, origin: &str) -> bool {
        origins(&[], false).are_foreign(&headers(&[("host", host), ("origin", origin)]))
    }

    #[test]
    fn native_clients_have_no_origin() {
        assert!(!origins(&[], false).are_foreign(&headers(&[("host", "evil.example")])));
        assert!(!origins(&[], false).are_foreign(&headers(&[])));
    }

    #[test]
    fn a_page_of_this_server_is_at_home() {
        for (host, origin) in [
            ("127.0.0.1:3000", "http://127.0.0.1:3000"),
            ("[::1]:3000", "http://[::1]:3000"),
            ("localhost:3000", "http://localhost:3000"),
            ("LocalHost:3000", "http://LOCALHOST:3000"),
            ("192.0.2.7", "http://192.0.2.7"),
            ("192.0.2.7:80", "http://192.0.2.7"),
            ("web1:3000", "http://web1:3000"),
            ("web1.example.org", "https://web1.example.org"),
        ] {
            assert!(!foreign(host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn other_pages_are_foreign() {
        for (host, origin) in [
            ("127.0.0.1:3000", "http://evil.example"),
            ("127.0.0.1:3000", "http://127.0.0.1:8000"),
            ("127.0.0.1:3000", "http://127.0.0.1"),
            ("127.0.0.1:3000", "http://localhost:3000"),
            ("localhost:3000", "http://localhost.evil.example:3000"),
            ("localhost:3000", "null"),
            ("localhost:3000", ""),
            ("localhost:3000", "localhost:3000"),
            ("localhost:3000", "file://"),
            ("localhost:3000", "http://localhost:3000/"),
            ("localhost:3000", "http://a@localhost:3000"),
            ("localhost:3000", "ftp://localhost:3000"),
            // A rebound name: the same origin, and still not ours.
            ("evil.example:3000", "http://evil.example:3000"),
            ("127.0.0.1.evil.example", "http://127.0.0.1.evil.example"),
        ] {
            assert!(foreign(host, origin), "{host} {origin}");
        }
    }

    #[test]
    fn with_tls_a_page_without_it_is_foreign() {
        let both = |scheme: &str| {
            let origin = format!("{scheme}://localhost:8443");
            origins(&[], true)
                .are_foreign(&headers(&[("host", "localhost:8443"), ("origin", &origin)]))
        };
        assert!(!both("https"));
        assert!(both("http"));
    }

    #[test]
    fn doubled_headers_are_foreign() {
        let home = "http://localhost:3000";
        for lines in [
            &[
                ("host", "localhost:3000"),
                ("origin", home),
                ("origin", home),
            ][..],
            &[
                ("host", "localhost:3000"),
                ("host", "localhost:3000"),
                ("origin", home),
            ],
            &[("origin", home)],
            &[("host", "localhost:3000"), ("sec-fetch-site", "cross-site")],
        ] {
            assert!(
                origins(&[], false).are_foreign(&headers(lines)),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn pages_can_be_allowed() {
        let page = |origins: &Origins, origin: &str| {
            origins.are_foreign(&headers(&[("host", "h"), ("origin", origin)]))
        };
        let some = origins(
            &["HTTPS://Dash.example.org:443", "moz-extension://abc-1"],
            false,
        );
        assert!(!page(&some, "https://dash.example.org"));
        assert!(!page(&some, "moz-extension://abc-1"));
        assert!(page(&some, "http://dash.example.org"));
        assert!(page(&some, "https://dash.example.org:8443"));
        assert!(page(&some, "https://sub.dash.example.org"));
        let all = Origins {
            all: true,
            ..Origins::default()
        };
        assert!(!page(&all, "null") && !page(&all, "http://evil.example"));
    }

    #[test]
    fn origins_that_are_none_are_refused() {
        for text in [
            "",
            "*",
            "null",
            "example.org",
            "http://",
            "http:///",
            "http://x/",
            "http://x y",
            "http://[::1",
            "http://[x]",
            "http://x:",
            "http://x:70000",
            "http://x:+1",
            "://x",
            "http://x?y",
            "http://a@b",
            "http://ä",
        ] {
            let error = text.parse::<Origin>();
            assert!(
                error.is_err_and(|error| error.contains("https://")),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_header_is_too_odd(host in "\\PC{0,30}", origin in "\\PC{0,40}") {
            if let (Ok(_), Ok(_)) = (host.parse::<HeaderValue>(), origin.parse::<HeaderValue>()) {
                let lines = headers(&[("host", &host), ("origin", &origin)]);
                if !origins(&[], false).are_foreign(&lines) {
                    prop_assert!(origin.to_lowercase().ends_with(&host.to_lowercase()) || host.ends_with(":80") || host.ends_with(":443"));
                }
            }
        }

        #[test]
        fn a_stranger_with_a_name_is_foreign(name in "[a-z]{1,8}\\.[a-z]{2,5}", port in 1u16..) {
            let host = format!("{name}:{port}");
            let origin = format!("http://{host}");
            prop_assert!(foreign(&host, &origin));
        }
    }
}
