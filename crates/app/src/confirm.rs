//! The second confirmation of clearing a halt.
//!
//! Who wants to clear a latch asks for a confirmation first, and clears with
//! it a moment later. It counts once, for the latch as it was then, for who
//! asked for it, and not for long.

use fondaco_domain::halt::{Epoch, Halt, HaltCommand, HaltMode, HaltRejection, Scope};
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::flags::{self, FlagsError};
use crate::keys::random_name;
use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::records::{Change, Record, RecordKind};
use crate::ports::runs::{Asked, RunStoreError};

/// A confirmation that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Its name: what the clearing is asked with.
    pub id: String,
    /// The latch.
    pub scope: Scope,
    /// As it was then.
    pub epoch: Epoch,
    /// The last moment at which it counts.
    pub expires_at: UnixMicros,
}

/// What a record of a confirmation says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    scope: String,
    epoch: Epoch,
    reason: String,
    actor: String,
    asked_at: UnixMicros,
    expires_at: UnixMicros,
    used: Option<Used>,
}

/// The one use of a confirmation.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Used {
    at: UnixMicros,
    /// Another one for each try: of two at the same moment only one is the
    /// version that counts.
    by: String,
}

/// Why a latch was not cleared.
#[derive(Debug, Error)]
pub enum ConfirmError {
    /// There is nothing to clear.
    #[error("{0} is not halted")]
    NotHalted(Scope),
    /// It is not said why.
    #[error("clearing a halt needs a reason")]
    NoReason,
    /// There is no confirmation of that name.
    #[error("there is no confirmation `{0}`")]
    Unknown(String),
    /// It was given for something else.
    #[error("the confirmation is for {given}, and not for {wanted}")]
    OtherScope {
        /// What it is for.
        given: String,
        /// What was asked for.
        wanted: Scope,
    },
    /// It was given to somebody else.
    #[error("the confirmation was given to {0}")]
    OtherActor(String),
    /// It was used.
    #[error("the confirmation was used at {0}")]
    Used(UnixMicros),
    /// Another use of it was faster.
    #[error("the confirmation has just been used")]
    JustUsed,
    /// It has expired.
    #[error("the confirmation counted until {0}")]
    Late(UnixMicros),
    /// The latch was changed since.
    #[error("{scope} was changed in epoch {}, after the confirmation was given", found.0)]
    Changed {
        /// The latch.
        scope: Scope,
        /// Its epoch now.
        found: Epoch,
    },
    /// A record that says nothing that can be understood.
    #[error("the record of confirmation `{id}` is damaged")]
    Damaged {
        /// Its name.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// How long it counts could not be read.
    #[error(transparent)]
    Flags(#[from] FlagsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for ConfirmError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoReason => ErrorKind::Invalid,
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::NotHalted(_)
            | Self::OtherScope { .. }
            | Self::OtherActor(_)
            | Self::Used(_)
            | Self::JustUsed
            | Self::Late(_)
            | Self::Changed { .. } => ErrorKind::Conflict,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Flags(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NotHalted(_) => Some("see what is halted".to_owned()),
            Self::NoReason => Some("say why it is safe again".to_owned()),
            Self::Damaged { .. } => Some("ask for another confirmation".to_owned()),
            Self::Flags(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Unknown(_)
            | Self::OtherScope { .. }
            | Self::OtherActor(_)
            | Self::Used(_)
            | Self::JustUsed
            | Self::Late(_)
            | Self::Changed { .. } => {
                Some("look at the halt again, and ask for another confirmation".to_owned())
            }
        }
    }
}

/// Gives a confirmation for the latch of a scope as it is now.
pub fn ask(
    store: &dyn Store,
    machine: &dyn Machine,
    actor: &str,
    scope: &Scope,
    reason: &str,
) -> Result<Confirmation, ConfirmError> {
    if reason.trim().is_empty() {
        return Err(ConfirmError::NoReason);
    }
    let latch = in_force(store, scope)?;
    let window = flags::list(store)?.snapshot.halt_confirmation();
    let asked = asked(machine, actor);
    let micros = i64::try_from(window.as_micros()).unwrap_or(0);
    let kept = Kept {
        scope: scope.to_string(),
        epoch: latch.epoch,
        reason: reason.to_owned(),
        actor: actor.to_owned(),
        asked_at: asked.at,
        expires_at: asked.at.plus(micros),
        used: None,
    };
    let id = random_name(machine);
    put(store, &id, 0, &kept, asked)?;
    Ok(Confirmation {
        id,
        scope: scope.clone(),
        epoch: kept.epoch,
        expires_at: kept.expires_at,
    })
}

/// Clears a latch with a confirmation, which is used up by that whatever
/// comes of it.
pub fn clear(
    store: &dyn Store,
    machine: &dyn Machine,
    actor: &str,
    (scope, reason): (Scope, String),
    confirmation: &str,
) -> Result<Halt, ConfirmError> {
    if reason.trim().is_empty() {
        return Err(ConfirmError::NoReason);
    }
    let (version, mut kept) = find(store, confirmation)?;
    let asked = asked(machine, actor);
    counts(&kept, &scope, &asked)?;
    let latch = in_force(store, &scope)?;
    if latch.epoch != kept.epoch {
        let found = latch.epoch;
        return Err(ConfirmError::Changed { scope, found });
    }
    kept.used = Some(Used {
        at: asked.at,
        by: random_name(machine),
    });
    put(store, confirmation, version, &kept, asked.clone()).map_err(|error| match error {
        RunStoreError::RecordChanged { .. } => ConfirmError::JustUsed,
        error => error.into(),
    })?;
    let epoch = kept.epoch;
    let command = HaltCommand::ClearAt {
        scope,
        reason,
        epoch,
    };
    store.halt(command, asked).map_err(|error| match error {
        RunStoreError::HaltRejected(HaltRejection::Changed { scope, found }) => {
            ConfirmError::Changed { scope, found }
        }
        error => error.into(),
    })
}

/// Whether a confirmation counts for this, now.
fn counts(kept: &Kept, scope: &Scope, asked: &Asked) -> Result<(), ConfirmError> {
    if kept.scope != scope.to_string() {
        return Err(ConfirmError::OtherScope {
            given: kept.scope.clone(),
            wanted: scope.clone(),
        });
    }
    if kept.actor != asked.actor {
        return Err(ConfirmError::OtherActor(kept.actor.clone()));
    }
    if let Some(used) = &kept.used {
        return Err(ConfirmError::Used(used.at));
    }
    // A clock that went back must not make it count for longer.
    if asked.at < kept.asked_at || asked.at > kept.expires_at {
        return Err(ConfirmError::Late(kept.expires_at));
    }
    Ok(())
}

fn in_force(store: &dyn Store, scope: &Scope) -> Result<Halt, ConfirmError> {
    let latches = store.halts()?;
    latches
        .into_iter()
        .find(|halt| halt.scope == *scope && halt.mode != HaltMode::Active)
        .ok_or_else(|| ConfirmError::NotHalted(scope.clone()))
}

fn find(store: &dyn Store, id: &str) -> Result<(u32, Kept), ConfirmError> {
    let record = store.record(RecordKind::Confirmation, id)?;
    let record = record.ok_or_else(|| ConfirmError::Unknown(id.to_owned()))?;
    let body = record.body.as_deref().unwrap_or_default();
    let kept = serde_json::from_str(body).map_err(|source| ConfirmError::Damaged {
        id: id.to_owned(),
        source,
    })?;
    Ok((record.version, kept))
}

fn put(
    store: &dyn Store,
    id: &str,
    over: u32,
    kept: &Kept,
    by: Asked,
) -> Result<Record, RunStoreError> {
    let change = Change::write(RecordKind::Confirmation, id, Some(over), kept);
    store.put_record(change, by)
}

fn asked(machine: &dyn Machine, actor: &str) -> Asked {
    Asked {
        actor: actor.to_owned(),
        at: machine.wall(),
    }
}
