//! The store of candles, for a thread that waits.

use std::sync::Arc;

use fondaco_app::data::{
    CandleKind, DataError, DatasetId, Overlap, Venue, Version, VersionRef, store_bars,
};
use fondaco_app::ports::{BarStore, StoreError};
use fondaco_app::simulation::download::{PriceShelf, Stored};
use fondaco_domain::{Bars, Symbol, Timeframe, UnixMillis};
use tokio::runtime::Handle;

/// The data sets of one venue and one candle length in a store. Its calls wait
/// for the disk, and must not be made on the threads of the runtime.
pub struct StoredPrices {
    /// The store.
    pub store: Arc<dyn BarStore>,
    /// Where it is, to tell stores apart.
    pub place: String,
    /// What it is waited for on.
    pub runtime: Handle,
    /// The venue.
    pub venue: Venue,
    /// The candle length.
    pub timeframe: Timeframe,
    /// What becomes of stored candles that differ.
    pub overlap: Overlap,
}

impl StoredPrices {
    fn dataset(&self, symbol: &Symbol) -> DatasetId {
        DatasetId {
            venue: self.venue.clone(),
            symbol: symbol.clone(),
            timeframe: self.timeframe,
            kind: CandleKind::Trades,
        }
    }
}

impl PriceShelf for StoredPrices {
    fn place(&self) -> String {
        format!("{} {} {}", self.place, self.venue, self.timeframe)
    }

    fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    fn stored(&self, symbol: &Symbol) -> Result<Stored, DataError> {
        let dataset = self.dataset(symbol);
        let read = self.store.read(&dataset, &VersionRef::Latest);
        match self.runtime.block_on(read) {
            Ok((version, bars)) => Ok(Stored {
                opens: bars.time().iter().copied().collect(),
                version: Some(version),
            }),
            Err(StoreError::NoDataset(_)) => Ok(Stored::default()),
            Err(error) => Err(error.into()),
        }
    }

    fn put(
        &self,
        symbol: &Symbol,
        bars: Bars,
        source: &str,
        now: UnixMillis,
    ) -> Result<(Option<Version>, usize), DataError> {
        let dataset = self.dataset(symbol);
        let store = &*self.store;
        let work = store_bars(store, &dataset, bars, source, self.overlap, now);
        self.runtime.block_on(work)
    }
}
