//! What all readers of a process share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use fondaco_domain::RunId;
use fondaco_domain::run::RunKind;
use futures::task::AtomicWaker;

use super::follow::Follower;
use super::reader::Reader;
use super::ring::{Bounds, Item, Ring};
use super::rooms::Rooms;
use super::snapshot::Shots;
use super::tally::Tally;
use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::runs::RunStoreError;
use crate::runner::Bell;

/// How much is kept, and how often the store is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What a reader may be behind.
    pub ring: Bounds,
    /// Rows of the feed that one look takes at most.
    pub page: usize,
    /// Numbers before the newest that are read when the first reader comes, so
    /// that those who come again find what they missed.
    pub warm: u64,
    /// Numbers that a reader may have missed and still gets, from the store.
    pub replay: u64,
    /// Between two looks at least.
    pub gap: Duration,
    /// Between two looks at most, while something happens.
    pub busy: Duration,
    /// Between two looks at most, while nothing does.
    pub idle: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            ring: Bounds {
                items: 10_000,
                bytes: 8 << 20,
            },
            page: 1_000,
            warm: 1_000,
            replay: 100_000,
            gap: Duration::from_millis(5),
            busy: Duration::from_millis(25),
            idle: Duration::from_millis(100),
        }
    }
}

/// One per process: follows the store's feed and hands it to readers.
///
/// Somebody has to give it a thread, with [`Hub::follow`]. While nobody reads
/// it does not look at the store.
pub struct Hub {
    pub(super) store: Arc<dyn Store>,
    pub(super) machine: Arc<dyn Machine>,
    pub(super) settings: Settings,
    pub(super) tally: Arc<Tally>,
    pub(super) attention: Bell,
    pub(super) shots: Mutex<Shots>,
    pub(super) rooms: Rooms,
    shared: Mutex<Shared>,
    follower: Mutex<Follower>,
    kinds: Mutex<BTreeMap<RunId, RunKind>>,
    failure: Mutex<Option<String>>,
    stopped: AtomicBool,
}

/// What changes with every frame.
struct Shared {
    ring: Ring,
    bells: Vec<Weak<AtomicWaker>>,
}

/// Kinds of runs remembered at most.
const KINDS: usize = 10_000;

impl Hub {
    /// Over a store, with a tally that others may look at.
    pub fn new(
        store: Arc<dyn Store>,
        machine: Arc<dyn Machine>,
        settings: Settings,
        tally: Arc<Tally>,
    ) -> Self {
        Self {
            store,
            machine,
            settings,
            tally,
            attention: Bell::default(),
            shots: Mutex::default(),
            rooms: Rooms::default(),
            shared: Mutex::new(Shared {
                ring: Ring::after(0, settings.ring),
                bells: Vec::new(),
            }),
            follower: Mutex::default(),
            kinds: Mutex::default(),
            failure: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    /// A reader that has not asked for anything yet. Waits for the store.
    pub fn join(self: &Arc<Self>) -> Result<Reader, RunStoreError> {
        let mut follower = lock(&self.follower);
        if !self.is_read() {
            self.catch_up(&mut follower)?;
        }
        let bell = Arc::new(AtomicWaker::new());
        let next = {
            let mut shared = self.shared();
            shared.bells.push(Arc::downgrade(&bell));
            shared.ring.end()
        };
        Tally::count(&self.tally.readers, 1);
        Tally::count(&self.tally.joined, 1);
        drop(follower);
        self.attention.ring();
        Ok(Reader::new(Arc::clone(self), bell, next))
    }

    /// The newest number told.
    pub fn head(&self) -> u64 {
        self.shared().ring.head()
    }

    /// Why the store cannot be looked at, while it cannot.
    pub fn failure(&self) -> Option<String> {
        lock(&self.failure).clone()
    }

    /// What it counts.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Time and chance.
    pub fn machine(&self) -> &dyn Machine {
        &*self.machine
    }

    /// Where runs are kept.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Ends [`Hub::follow`].
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.attention.ring();
    }

    /// Looks at the store now, from whichever thread; [`Hub::follow`] does so
    /// by itself.
    pub fn look(&self) -> Result<(), RunStoreError> {
        self.look_with(&mut lock(&self.follower))
    }

    pub(super) fn follower(&self) -> MutexGuard<'_, Follower> {
        lock(&self.follower)
    }

    pub(super) fn is_read(&self) -> bool {
        self.tally.readers.load(Ordering::Acquire) > 0
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Looks at the ring, for a moment: nothing here waits.
    pub(super) fn with_ring<T>(&self, look: impl FnOnce(&Ring) -> T) -> T {
        look(&self.shared().ring)
    }

    pub(super) fn restart(&self, head: u64) {
        self.shared().ring.restart(head);
    }

    /// To all readers.
    pub(super) fn publish(&self, items: Vec<Item>) {
        if items.is_empty() {
            return;
        }
        let mut awake = Vec::new();
        {
            let mut shared = self.shared();
            for item in items {
                shared.ring.push(item);
            }
            let head = shared.ring.head();
            self.tally.head.store(head, Ordering::Relaxed);
            shared.bells.retain(|bell| {
                let bell = bell.upgrade();
                let kept = bell.is_some();
                awake.extend(bell);
                kept
            });
        }
        for bell in awake {
            bell.wake();
        }
    }

    /// The kind of a run, while the run is there.
    pub(super) fn kind_of(&self, run: RunId) -> Result<Option<RunKind>, RunStoreError> {
        if let Some(kind) = lock(&self.kinds).get(&run) {
            return Ok(Some(*kind));
        }
        match self.store.run(run) {
            Ok(found) => {
                self.remember(run, found.new.kind);
                Ok(Some(found.new.kind))
            }
            Err(RunStoreError::NoRun(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn remember(&self, run: RunId, kind: RunKind) {
        let mut kinds = lock(&self.kinds);
        if kinds.len() >= KINDS {
            // The oldest runs go; they are asked for again where needed.
            let middle = middle(&kinds);
            *kinds = kinds.split_off(&middle);
        }
        kinds.insert(run, kind);
    }

    pub(super) fn set_failure(&self, failure: Option<String>) {
        *lock(&self.failure) = failure;
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }
}

fn middle(kinds: &BTreeMap<RunId, RunKind>) -> RunId {
    let key = kinds.keys().nth(kinds.len() / 2).copied();
    key.unwrap_or(RunId::new(0, [0; 10]))
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
