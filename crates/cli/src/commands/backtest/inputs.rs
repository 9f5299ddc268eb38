//! Files and candles a backtest is run on.

use std::path::{Path, PathBuf};

use fondaco_app::backtests::account::{ConfigError, parse_freqtrade_config};
use fondaco_app::backtests::job::JobError;
use fondaco_app::data::{Venue, VenueError};
use fondaco_contract::v1alpha1::{
    FreqtradeConfig, JobAccount, JobFill, OpenTrades, Range, Stake, TradingMode,
};
use fondaco_domain::time::TimeRangeError;
use fondaco_domain::{ErrorKind, Hint, Symbol, TimeRange, Timeframe};
use thiserror::Error;

use crate::errors::Failure;

/// Words of the command line that do not fit.
#[derive(Debug, Error)]
pub(super) enum InputError {
    /// A file that could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A range that does not read.
    #[error(transparent)]
    Range(#[from] TimeRangeError),
    /// `--param` that is no assignment.
    #[error("`{0}` is not a parameter value: write NAME=VALUE")]
    Param(String),
    /// A stake that is neither an amount nor `unlimited`.
    #[error("`{0}` is not a stake: write an amount, or unlimited")]
    Stake(String),
    /// A number of open trades below -1.
    #[error("{0}")]
    Slots(String),
    /// A freqtrade configuration that cannot be used.
    #[error("{} cannot be used", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: ConfigError,
    },
    /// A path that has no absolute form.
    #[error("cannot tell where {} is", path.display())]
    Place {
        /// The path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file that is not what the backtest was accepted with.
    #[error("{} has changed since the backtest was asked for", .0.display())]
    Changed(PathBuf),
    /// A venue that cannot be one.
    #[error(transparent)]
    Venue(#[from] VenueError),
    /// A flag that the chosen profile does not know.
    #[error("{0} has no place in the freqtrade profile")]
    NeedsRealistic(&'static str),
    /// A folder without a file of splits or dividends.
    #[error("{} has no file of splits or dividends", .0.display())]
    NoActions(PathBuf),
}

impl Hint for InputError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Self::Read { .. } => ErrorKind::Storage,
            Self::Range(_)
            | Self::Param(_)
            | Self::Stake(_)
            | Self::Slots(_)
            | Self::Config { .. }
            | Self::Place { .. }
            | Self::Venue(_)
            | Self::NeedsRealistic(_) => ErrorKind::Invalid,
            Self::Changed(_) => ErrorKind::Conflict,
            Self::NoActions(_) => ErrorKind::NoData,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => Some("check the path".to_owned()),
            Self::Range(_) => {
                Some("write 20180110-20180120, 2018-01-10..2018-01-20 or 20180110-".to_owned())
            }
            Self::NeedsRealistic(_) => Some("leave --profile out, or say realistic".to_owned()),
            Self::NoActions(_) => Some(
                "it needs factor files (aapl.csv) or lists (AAPL.splits.json, AAPL.dividends.json)"
                    .to_owned(),
            ),
            Self::Config { source, .. } => source.hint(),
            Self::Changed(_) => Some("run the backtest again".to_owned()),
            Self::Param(_)
            | Self::Stake(_)
            | Self::Slots(_)
            | Self::Place { .. }
            | Self::Venue(_) => None,
        }
    }
}

/// Money and slots.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Account")]
pub(super) struct AccountArgs {
    /// freqtrade configuration: pairs, stake, slots, wallet, fee, mode.
    #[arg(long, value_name = "FILE")]
    freqtrade_config: Option<PathBuf>,
    /// Instruments in the order in which they compete for slots.
    #[arg(long, value_name = "SYMBOLS", value_delimiter = ',')]
    pairs: Vec<Symbol>,
    /// Money at the start [default: 10000].
    #[arg(long, value_name = "MONEY", allow_negative_numbers = true)]
    balance: Option<f64>,
    /// Currency of the money [default: what the pairs are quoted in].
    #[arg(long)]
    currency: Option<String>,
    /// Fee of each fill as a ratio of its value [default: 0.001].
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    fee: Option<f64>,
    /// Stake of an entry, or `unlimited`.
    #[arg(long, value_name = "MONEY")]
    stake: Option<String>,
    /// Positions open at once; -1 for no limit.
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_open_trades: Option<i64>,
    /// Trade swaps on isolated margin [default: when every pair is a swap].
    #[arg(long)]
    futures: bool,
    /// Steps, minimum costs and leverage tiers of further markets.
    #[arg(long, value_name = "FILE")]
    markets: Option<PathBuf>,
    /// Fill missing candles with the close before them [default: for pairs
    /// such as BTC/USDT].
    #[arg(long, value_enum, default_value = "auto")]
    fill_gaps: Fill,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Fill {
    /// For pairs with a quote currency, whose market never closes.
    Auto,
    /// For all.
    Always,
    /// For none.
    Never,
}

impl AccountArgs {
    /// What the flags say; the rest is left to the configuration and the
    /// strategy.
    pub(super) fn account(&self) -> Result<JobAccount, InputError> {
        Ok(JobAccount {
            freqtrade_config: self.config()?,
            balance: self.balance,
            currency: self.currency.clone(),
            fee: self.fee,
            stake: self.stake.as_deref().map(stake).transpose()?,
            max_open_trades: self
                .max_open_trades
                .map(OpenTrades::try_from)
                .transpose()
                .map_err(InputError::Slots)?,
            trading_mode: self.futures.then_some(TradingMode::Futures),
        })
    }

    /// The instruments that are named.
    pub(super) fn pairs(&self) -> Vec<Symbol> {
        self.pairs.clone()
    }

    /// The text of the markets file.
    pub(super) fn markets(&self) -> Result<Option<String>, InputError> {
        self.markets.as_deref().map(read).transpose()
    }

    pub(super) fn fill(&self) -> JobFill {
        match self.fill_gaps {
            Fill::Auto => JobFill::Auto,
            Fill::Always => JobFill::Always,
            Fill::Never => JobFill::Never,
        }
    }

    /// What is wrong with a job, with the path of the file it lies in.
    pub(super) fn place(&self, error: JobError) -> Failure {
        match (error, &self.freqtrade_config) {
            (JobError::Config(source), Some(path)) => {
                let path = path.clone();
                InputError::Config { path, source }.into()
            }
            (error, _) => error.into(),
        }
    }

    fn config(&self) -> Result<Option<FreqtradeConfig>, InputError> {
        let Some(path) = &self.freqtrade_config else {
            return Ok(None);
        };
        let config = parse_freqtrade_config(&read(path)?);
        config.map(Some).map_err(|source| InputError::Config {
            path: path.clone(),
            source,
        })
    }
}

fn stake(text: &str) -> Result<Stake, InputError> {
    match text {
        "unlimited" => Ok(Stake::Unlimited),
        amount => amount
            .parse()
            .map(|amount| Stake::Fixed { amount })
            .map_err(|_| InputError::Stake(amount.to_owned())),
    }
}

/// Where the candles come from.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Candles")]
pub(super) struct CandleArgs {
    /// freqtrade data folder to read in place of the store.
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Folder of signal files (`BTC_USDT.csv.gz`) in place of the strategy's
    /// rules.
    #[arg(long, value_name = "DIR")]
    pub(super) signals: Option<PathBuf>,
    /// Only candles of this venue.
    #[arg(long)]
    pub(super) venue: Option<Venue>,
    /// Tested range, such as 20180110-20180120; the end is not part of it.
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    timerange: Option<String>,
    /// Decide what happens inside a candle by smaller ones.
    #[arg(long, value_name = "LENGTH")]
    pub(super) timeframe_detail: Option<Timeframe>,
    /// Read the very versions of the candles that a kept result read.
    #[arg(long, value_name = "RESULT")]
    pub(super) data_of: Option<String>,
}

impl CandleArgs {
    pub(super) fn range(&self) -> Result<Range, InputError> {
        let range = self
            .timerange
            .as_deref()
            .map(TimeRange::parse)
            .transpose()?;
        Ok(range.unwrap_or_default().into())
    }
}

/// A path as every process finds it.
pub(super) fn absolute(path: &Path) -> Result<String, InputError> {
    let absolute = std::path::absolute(path).map_err(|source| InputError::Place {
        path: path.to_owned(),
        source,
    })?;
    Ok(absolute.display().to_string())
}

/// `fast=12` as a name and a number.
pub(super) fn param(text: &str) -> Result<(&str, f64), InputError> {
    let bad = || InputError::Param(text.to_owned());
    let (name, value) = text.split_once('=').ok_or_else(bad)?;
    Ok((name.trim(), value.trim().parse().map_err(|_| bad())?))
}

pub(super) fn read(path: &Path) -> Result<String, InputError> {
    std::fs::read_to_string(path).map_err(|source| InputError::Read {
        path: path.to_owned(),
        source,
    })
}
