//! Which pages of a browser may ask.
//!
//! A page of any site can make a browser send requests to this machine, and by
//! a name that leads here it can even read the answers. Without keys, where a
//! request comes from is all that tells it from one of the user's own.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, header};

use super::Denial;

/// Origins that were configured.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// `https://desk.example.com`, with a port where it is not the usual one.
    pub(crate) fn new(origins: &[String]) -> Self {
        let plain = |origin: &String| origin.trim_end_matches('/').to_ascii_lowercase();
        Self(origins.iter().map(plain).collect())
    }

    /// Whether pages of an origin may read answers.
    pub(crate) fn includes(&self, origin: &HeaderValue) -> bool {
        let text = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        self.0.contains(&text)
    }

    /// Whether a request without a key may be one of this machine's own.
    pub(super) fn admit(&self, headers: &HeaderMap, is_unsafe: bool) -> Result<(), Denial> {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host.ok_or(Denial::Host)?;
        if !is_local(host) {
            return Err(Denial::Host);
        }
        match headers.get(header::ORIGIN) {
            Some(origin) if is_unsafe && !self.may_send(origin) => Err(Denial::Origin),
            _ => Ok(()),
        }
    }

    /// Pages of this machine and configured ones. What comes from the very
    /// address that is asked is of this machine, too, since its host is.
    pub(crate) fn may_send(&self, origin: &HeaderValue) -> bool {
        let authority = |text: &str| {
            let (scheme, authority) = text.split_once("://")?;
            matches!(scheme, "http" | "https").then(|| authority.to_owned())
        };
        let own = origin.to_str().ok().and_then(authority);
        own.is_some_and(|authority| is_local(&authority)) || self.includes(origin)
    }
}

/// Whether a host, with its port or without, can only be this machine.
fn is_local(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) if is_port(port) => address,
            _ => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            Some(_) => return false,
            None => authority,
        },
    };
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Nothing, or a colon and a number.
fn is_port(text: &str) -> bool {
    let number = text.strip_prefix(':');
    text.is_empty() || number.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_local() {
        for local in [
            "localhost",
            "LocalHost:8000",
            "127.0.0.1",
            "127.0.0.1:8000",
            "127.9.9.9:1",
            "[::1]",
            "[::1]:8000",
        ] {
            assert!(is_local(local), "{local}");
        }
        for other in [
            "",
            "example.com",
            "localhost.example.com",
            "127.0.0.1.example.com",
            "127.0.0.1@example.com",
            "localhost:80@example.com",
            "192.168.0.7:8000",
            "0.0.0.0",
            "[::]",
            "[::1",
            "[::1]x",
            "::1",
            "127.1",
        ] {
            assert!(!is_local(other), "{other}");
        }
    }

    #[test]
    fn pages_from_elsewhere_may_look_at_nothing_and_send_nothing() {
        let origins = Origins::new(&["https://Desk.example.com/".to_owned()]);
        let asked = |host: Option<&str>, origin: Option<&str>, is_unsafe| {
            let mut headers = HeaderMap::new();
            if let Some(host) = host {
                headers.insert(header::HOST, host.parse().unwrap());
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            match origins.admit(&headers, is_unsafe) {
                Ok(()) => "in",
                Err(Denial::Host) => "host",
                Err(Denial::Origin) => "origin",
                Err(_) => "other",
            }
        };
        let here = Some("127.0.0.1:8000");
        for (host, origin, is_unsafe, outcome) in [
            (None, None, false, "host"),
            (Some("evil.example.com"), None, false, "host"),
            (
                Some("evil.example.com"),
                Some("http://localhost"),
                true,
                "host",
            ),
            (here, None, false, "in"),
            (here, None, true, "in"),
            (here, Some("http://127.0.0.1:8000"), true, "in"),
            (here, Some("http://localhost:3000"), true, "in"),
            (here, Some("https://desk.example.com"), true, "in"),
            (here, Some("http://desk.example.com"), true, "origin"),
            (
                here,
                Some("https://desk.example.com.evil.com"),
                true,
                "origin",
            ),
            (here, Some("null"), true, "origin"),
            (here, Some("file://localhost"), true, "origin"),
            (here, Some("https://evil.example.com"), true, "origin"),
            // The browser keeps the answer to itself.
            (here, Some("https://evil.example.com"), false, "in"),
        ] {
            assert_eq!(
                asked(host, origin, is_unsafe),
                outcome,
                "{host:?} {origin:?}"
            );
        }
    }
}
