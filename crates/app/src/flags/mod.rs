//! Flags: looked at, set, unset, and read as one.
//!
//! What is set in the store counts, for it can be changed while everything
//! runs. Where nothing is set, a variable of the [`Environment`] of the process
//! says what counts, for the few flags that have one.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use fondaco_domain::flags::{Flag, FlagError, FlagSnapshot, FlagValue};
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use thiserror::Error;

use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use crate::ports::runs::{Asked, RunStoreError};

/// A flag as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagNow {
    /// The flag.
    pub flag: Flag,
    /// Its value, set or not.
    pub value: FlagValue,
    /// The version of its record; 0 where it was never set.
    pub version: u32,
    /// When and by whom it was set; nothing where it has its default.
    pub set: Option<(UnixMicros, String)>,
    /// The variable of the environment that says its value, where nobody has
    /// set it.
    pub variable: Option<&'static str>,
}

/// What the environment of a process says of flags.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Environment(BTreeMap<Flag, FlagValue>);

impl Environment {
    /// Of its variables; an empty one says nothing, and one that no flag
    /// takes is refused.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, FlagError> {
        let mut said = BTreeMap::new();
        for flag in Flag::ALL {
            let text = flag.variable().and_then(&variable).unwrap_or_default();
            if !text.is_empty() {
                said.insert(flag, flag.read(&text)?);
            }
        }
        Ok(Self(said))
    }
}

/// All flags at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagsNow {
    /// By name.
    pub flags: Vec<FlagNow>,
    /// Their values.
    pub snapshot: FlagSnapshot,
}

/// What can be wrong with flags.
#[derive(Debug, Error)]
pub enum FlagsError {
    /// The flag, or its value.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// A value in the store that is none of its flag.
    #[error("the record of flag `{name}` is damaged: {problem}")]
    Damaged {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The store failed, or somebody was faster.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for FlagsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Flag(error) => error.kind(),
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Flag(error) => error.hint(),
            Self::Damaged { name, .. } => Some(format!(
                "set it anew with `fondaco flag set {name} …`, or unset it"
            )),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Every flag with its value, for one who heeds no environment.
pub fn list(store: &dyn RecordStore) -> Result<FlagsNow, FlagsError> {
    list_under(store, &Environment::default())
}

/// Every flag with its value.
pub fn list_under(
    store: &dyn RecordStore,
    environment: &Environment,
) -> Result<FlagsNow, FlagsError> {
    let mut flags = Vec::new();
    let mut records: BTreeMap<String, Record> = store
        .records(RecordKind::Flag)?
        .into_iter()
        .map(|record| (record.name.clone(), record))
        .collect();
    for flag in Flag::ALL {
        let mut now = now(flag, records.remove(flag.name()))?;
        if now.set.is_none()
            && let Some(said) = environment.0.get(&flag)
        {
            now.value = said.clone();
            now.variable = flag.variable();
        }
        flags.push(now);
    }
    // What is left is of another version of the program, and not ours to judge.
    let snapshot = FlagSnapshot::of(flags.iter().map(|now| (now.flag, now.value.clone())))?;
    Ok(FlagsNow { flags, snapshot })
}

/// One flag.
pub fn show(store: &dyn RecordStore, flag: Flag) -> Result<FlagNow, FlagsError> {
    now(flag, store.record(RecordKind::Flag, flag.name())?)
}

/// Gives a flag a value: over that version of it, or over any. A value that it
/// was given before is given again: whoever asks is on the record.
pub fn set(
    store: &dyn RecordStore,
    machine: &dyn Machine,
    actor: &str,
    (flag, value): (Flag, &FlagValue),
    over: Option<u32>,
) -> Result<FlagNow, FlagsError> {
    flag.check(value)?;
    let change = Change::write(RecordKind::Flag, flag.name(), over, value);
    let record = store.put_record(change, asked(machine, actor))?;
    now(flag, Some(record))
}

/// Gives a flag its default back. One that has it stays as it is.
pub fn unset(
    store: &dyn RecordStore,
    machine: &dyn Machine,
    actor: &str,
    flag: Flag,
    over: Option<u32>,
) -> Result<FlagNow, FlagsError> {
    let known = store.record(RecordKind::Flag, flag.name())?;
    if known.is_some() || over.is_some_and(|over| over > 0) {
        let removal = Change::remove(RecordKind::Flag, flag.name(), over);
        store.put_record(removal, asked(machine, actor))?;
    }
    now(flag, None)
}

fn now(flag: Flag, record: Option<Record>) -> Result<FlagNow, FlagsError> {
    let Some(record) = record else {
        return Ok(FlagNow {
            flag,
            value: flag.spec().default,
            version: 0,
            set: None,
            variable: None,
        });
    };
    let damaged = |problem: String| FlagsError::Damaged {
        name: flag.name(),
        problem,
    };
    let body = record.body.as_deref().unwrap_or_default();
    let value = serde_json::from_str(body).map_err(|error| damaged(error.to_string()))?;
    flag.check(&value)
        .map_err(|error| damaged(error.to_string()))?;
    Ok(FlagNow {
        flag,
        value,
        version: record.version,
        set: Some((record.at, record.actor)),
        variable: None,
    })
}

fn asked(machine: &dyn Machine, actor: &str) -> Asked {
    Asked {
        actor: actor.to_owned(),
        at: machine.wall(),
    }
}

/// Flags of a store, for those that decide by them again and again.
pub struct Flags {
    store: Arc<dyn Store>,
    environment: Environment,
    known: RwLock<Option<(Option<u64>, Arc<FlagSnapshot>)>>,
}

impl Flags {
    /// Of a store; nothing is read yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self::under(store, Environment::default())
    }

    /// Of a store, in a process with an environment.
    pub fn under(store: Arc<dyn Store>, environment: Environment) -> Self {
        Self {
            store,
            environment,
            known: RwLock::default(),
        }
    }

    /// All values as they are now: one small read where nothing was changed.
    /// Who decides by flags reads one snapshot and keeps to it.
    pub fn snapshot(&self) -> Result<Arc<FlagSnapshot>, FlagsError> {
        let newest = self.store.trail(&TrailQuery {
            limit: Some(1),
            ..TrailQuery::default()
        })?;
        let newest = newest.first().map(|record| record.no);
        if let Some((at, known)) = &*self.known.read().unwrap_or_else(PoisonError::into_inner)
            && *at == newest
        {
            return Ok(Arc::clone(known));
        }
        let snapshot = Arc::new(list_under(&*self.store, &self.environment)?.snapshot);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some((newest, Arc::clone(&snapshot)));
        Ok(snapshot)
    }
}
