//! What tasks do, by kind.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::TaskKind;

/// The kinds of task that can be done here, and how.
#[derive(Clone, Default)]
pub struct Bodies(BTreeMap<TaskKind, Arc<dyn TaskBody>>);

impl Bodies {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more; a second of one kind takes the place of the first.
    #[must_use]
    pub fn with(mut self, kind: TaskKind, body: impl TaskBody + 'static) -> Self {
        self.0.insert(kind, Arc::new(body));
        self
    }

    /// The kinds there are.
    pub fn kinds(&self) -> impl Iterator<Item = TaskKind> {
        self.0.keys().copied()
    }

    /// Whether there is one for a kind.
    pub fn has(&self, kind: TaskKind) -> bool {
        self.0.contains_key(&kind)
    }

    /// Runs an attempt to its end on this thread. A panic is a failure that
    /// would come again.
    pub(crate) fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        let kind = assignment.kind.as_str();
        let Some(body) = self.0.get(&assignment.kind) else {
            return permanent(format!("nothing here does {kind} tasks"));
        };
        catch_unwind(AssertUnwindSafe(|| body.run(assignment, watch))).unwrap_or_else(|panic| {
            permanent(format!("the {kind} task panicked: {}", message(&*panic)))
        })
    }
}

impl fmt::Debug for Bodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn permanent(error: String) -> Outcome {
    Outcome::Failed {
        class: ErrorClass::Permanent,
        error,
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
