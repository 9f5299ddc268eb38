//! Candles as they are sent.

use std::fmt::Write as _;

use fondaco_app::data::{DatasetId, Listed, Version};
use fondaco_contract::http::{DataVersionView, DatasetName, DatasetView};
use fondaco_domain::{UnixMicros, UnixMillis};

pub(super) fn name(dataset: &DatasetId) -> DatasetName {
    DatasetName {
        venue: dataset.venue.to_string(),
        symbol: dataset.symbol.to_string(),
        timeframe: dataset.timeframe.to_string(),
        kind: dataset.kind.as_str().to_owned(),
    }
}

pub(super) fn dataset(listed: Listed) -> DatasetView {
    DatasetView {
        name: name(&listed.dataset),
        url: url(&listed.dataset),
        version: version(listed.version),
    }
}

pub(super) fn version(version: Version) -> DataVersionView {
    DataVersionView {
        number: version.number,
        id: version.id.to_string(),
        parent: version.parent.map(|id| id.to_string()),
        rows: version.rows,
        first: instant(version.first),
        last: instant(version.last),
        source: version.source,
        created_at: instant(version.created_at),
    }
}

/// Milliseconds, as instants are sent.
pub(super) fn instant(at: UnixMillis) -> String {
    UnixMicros(at.0.saturating_mul(1_000)).to_string()
}

/// Its place in the list.
pub(super) fn cursor(dataset: &DatasetId) -> String {
    let DatasetId {
        venue,
        symbol,
        timeframe,
        kind,
    } = dataset;
    format!("{venue} {symbol} {timeframe} {kind}")
}

/// The path of a data set: a pair has a slash in its name.
pub(super) fn url(dataset: &DatasetId) -> String {
    let mut symbol = String::new();
    for byte in dataset.symbol.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            symbol.push(char::from(byte));
        } else {
            let _ = write!(symbol, "%{byte:02X}");
        }
    }
    let DatasetId {
        venue,
        timeframe,
        kind,
        ..
    } = dataset;
    format!("{}/{venue}/{symbol}/{timeframe}/{kind}", super::DATA)
}
