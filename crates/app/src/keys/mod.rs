//! Keys to the API: added, listed, revoked, and recognised.
//!
//! A key is a record under its name. Its secret is told once, to who adds it;
//! what is kept is a hash from which it cannot be found. A name is never given
//! to a second key: `key:desk` in the trail is always the same one.

mod attempts;
mod bucket;
mod ring;
mod secret;

pub use attempts::{Attempts, Source};
pub use bucket::{Buckets, Rate, Taken};
pub use ring::{Denied, Grant, KeyRing, Recognised, Ring};
pub(crate) use secret::random_name;
pub use secret::{Presented, Secret};

use std::net::SocketAddr;

use fondaco_domain::access::Scopes;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ports::machine::Machine;
use crate::ports::records::{Change, Record, RecordKind, RecordStore};
use crate::ports::runs::{Asked, RunStoreError};

/// Letters of a name at most.
const LONGEST_NAME: usize = 64;

/// A key as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its name, which is also that of who uses it: `key:<name>`.
    pub name: String,
    /// What the text of the key says which one it is by.
    pub id: String,
    /// What it allows.
    pub scopes: Scopes,
    /// When it was added.
    pub created_at: UnixMicros,
    /// By whom.
    pub created_by: String,
    /// From when on it counts no more.
    pub expires_at: Option<UnixMicros>,
    /// When it was revoked, and by whom.
    pub revoked: Option<Revoked>,
    /// The version of its record.
    pub version: u32,
}

/// The end of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// When.
    pub at: UnixMicros,
    /// By whom.
    pub by: String,
}

impl Key {
    /// Whether it opens anything at this time.
    pub fn is_usable(&self, now: UnixMicros) -> bool {
        self.revoked.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// `usable`, `expired` or `revoked`.
    pub fn state(&self, now: UnixMicros) -> &'static str {
        match &self.revoked {
            Some(_) => "revoked",
            None if self.is_usable(now) => "usable",
            None => "expired",
        }
    }
}

/// What a record of a key says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    id: String,
    scopes: Scopes,
    created_at: UnixMicros,
    created_by: String,
    expires_at: Option<UnixMicros>,
    revoked: Option<Revoked>,
    /// Argon2id, as a PHC string.
    hash: String,
}

/// The field of a record of a key that is shown to nobody.
pub(crate) const HASH_FIELD: &str = "hash";

/// A key to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Letters, digits, `-`, `_` and `.`, beginning with a letter or a digit.
    pub name: String,
    /// At least one.
    pub scopes: Scopes,
    /// From when on it counts no more; never where there is none.
    pub expires_at: Option<UnixMicros>,
}

/// A key that was added, and its secret: this is the only time that it is
/// told.
#[derive(Debug)]
pub struct Added {
    /// The key.
    pub key: Key,
    /// The whole text, as it is sent.
    pub secret: Secret,
}

/// What can be wrong with keys.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Not a name.
    #[error("`{0}` is no name for a key")]
    Name(String),
    /// A key that would open nothing.
    #[error("key `{0}` would allow nothing")]
    NoScope(String),
    /// A key that would never count.
    #[error("key `{name}` would have expired at {expires_at} already")]
    Expired {
        /// Its name.
        name: String,
        /// When.
        expires_at: UnixMicros,
    },
    /// There was one of that name, revoked or not.
    #[error("there is a key `{0}` already")]
    Taken(String),
    /// There is none of that name.
    #[error("there is no key `{0}`")]
    Unknown(String),
    /// Others could reach what nobody needs a key for.
    #[error("{0} can be reached from other machines, and there is no usable key")]
    NoKey(SocketAddr),
    /// A record that says nothing that can be understood.
    #[error("the record of key `{name}` is damaged")]
    Damaged {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The hash could not be computed.
    #[error("the secret of key `{name}` cannot be hashed: {problem}")]
    Hash {
        /// Its name.
        name: String,
        /// Why not.
        problem: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for KeyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(_) | Self::NoScope(_) | Self::Expired { .. } | Self::NoKey(_) => {
                ErrorKind::Invalid
            }
            Self::Taken(_) => ErrorKind::Conflict,
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Hash { .. } => ErrorKind::Internal,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => format!(
                "use up to {LONGEST_NAME} letters, digits, -, _ and ., the first a letter or a digit"
            ),
            Self::NoScope(_) => "name at least one scope".to_owned(),
            Self::Expired { .. } => "choose a later time".to_owned(),
            Self::Taken(_) => "choose another name: a name is never given twice".to_owned(),
            Self::Unknown(_) => "see `fondaco key list`".to_owned(),
            Self::NoKey(_) => {
                "add one with `fondaco key add NAME --scope …`, or listen at 127.0.0.1".to_owned()
            }
            Self::Damaged { .. } => "look at the store with `fondaco db check`".to_owned(),
            Self::Hash { .. } => return None,
            Self::Store(error) => return error.hint(),
        })
    }
}

/// Adds a key and tells its secret.
pub fn add(
    store: &dyn RecordStore,
    machine: &dyn Machine,
    actor: &str,
    new: NewKey,
) -> Result<Added, KeyError> {
    let now = machine.wall();
    check(&new, now)?;
    let (id, secret) = Secret::draw(machine);
    let kept = Kept {
        id,
        scopes: new.scopes,
        created_at: now,
        created_by: actor.to_owned(),
        expires_at: new.expires_at,
        revoked: None,
        hash: secret.hash(machine).map_err(|problem| KeyError::Hash {
            name: new.name.clone(),
            problem,
        })?,
    };
    let record = put(store, &new.name, 0, &kept, asked(machine, actor));
    let record = record.map_err(|error| match error {
        RunStoreError::RecordChanged { .. } => KeyError::Taken(new.name.clone()),
        error => error.into(),
    })?;
    let key = key_of(record.name, record.version, kept);
    Ok(Added { key, secret })
}

fn check(new: &NewKey, now: UnixMicros) -> Result<(), KeyError> {
    if !is_name(&new.name) {
        return Err(KeyError::Name(new.name.clone()));
    }
    if new.scopes.is_empty() {
        return Err(KeyError::NoScope(new.name.clone()));
    }
    match new.expires_at {
        Some(expires_at) if expires_at <= now => Err(KeyError::Expired {
            name: new.name.clone(),
            expires_at,
        }),
        _ => Ok(()),
    }
}

fn is_name(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    text.len() <= LONGEST_NAME
        && text.chars().all(fits)
        && text.starts_with(|letter: char| letter.is_ascii_alphanumeric())
}

/// Every key, revoked and expired ones among them, by name.
pub fn list(store: &dyn RecordStore) -> Result<Vec<Key>, KeyError> {
    let records = store.records(RecordKind::Key)?;
    let keys = records.into_iter().map(|record| {
        let kept = read(&record)?;
        Ok(key_of(record.name, record.version, kept))
    });
    keys.collect()
}

/// Ends a key. One that was revoked before stays as it is.
pub fn revoke(
    store: &dyn RecordStore,
    machine: &dyn Machine,
    actor: &str,
    name: &str,
) -> Result<Key, KeyError> {
    loop {
        let record = store.record(RecordKind::Key, name)?;
        let record = record.ok_or_else(|| KeyError::Unknown(name.to_owned()))?;
        let mut kept = read(&record)?;
        if kept.revoked.is_some() {
            return Ok(key_of(record.name, record.version, kept));
        }
        let asked = asked(machine, actor);
        kept.revoked = Some(Revoked {
            at: asked.at,
            by: actor.to_owned(),
        });
        match put(store, name, record.version, &kept, asked) {
            Ok(written) => return Ok(key_of(written.name, written.version, kept)),
            // Only a revocation changes a key: look again.
            Err(RunStoreError::RecordChanged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a server may listen there: at an address of this machine always,
/// at any other one only where a key is usable.
pub fn may_listen(
    store: &dyn RecordStore,
    now: UnixMicros,
    address: SocketAddr,
) -> Result<(), KeyError> {
    if address.ip().is_loopback() || list(store)?.iter().any(|key| key.is_usable(now)) {
        return Ok(());
    }
    Err(KeyError::NoKey(address))
}

fn put(
    store: &dyn RecordStore,
    name: &str,
    over: u32,
    kept: &Kept,
    by: Asked,
) -> Result<Record, RunStoreError> {
    let change = Change::write(RecordKind::Key, name, Some(over), kept);
    store.put_record(change, by)
}

fn read(record: &Record) -> Result<Kept, KeyError> {
    let body = record.body.as_deref().unwrap_or_default();
    serde_json::from_str(body).map_err(|source| KeyError::Damaged {
        name: record.name.clone(),
        source,
    })
}

fn key_of(name: String, version: u32, kept: Kept) -> Key {
    Key {
        name,
        id: kept.id,
        scopes: kept.scopes,
        created_at: kept.created_at,
        created_by: kept.created_by,
        expires_at: kept.expires_at,
        revoked: kept.revoked,
        version,
    }
}

fn asked(machine: &dyn Machine, actor: &str) -> Asked {
    Asked {
        actor: actor.to_owned(),
        at: machine.wall(),
    }
}
