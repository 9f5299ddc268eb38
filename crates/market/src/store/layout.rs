//! Where things lie in a store.
//!
//! ```text
//! bars/venue=binance/kind=trades/symbol=BTC%2FUSDT/timeframe=5m/year=2018/part-0123456789abcdef.parquet
//! parts/…same…        files of old versions, and of changes not yet visible
//! manifests/venue=…/kind=…/symbol=…/timeframe=5m/000001.json
//! ```
//!
//! `bars` holds the newest version of everything and nothing else, in the
//! partitioning of Hive with its percent escapes, so that `DuckDB`, polars and
//! pandas read it as it is.

use std::fmt::Write;

use fondaco_app::data::{CandleKind, DatasetId};
use object_store::path::Path;

pub(super) const BARS: &str = "bars";
pub(super) const PARTS: &str = "parts";
pub(super) const MANIFESTS: &str = "manifests";

/// The folder of a data set below any of the three.
pub(super) fn folder(dataset: &DatasetId) -> String {
    format!(
        "venue={}/kind={}/symbol={}/timeframe={}",
        dataset.venue,
        dataset.kind,
        escaped(dataset.symbol.as_str()),
        dataset.timeframe
    )
}

/// The place of a part below `bars` or `parts`.
pub(super) fn part_key(dataset: &DatasetId, year: i16, hash: &str) -> String {
    format!(
        "{}/year={year}/part-{}.parquet",
        folder(dataset),
        &hash[..16]
    )
}

/// The place of the record of a version.
pub(super) fn manifest(dataset: &DatasetId, number: u32) -> String {
    format!("{MANIFESTS}/{}/{number:06}.json", folder(dataset))
}

/// The data set and the number a record's place tells.
pub(super) fn parse_manifest(path: &str) -> Option<(DatasetId, u32)> {
    let mut parts = path.strip_prefix(MANIFESTS)?.strip_prefix('/')?.split('/');
    let venue = parts.next()?.strip_prefix("venue=")?.parse().ok()?;
    let kind = parts.next()?.strip_prefix("kind=")?;
    let kind = CandleKind::ALL.into_iter().find(|it| it.as_str() == kind)?;
    let symbol = unescaped(parts.next()?.strip_prefix("symbol=")?)?
        .parse()
        .ok()?;
    let timeframe = parts.next()?.strip_prefix("timeframe=")?.parse().ok()?;
    let number = parts.next()?.strip_suffix(".json")?.parse().ok()?;
    let dataset = DatasetId {
        venue,
        symbol,
        timeframe,
        kind,
    };
    parts.next().is_none().then_some((dataset, number))
}

/// A path as object stores want it; ours are always well formed.
pub(super) fn path(text: &str) -> Path {
    Path::parse(text).unwrap_or_else(|_| Path::from(text))
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let byte = u8::from_str_radix(part.get(..2)?, 16).ok()?;
        out.push(char::from(byte));
        out.push_str(&part[2..]);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_tells_its_data_set() {
        for symbol in [
            "BTC/USDT:USDT",
            "^GSPC",
            "600519.SHH",
            "EURUSD=X",
            "BTC_USDT",
        ] {
            let dataset = DatasetId {
                venue: "binance".parse().unwrap(),
                symbol: symbol.parse().unwrap(),
                timeframe: "5m".parse().unwrap(),
                kind: CandleKind::Mark,
            };
            let place = manifest(&dataset, 12);
            assert_eq!(parse_manifest(&place), Some((dataset, 12)), "{place}");
        }
    }
}
