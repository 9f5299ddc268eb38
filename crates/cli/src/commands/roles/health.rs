//! `fondaco ROLE health`: a role asked over its own address.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use fondaco_app::ports::machine::Machine;
use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::commands::run::alive;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::process::state;

/// Who is asked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco control health\n  fondaco gateway health --at 127.0.0.1:8765\n  fondaco worker \
                  health\n\nEnds with 0 where it is well, with 7 where it is not, or does not answer. A worker listens \
                  nowhere: the store is asked for those it has heard of in the last minute."
)]
pub(crate) struct HealthArgs {
    /// Address to ask at [default: that of the process that serves the role
    /// from this home, or where the role is said to listen].
    #[arg(long, value_name = "ADDRESS")]
    at: Option<SocketAddr>,
    #[command(flatten)]
    store: StoreArgs,
}

/// What was seen of a role.
#[derive(Debug, Serialize)]
pub(crate) struct Seen {
    /// The role.
    pub(crate) role: &'static str,
    /// Where it was asked.
    pub(crate) address: Option<SocketAddr>,
    /// Whether it is well.
    pub(crate) healthy: bool,
    /// In words.
    pub(crate) found: String,
    /// What it answered.
    pub(crate) answer: Option<Value>,
}

/// A role that is not well.
#[derive(Debug, Error)]
#[error("{} is not well: {found}", role.as_str())]
struct Unwell {
    role: Role,
    found: String,
}

impl Hint for Unwell {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn hint(&self) -> Option<String> {
        Some(match self.role {
            Role::Worker => "start one with `fondaco worker`".to_owned(),
            role => format!(
                "start it with `fondaco {} serve`, or all of them with `fondaco up`",
                role.as_str()
            ),
        })
    }
}

/// Asks and prints.
pub(crate) fn health(role: Role, args: &HealthArgs, context: &Context) -> Result<(), Failure> {
    let seen = match address(role, args, context)? {
        Some(address) => ask(role, address),
        None => workers(&Client::open(&args.store, context)?)?,
    };
    context.output.print(&seen)?;
    if seen.healthy {
        return Ok(());
    }
    Err(Unwell {
        role,
        found: seen.found,
    }
    .into())
}

/// Where a role is: where somebody says, where a process of this home has it,
/// or where it would be.
fn address(
    role: Role,
    args: &HealthArgs,
    context: &Context,
) -> Result<Option<SocketAddr>, Failure> {
    if let (Some(address), Some(_)) = (args.at, role.port()) {
        return Ok(Some(address));
    }
    let living = state::living(context.home())?;
    let mut served = living.iter().flat_map(state::Known::roles);
    let here = served.find_map(|(other, address)| address.filter(|_| other == role));
    let said = context.settings()?.listen.get(&role).map(|said| said.value);
    Ok(here.or(said))
}

/// How long a role may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes of an answer at most.
const LONGEST: u64 = 1 << 20;

/// Asks a role how it is.
pub(crate) fn ask(role: Role, address: SocketAddr) -> Seen {
    let address = reachable(address);
    let (healthy, found, answer) = match get(address, "/health") {
        Ok((status, body)) => {
            let answer: Option<Value> = serde_json::from_str(&body).ok();
            let said = answer.as_ref().and_then(|answer| answer["status"].as_str());
            let found = match said {
                Some(said) => said.to_owned(),
                None => format!("it answered with {status}"),
            };
            (status == 200 && said != Some("unhealthy"), found, answer)
        }
        Err(error) => (false, format!("it does not answer: {error}"), None),
    };
    Seen {
        role: role.as_str(),
        address: Some(address),
        healthy,
        found,
        answer,
    }
}

/// Who listens at every address of this machine is asked at its own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// The status and the body of a page.
fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\nconnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    let odd = || io::Error::other("it is no server of HTTP");
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.ok_or_else(odd)?, body.to_owned()))
}

/// The workers that the store has heard of.
fn workers(client: &Client) -> Result<Seen, Failure> {
    let now = client.machine.wall();
    let all = client.store().workers()?;
    let living = all.iter().filter(|worker| alive(worker, now)).count();
    let found = match living {
        0 => "no worker was heard of in the last minute".to_owned(),
        1 => "1 worker was heard of in the last minute".to_owned(),
        count => format!("{count} workers were heard of in the last minute"),
    };
    Ok(Seen {
        role: Role::Worker.as_str(),
        address: None,
        healthy: living > 0,
        found,
        answer: None,
    })
}

impl View for Seen {
    fn text(&self, style: Style) -> String {
        let found = if self.healthy {
            style.good(&self.found)
        } else {
            style.bad(&self.found)
        };
        match self.address {
            Some(address) => format!("{} at {address}: {found}\n", self.role),
            None => format!("{}: {found}\n", self.role),
        }
    }
}
