//! Which executor does what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fondaco_domain::task::TaskKind;

use crate::ports::exec::{AttemptId, Executor};

/// The executors of a process, and the kinds of tasks that each takes.
#[derive(Clone, Default)]
pub struct Executors {
    by_kind: BTreeMap<TaskKind, Arc<dyn Executor>>,
    by_name: BTreeMap<&'static str, Arc<dyn Executor>>,
    /// What the reaper of this process killed for its silence; its runner, if
    /// it wakes, is not to take that for obedience.
    condemned: Arc<Mutex<BTreeSet<AttemptId>>>,
}

impl Executors {
    /// Those of before, and one more for these kinds. Without kinds it starts
    /// nothing, and finds and adopts what another process started.
    #[must_use]
    pub fn with(
        mut self,
        executor: Arc<dyn Executor>,
        kinds: impl IntoIterator<Item = TaskKind>,
    ) -> Self {
        for kind in kinds {
            self.by_kind.insert(kind, Arc::clone(&executor));
        }
        self.by_name.insert(executor.name(), executor);
        self
    }

    /// The one for a kind.
    pub fn of(&self, kind: TaskKind) -> Option<&Arc<dyn Executor>> {
        self.by_kind.get(&kind)
    }

    /// The one of a name.
    pub fn named(&self, name: &str) -> Option<&Arc<dyn Executor>> {
        self.by_name.get(name)
    }

    /// It is killed for its silence: that it stops is a failure.
    pub(crate) fn condemn(&self, attempt: AttemptId) {
        self.condemned().insert(attempt);
    }

    /// It is not waited for any more. Whether it was condemned.
    pub(crate) fn pardon(&self, attempt: AttemptId) -> bool {
        self.condemned().remove(&attempt)
    }

    fn condemned(&self) -> MutexGuard<'_, BTreeSet<AttemptId>> {
        self.condemned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &Arc<dyn Executor>> {
        self.by_name.values()
    }
}

impl fmt::Debug for Executors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |(kind, executor): (&TaskKind, &Arc<dyn Executor>)| (*kind, executor.name());
        f.debug_map()
            .entries(self.by_kind.iter().map(names))
            .finish()
    }
}
