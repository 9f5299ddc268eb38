//! From the legacy store to ours, one step at a time, and back in one.
//!
//! Seed 000 kept tasks in JSON files ([`legacy`]). Runs are kept in the store;
//! [`plan`] says, by the flags, which of both is read, written and shown.
//! [`Migration::read_task`] is the one place where that is carried out, and
//! [`LegacyTeller`] writes the files after the events. What both say is
//! compared ([`parity`]), five things that must not happen are looked for
//! ([`triggers`]), and [`Phase`]s go forward only where all is well.

pub mod import;
pub mod legacy;
mod names;
pub mod parity;
mod phase;
mod plan;
mod playbook;
mod read;
mod sockets;
mod steps;
mod sweep;
mod tell;
pub mod triggers;

pub use phase::{Gate, Phase, Refusal};
pub use plan::{Plan, Reads, Shape};
pub use playbook::playbook;
pub use read::{From, TaskRead};
pub use sockets::{Sockets, Watched};
pub use steps::{Forced, Standing, Step};
pub use sweep::Swept;
pub use tell::LegacyTeller;

use std::sync::Arc;

use fondaco_domain::flags::FlagSnapshot;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use thiserror::Error;

use crate::analysis::shown::names::NameError;
use crate::analysis::shown::{Analyses, ShowError};
use crate::flags::{Environment, Flags, FlagsError};
use crate::ports::legacy::LegacyFiles;
use crate::ports::machine::Machine;
use crate::ports::runs::RunStoreError;
use crate::ports::{Failure, Store};
use crate::runs::{Planners, Runs};
use names::Names;
use parity::Difference;

/// Both stores, and what decides between them. One per process.
pub struct Migration {
    store: Arc<dyn Store>,
    files: Arc<dyn LegacyFiles>,
    machine: Arc<dyn Machine>,
    flags: Flags,
    names: Names,
    /// What the sockets of this process send.
    pub sockets: Sockets,
}

/// Why a task could not be read, written or compared, or no step be made.
#[derive(Debug, Error)]
pub enum MigrationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
    /// What is switched could not be read.
    #[error(transparent)]
    Flags(#[from] FlagsError),
    /// A name of a task leads to nothing that can be understood.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A run cannot be shown.
    #[error(transparent)]
    Show(#[from] ShowError),
    /// The legacy files failed.
    #[error(transparent)]
    Legacy(Failure),
    /// The record of the phase is not what was written.
    #[error("the record of migration `{name}` is damaged")]
    Damaged {
        /// Its name.
        name: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The gate is closed.
    #[error("the migration does not go on to {to}: {}", in_words(refusals))]
    Refused {
        /// Where it was to go.
        to: Phase,
        /// Why not.
        refusals: Vec<Refusal>,
    },
    /// There is no such step.
    #[error("{from} is the {}", if *forward { "last phase" } else { "first phase" })]
    NoStep {
        /// Where it stands.
        from: Phase,
        /// Which way it was to go.
        forward: bool,
    },
    /// Steps are made one at a time.
    #[error("from {from} the migration goes to {next} only, and not to {to}")]
    FarStep {
        /// Where it stands.
        from: Phase,
        /// The one next to it.
        next: Phase,
        /// As asked for.
        to: Phase,
    },
    /// To force a step needs a reason.
    #[error("to force a step needs a reason")]
    NoReason,
}

fn in_words(refusals: &[Refusal]) -> String {
    let words: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    words.join("; ")
}

impl Hint for MigrationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Flags(error) => error.kind(),
            Self::Name(error) => error.kind(),
            Self::Show(error) => error.kind(),
            Self::Legacy(error) => error.kind(),
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Refused { .. } => ErrorKind::Conflict,
            Self::NoStep { .. } | Self::FarStep { .. } | Self::NoReason => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Flags(error) => return error.hint(),
            Self::Name(error) => return error.hint(),
            Self::Show(error) => return error.hint(),
            Self::Legacy(error) => return error.hint(),
            Self::Damaged { .. } => {
                "look at it with `fondaco trail list --kind migration`".to_owned()
            }
            Self::Refused { .. } => {
                "see `fondaco migration status` and `fondaco migration diff`, or \
                                     use --force with a --reason"
                    .to_owned()
            }
            Self::NoStep { .. } | Self::FarStep { .. } => {
                "see `fondaco migration status`".to_owned()
            }
            Self::NoReason => "say why with --reason".to_owned(),
        })
    }
}

impl Migration {
    /// Between a store and a legacy folder, in a process with an environment.
    pub fn new(
        store: Arc<dyn Store>,
        files: Arc<dyn LegacyFiles>,
        machine: Arc<dyn Machine>,
        environment: Environment,
    ) -> Self {
        Self {
            flags: Flags::under(Arc::clone(&store), environment),
            names: Names::default(),
            sockets: Sockets::default(),
            store,
            files,
            machine,
        }
    }

    /// All flags now. Who decides by them reads one snapshot.
    pub fn flags(&self) -> Result<Arc<FlagSnapshot>, MigrationError> {
        Ok(self.flags.snapshot()?)
    }

    /// What the flags come to now. Who answers one request reads one plan and
    /// keeps to it.
    pub fn plan(&self) -> Result<Plan, MigrationError> {
        Ok(Plan::from(&*self.flags()?))
    }

    /// What the two stores said differently since an instant, the oldest first.
    pub fn differences(&self, since: UnixMicros) -> Result<Vec<Difference>, MigrationError> {
        self.files
            .differences(since)
            .map_err(MigrationError::Legacy)
    }

    /// The legacy files.
    pub fn files(&self) -> &dyn LegacyFiles {
        &*self.files
    }

    /// The folder of the legacy files, for people.
    pub fn place(&self) -> String {
        self.files.place()
    }

    fn with_analyses<T>(&self, look: impl FnOnce(&Analyses<'_>) -> T) -> T {
        let planners = Planners::default();
        look(&Analyses {
            runs: Runs {
                store: &*self.store,
                planners: &planners,
                machine: &*self.machine,
                actor: ACTOR,
            },
        })
    }
}

/// Who looks, where nobody asked.
const ACTOR: &str = "migration";

#[cfg(test)]
mod tests;
