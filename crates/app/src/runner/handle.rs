//! What other threads say to a runner.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fondaco_domain::WorkerId;
use fondaco_domain::halt::Epoch;

use super::{Bell, Stand};
use crate::ports::exec::AttemptId;
use crate::ports::runs::{Held, Notice, Notices};

/// Orders and news for a runner, from any thread; each rings its bell.
#[derive(Clone)]
pub struct Handle(Arc<Shared>);

struct Shared {
    worker: WorkerId,
    bell: Arc<Bell>,
    inbox: Mutex<Inbox>,
    closed: AtomicBool,
    stands: Mutex<BTreeMap<&'static str, Stand>>,
    tallies: Tallies,
}

/// What a runner has done since it began.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    pub(super) claimed: AtomicU64,
    pub(super) completed: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) stopped: AtomicU64,
}

/// What a runner has done since it began, as the store took it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Done {
    /// Tasks it was given.
    pub claimed: u64,
    /// Attempts that completed.
    pub completed: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Attempts that were stopped and gave up.
    pub stopped: u64,
}

/// What came since the last look.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Orders to drain: the second one stops what runs.
    pub(super) drains: u32,
    /// There may be work to take.
    pub(super) work: bool,
    /// Attempts to stop.
    pub(super) stops: BTreeSet<AttemptId>,
    /// The newest epoch heard of.
    pub(super) epoch: Epoch,
    /// Attempts to go on with.
    pub(super) orphans: Vec<Held>,
}

impl Handle {
    pub(super) fn new(worker: WorkerId, bell: Arc<Bell>) -> Self {
        Self(Arc::new(Shared {
            worker,
            bell,
            inbox: Mutex::default(),
            closed: AtomicBool::new(false),
            stands: Mutex::default(),
            tallies: Tallies::default(),
        }))
    }

    /// The name that the runner works under.
    pub fn worker(&self) -> WorkerId {
        self.0.worker
    }

    /// Where the breakers in front of its executors stand, by executor.
    pub fn breakers(&self) -> BTreeMap<&'static str, Stand> {
        let stands = &self.0.stands;
        stands
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What it has done.
    pub fn done(&self) -> Done {
        let read = |tally: &AtomicU64| tally.load(Ordering::Relaxed);
        let tallies = &self.0.tallies;
        Done {
            claimed: read(&tallies.claimed),
            completed: read(&tallies.completed),
            failed: read(&tallies.failed),
            stopped: read(&tallies.stopped),
        }
    }

    pub(super) fn tallies(&self) -> &Tallies {
        &self.0.tallies
    }

    pub(super) fn show(&self, stands: BTreeMap<&'static str, Stand>) {
        let shown = &self.0.stands;
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = stands;
    }

    /// Take nothing more, finish what runs, and end. Said twice: stop what
    /// runs, give it back, and end.
    pub fn drain(&self) {
        self.inbox().drains += 1;
        self.0.bell.ring();
    }

    /// Something that the store told its subscribers.
    pub fn notice(&self, notice: &Notice) {
        let mut inbox = self.inbox();
        match *notice {
            // A run that ends frees its concurrency key.
            Notice::Wake | Notice::Ended { .. } => inbox.work = true,
            Notice::Stop {
                run,
                task,
                fence,
                owner,
            } if owner == self.0.worker => {
                inbox.stops.insert(AttemptId { run, task, fence });
            }
            Notice::Halt { epoch } => inbox.epoch = inbox.epoch.max(epoch),
            Notice::Stop { .. } | Notice::Sweep { .. } => return,
        }
        drop(inbox);
        self.0.bell.ring();
    }

    /// An attempt that was found running on this machine after its worker was
    /// gone: the runner takes it over under the fence it has.
    pub fn adopt(&self, orphan: Held) {
        self.inbox().orphans.push(orphan);
        self.0.bell.ring();
    }

    /// Hands a subscription on until the runner has ended: for a thread of
    /// its own.
    pub fn listen(&self, notices: &mut dyn Notices) {
        while !self.0.closed.load(Ordering::Acquire) {
            if let Some(notice) = notices.wait(Duration::from_millis(500)) {
                self.notice(&notice);
            }
        }
    }

    pub(super) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
    }

    /// Empties the inbox.
    pub(super) fn take(&self) -> Inbox {
        std::mem::take(&mut *self.inbox())
    }

    /// The newest epoch heard of since the last look, which this is not.
    pub(super) fn epoch(&self) -> Epoch {
        self.inbox().epoch
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.0.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.0.worker).finish()
    }
}
