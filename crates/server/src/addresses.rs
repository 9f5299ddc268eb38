//! Where the roles are reached.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use fondaco_app::roles::Role;

/// The addresses of the roles, as far as they are known here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Addresses(BTreeMap<Role, SocketAddr>);

impl Addresses {
    /// With the address of one more role.
    #[must_use]
    pub fn with(mut self, role: Role, address: SocketAddr) -> Self {
        self.0.insert(role, address);
        self
    }

    /// Those known, in the order of their ports.
    pub fn iter(&self) -> impl Iterator<Item = (Role, SocketAddr)> + '_ {
        self.0.iter().map(|(role, address)| (*role, *address))
    }

    /// The URL of the gateway's socket, for a client that reached this server
    /// by the name in `host`, a `Host` header.
    ///
    /// Who listens at every address of a machine has none to be called by: a
    /// client calls it by the name it knows.
    pub(crate) fn gateway(&self, host: Option<&str>) -> Option<String> {
        let address = self.0.get(&Role::Gateway)?;
        if !address.ip().is_unspecified() {
            return Some(format!("ws://{address}"));
        }
        let name = host.map_or("127.0.0.1", name_of);
        Some(format!("ws://{name}:{}", address.port()))
    }
}

/// The name in a `Host` header, without its port; this machine where it is not
/// one, since it is quoted in a header.
fn name_of(host: &str) -> &str {
    let name = match host.rfind(':') {
        // The colons of `[::1]` are its own.
        Some(at) if !host.ends_with(']') => &host[..at],
        _ => host,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return "127.0.0.1";
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_is_named_as_the_client_names_this_server() {
        let at = |address: &str| {
            Addresses::default().with(Role::Gateway, address.parse().expect("an address"))
        };
        let cases = [
            ("127.0.0.1:9", Some("desk.lan:8000"), "ws://127.0.0.1:9"),
            ("0.0.0.0:9", Some("desk.lan:8000"), "ws://desk.lan:9"),
            ("0.0.0.0:9", Some("desk.lan"), "ws://desk.lan:9"),
            ("[::]:9", Some("[::1]:8000"), "ws://[::1]:9"),
            ("[::]:9", Some("[::1]"), "ws://[::1]:9"),
            ("0.0.0.0:9", None, "ws://127.0.0.1:9"),
            ("0.0.0.0:9", Some(""), "ws://127.0.0.1:9"),
            ("0.0.0.0:9", Some("a; script-src *"), "ws://127.0.0.1:9"),
        ];
        for (address, host, url) in cases {
            assert_eq!(at(address).gateway(host).as_deref(), Some(url), "{host:?}");
        }
        assert_eq!(Addresses::default().gateway(Some("desk.lan")), None);
    }
}
