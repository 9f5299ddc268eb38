//! Files and candles a backtest is run on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_app::backtests::FillGaps;
use fondaco_app::backtests::account::{AccountPlan, read_freqtrade_config};
use fondaco_app::backtests::markets::Markets;
use fondaco_app::data::{Selector, Venue, VersionRef};
use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::{Stake, Strategy};
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
            Self::Range(_) | Self::Param(_) | Self::Stake(_) | Self::NeedsRealistic(_) => {
                ErrorKind::Invalid
            }
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
            Self::Param(_) | Self::Stake(_) => None,
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
    /// The account; a configuration may change the strategy's risk rules.
    pub(super) fn plan(&self, strategy: &mut Strategy) -> Result<AccountPlan, Failure> {
        let mut plan = match &self.freqtrade_config {
            Some(path) => read_freqtrade_config(&read(path)?, strategy, self.fee)?,
            None => AccountPlan::of_strategy(strategy, 10_000.0, self.fee.unwrap_or(0.001), ""),
        };
        let settings = &mut plan.settings;
        if !self.pairs.is_empty() {
            plan.pairs.clone_from(&self.pairs);
        }
        if let Some(balance) = self.balance {
            settings.starting_balance = balance;
        }
        if let Some(stake) = &self.stake {
            settings.stake = match stake.as_str() {
                "unlimited" => Stake::Unlimited,
                amount => Stake::Fixed(
                    amount
                        .parse()
                        .map_err(|_| InputError::Stake(amount.to_owned()))?,
                ),
            };
        }
        if let Some(slots) = self.max_open_trades {
            settings.max_open_trades = u32::try_from(slots).ok();
        }
        let all_swaps = !plan.pairs.is_empty() && plan.pairs.iter().all(|p| p.settle().is_some());
        if self.futures || (self.freqtrade_config.is_none() && all_swaps) {
            settings.mode = TradingMode::Futures;
        }
        if let Some(currency) = &self.currency {
            plan.stake_currency.clone_from(currency);
        }
        Ok(plan)
    }

    pub(super) fn markets(&self) -> Result<Markets, Failure> {
        match &self.markets {
            Some(path) => Ok(Markets::with_file(&read(path)?)?),
            None => Ok(Markets::built_in()),
        }
    }

    pub(super) fn fill(&self) -> FillGaps {
        match self.fill_gaps {
            Fill::Auto => FillGaps::Continuous,
            Fill::Always => FillGaps::Always,
            Fill::Never => FillGaps::Never,
        }
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
    venue: Option<Venue>,
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
    pub(super) fn range(&self) -> Result<TimeRange, InputError> {
        Ok(self
            .timerange
            .as_deref()
            .map(TimeRange::parse)
            .transpose()?
            .unwrap_or_default())
    }

    pub(super) fn selector(&self) -> Selector {
        Selector {
            venue: self.venue.clone(),
            ..Selector::default()
        }
    }
}

/// The versions of data sets a result read.
pub(super) fn pins(result: &BacktestResult) -> BTreeMap<String, VersionRef> {
    let pin = |data: &fondaco_contract::v1alpha1::PairData| {
        (data.dataset.clone(), VersionRef::Id(data.version.clone()))
    };
    result.data.iter().map(pin).collect()
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
