//! What a backtest is run with, beside the strategy and the candles.

use fondaco_domain::error::{ErrorKind, Hint};
use fondaco_domain::market::{MarketRules, TradingMode};
use fondaco_domain::strategy::Stake;
use fondaco_domain::{Bars, Symbol, Timeframe};
use thiserror::Error;

use super::actions::Actions;
use super::costs::Profile;
use super::futures::Funding;
use crate::signals::Signals;

/// Account and rules of a backtest. Money is in the stake currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Whose semantics.
    pub profile: Profile,
    /// Spot or futures.
    pub mode: TradingMode,
    /// Money at the start.
    pub starting_balance: f64,
    /// Stake of an entry.
    pub stake: Stake,
    /// Positions open at once; `None` for no limit.
    pub max_open_trades: Option<u32>,
    /// Part of the balance that may be used, in (0, 1].
    pub tradable_balance_ratio: f64,
    /// Money to trade with instead of the balance, if stated.
    pub available_capital: Option<f64>,
    /// Fee of each fill as a ratio of its value.
    pub fee: f64,
    /// Reserve kept above a market's minimum cost, as a ratio.
    pub amount_reserve: f64,
    /// Whether a last stake may be smaller: the smallest part of a full stake.
    pub last_stake_ratio: Option<f64>,
    /// Minutes after which an unfilled entry is withdrawn.
    pub entry_timeout_minutes: Option<f64>,
    /// Minutes after which an unfilled exit is withdrawn.
    pub exit_timeout_minutes: Option<f64>,
    /// Whether the strategy's protections apply.
    pub protections: bool,
    /// Candle length of [`PairInput::detail`].
    pub detail: Option<Timeframe>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Freqtrade,
            mode: TradingMode::Spot,
            starting_balance: 1_000.0,
            stake: Stake::Unlimited,
            max_open_trades: Some(3),
            tradable_balance_ratio: 0.99,
            available_capital: None,
            fee: 0.001,
            amount_reserve: 0.05,
            last_stake_ratio: None,
            entry_timeout_minutes: None,
            exit_timeout_minutes: None,
            protections: false,
            detail: None,
        }
    }
}

impl Settings {
    /// Whether every number is in its range; a backtest begins with it.
    pub fn check(&self) -> Result<(), BacktestError> {
        let in_range = |name, value: f64, valid: bool, expected| {
            if valid {
                Ok(())
            } else {
                Err(BacktestError::Setting {
                    name,
                    value,
                    expected,
                })
            }
        };
        let balance = self.starting_balance;
        in_range(
            "starting balance",
            balance,
            balance.is_finite() && balance > 0.0,
            "positive",
        )?;
        let ratio = self.tradable_balance_ratio;
        in_range(
            "tradable_balance_ratio",
            ratio,
            ratio > 0.0 && ratio <= 1.0,
            "in (0, 1]",
        )?;
        in_range(
            "fee",
            self.fee,
            (0.0..0.5).contains(&self.fee),
            "in [0, 0.5)",
        )?;
        if let Profile::Realistic(costs) = &self.profile {
            costs.check()?;
        }
        match self.stake {
            Stake::Fixed(stake) => {
                in_range("stake", stake, stake.is_finite() && stake > 0.0, "positive")
            }
            Stake::Unlimited if self.max_open_trades.is_none_or(|slots| slots == 0) => {
                Err(BacktestError::UnboundedStake)
            }
            Stake::Unlimited => Ok(()),
        }
    }
}

/// Candles and signals of one pair.
#[derive(Debug, Clone, Copy)]
pub struct PairInput<'a> {
    /// The instrument.
    pub symbol: &'a Symbol,
    /// Candles of the tested range, start-up candles cut off.
    pub bars: &'a Bars,
    /// Signals as computed on those candles; they act one candle later.
    pub signals: &'a Signals,
    /// Steps, minimum cost, tiers.
    pub rules: &'a MarketRules,
    /// Candles the price steps are read from, start-up candles included;
    /// `None` takes the market's own step.
    pub step_bars: Option<&'a Bars>,
    /// Smaller candles inside the main ones.
    pub detail: Option<&'a Bars>,
    /// Funding payments of a swap.
    pub funding: Option<&'a Funding>,
    /// Splits and dividends, for the realistic profile.
    pub actions: Option<&'a Actions>,
}

/// Why a backtest cannot start.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BacktestError {
    /// It was told to stop.
    #[error("the backtest was stopped")]
    Stopped,
    /// No pair has candles.
    #[error("no pair has two candles or more in the tested range")]
    NoCandles,
    /// Signals of another length than the candles.
    #[error("{symbol}: {signals} rows of signals for {bars} candles")]
    SignalRows {
        /// The pair.
        symbol: Symbol,
        /// Rows of signals.
        signals: usize,
        /// Candles.
        bars: usize,
    },
    /// Neither the stake nor the number of positions is bounded.
    #[error("an unlimited stake needs a limit of open trades to be shared between")]
    UnboundedStake,
    /// A swap without maintenance tiers.
    #[error("{0}: no leverage tiers are known for this swap")]
    NoTiers(Symbol),
    /// A swap without funding data.
    #[error("{0}: no funding and mark candles")]
    NoFunding(Symbol),
    /// A setting outside its range.
    #[error("{name} is {value}: it must be {expected}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A split or dividend that leaves no price.
    #[error(
        "{symbol}: a split of {split} for 1 and a dividend of {dividend} on {at} leave no price"
    )]
    Action {
        /// The pair.
        symbol: Symbol,
        /// Its day.
        at: fondaco_domain::UnixMillis,
        /// New shares for an old one.
        split: f64,
        /// Cash for one share.
        dividend: f64,
    },
    /// Candles that are none any more once adjusted.
    #[error("{symbol}: the candles cannot be adjusted for splits and dividends")]
    Adjusted {
        /// The pair.
        symbol: Symbol,
        /// Why.
        #[source]
        source: fondaco_domain::bars::BarsError,
    },
    /// Prices that are zero or negative.
    #[error("{symbol}: price {price} at {at} is not positive")]
    Price {
        /// The pair.
        symbol: Symbol,
        /// The price.
        price: f64,
        /// Its candle.
        at: fondaco_domain::UnixMillis,
    },
}

impl Hint for BacktestError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Stopped => ErrorKind::Cancelled,
            Self::NoCandles | Self::NoFunding(_) => ErrorKind::NoData,
            Self::SignalRows { .. }
            | Self::Price { .. }
            | Self::Action { .. }
            | Self::Adjusted { .. } => ErrorKind::Corrupt,
            Self::UnboundedStake | Self::NoTiers(_) | Self::Setting { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoCandles => "widen the time range or lower startup_candles".into(),
            Self::SignalRows { .. } => {
                "signal files need one row for each candle of the tested range".into()
            }
            Self::UnboundedStake => "set max_open_trades, or a stake in money".into(),
            Self::NoTiers(_) => "give the pair's tiers in a markets file (--markets)".into(),
            Self::NoFunding(_) => {
                "put the pair's mark and funding_rate candles into the data folder, or set \
                 futures_funding_rate"
                    .into()
            }
            Self::Price { .. } => "run `fondaco data check` on the data set".into(),
            Self::Action { .. } | Self::Adjusted { .. } => {
                "check the files of splits and dividends against the candles, which must be raw"
                    .into()
            }
            Self::Setting { .. } | Self::Stopped => return None,
        })
    }
}
