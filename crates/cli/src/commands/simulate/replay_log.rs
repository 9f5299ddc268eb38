//! `fondaco simulate replay-log`.

mod view;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use fondaco_app::data::{self, Selector, Venue, VersionRef};
use fondaco_app::ports::BarStore;
use fondaco_app::simulation::replay_log::{
    LogFile, Market, Prices, ReplayRequest, Unpricedness, moment, replay,
};
use fondaco_domain::ledger::Session;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_market::LocalFiles;
use rust_decimal::Decimal;
use thiserror::Error;

use crate::commands::data::options::StoreArgs;
use crate::context::{Context, block_on};
use crate::errors::Failure;

/// Which logs, against which prices.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A log is one JSON object a line: a time (`at` or `date`), perhaps an `id`, the action \
                  (`action`, `symbol`, `amount`, or the three in `this_action`) and the `positions` it left, \
                  with `CASH` among them.\n\nTwo accounts are told of each log: by its own words, each row held \
                  against our ledger and booked at the price its cash implies; and by its actions alone, filled at \
                  the open of the candle at their stamp or refused. Figures come by row, by stamp and by \
                  day.\n\nExamples:\n  \
                  fondaco simulate replay-log samples/replay-log/lantern.jsonl --prices samples/replay-log/prices\n  \
                  fondaco simulate replay-log gpt-5.jsonl claude.jsonl --prices prices/60min --prices prices/daily\n  \
                  fondaco simulate replay-log position.jsonl --prices data/merged.jsonl --market a-share --output json"
)]
pub(crate) struct Args {
    /// Logs to replay, in one table.
    #[arg(required = true, value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// Files or folders of candles (CSV, JSON of Alpha Vantage, `merged.jsonl`,
    /// Parquet, …), or a venue of the store. With candles of several lengths
    /// the finest value a log of hours and those of days a daily one.
    #[arg(long, required = true, value_name = "PLACE")]
    prices: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// Money at the start [default: what the first row states].
    #[arg(long, value_name = "MONEY", value_parser = money)]
    capital: Option<Decimal>,
    /// The first row that counts: a day, or a time of it.
    #[arg(long, value_name = "TIME", value_parser = session)]
    first: Option<Session>,
    /// The last row that counts; a day to its end.
    #[arg(long, value_name = "TIME", value_parser = session)]
    last: Option<Session>,
    /// Whose rules hold [default: what the names suggest].
    #[arg(long, value_enum)]
    market: Option<MarketWord>,
    /// Returns in a year, by row and by stamp [default: 252 days of `us`, 242
    /// of `a-share`, 365 of `crypto`; of hours 1638, 968 and 8760].
    #[arg(long, value_name = "NUMBER")]
    periods_per_year: Option<f64>,
    /// What a name counts that is held and has no price.
    #[arg(long, value_enum, default_value = "refuse")]
    unpriced: UnpricedWord,
    /// Take fractions of shares, where the market has whole ones.
    #[arg(long)]
    fractional: bool,
    /// Leave out lines that cannot be read, and tell which.
    #[arg(long)]
    skip_broken: bool,
    /// Zone of the exchange, such as `America/New_York`: stamps with an offset
    /// and stored candles are brought to its clock [default: UTC]. Stamps
    /// without an offset are on that clock already.
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MarketWord {
    /// New York: whole shares.
    Us,
    /// Shanghai and Shenzhen: lots of 100, T+1, price limits.
    AShare,
    /// Coins: fractions, every day.
    Crypto,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum UnpricedWord {
    /// Then there are no figures.
    Refuse,
    /// The price of its last fill by the log.
    LastFill,
    /// Nothing.
    Zero,
}

/// What was named and is not there.
#[derive(Debug, Error)]
enum PlaceError {
    /// Neither of the two.
    #[error("{place} is neither a file or folder nor a venue of the store")]
    Neither {
        /// As it was given.
        place: String,
    },
    /// Files and venues together.
    #[error("--prices names files and a venue of the store: {venue}")]
    Both {
        /// The venue.
        venue: String,
    },
    /// A log that is no text.
    #[error("{} is not text: byte {at} is no UTF-8", path.display())]
    NotText {
        /// The log.
        path: PathBuf,
        /// Where.
        at: usize,
    },
    /// Some log has no figures.
    #[error("{logs} of the logs have no figures: a name they hold has no price")]
    Unpriced {
        /// How many.
        logs: usize,
    },
}

impl Hint for PlaceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Neither { .. } => ErrorKind::NotFound,
            Self::Both { .. } => ErrorKind::Invalid,
            Self::NotText { .. } => ErrorKind::Corrupt,
            Self::Unpriced { .. } => ErrorKind::NoData,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Neither { .. } => "see what is stored with `fondaco data list`",
            Self::Both { .. } => "import the files first, or export what is stored",
            Self::NotText { .. } => return None,
            Self::Unpriced { .. } => {
                "add its prices with --prices, or say what it counts with --unpriced"
            }
        };
        Some(hint.to_owned())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let logs = args
        .logs
        .iter()
        .map(|path| log(path))
        .collect::<Result<Vec<_>, Failure>>()?;
    let prices = prices(args, context)?;
    let report = replay(&logs, &prices, &request(args))?;
    let unpriced = report
        .logs
        .iter()
        .filter(|log| log.figures.is_none())
        .count();
    context.output.print(&view::Report(report))?;
    match unpriced {
        0 => Ok(()),
        logs => Err(PlaceError::Unpriced { logs }.into()),
    }
}

fn request(args: &Args) -> ReplayRequest {
    ReplayRequest {
        capital: args.capital,
        first: args.first,
        last: args.last,
        market: args.market.map(|word| match word {
            MarketWord::Us => Market::Us,
            MarketWord::AShare => Market::AShare,
            MarketWord::Crypto => Market::Crypto,
        }),
        periods_per_year: args.periods_per_year,
        skip_broken: args.skip_broken,
        unpriced: match args.unpriced {
            UnpricedWord::Refuse => Unpricedness::Refuse,
            UnpricedWord::LastFill => Unpricedness::LastFill,
            UnpricedWord::Zero => Unpricedness::Zero,
        },
        fractional: args.fractional,
        zone: args.tz.clone(),
    }
}

fn log(path: &Path) -> Result<LogFile, Failure> {
    let bytes = LocalFiles.bytes(path)?;
    let text = String::from_utf8(bytes).map_err(|error| PlaceError::NotText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })?;
    Ok(LogFile {
        path: path.to_owned(),
        text,
    })
}

/// Files where all places are files, stored candles where none is.
fn prices(args: &Args, context: &Context) -> Result<Prices, Failure> {
    let zone = args.tz.as_deref();
    let (files, venues): (Vec<&String>, Vec<&String>) = args
        .prices
        .iter()
        .partition(|place| Path::new(place).exists());
    match (files.is_empty(), venues.first()) {
        (_, None) => {
            let places: Vec<PathBuf> = args.prices.iter().map(PathBuf::from).collect();
            Ok(Prices::read(&LocalFiles, &places, zone)?)
        }
        (true, Some(_)) => stored(&venues, args, context),
        (false, Some(venue)) => match venue.parse::<Venue>() {
            Ok(_) => Err(PlaceError::Both {
                venue: (*venue).clone(),
            }
            .into()),
            Err(_) => Err(neither(venue).into()),
        },
    }
}

fn stored(venues: &[&String], args: &Args, context: &Context) -> Result<Prices, Failure> {
    let store = args.store.open(context)?;
    let mut candles = Vec::new();
    for place in venues {
        let venue: Venue = place.parse().map_err(|_| neither(place))?;
        let selector = Selector {
            venue: Some(venue),
            symbol: None,
            timeframe: None,
            kind: Some(data::CandleKind::Trades),
        };
        let listed = block_on(data::list(&store, &selector))??;
        if listed.is_empty() {
            return Err(neither(place).into());
        }
        for it in listed {
            let (_, bars) = block_on(store.read(&it.dataset, &VersionRef::Latest))??;
            let step = it.dataset.timeframe.seconds();
            candles.push((it.dataset.symbol, step, bars));
        }
    }
    Ok(Prices::of(&candles, args.tz.as_deref())?)
}

fn neither(place: &str) -> PlaceError {
    PlaceError::Neither {
        place: place.to_owned(),
    }
}

fn session(text: &str) -> Result<Session, String> {
    moment(text).ok_or_else(|| "not a time such as 2025-10-01 or 2025-10-01 10:00:00".to_owned())
}

fn money(text: &str) -> Result<Decimal, String> {
    match fondaco_domain::ledger::parse(text) {
        Ok(money) if money > Decimal::ZERO => Ok(money),
        _ => Err("not an amount of money above zero".to_owned()),
    }
}
