//! What an empty home begins with: candles and strategies, from within the
//! program.

use std::path::{Path, PathBuf};

use fondaco_app::data::{ImportReport, ImportRequest, Overlap, ReadOptions, Venue, import};
use fondaco_app::ports::Quiet;
use fondaco_app::ports::records::{RecordKind, TrailQuery};
use fondaco_app::strategies;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_market::{LocalFiles, ParquetStore};
use thiserror::Error;
use tracing::info;

use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::host::Client;

/// The name of the file of candles, which is the way it is read.
const CANDLES: &str = "stocks.csv.gz";

const CANDLES_FILE: &[u8] = include_bytes!("../../../../samples/us-daily/stocks.csv.gz");

/// Where these candles are from.
const VENUE: &str = "us";

/// Strategies by their names.
const STRATEGIES: [(&str, &str); 6] = [
    (
        "averaging-in",
        include_str!("../../../../strategies/averaging-in.toml"),
    ),
    (
        "bollinger-20-2",
        include_str!("../../../../strategies/bollinger-20-2.toml"),
    ),
    (
        "rsi-reversion",
        include_str!("../../../../strategies/rsi-reversion.toml"),
    ),
    (
        "sma-cross",
        include_str!("../../../../strategies/sma-cross.toml"),
    ),
    (
        "sma-cross-5m",
        include_str!("../../../../strategies/sma-cross-5m.toml"),
    ),
    (
        "trend-two-timeframes",
        include_str!("../../../../strategies/trend-two-timeframes.toml"),
    ),
];

/// The candles cannot be laid down to be read.
#[derive(Debug, Error)]
#[error("cannot lay the sample candles down at {}", path.display())]
struct SampleError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Hint for SampleError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    fn hint(&self) -> Option<String> {
        Some("check the folder, its permissions and the free space".to_owned())
    }
}

/// Loads what an empty home begins with: candles where there is no folder of
/// them, strategies where there never was one.
pub(super) fn load(client: &Client, context: &Context) -> Result<(), Failure> {
    let data = context.home().join("data");
    if !data.exists() {
        let report = candles(&data, context)?;
        let sets = report.imported.len();
        info!(name: "samples_loaded", sets, "loaded {sets} sample data sets of daily candles");
    }
    let ever = TrailQuery {
        kind: Some(RecordKind::Strategy),
        limit: Some(1),
        ..TrailQuery::default()
    };
    if client.store().trail(&ever)?.is_empty() {
        for (name, text) in STRATEGIES {
            strategies::register(client.store(), name, text, &client.asked())?;
        }
        let count = STRATEGIES.len();
        info!(name: "samples_loaded", strategies = count, "loaded {count} sample strategies");
    }
    Ok(())
}

/// Imports them: the readers want a file.
fn candles(data: &Path, context: &Context) -> Result<ImportReport, Failure> {
    let spool = context.home().join("spool");
    let path = spool.join(CANDLES);
    let failed = |source| SampleError {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(&spool).map_err(failed)?;
    std::fs::write(&path, CANDLES_FILE).map_err(failed)?;
    let request = ImportRequest {
        paths: vec![path.clone()],
        venue: Some(VENUE.parse::<Venue>().expect("the name is one")),
        options: ReadOptions::default(),
        overlap: Overlap::Refuse,
        dry_run: false,
    };
    let store = ParquetStore::open(&data.display().to_string())?;
    let now = context.clock.now();
    let imported = block_on(import(&request, &LocalFiles, &store, &Quiet, now));
    std::fs::remove_file(&path).map_err(failed)?;
    Ok(imported??)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every file of the folder is there, but one that wants files of signals
    /// that nobody has.
    #[test]
    fn the_sample_strategies_are_those_of_the_repository() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies");
        let files = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = files
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
            .filter(|name| name != "own-signals")
            .collect();
        names.sort();
        assert_eq!(names, STRATEGIES.map(|(name, _)| name));
    }
}
