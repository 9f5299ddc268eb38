//! `fondaco data download`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use fondaco_app::data::{CandleKind, DatasetId, DownloadReport, DownloadRequest, Venue, download};
use fondaco_domain::time::{self, TimeRangeError};
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use fondaco_market::{BinanceKlines, BinanceSettings, TokioSleeper};
use serde::Serialize;

use super::bar::Bar;
use super::options::{StoreArgs, grouped};
use super::prices::{self, SizeWord, Wish};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco data download`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "From `binance`: candles of any length by the klines protocol, which other exchanges share, going on \
                  where the last run ended. The candle that is still open is left out.\n\nFrom `alpha-vantage`: daily \
                  prices of whole symbols, one question each, within the limits of the settings `prices.per_minute` \
                  and `prices.per_day`. The key stands in FONDACO_ALPHA_VANTAGE_KEY. Symbols that lack a trading day of \
                  the range are asked for, those first that complete most days; it stops when the source has had \
                  enough, and goes on when it is run again.\n\nExamples:\n  \
                  fondaco data download BTC/USDT ETH/USDT --timeframe 1h --from 2024-01-01\n  \
                  fondaco data download BTC/USDT --timeframe 1h\n  \
                  fondaco data download BTC/USDT -t 1d --from 2020-01-01 --base-url https://api.binance.us --venue \
                  binance-us\n  \
                  fondaco data download --source alpha-vantage AAPL MSFT --from 2025-09-01 --to 2025-11-01"
)]
pub(crate) struct Args {
    /// The instruments, as BTC/USDT; swaps as BTC/USDT:USDT; shares as AAPL.
    #[arg(required = true)]
    symbols: Vec<Symbol>,
    /// Who has them.
    #[arg(long, value_enum, default_value = "binance")]
    source: Source,
    /// The candle length [default: 1d of alpha-vantage; else it must be
    /// stated].
    #[arg(long, short)]
    timeframe: Option<Timeframe>,
    /// The first stamp [default: after the last stored candle; of
    /// alpha-vantage the latest hundred trading days].
    #[arg(long, value_parser = stamp)]
    from: Option<UnixMillis>,
    /// The end, not included [default: now].
    #[arg(long, value_parser = stamp)]
    to: Option<UnixMillis>,
    /// Address of the source [default: `https://api.binance.com`, or what the
    /// setting `prices.url` says].
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// The venue it is stored as [default: the source].
    #[arg(long)]
    venue: Option<Venue>,
    /// How far back alpha-vantage is asked.
    #[arg(long, value_enum, default_value = "auto")]
    size: SizeWord,
    /// Ask alpha-vantage also for what it did not have a short while ago.
    #[arg(long)]
    again: bool,
    /// Let prices of alpha-vantage take the place of stored ones that differ.
    #[arg(long)]
    replace: bool,
    /// Lists of the weekdays the mainland exchanges were closed, for their
    /// shares.
    #[arg(long, value_name = "FILE")]
    holidays: Vec<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Who has candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// An exchange that speaks as Binance does.
    Binance,
    /// Daily prices of shares, for a key.
    AlphaVantage,
}

fn stamp(text: &str) -> Result<UnixMillis, TimeRangeError> {
    time::parse_stamp(text)
}

/// Words that do not go together.
#[derive(Debug, thiserror::Error)]
enum WishError {
    /// The end comes before the start.
    #[error("the download ends before it starts")]
    Reversed,
    /// An exchange has candles of many lengths.
    #[error("the candle length is not stated")]
    NoTimeframe,
    /// Something only the other source heeds.
    #[error("{0} is for `--source alpha-vantage`")]
    OtherSource(&'static str),
}

impl Hint for WishError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Reversed => "exchange --from and --to",
            Self::NoTimeframe => "state it with --timeframe, as in 1h",
            Self::OtherSource(_) => "leave it out, or name the source",
        };
        Some(text.to_owned())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if matches!((args.from, args.to), (Some(from), Some(to)) if to <= from) {
        return Err(WishError::Reversed.into());
    }
    match args.source {
        Source::Binance => klines(args, context),
        Source::AlphaVantage => prices::run(
            &Wish {
                symbols: &args.symbols,
                timeframe: args.timeframe.unwrap_or(Timeframe::DAY),
                from: args.from,
                to: args.to,
                base_url: args.base_url.as_deref(),
                venue: args.venue.clone(),
                size: args.size,
                again: args.again,
                replace: args.replace,
                holidays: &args.holidays,
                store: &args.store,
            },
            context,
        ),
    }
}

fn klines(args: &Args, context: &Context) -> Result<(), Failure> {
    for (given, name) in [(args.again, "--again"), (args.replace, "--replace")] {
        if given {
            return Err(WishError::OtherSource(name).into());
        }
    }
    let timeframe = args.timeframe.ok_or(WishError::NoTimeframe)?;
    let mut settings = BinanceSettings::default();
    if let Some(url) = &args.base_url {
        settings.base_url.clone_from(url);
    }
    let venue = match args.venue.clone() {
        Some(venue) => venue,
        None => "binance".parse()?,
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
                    venue: venue.clone(),
                    symbol: symbol.clone(),
                    timeframe,
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
