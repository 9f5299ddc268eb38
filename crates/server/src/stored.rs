//! Candles for use cases that ask for them from an ordinary thread.

use std::sync::Arc;

use fondaco_app::backtests::pin::Datasets;
use fondaco_app::data::{DatasetId, VersionRef};
use fondaco_app::ports::{BarStore, Failure};
use fondaco_app::tools::candles::{Candles, Held};
use tokio::runtime::Handle;

/// A store that is waited for on a runtime.
pub(crate) struct Stored {
    bars: Arc<dyn BarStore>,
    runtime: Handle,
}

impl Stored {
    /// To be used off the threads of the runtime.
    pub(crate) fn new(bars: &Arc<dyn BarStore>, runtime: Handle) -> Self {
        Self {
            bars: Arc::clone(bars),
            runtime,
        }
    }
}

impl Candles for Stored {
    fn newest(&self) -> Result<Datasets, Failure> {
        let listed = self.runtime.block_on(self.bars.list());
        let listed = listed.map_err(Failure::new)?.into_iter();
        Ok(listed
            .map(|(id, version)| (id, VersionRef::Id(version.id.to_string())))
            .collect())
    }

    fn read(&self, dataset: &DatasetId, version: &VersionRef) -> Result<Arc<Held>, Failure> {
        let read = self.runtime.block_on(self.bars.read(dataset, version));
        let (version, bars) = read.map_err(Failure::new)?;
        Ok(Arc::new(Held {
            version: version.id.to_string(),
            bars,
        }))
    }
}
