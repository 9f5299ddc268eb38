//! Where gateways run: on a thread of this process ([`InlineGateways`]), or in
//! a child process that outlives a restart of it ([`ChildGateways`]).
//!
//! What belongs to a run of the runtime lies in `runs/<run>/logs/gateway.log`
//! below the data folder; which processes are gateways, in `gateway/` there.

mod child;
mod inline;
mod notes;

use std::io;
use std::path::PathBuf;

use fondaco_app::ports::gateway::Sight;
use fondaco_app::ports::services::Holder;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

pub use child::{ChildGateways, ChildSettings};
pub use inline::{InlineGateways, Launch, Launched};

use crate::process::{Life, Process, lives};

/// A gateway that cannot be started, stopped or written about.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// A file about it could not be read or written.
    #[error("cannot write {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Its process could not be started.
    #[error("cannot run {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not be told to end.
    #[error("cannot signal process {process}")]
    Signal {
        /// Which.
        process: u32,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl Hint for GatewayError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File { .. } => ErrorKind::Storage,
            Self::Spawn { .. } | Self::Signal { .. } => ErrorKind::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::File { .. } => Some("check the free space and permissions of the home".into()),
            Self::Spawn { .. } | Self::Signal { .. } => None,
        }
    }
}

/// What can be said of a gateway that nobody here started, by what it said of
/// itself: only that it is gone. One that lives looks after itself.
fn seen_by_holder(host: &str, holder: Option<&Holder>) -> Sight {
    match holder {
        Some(holder) if holder.host == host && !lives(holder.pid, &holder.pid_start) => {
            Sight::Gone { returncode: None }
        }
        _ => Sight::Unknown,
    }
}

/// A process as far as it can be told to end.
fn seen_of(process: &Process) -> Sight {
    match process.life() {
        Life::Alive => Sight::Alive {
            pid: process.pid().as_raw_pid().unsigned_abs(),
        },
        Life::Dead => Sight::Gone { returncode: None },
        Life::Unsure => Sight::Unknown,
    }
}
