//! Which `Host` and `Origin` a request may carry (layer 2): the defence against DNS rebinding and foreign pages. Pure.
//!
//! Allowed are the names of loopback with the bound port, the address that the server listens on (any address where it
//! listens on all of them: a literal address cannot be rebound), and what the configuration names.

use std::net::{IpAddr, SocketAddr};

/// A host name or literal address, and a port where one was given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Authority {
    host: String,
    port: Option<u16>,
}

impl Authority {
    fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                match rest.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if rest.is_empty() => (host, None),
                    None => return None,
                }
            }
            None => match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match port {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
            None => None,
        };
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let fine =
            !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
        fine.then_some(Self { host, port })
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.address().is_some_and(|address| address.to_canonical().is_loopback())
    }
}

/// The rules of one server.
#[derive(Debug, Clone)]
pub(crate) struct HostRules {
    bound: SocketAddr,
    configured: Vec<Authority>,
}

impl HostRules {
    /// Makes the rules for the address that is bound, with the configured hosts (`name` or `name:port`). Gives the first
    /// entry that is no host, if there is one.
    pub(crate) fn new(
        bound: SocketAddr,
        configured: &[String],
        public_url: Option<&str>,
    ) -> Result<Self, String> {
        let mut hosts = Vec::new();
        for text in configured {
            hosts.push(Authority::parse(text.trim()).ok_or_else(|| text.clone())?);
        }
        if let Some(text) = public_url {
            let url = url::Url::parse(text).map_err(|_| text.to_owned())?;
            let host = url.host_str().ok_or_else(|| text.to_owned())?;
            let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
            hosts.push(Authority { host, port: url.port() });
        }
        Ok(Self { bound, configured: hosts })
    }

    /// The port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.bound.port()
    }

    /// Whether a request with this `Host` is meant for this server.
    pub(crate) fn allows_host(&self, host: &str) -> bool {
        Authority::parse(host).is_some_and(|authority| self.allows(&authority, &[80, 443]))
    }

    /// Whether a page of this `Origin` may call this server.
    pub(crate) fn allows_origin(&self, origin: &str) -> bool {
        let (rest, default) = match (origin.strip_prefix("http://"), origin.strip_prefix("https://")) {
            (Some(rest), _) => (rest, 80),
            (None, Some(rest)) => (rest, 443),
            (None, None) => return false,
        };
        Authority::parse(rest).is_some_and(|authority| self.allows(&authority, &[default]))
    }

    fn allows(&self, given: &Authority, defaults: &[u16]) -> bool {
        let is_port =
            |wanted: u16| given.port == Some(wanted) || (given.port.is_none() && defaults.contains(&wanted));
        if is_port(self.bound.port()) {
            let listens = self.bound.ip();
            let literal = given.address();
            if given.is_loopback() || literal.is_some_and(|ip| listens.is_unspecified() || ip == listens) {
                return true;
            }
        }
        self.configured.iter().any(|known| {
            known.host == given.host
                && match known.port {
                    Some(port) => is_port(port),
                    None => {
                        given.port.is_none_or(|port| port == self.bound.port() || defaults.contains(&port))
                    }
                }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(bound: &str, configured: &[&str], public: Option<&str>) -> HostRules {
        let configured: Vec<String> = configured.iter().map(|&text| text.to_owned()).collect();
        HostRules::new(bound.parse().unwrap(), &configured, public).unwrap()
    }

    #[test]
    fn a_server_on_loopback_answers_to_loopback_names_with_its_port() {
        let rules = rules("127.0.0.1:7080", &[], None);
        for good in [
            "127.0.0.1:7080",
            "localhost:7080",
            "LOCALHOST:7080",
            "localhost.:7080",
            "[::1]:7080",
            "127.0.0.2:7080",
        ] {
            assert!(rules.allows_host(good), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "evil.example:7080",
            "localhost",
            "localhost:7081",
            "127.0.0.1",
            "10.0.0.1:7080",
            "localhost:7080@evil",
            "localhost:07080x",
            "[::1",
            "[::1]7080",
            "localhost.evil:7080",
            "127.0.0.1.evil:7080",
            "0.0.0.0:7080",
            "user@localhost:7080",
        ] {
            assert!(!rules.allows_host(bad), "{bad}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_answers_to_literal_addresses_but_to_no_name() {
        let rules = rules("0.0.0.0:7080", &[], None);
        assert!(rules.allows_host("192.168.1.5:7080"));
        assert!(rules.allows_host("[fe80::1]:7080"));
        assert!(!rules.allows_host("server.lan:7080"));
        assert!(!rules.allows_host("192.168.1.5:80"));
        let one = super::tests::rules("192.168.1.5:7080", &[], None);
        assert!(one.allows_host("192.168.1.5:7080"));
        assert!(!one.allows_host("192.168.1.6:7080"));
    }

    #[test]
    fn configured_hosts_and_the_public_url_count() {
        let rules = rules("127.0.0.1:7080", &["code.lan", "dev.lan:5173"], Some("https://code.example.org/"));
        for good in ["code.lan", "code.lan:7080", "code.lan:443", "dev.lan:5173", "code.example.org"] {
            assert!(rules.allows_host(good), "{good}");
        }
        for bad in ["code.lan:8080", "dev.lan", "dev.lan:7080", "example.org"] {
            assert!(!rules.allows_host(bad), "{bad}");
        }
        assert!(rules.allows_origin("https://code.example.org"));
        assert!(rules.allows_origin("http://dev.lan:5173"));
        assert!(!rules.allows_origin("https://code.lan:80"));
        assert!(HostRules::new("127.0.0.1:1".parse().unwrap(), &["a b".to_owned()], None).is_err());
    }

    #[test]
    fn foreign_origins_are_refused() {
        let rules = rules("127.0.0.1:7080", &[], None);
        assert!(rules.allows_origin("http://localhost:7080"));
        assert!(rules.allows_origin("http://127.0.0.1:7080"));
        for bad in [
            "null",
            "",
            "http://localhost:3000",
            "http://localhost",
            "file://",
            "http://evil:7080",
            "chrome-extension://localhost:7080",
        ] {
            assert!(!rules.allows_origin(bad), "{bad}");
        }
    }
}
