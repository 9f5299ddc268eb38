//! Nothing, at once.

use crate::ports::exec::{Assignment, Outcome, TaskBody, Watch};

/// Completes without a result.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noop;

impl TaskBody for Noop {
    fn run(&self, _assignment: &Assignment, _watch: &dyn Watch) -> Outcome {
        Outcome::Completed { output: None }
    }
}
