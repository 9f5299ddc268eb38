//! The tools that models are given, over the stores of a home.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fondaco_app::backtests::pin::Datasets;
use fondaco_app::data::{DatasetId, VersionRef};
use fondaco_app::ports::{BarStore, Failure};
use fondaco_app::tools::Toolbox;
use fondaco_app::tools::candles::{Candles, Held};
use fondaco_market::ParquetStore;
use fondaco_store::research::SqliteResearch;
use tokio::runtime::Handle;

use crate::context::Context;
use crate::errors;

/// Every tool, over the candles and the research of the home. Calls wait for
/// the stores: no thread of the runtime may make one.
pub(crate) fn toolbox(context: &Context, runtime: Handle) -> Result<Toolbox, errors::Failure> {
    let place = context.home().join("data").display().to_string();
    let candles = StoredCandles::new(Arc::new(ParquetStore::open(&place)?), runtime);
    let research = SqliteResearch::open(&context.home().join(SqliteResearch::FILE))?;
    Ok(Toolbox::standard(Arc::new(candles), Arc::new(research)))
}

/// Candles of a store. What was read is kept for the next call, as long as
/// there is room: a version never changes.
pub(crate) struct StoredCandles {
    store: Arc<dyn BarStore>,
    runtime: Handle,
    kept: Mutex<Kept>,
}

/// Versions in the order in which they were used, the latest last.
#[derive(Default)]
struct Kept {
    rows: usize,
    versions: VecDeque<((DatasetId, String), Arc<Held>)>,
}

/// Candles that are kept at most; one takes 48 bytes.
const ROOM: usize = 2 << 20;

impl StoredCandles {
    /// Over a store that is waited for on a runtime.
    pub(crate) fn new(store: Arc<dyn BarStore>, runtime: Handle) -> Self {
        Self {
            store,
            runtime,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whatever panicked elsewhere, each entry is whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Candles for StoredCandles {
    fn newest(&self) -> Result<Datasets, Failure> {
        let listed = self.runtime.block_on(self.store.list());
        let listed = listed.map_err(Failure::new)?.into_iter();
        Ok(listed
            .map(|(id, version)| (id, VersionRef::Id(version.id.to_string())))
            .collect())
    }

    fn read(&self, dataset: &DatasetId, version: &VersionRef) -> Result<Arc<Held>, Failure> {
        let key = match version {
            VersionRef::Id(id) => Some((dataset.clone(), id.clone())),
            VersionRef::Latest | VersionRef::Number(_) => None,
        };
        if let Some(held) = key.as_ref().and_then(|key| self.kept().find(key)) {
            return Ok(held);
        }
        let read = self.runtime.block_on(self.store.read(dataset, version));
        let (version, bars) = read.map_err(Failure::new)?;
        let held = Arc::new(Held {
            version: version.id.to_string(),
            bars,
        });
        if let Some(key) = key {
            self.kept().keep(key, &held);
        }
        Ok(held)
    }
}

impl Kept {
    fn find(&mut self, key: &(DatasetId, String)) -> Option<Arc<Held>> {
        let at = self.versions.iter().position(|(known, _)| known == key)?;
        let found = self.versions.remove(at)?;
        let held = Arc::clone(&found.1);
        self.versions.push_back(found);
        Some(held)
    }

    fn keep(&mut self, key: (DatasetId, String), held: &Arc<Held>) {
        if self.find(&key).is_some() {
            return;
        }
        self.rows += held.bars.len();
        self.versions.push_back((key, Arc::clone(held)));
        while self.rows > ROOM {
            let Some((_, oldest)) = self.versions.pop_front() else {
                return;
            };
            self.rows -= oldest.bars.len();
        }
    }
}
