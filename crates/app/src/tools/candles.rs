//! Where tools find candles.

use std::sync::Arc;

use fondaco_domain::Bars;

use crate::backtests::pin::Datasets;
use crate::data::{DatasetId, VersionRef};
use crate::ports::Failure;

/// Candles of one version of a data set, as they lie there: with all that
/// comes after any clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The version: the hash of its rows.
    pub version: String,
    /// Its candles.
    pub bars: Bars,
}

/// A store of candles that can be asked from an ordinary thread.
pub trait Candles: Send + Sync {
    /// Every data set there is, in its newest version.
    fn newest(&self) -> Result<Datasets, Failure>;

    /// The candles of a data set in a version.
    fn read(&self, dataset: &DatasetId, version: &VersionRef) -> Result<Arc<Held>, Failure>;
}
