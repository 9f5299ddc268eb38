//! What a gateway does to be the one: it renews its lease, and stops once it
//! has not, or is told of a newer generation.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ports::gateway::GATEWAY;
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, RunStoreError};
use crate::ports::services::{Holder, ServiceStore};

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
    store: Arc<dyn ServiceStore>,
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
        store: Arc<dyn ServiceStore>,
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
fn claim(store: &dyn ServiceStore, machine: &dyn Machine) -> Result<u64, RunStoreError> {
    let seen = newest(store)?;
    let by = Asked {
        actor: GATEWAY.to_owned(),
        at: machine.wall(),
    };
    Ok(store.claim_service(GATEWAY, seen, by)?.generation)
}

fn newest(store: &dyn ServiceStore) -> Result<u64, RunStoreError> {
    let services = store.services()?;
    let gateway = services.iter().find(|service| service.name == GATEWAY);
    Ok(gateway.map_or(0, |service| service.generation))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use fondaco_domain::UnixMicros;

    use super::*;
    use crate::ports::services::Service;

    /// A store of one name that answers late, or not at all, and the clock it
    /// is late on.
    #[derive(Default)]
    struct Slow {
        millis: AtomicU64,
        /// How long a renewal takes.
        takes: AtomicU64,
        fails: AtomicBool,
        newest: AtomicU64,
        held: AtomicBool,
    }

    impl Slow {
        fn passes(&self, millis: u64) {
            self.millis.fetch_add(millis, Ordering::Relaxed);
        }
    }

    impl Machine for Slow {
        fn wall(&self) -> UnixMicros {
            UnixMicros(0)
        }

        fn monotonic(&self) -> Duration {
            Duration::from_millis(self.millis.load(Ordering::Relaxed))
        }

        fn entropy(&self) -> [u8; 10] {
            [0; 10]
        }
    }

    impl ServiceStore for Slow {
        fn claim_service(&self, _: &str, seen: u64, _: Asked) -> Result<Service, RunStoreError> {
            self.newest.store(seen + 1, Ordering::Relaxed);
            Ok(self.services()?.remove(0))
        }

        fn renew_service(
            &self,
            _: &str,
            generation: u64,
            _: Holder,
            _: UnixMicros,
        ) -> Result<bool, RunStoreError> {
            self.passes(self.takes.load(Ordering::Relaxed));
            if self.fails.load(Ordering::Relaxed) {
                return Err(RunStoreError::Stopped);
            }
            let holds = generation == self.newest.load(Ordering::Relaxed);
            self.held.fetch_or(holds, Ordering::Relaxed);
            Ok(holds)
        }

        fn release_service(&self, _: &str, generation: u64) -> Result<(), RunStoreError> {
            if generation == self.newest.load(Ordering::Relaxed) {
                self.held.store(false, Ordering::Relaxed);
            }
            Ok(())
        }

        fn services(&self) -> Result<Vec<Service>, RunStoreError> {
            Ok(vec![Service {
                name: GATEWAY.to_owned(),
                generation: self.newest.load(Ordering::Relaxed),
                holder: None,
                renewals: 0,
                since: UnixMicros(0),
                seen: UnixMicros(0),
            }])
        }
    }

    fn take(slow: &Arc<Slow>, generation: Option<u64>) -> Option<Keeper> {
        let holder = Holder {
            host: "here".to_owned(),
            pid: 7,
            pid_start: String::new(),
            address: "127.0.0.1:1".to_owned(),
        };
        let lease = Duration::from_secs(10);
        Keeper::take(slow.clone(), slow.clone(), generation, holder, lease).unwrap()
    }

    #[test]
    fn one_that_nobody_started_takes_the_next_generation() {
        let slow = Arc::new(Slow::default());
        let first = take(&slow, None).unwrap();
        assert_eq!(first.generation(), 1);
        let second = take(&slow, None).unwrap();
        assert_eq!(second.generation(), 2);
        assert_eq!(first.renew(), Err(Lost::Superseded));
        // And stays so, whatever the clock says.
        assert_eq!(first.left(), Err(Lost::Superseded));
        // An old one gives nothing back.
        first.release().unwrap();
        assert!(slow.held.load(Ordering::Relaxed));
        second.release().unwrap();
        assert!(!slow.held.load(Ordering::Relaxed));
        assert!(take(&slow, Some(1)).is_none());
    }

    #[test]
    fn a_lease_runs_from_when_its_renewal_was_asked_for() {
        let slow = Arc::new(Slow::default());
        let keeper = take(&slow, None).unwrap();
        slow.takes.store(3_000, Ordering::Relaxed);
        let kept = keeper.renew().unwrap();
        assert_eq!(kept.wait, Duration::from_secs(2));
        assert_eq!(keeper.left(), Ok(Duration::from_secs(7)));
        slow.passes(6_999);
        assert!(keeper.left().is_ok());
        slow.passes(1);
        assert_eq!(keeper.left(), Err(Lost::Expired));
    }

    #[test]
    fn an_answer_that_comes_after_the_lease_is_no_answer() {
        let slow = Arc::new(Slow::default());
        let keeper = take(&slow, None).unwrap();
        slow.takes.store(10_000, Ordering::Relaxed);
        assert_eq!(keeper.renew(), Err(Lost::Expired));
        slow.takes.store(0, Ordering::Relaxed);
        assert_eq!(keeper.renew(), Err(Lost::Expired));
    }

    #[test]
    fn a_store_that_fails_is_asked_again_until_the_lease_ends() {
        let slow = Arc::new(Slow::default());
        let keeper = take(&slow, None).unwrap();
        slow.fails.store(true, Ordering::Relaxed);
        let mut asked = 0;
        let lost = loop {
            match keeper.renew() {
                Ok(kept) => {
                    assert!(kept.failure.is_some());
                    asked += 1;
                    slow.passes(u64::try_from(kept.wait.as_millis()).unwrap());
                }
                Err(lost) => break lost,
            }
        };
        assert_eq!((lost, asked), (Lost::Expired, 20));
        // One that answers in time is as good as ever.
        slow.fails.store(false, Ordering::Relaxed);
        let keeper = take(&slow, None).unwrap();
        slow.fails.store(true, Ordering::Relaxed);
        slow.passes(9_000);
        assert!(keeper.renew().is_ok());
        slow.fails.store(false, Ordering::Relaxed);
        assert!(keeper.renew().unwrap().failure.is_none());
        assert_eq!(keeper.left(), Ok(Duration::from_secs(10)));
    }
}
