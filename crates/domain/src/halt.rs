//! Halts: latched orders to stop, at a scope.
//!
//! A halt stays until a person clears it. Every change draws a number from
//! one counter that only grows, the epoch, so that "before" and "after" never
//! depend on a clock. A state machine is handed the [`Halts`] in force for its
//! run and asks [`Halts::may_start`] before anything begins.

mod ticket;

pub use ticket::{Ticket, TicketRefused};

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::RunId;
use crate::run::RunKind;
use crate::{ContentHash, UnixMicros};

/// A value of the one counter of halts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

/// How much a halt forbids; each mode forbids what the one before does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaltMode {
    /// Nothing is forbidden.
    Active,
    /// Orders that add exposure. Tasks still start: working a position off is
    /// itself a task.
    Reducing,
    /// Starts of tasks; what runs may finish.
    Drain,
    /// Starts; what runs is told to stop, but work it finishes is kept.
    Halted,
    /// Starts; what runs loses its fence, so that nothing it says is kept.
    Killed,
}

impl HaltMode {
    /// Whether no task may start.
    pub fn forbids_start(self) -> bool {
        self >= Self::Drain
    }

    /// Whether finished work is dropped too.
    pub fn drops_results(self) -> bool {
        self == Self::Killed
    }

    /// The name used in storage and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Reducing => "reducing",
            Self::Drain => "drain",
            Self::Halted => "halted",
            Self::Killed => "killed",
        }
    }

    /// Reads [`HaltMode::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Active,
            Self::Reducing,
            Self::Drain,
            Self::Halted,
            Self::Killed,
        ]
        .into_iter()
        .find(|mode| mode.as_str() == text)
    }
}

/// What a halt covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "scope", content = "name")]
pub enum Scope {
    /// Everything.
    Global,
    /// Every run of a tenant.
    Tenant(String),
    /// Every run of a kind.
    Kind(RunKind),
    /// Every run of a strategy, whatever its version.
    Strategy(String),
    /// Every run of one version of a spec.
    Spec(ContentHash),
    /// One run.
    Run(RunId),
}

impl Scope {
    /// Reads what [`Scope`] is shown as.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            None => (text == "global").then_some(Self::Global),
            Some(("tenant", name)) if !name.is_empty() => Some(Self::Tenant(name.to_owned())),
            Some(("strategy", name)) if !name.is_empty() => Some(Self::Strategy(name.to_owned())),
            Some(("kind", kind)) => RunKind::parse(kind).map(Self::Kind),
            Some(("spec", hash)) => ContentHash::parse(hash).map(Self::Spec),
            Some(("run", id)) => id.parse().ok().map(Self::Run),
            Some(_) => None,
        }
    }
}

/// `global`, `tenant:desk`, `kind:backtest`, `strategy:sma-cross`,
/// `spec:<hash>`, `run:<id>`: one text per scope, which stores use as its key.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => f.write_str("global"),
            Self::Kind(kind) => write!(f, "kind:{}", kind.as_str()),
            Self::Tenant(name) => write!(f, "tenant:{name}"),
            Self::Strategy(name) => write!(f, "strategy:{name}"),
            Self::Spec(hash) => write!(f, "spec:{hash}"),
            Self::Run(id) => write!(f, "run:{id}"),
        }
    }
}

/// The latch of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// What it covers.
    pub scope: Scope,
    /// The counter when it was last changed.
    pub epoch: Epoch,
    /// What it forbids.
    pub mode: HaltMode,
    /// Why, in the words of who set or cleared it.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: UnixMicros,
}

/// The counter and the latches that cover one run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Halts {
    /// The counter's value now.
    pub epoch: Epoch,
    /// Latches of the run's scope chain, in any order.
    pub in_force: Vec<Halt>,
}

impl Halts {
    /// The latch that forbids most.
    pub fn strictest(&self) -> Option<&Halt> {
        self.in_force.iter().max_by_key(|halt| halt.mode)
    }

    /// The latch that forbids a task to start, where there is one.
    pub fn may_start(&self) -> Result<(), &Halt> {
        match self.strictest() {
            Some(halt) if halt.mode.forbids_start() => Err(halt),
            _ => Ok(()),
        }
    }

    /// Whether finished work must be dropped.
    pub fn drops_results(&self) -> bool {
        self.in_force.iter().any(|halt| halt.mode.drops_results())
    }
}

/// What somebody wants of a latch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum HaltCommand {
    /// Forbid; needs no confirmation. A milder mode than the present one is a
    /// clearing in part and is refused here.
    Set {
        /// What it covers.
        scope: Scope,
        /// What is forbidden; not [`HaltMode::Active`].
        mode: HaltMode,
        /// Why.
        reason: String,
    },
    /// Allow everything again. Runs halted meanwhile stay halted.
    Clear {
        /// What it covers.
        scope: Scope,
        /// Why; not empty.
        reason: String,
        /// The second confirmation.
        confirmed: bool,
    },
    /// The same, of the latch that was looked at when it was confirmed and of
    /// no later one.
    ClearAt {
        /// What it covers.
        scope: Scope,
        /// Why; not empty.
        reason: String,
        /// The latch's epoch when its clearing was confirmed.
        epoch: Epoch,
    },
}

impl HaltCommand {
    /// What it is about.
    pub fn scope(&self) -> &Scope {
        match self {
            Self::Set { scope, .. } | Self::Clear { scope, .. } | Self::ClearAt { scope, .. } => {
                scope
            }
        }
    }
}

/// Why a latch was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rejection")]
pub enum HaltRejection {
    /// Set to a mode that forbids less than the present one.
    #[error("{scope} is {}: clear it first", present.as_str())]
    Milder {
        /// The scope.
        scope: Scope,
        /// Its mode.
        present: HaltMode,
    },
    /// A latch was cleared without a reason.
    #[error("clearing a halt needs a reason")]
    NoReason,
    /// A latch was cleared without the second confirmation.
    #[error("clearing a halt needs a second confirmation")]
    Unconfirmed,
    /// The latch is another one than was confirmed.
    #[error("{scope} was changed in epoch {}, after its clearing was confirmed", found.0)]
    Changed {
        /// The scope.
        scope: Scope,
        /// The epoch of its latch.
        found: Epoch,
    },
}

/// Every latch and the counter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HaltBook {
    epoch: Epoch,
    latches: BTreeMap<Scope, Halt>,
}

impl HaltBook {
    /// From stored latches. The counter is the largest epoch of them, which
    /// holds because latches are changed and never removed.
    pub fn new(latches: impl IntoIterator<Item = Halt>) -> Self {
        let latches: BTreeMap<Scope, Halt> = latches
            .into_iter()
            .map(|halt| (halt.scope.clone(), halt))
            .collect();
        let epoch = latches.values().map(|halt| halt.epoch).max();
        Self {
            epoch: epoch.unwrap_or_default(),
            latches,
        }
    }

    /// Every latch, cleared ones among them.
    pub fn latches(&self) -> impl Iterator<Item = &Halt> {
        self.latches.values()
    }

    /// What covers a run of this chain of scopes.
    pub fn covering(&self, chain: &[Scope]) -> Halts {
        Halts {
            epoch: self.epoch,
            in_force: chain
                .iter()
                .filter_map(|scope| self.latches.get(scope))
                .filter(|halt| halt.mode != HaltMode::Active)
                .cloned()
                .collect(),
        }
    }

    /// Decides: the latch as it should be written, or nothing where it is so
    /// already.
    pub fn step(
        &self,
        command: &HaltCommand,
        actor: &str,
        now: UnixMicros,
    ) -> Result<Option<Halt>, HaltRejection> {
        let latch = |scope: &Scope, mode, reason: &str| Halt {
            scope: scope.clone(),
            epoch: Epoch(self.epoch.0 + 1),
            mode,
            reason: reason.to_owned(),
            actor: actor.to_owned(),
            at: now,
        };
        let mode_of = |scope| {
            self.latches
                .get(scope)
                .map_or(HaltMode::Active, |halt| halt.mode)
        };
        match command {
            HaltCommand::Set {
                scope,
                mode,
                reason,
            } => {
                let present = mode_of(scope);
                if *mode < present {
                    return Err(HaltRejection::Milder {
                        scope: scope.clone(),
                        present,
                    });
                }
                Ok((*mode > present).then(|| latch(scope, *mode, reason)))
            }
            HaltCommand::Clear {
                scope,
                reason,
                confirmed,
            } => {
                if reason.trim().is_empty() {
                    return Err(HaltRejection::NoReason);
                }
                if !confirmed {
                    return Err(HaltRejection::Unconfirmed);
                }
                Ok((mode_of(scope) != HaltMode::Active)
                    .then(|| latch(scope, HaltMode::Active, reason)))
            }
            HaltCommand::ClearAt {
                scope,
                reason,
                epoch,
            } => {
                if reason.trim().is_empty() {
                    return Err(HaltRejection::NoReason);
                }
                match self.latches.get(scope) {
                    Some(halt) if halt.mode != HaltMode::Active && halt.epoch != *epoch => {
                        Err(HaltRejection::Changed {
                            scope: scope.clone(),
                            found: halt.epoch,
                        })
                    }
                    Some(halt) if halt.mode != HaltMode::Active => {
                        Ok(Some(latch(scope, HaltMode::Active, reason)))
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    /// Takes a decided latch in.
    pub fn apply(&mut self, halt: Halt) {
        self.epoch = self.epoch.max(halt.epoch);
        self.latches.insert(halt.scope.clone(), halt);
    }
}
