//! Where the database is, and what of that may be said.

use std::time::Duration;

use fondaco_app::ports::runs::RunStoreError;
use postgres::Config;
use postgres::config::{Host, SslMode};

/// Where Debian's server, and most, listen on the machine itself.
const SOCKETS: &str = "/var/run/postgresql";

/// A parsed `postgres://` address.
#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    /// The same without the password.
    pub(super) place: String,
    pub(super) tls: bool,
}

impl Address {
    /// `postgres://USER@HOST:PORT/DATABASE`, or `postgres:///DATABASE` with
    /// `?host=FOLDER` for a Unix socket elsewhere than Debian's.
    ///
    /// The connection is in the clear unless `sslmode=require` (or
    /// `verify-full`, which is the same here) says otherwise; then the
    /// certificate of the server is verified, always. What `prefer` promises
    /// elsewhere, encryption that anybody in between may refuse, is none.
    pub(super) fn parse(text: &str) -> Result<Self, RunStoreError> {
        let refuse = || RunStoreError::Address(without_password(text));
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(refuse());
        }
        let known = text.replace("sslmode=verify-full", "sslmode=require");
        let mut config: Config = known.parse().map_err(|_| refuse())?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            config.host_path(SOCKETS);
        }
        let tls = config.get_ssl_mode() == SslMode::Require;
        if !tls {
            config.ssl_mode(SslMode::Disable);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        config
            .application_name("fondaco")
            .keepalives_idle(Duration::from_secs(10))
            .tcp_user_timeout(Duration::from_secs(10));
        let place = place(&config);
        Ok(Self { config, place, tls })
    }
}

fn place(config: &Config) -> String {
    let user = config.get_user().map(|user| format!("{user}@"));
    let user = user.unwrap_or_default();
    let database = config.get_dbname().unwrap_or_default();
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate();
    let hosts = hosts.map(|(i, host)| {
        let port = ports.get(i).or(ports.first()).copied().unwrap_or(5432);
        let standard = port == 5432;
        match host {
            Host::Tcp(name) if standard => (name.clone(), false),
            Host::Tcp(name) => (format!("{name}:{port}"), false),
            #[cfg(unix)]
            Host::Unix(path) if standard => (path.display().to_string(), true),
            #[cfg(unix)]
            Host::Unix(path) => (format!("{}&port={port}", path.display()), true),
        }
    });
    let hosts: Vec<(String, bool)> = hosts.collect();
    match hosts.first() {
        Some((path, true)) => format!("postgres://{user}/{database}?host={path}"),
        Some(_) => {
            let names: Vec<&str> = hosts.iter().map(|(name, _)| name.as_str()).collect();
            format!("postgres://{user}{}/{database}", names.join(","))
        }
        None => format!("postgres://{user}/{database}"),
    }
}

/// An address that could not be read, safe to be shown.
fn without_password(text: &str) -> String {
    let (before, parameters) = match text.split_once('?') {
        Some((before, parameters)) => (before, Some(parameters)),
        None => (text, None),
    };
    let mut shown = match before.rsplit_once('@') {
        Some((user, rest)) => {
            let scheme = user.find("://").map_or(0, |at| at + 3);
            match user[scheme..].split_once(':') {
                Some((name, _)) => format!("{}{name}:…@{rest}", &user[..scheme]),
                None => before.to_owned(),
            }
        }
        None => before.to_owned(),
    };
    if let Some(parameters) = parameters {
        let harmless: Vec<&str> = parameters
            .split('&')
            .filter(|one| !one.starts_with("password"))
            .collect();
        shown.push('?');
        shown.push_str(&harmless.join("&"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_without_passwords() {
        for (address, place) in [
            (
                "postgres://desk:s3cret@db.example/runs",
                "postgres://desk@db.example/runs",
            ),
            (
                "postgresql://desk:s3cret@db.example:6000/runs?sslmode=require",
                "postgres://desk@db.example:6000/runs",
            ),
            (
                "postgres:///runs?host=/tmp/x&user=desk&password=s3cret",
                "postgres://desk@/runs?host=/tmp/x",
            ),
            (
                "postgres:///runs?host=/tmp/x&port=6000",
                "postgres:///runs?host=/tmp/x&port=6000",
            ),
            (
                "postgres:///runs",
                "postgres:///runs?host=/var/run/postgresql",
            ),
        ] {
            assert_eq!(Address::parse(address).unwrap().place, place);
        }
    }

    #[test]
    fn only_what_asks_for_encryption_gets_it() {
        for (mode, tls) in [
            ("", false),
            ("?sslmode=disable", false),
            ("?sslmode=prefer", false),
            ("?sslmode=require", true),
            ("?sslmode=verify-full", true),
        ] {
            let address = Address::parse(&format!("postgres://a@b/c{mode}")).unwrap();
            assert_eq!(address.tls, tls, "{mode}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_shown_without_its_password() {
        for (address, shown) in [
            ("mysql://a:s3cret@b/c", "mysql://a:…@b/c"),
            ("postgres://a:s3@cret@b/c?x=1", "postgres://a:…@b/c?x=1"),
            (
                "postgres://a@b/c?nonsense=1&password=s3cret",
                "postgres://a@b/c?nonsense=1",
            ),
            ("postgres://a@b:port/c", "postgres://a@b:port/c"),
        ] {
            let error = Address::parse(address).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("`{shown}` names no store of runs")
            );
        }
    }
}
