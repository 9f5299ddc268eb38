//! Which executor does what.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fondaco_domain::task::TaskKind;

use crate::ports::exec::Executor;

/// The executors of a process, and the kinds of tasks that each takes.
#[derive(Clone, Default)]
pub struct Executors {
    by_kind: BTreeMap<TaskKind, Arc<dyn Executor>>,
    by_name: BTreeMap<&'static str, Arc<dyn Executor>>,
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
