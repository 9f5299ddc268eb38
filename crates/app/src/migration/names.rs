//! Which task a run is.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fondaco_domain::RunId;

use crate::analysis::shown::names::{self, Found, NameError};
use crate::ports::Store;
use crate::ports::records::{RecordKind, TrailQuery};

/// Names by run, as of some place in the trail.
#[derive(Default)]
pub(super) struct Names(Mutex<(Option<u64>, BTreeMap<RunId, Found>)>);

impl Names {
    /// The name of a run; nothing where it was asked for without one.
    pub(super) fn of(&self, store: &dyn Store, run: RunId) -> Result<Option<Found>, NameError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.1.get(&run) {
            return Ok(Some(found.clone()));
        }
        let newest = store.trail(&TrailQuery {
            kind: Some(RecordKind::AnalysisTask),
            limit: Some(1),
            ..TrailQuery::default()
        })?;
        let newest = newest.first().map(|record| record.no);
        if known.0 != newest {
            let all = names::all(store)?.into_iter();
            known.1 = all.map(|found| (found.named.run_id, found)).collect();
            known.0 = newest;
        }
        Ok(known.1.get(&run).cloned())
    }
}
