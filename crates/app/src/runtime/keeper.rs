//! What a gateway does to be the one: it renews its lease, and stops once it
//! has not, or is told of a newer generation.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ports::Store;
use crate::ports::gateway::GATEWAY;
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, RunStoreError};
use crate::ports::services::Holder;

/// How long a gateway serves without a renewal, where nobody says otherwise.
pub const LEASE: Duration = Duration::from_secs(10);

/// Renewals in the time of a lease.
const RENEWALS: u32 = 5;

/// Why a gateway must stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// There is a newer generation.
    Superseded,
    /// The store has not answered for as long as the lease.
    Expired,
}

/// A lease as its holder knows it: it runs from the moment at which the last
/// renewal that worked was asked for, on the holder's own clock.
#[derive(Debug, Clone, Copy)]
struct Lease {
    length: Duration,
    from: Duration,
    lost: Option<Lost>,
}

impl Lease {
    fn left(&self, now: Duration) -> Duration {
        (self.from + self.length).saturating_sub(now)
    }
}

/// Keeps the name of the gateway for one process.
pub struct Keeper {
    store: Arc<dyn Store>,
    machine: Arc<dyn Machine>,
    generation: u64,
    holder: Holder,
    lease: Mutex<Lease>,
}

/// When to look again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// After so long.
    pub wait: Duration,
    /// Why the last renewal did not work, in words.
    pub failure: Option<String>,
}

impl Keeper {
    /// Says at the store that the gateway of a generation is there; claims the
    /// next generation where none is given. To be called when its address is
    /// taken and before anybody is served. None where there is a newer one.
    pub fn take(
        store: Arc<dyn Store>,
        machine: Arc<dyn Machine>,
        generation: Option<u64>,
        holder: Holder,
        lease: Duration,
    ) -> Result<Option<Self>, RunStoreError> {
        let generation = match generation {
            Some(generation) => generation,
            None => claim(&*store, &*machine)?,
        };
        let keeper = Self {
            lease: Mutex::new(Lease {
                length: lease,
                from: machine.monotonic(),
                lost: None,
            }),
            store,
            machine,
            generation,
            holder,
        };
        let at = keeper.machine.wall();
        let holds = keeper
            .store
            .renew_service(GATEWAY, generation, keeper.holder.clone(), at)?;
        Ok(holds.then_some(keeper))
    }

    /// The generation it is.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Renews once; may wait for the store as long as that likes. Who calls it
    /// again and again has somebody else look at [`Keeper::left`].
    pub fn renew(&self) -> Result<Kept, Lost> {
        let asked = self.machine.monotonic();
        let at = self.machine.wall();
        let renewed = self
            .store
            .renew_service(GATEWAY, self.generation, self.holder.clone(), at);
        // Late is too late: others may have counted on the end of the lease.
        self.left()?;
        let mut lease = self.lease();
        match renewed {
            Ok(true) => {
                lease.from = asked;
                Ok(Kept {
                    wait: lease.length / RENEWALS,
                    failure: None,
                })
            }
            Ok(false) => {
                lease.lost = Some(Lost::Superseded);
                Err(Lost::Superseded)
            }
            Err(error) => Ok(Kept {
                wait: lease.length / (RENEWALS * 4),
                failure: Some(crate::runner::in_words(&error)),
            }),
        }
    }

    /// What is left of the lease. Once it was lost it stays so.
    pub fn left(&self) -> Result<Duration, Lost> {
        let now = self.machine.monotonic();
        let mut lease = self.lease();
        if let Some(lost) = lease.lost {
            return Err(lost);
        }
        let left = lease.left(now);
        if left.is_zero() {
            lease.lost = Some(Lost::Expired);
            return Err(Lost::Expired);
        }
        Ok(left)
    }

    /// Gives the name back, after the last client was served. Nothing happens
    /// where there is a newer generation.
    pub fn release(&self) -> Result<(), RunStoreError> {
        self.store.release_service(GATEWAY, self.generation)
    }

    fn lease(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The next generation, for a gateway that nobody started.
fn claim(store: &dyn Store, machine: &dyn Machine) -> Result<u64, RunStoreError> {
    let seen = newest(store)?;
    let by = Asked {
        actor: GATEWAY.to_owned(),
        at: machine.wall(),
    };
    Ok(store.claim_service(GATEWAY, seen, by)?.generation)
}

fn newest(store: &dyn Store) -> Result<u64, RunStoreError> {
    let services = store.services()?;
    let gateway = services.iter().find(|service| service.name == GATEWAY);
    Ok(gateway.map_or(0, |service| service.generation))
}
