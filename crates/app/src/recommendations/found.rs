//! What was found in all runs.

use std::sync::Arc;

use fondaco_domain::RunId;

use super::Recommendation;

/// Decisions, and where none could be read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) decided: Vec<Recommendation>,
    pub(super) unreadable: Vec<RunId>,
}

impl Found {
    /// What one run decided; nothing where that cannot be read.
    pub(super) fn add(&mut self, run: RunId, decided: Option<Arc<[Recommendation]>>) {
        match decided {
            Some(decided) => self.decided.extend(decided.iter().cloned()),
            None => self.unreadable.push(run),
        }
    }
}
