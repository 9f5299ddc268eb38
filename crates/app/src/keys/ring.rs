//! Keys in memory: who presents one is recognised without asking the store
//! and without hashing anything slow.
//!
//! What is known is never older than a second, so that a key that was revoked
//! elsewhere opens nothing from then on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use fondaco_domain::UnixMicros;
use fondaco_domain::access::Scopes;
use subtle::ConstantTimeEq;
use thiserror::Error;

use super::{Kept, KeyError, Presented, read};
use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::records::{RecordKind, TrailQuery};

/// From this age on, one who asks looks whether something has changed.
const STALE: Duration = Duration::from_millis(400);

/// From this age on, nobody is let in by what is known.
const TOO_OLD: Duration = Duration::from_millis(900);

/// What a key grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The name of the key.
    pub name: String,
    /// What it allows.
    pub scopes: Scopes,
}

/// Why a key opens nothing. Who presents it is not told more than this: what
/// is not known, expired and revoked look alike from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Denied {
    /// It does not have the form of a key.
    #[error("this is no key")]
    Form,
    /// No usable key has this secret.
    #[error("this key is not known here, has expired or was revoked")]
    Unknown,
}

/// What is known of a key that is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognised {
    /// It was verified before, and nothing has changed.
    Granted(Arc<Grant>),
    /// It opens nothing.
    Denied(Denied),
    /// It may be right: the slow way tells, [`KeyRing::verify`].
    Unverified,
}

/// The keys as the store had them a moment ago.
#[derive(Debug, Default)]
pub struct Ring {
    /// The newest place of the trail then.
    newest: Option<u64>,
    /// By id; revoked ones are not among them.
    keys: BTreeMap<String, Held>,
}

#[derive(Debug)]
struct Held {
    grant: Arc<Grant>,
    expires_at: Option<UnixMicros>,
    version: u32,
    hash: String,
}

impl Ring {
    /// Whether anybody needs a key: as soon as there is one that was not
    /// revoked, expired or not.
    pub fn is_guarded(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether there is a key of this id, usable or expired.
    pub fn has(&self, id: &str) -> bool {
        self.keys.contains_key(id)
    }

    fn usable(&self, id: &str, now: UnixMicros) -> Option<&Held> {
        let held = self.keys.get(id)?;
        held.expires_at.is_none_or(|end| now < end).then_some(held)
    }
}

/// A key whose secret was verified, by what stands for it.
struct Verified {
    digest: [u8; 32],
    version: u32,
}

/// Keys of a store, read again when they change.
pub struct KeyRing {
    store: Arc<dyn Store>,
    machine: Arc<dyn Machine>,
    ring: RwLock<Option<(Duration, Arc<Ring>)>>,
    looking: Mutex<()>,
    verified: Mutex<HashMap<String, Verified>>,
}

impl KeyRing {
    /// Of a store; nothing is read yet.
    pub fn new(store: Arc<dyn Store>, machine: Arc<dyn Machine>) -> Self {
        Self {
            store,
            machine,
            ring: RwLock::default(),
            looking: Mutex::default(),
            verified: Mutex::default(),
        }
    }

    /// The keys, where they are known well enough. Waits for nothing.
    pub fn fresh(&self) -> Option<Arc<Ring>> {
        self.younger_than(STALE)
    }

    /// The keys. Asks the store where what is known is older than it may be,
    /// so this waits for the disk. A store that does not answer is an error:
    /// nobody is let in by what was known before.
    pub fn look(&self) -> Result<Arc<Ring>, KeyError> {
        let looking = self.looking.try_lock();
        if looking.is_err()
            && let Some(known) = self.younger_than(TOO_OLD)
        {
            return Ok(known);
        }
        let _looking = match looking {
            Ok(guard) => guard,
            Err(_) => self.looking.lock().unwrap_or_else(PoisonError::into_inner),
        };
        // Somebody may have looked meanwhile.
        if let Some(known) = self.fresh() {
            return Ok(known);
        }
        self.read_again()
    }

    /// Forgets how fresh the keys are: who asks next looks at the store.
    pub fn expect_change(&self) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *ring = None;
    }

    /// What is known of a key without the slow way. An unknown text costs
    /// nothing here, and neither does a wrong secret of a verified key.
    pub fn recognise(&self, ring: &Ring, presented: &Presented<'_>) -> Recognised {
        let now = self.machine.wall();
        let Some(held) = ring.usable(presented.id(), now) else {
            return Recognised::Denied(Denied::Unknown);
        };
        let verified = self.verified();
        match verified.get(presented.id()) {
            Some(known) if known.version == held.version => {
                if bool::from(known.digest.ct_eq(&presented.digest())) {
                    Recognised::Granted(Arc::clone(&held.grant))
                } else {
                    Recognised::Denied(Denied::Unknown)
                }
            }
            _ => Recognised::Unverified,
        }
    }

    /// The slow way: tens of milliseconds and some memory. What comes of it
    /// is remembered.
    pub fn verify(&self, ring: &Ring, presented: &Presented<'_>) -> Result<Arc<Grant>, Denied> {
        let held = ring.usable(presented.id(), self.machine.wall());
        let held = held.ok_or(Denied::Unknown)?;
        if !presented.is_of(&held.hash) {
            return Err(Denied::Unknown);
        }
        let verified = Verified {
            digest: presented.digest(),
            version: held.version,
        };
        self.verified().insert(presented.id().to_owned(), verified);
        Ok(Arc::clone(&held.grant))
    }

    fn younger_than(&self, age: Duration) -> Option<Arc<Ring>> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let (at, ring) = ring.as_ref()?;
        let is_young = self.machine.monotonic().saturating_sub(*at) < age;
        is_young.then(|| Arc::clone(ring))
    }

    fn read_again(&self) -> Result<Arc<Ring>, KeyError> {
        // The age counts from before the look.
        let now = self.machine.monotonic();
        let newest = self.store.trail(&TrailQuery {
            limit: Some(1),
            ..TrailQuery::default()
        })?;
        let newest = newest.first().map(|record| record.no);
        let ring = match self.younger_than(Duration::MAX) {
            Some(known) if known.newest == newest => known,
            _ => Arc::new(self.read_all(newest)?),
        };
        self.verified()
            .retain(|id, known| ring.keys.get(id).map(|held| held.version) == Some(known.version));
        let mut place = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some((now, Arc::clone(&ring)));
        Ok(ring)
    }

    fn read_all(&self, newest: Option<u64>) -> Result<Ring, KeyError> {
        let mut keys = BTreeMap::new();
        for record in self.store.records(RecordKind::Key)? {
            let kept: Kept = read(&record)?;
            if kept.revoked.is_some() {
                continue;
            }
            let grant = Grant {
                name: record.name,
                scopes: kept.scopes,
            };
            let held = Held {
                grant: Arc::new(grant),
                expires_at: kept.expires_at,
                version: record.version,
                hash: kept.hash,
            };
            keys.insert(kept.id, held);
        }
        Ok(Ring { newest, keys })
    }

    fn verified(&self) -> MutexGuard<'_, HashMap<String, Verified>> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
