//! `fondaco data export`.

use std::path::PathBuf;

use clap::ValueEnum;
use fondaco_app::data::{ExportFormat, ExportReport, ExportRequest, VersionRef, export, resolve};
use fondaco_domain::time::TimeRangeError;
use fondaco_domain::{ErrorKind, Hint, Symbol, TimeRange};
use fondaco_market::LocalFiles;
use serde::Serialize;
use thiserror::Error;

use super::options::{SelectorArgs, StoreArgs, grouped, shown};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{self, Style, View};

/// Options of `fondaco data export`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Doubles are written so that they read back as the same.\n\nExamples:\n  \
                  fondaco data export BTC/USDT --timeframe 5m --to btc.csv\n  \
                  fondaco data export AAPL --range 20240101-20250101 --to BTC_USDT-5m.feather\n  \
                  fondaco data export AAPL --format csv"
)]
pub(crate) struct Args {
    /// The instrument.
    symbol: Symbol,
    #[command(flatten)]
    selector: SelectorArgs,
    /// The version: latest, a number, or the first digits of its id.
    #[arg(long, default_value_t)]
    data_version: VersionRef,
    /// `20240101-20250101`; either end may be left out.
    #[arg(long)]
    range: Option<String>,
    /// The file [default: standard output].
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// The form [default: what the file's ending says].
    #[arg(long, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Text.
    Csv,
    /// Columns, as in the store.
    Parquet,
    /// Columns, as freqtrade keeps them.
    Feather,
    /// Lists of numbers, as freqtrade kept them.
    Json,
}

/// An export that cannot be what was asked for.
#[derive(Debug, Error)]
enum ExportError {
    #[error("no form was stated, and the file's name tells none")]
    NoFormat,
    #[error(transparent)]
    Range(TimeRangeError),
}

impl Hint for ExportError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFormat => Some("state --format csv, parquet, feather or json".to_owned()),
            Self::Range(_) => None,
        }
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let format = match (args.format, &args.to) {
        (Some(Format::Csv), _) => Some(ExportFormat::Csv),
        (Some(Format::Parquet), _) => Some(ExportFormat::Parquet),
        (Some(Format::Feather), _) => Some(ExportFormat::Feather),
        (Some(Format::Json), _) => Some(ExportFormat::Json),
        (None, Some(path)) => ExportFormat::of(path),
        (None, None) => None,
    };
    let format = format.ok_or(ExportError::NoFormat)?;
    let range = match &args.range {
        Some(text) => TimeRange::parse(text).map_err(ExportError::Range)?,
        None => TimeRange::default(),
    };
    let store = args.store.open(context)?;
    let selector = args.selector.with(Some(&args.symbol));
    let report = block_on(async {
        let request = ExportRequest {
            dataset: resolve(&store, &selector).await?,
            version: args.data_version.clone(),
            range,
            format,
            path: args.to.clone(),
        };
        export(&request, &store, &LocalFiles).await
    })??;
    if args.to.is_none() {
        return Ok(output::write_raw(&report.bytes)?);
    }
    Ok(context.output.print(&Report(report))?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report(ExportReport);

impl View for Report {
    fn text(&self, _style: Style) -> String {
        let it = &self.0;
        format!(
            "{} candles of {} (version {} {}) in {}\n",
            grouped(it.rows as u64),
            it.dataset,
            it.version.number,
            it.version.id.short(),
            it.path.as_deref().map(shown).unwrap_or_default()
        )
    }
}
