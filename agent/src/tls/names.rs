//! The names in a self-signed certificate.

use std::net::IpAddr;

use rustls::pki_types::{DnsName, ServerName};

/// Names and addresses that a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The common name.
    pub common: String,
    /// All alternative names: DNS names, with `*.` in front perhaps, and IP addresses.
    pub all: Vec<String>,
}

impl Names {
    /// The names of a host and what is local to it, then the comma-separated entries of `extra`.
    ///
    /// # Errors
    /// Which entry of `extra` is no name.
    pub fn of(hostname: &str, extra: &str) -> Result<Self, String> {
        // A host may call itself what no DNS name can be; nobody connects to that.
        let own = is_dns_name(hostname).then_some(hostname);
        let local = ["localhost", "127.0.0.1", "::1", "0.0.0.0"];
        let mut all: Vec<String> = own.into_iter().chain(local).map(str::to_owned).collect();
        let extra = extra.split(',').map(str::trim);
        for entry in extra.filter(|entry| !entry.is_empty()) {
            let address = entry.parse::<IpAddr>().map(|address| address.to_string());
            let name = match address {
                Ok(address) => address,
                Err(_) if is_dns_name(entry) => entry.to_ascii_lowercase(),
                Err(_) => {
                    return Err(format!("{entry:?} is neither an IP address nor a DNS name"));
                }
            };
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Ok(Self {
            common: own.unwrap_or("localhost").to_owned(),
            all,
        })
    }

    /// What clients may call the host, one for each name.
    pub(super) fn servers(&self) -> impl Iterator<Item = (&str, ServerName<'static>)> {
        self.all.iter().filter_map(|name| {
            let server = match name.strip_prefix("*.") {
                Some(domain) => format!("any.{domain}"),
                None => name.clone(),
            };
            Some((name.as_str(), ServerName::try_from(server).ok()?))
        })
    }
}

fn is_dns_name(text: &str) -> bool {
    let name = match text.strip_prefix("*.") {
        // Clients take no wildcard for a whole top-level domain.
        Some(domain) if !domain.contains('.') => return false,
        Some(domain) => domain,
        None => text,
    };
    // `1.2.3` and `300.1.1.1` would pass for names, and are addresses gone wrong.
    let numbers = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    !numbers && !name.ends_with('.') && DnsName::try_from(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_and_what_is_local_come_first() {
        let names = Names::of(
            "web1",
            " 192.0.2.7, Web.Example.org ,2001:DB8::1,*.home.lan,localhost,",
        )
        .unwrap();
        assert_eq!(names.common, "web1");
        let all = [
            "web1",
            "localhost",
            "127.0.0.1",
            "::1",
            "0.0.0.0",
            "192.0.2.7",
            "web.example.org",
            "2001:db8::1",
            "*.home.lan",
        ];
        assert_eq!(names.all, all);
        assert_eq!(names.servers().count(), all.len());
    }

    #[test]
    fn a_host_with_an_odd_name_is_localhost() {
        for odd in ["", "(none)", "a b", "ä", "1.2"] {
            let names = Names::of(odd, "").unwrap();
            assert_eq!((names.common.as_str(), names.all.len()), ("localhost", 4));
        }
    }

    #[test]
    fn what_is_no_name_is_named() {
        for bad in [
            "a b",
            "300.1.1.1",
            "1.2.3",
            "http://x",
            "x:80",
            "[::1]",
            "a..b",
            "-",
            "*",
            "*.lan",
            "x/24",
        ] {
            let error = Names::of("h", &format!("ok.example,{bad}")).unwrap_err();
            assert!(error.contains(bad), "{bad}: {error}");
        }
    }
}
