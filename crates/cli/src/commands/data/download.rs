//! `fondaco data download`.

use std::fmt::Write as _;
use std::sync::Arc;

use fondaco_app::data::{CandleKind, DatasetId, DownloadReport, DownloadRequest, Venue, download};
use fondaco_domain::time::{self, TimeRangeError};
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_market::{BinanceKlines, BinanceSettings, TokioSleeper};
use serde::Serialize;

use super::bar::Bar;
use super::options::{StoreArgs, grouped};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco data download`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Speaks the klines protocol of Binance, which other exchanges share. The candle that is still \
                  open is left out.\n\nExamples:\n  \
                  fondaco data download BTC/USDT ETH/USDT --timeframe 1h --from 2024-01-01\n  \
                  fondaco data download BTC/USDT --timeframe 1h\n  \
                  fondaco data download BTC/USDT -t 1d --from 2020-01-01 --base-url https://api.binance.us --venue \
                  binance-us"
)]
pub(crate) struct Args {
    /// The instruments, as BTC/USDT; swaps as BTC/USDT:USDT.
    #[arg(required = true)]
    symbols: Vec<Symbol>,
    /// The candle length.
    #[arg(long, short)]
    timeframe: Timeframe,
    /// The first stamp [default: after the last stored candle].
    #[arg(long, value_parser = stamp)]
    from: Option<UnixMillis>,
    /// The end, not included [default: now].
    #[arg(long, value_parser = stamp)]
    to: Option<UnixMillis>,
    /// Address of the exchange.
    #[arg(long, value_name = "URL", default_value = "https://api.binance.com")]
    base_url: String,
    /// The venue it is stored as.
    #[arg(long, default_value = "binance")]
    venue: Venue,
    #[command(flatten)]
    store: StoreArgs,
}

fn stamp(text: &str) -> Result<UnixMillis, TimeRangeError> {
    time::parse_stamp(text)
}

/// The end comes before the start.
#[derive(Debug, thiserror::Error)]
#[error("the download ends before it starts")]
struct Reversed;

impl Hint for Reversed {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("exchange --from and --to".to_owned())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if matches!((args.from, args.to), (Some(from), Some(to)) if to <= from) {
        return Err(Reversed.into());
    }
    let settings = BinanceSettings {
        base_url: args.base_url.clone(),
        ..BinanceSettings::default()
    };
    let source = BinanceKlines::new(settings, Arc::new(TokioSleeper))?;
    let store = args.store.open(context)?;
    let bar = Bar::new(context);
    let now = context.clock.now();
    let downloads = block_on(async {
        let mut all = Vec::with_capacity(args.symbols.len());
        for symbol in &args.symbols {
            let request = DownloadRequest {
                dataset: DatasetId {
                    venue: args.venue.clone(),
                    symbol: symbol.clone(),
                    timeframe: args.timeframe,
                    kind: CandleKind::Trades,
                },
                from: args.from,
                to: args.to,
            };
            all.push(download(&request, &source, &store, &bar, now).await?);
        }
        Ok::<_, fondaco_app::data::DataError>(all)
    })??;
    Ok(context.output.print(&Report { downloads })?)
}

#[derive(Debug, Serialize)]
struct Report {
    downloads: Vec<DownloadReport>,
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for it in &self.downloads {
            let reach = it.version.as_ref().map_or_else(
                || "no candles".to_owned(),
                |version| {
                    format!(
                        "{} candles to {} (version {} {})",
                        grouped(version.rows),
                        version.last,
                        version.number,
                        version.id.short()
                    )
                },
            );
            let added = grouped(it.added as u64);
            let _ = writeln!(
                text,
                "{} {added} new, {reach}",
                style.bold(&it.dataset.to_string())
            );
        }
        text
    }
}
