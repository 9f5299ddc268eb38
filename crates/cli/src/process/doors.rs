//! Addresses of roles, bound before anything else begins.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::str::FromStr;

use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use crate::settings::{Settings, keys, listening};

/// `ADDRESS`, or `ROLE=ADDRESS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListenWord {
    role: Option<Role>,
    address: SocketAddr,
}

/// A word that is neither.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("write an address such as 127.0.0.1:8000, or one of a role such as control=127.0.0.1:8000")]
pub(crate) struct ListenWordError;

impl FromStr for ListenWord {
    type Err = ListenWordError;

    fn from_str(text: &str) -> Result<Self, ListenWordError> {
        let (role, address) = match text.split_once('=') {
            Some((role, address)) => (Some(Role::parse(role).ok_or(ListenWordError)?), address),
            None => (None, text),
        };
        let address = address.replace("localhost", "127.0.0.1");
        Ok(Self {
            role,
            address: address.parse().map_err(|_| ListenWordError)?,
        })
    }
}

/// A socket that cannot be had.
#[derive(Debug, Error)]
pub(crate) enum DoorError {
    /// An address for nobody.
    #[error("--listen {address} is for no role: {} listen here", names(roles))]
    WhichRole {
        /// As given.
        address: SocketAddr,
        /// Who listens.
        roles: Vec<Role>,
    },
    /// A role that is not served, or does not listen.
    #[error("{} does not listen in this process", role.as_str())]
    NoDoor {
        /// The role.
        role: Role,
    },
    /// The same of the data service, which has a setting of its own.
    #[error("the data service cannot listen at {address}")]
    Data {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The same of the model-day simulator.
    #[error("the simulation service cannot listen at {address}")]
    Simulation {
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Taken, or not allowed.
    #[error("{} cannot listen at {address}", role.as_str())]
    Listen {
        /// Who.
        role: Role,
        /// Where.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for DoorError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::WhichRole { .. } | Self::NoDoor { .. } => ErrorKind::Invalid,
            Self::Listen { source, .. }
            | Self::Data { source, .. }
            | Self::Simulation { source, .. } => match source.kind() {
                io::ErrorKind::AddrNotAvailable => ErrorKind::Invalid,
                _ => ErrorKind::Unavailable,
            },
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::WhichRole { address, roles } => match roles.first() {
                Some(role) => format!("say for whom: --listen {}={address}", role.as_str()),
                None => "leave it out".to_owned(),
            },
            Self::NoDoor { .. } => "leave it out, or serve that role, too".to_owned(),
            Self::Data { .. } => {
                let key = &keys::DATA_PORT;
                format!("choose another with {} or `{}`", key.variable, key.name)
            }
            Self::Simulation { .. } => {
                let key = &keys::SIMULATION_PORT;
                format!("choose another with {} or `{}`", key.variable, key.name)
            }
            Self::Listen { role, source, .. } => {
                let elsewhere = match listening(*role) {
                    Some((key, _)) => format!("with --listen, {} or `{}`", key.variable, key.name),
                    None => "with --listen".to_owned(),
                };
                match source.kind() {
                    io::ErrorKind::AddrNotAvailable => {
                        format!("no network of this machine has it: choose another {elsewhere}")
                    }
                    _ => format!("choose another port {elsewhere}"),
                }
            }
        })
    }
}

fn names(roles: &[Role]) -> String {
    let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

/// Puts what the command line says over the settings.
pub(crate) fn listen_at(
    settings: &mut Settings,
    words: &[ListenWord],
    roles: &[Role],
) -> Result<(), DoorError> {
    let listening_here: Vec<Role> = roles
        .iter()
        .copied()
        .filter(|role| role.port().is_some())
        .collect();
    for word in words {
        let role = match (word.role, listening_here.as_slice()) {
            (Some(role), _) => role,
            (None, [only]) => *only,
            (None, _) => {
                return Err(DoorError::WhichRole {
                    address: word.address,
                    roles: listening_here,
                });
            }
        };
        let key = listening(role).filter(|_| listening_here.contains(&role));
        let (key, _) = key.ok_or(DoorError::NoDoor { role })?;
        if let Some(said) = settings.listen.remove(&role) {
            let said = said.or_flag(key, Some(word.address));
            settings.listen.insert(role, said);
        }
    }
    Ok(())
}

/// A socket that takes connections: nobody answers them yet.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Who listens.
    pub(crate) role: Role,
    /// Where, with the port that was found.
    pub(crate) address: SocketAddr,
    /// The socket.
    pub(crate) listener: TcpListener,
}

/// Binds the addresses of these roles: all of them, or none stays bound.
pub(crate) fn bind(roles: &[Role], settings: &Settings) -> Result<Vec<Bound>, DoorError> {
    let wanted = |role: &Role| Some((*role, settings.listen.get(role)?.value));
    roles
        .iter()
        .filter_map(wanted)
        .map(|(role, address)| bind_one(role, address))
        .collect()
}

fn bind_one(role: Role, address: SocketAddr) -> Result<Bound, DoorError> {
    let failed = |source| DoorError::Listen {
        role,
        address,
        source,
    };
    let (listener, address) = listen(address).map_err(failed)?;
    Ok(Bound {
        role,
        address,
        listener,
    })
}

/// Binds the data service's own port, where somebody asks for it and control
/// is here.
pub(crate) fn bind_data(
    roles: &[Role],
    settings: &Settings,
) -> Result<Option<(TcpListener, SocketAddr)>, DoorError> {
    let port = settings.compat.data_port.value;
    bind_own(roles, port).map_err(|(address, source)| DoorError::Data { address, source })
}

/// The same of the model-day simulator.
pub(crate) fn bind_simulation(
    roles: &[Role],
    settings: &Settings,
) -> Result<Option<(TcpListener, SocketAddr)>, DoorError> {
    let port = settings.compat.simulation_port.value;
    bind_own(roles, port).map_err(|(address, source)| DoorError::Simulation { address, source })
}

/// A port of its own for routes of control.
fn bind_own(
    roles: &[Role],
    port: Option<u16>,
) -> Result<Option<(TcpListener, SocketAddr)>, (SocketAddr, io::Error)> {
    let Some(port) = port.filter(|_| roles.contains(&Role::Control)) else {
        return Ok(None);
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let bound = listen(address).map_err(|source| (address, source))?;
    Ok(Some(bound))
}

fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Where everybody is, as far as it is known: those bound here, and the others
/// where they are said to be.
pub(crate) fn addresses(bound: &[Bound], settings: &Settings) -> BTreeMap<Role, SocketAddr> {
    let said = settings.listen.iter();
    let mut known: BTreeMap<_, _> = said
        .map(|(role, said)| (*role, said.value))
        .filter(|(_, address)| address.port() != 0)
        .collect();
    known.extend(bound.iter().map(|door| (door.role, door.address)));
    known
}
