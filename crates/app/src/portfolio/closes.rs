//! What an instrument costs: the last close of the candles there are.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use fondaco_domain::{Symbol, UnixMillis};
use serde::Serialize;

use crate::data::{CandleKind, DatasetId, Version, VersionRef};
use crate::ports::{BarStore, StoreError};

/// A close.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Close {
    /// The price.
    pub price: f64,
    /// When its candle was over.
    pub at: UnixMillis,
    /// Whose candle it is.
    pub dataset: DatasetId,
}

/// Closes by instrument; those without candles are left out.
pub type Closes = BTreeMap<Symbol, Close>;

/// The last close of each instrument at or before an instant: of the data set
/// whose candle ended last, and of several the one with the shortest candles.
/// A candle that ends after the instant is not over, and does not count.
pub async fn last_closes(
    store: &dyn BarStore,
    symbols: &BTreeSet<Symbol>,
    at: UnixMillis,
) -> Result<Closes, StoreError> {
    if symbols.is_empty() {
        return Ok(Closes::new());
    }
    let mut of: BTreeMap<Symbol, Vec<(UnixMillis, DatasetId)>> = BTreeMap::new();
    for (dataset, version) in store.list().await? {
        let wanted = symbols.contains(&dataset.symbol) && dataset.kind == CandleKind::Trades;
        if wanted && ends(&dataset, version.first) <= at {
            let best = best_end(&dataset, &version, at);
            of.entry(dataset.symbol.clone())
                .or_default()
                .push((best, dataset));
        }
    }
    let mut closes = Closes::new();
    for (symbol, mut candidates) in of {
        candidates.sort_by(|(a, one), (b, other)| {
            b.cmp(a)
                .then_with(|| (one.timeframe, &one.venue).cmp(&(other.timeframe, &other.venue)))
        });
        if let Some(close) = last_of(store, candidates, at).await? {
            closes.insert(symbol, close);
        }
    }
    Ok(closes)
}

/// When a candle of a data set that opened then is over.
fn ends(dataset: &DatasetId, open: UnixMillis) -> UnixMillis {
    open.plus(dataset.timeframe.millis())
}

/// The latest end that a candle of the data set can have at the instant.
fn best_end(dataset: &DatasetId, newest: &Version, at: UnixMillis) -> UnixMillis {
    ends(dataset, newest.last).min(at)
}

/// The last close of several data sets, the most promising first. One is read
/// only while it may be later than what was found.
async fn last_of(
    store: &dyn BarStore,
    candidates: Vec<(UnixMillis, DatasetId)>,
    at: UnixMillis,
) -> Result<Option<Close>, StoreError> {
    let mut found: Option<Close> = None;
    for (best, dataset) in candidates {
        if found.as_ref().is_some_and(|found| found.at >= best) {
            break;
        }
        let (_, bars) = store.read(&dataset, &VersionRef::Latest).await?;
        let over = bars
            .time()
            .partition_point(|open| ends(&dataset, *open) <= at);
        let Some(row) = over.checked_sub(1) else {
            continue;
        };
        let ended = ends(&dataset, bars.time()[row]);
        if found.as_ref().is_none_or(|found| found.at < ended) {
            found = Some(Close {
                price: bars.close()[row],
                at: ended,
                dataset,
            });
        }
    }
    Ok(found)
}
