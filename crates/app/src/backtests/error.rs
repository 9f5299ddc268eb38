//! What can go wrong with a backtest.

use fondaco_domain::strategy::StrategyError;
use fondaco_domain::{ErrorKind, Hint, Symbol, Timeframe};
use fondaco_engine::backtest::BacktestError;
use fondaco_engine::expr::{ExprError, InputError, ParamValueError};
use fondaco_engine::stats::{MarkError, PortfolioError};
use thiserror::Error;

use super::source::Series;
use crate::ports::Failure;

/// Why a backtest gave no result.
#[derive(Debug, Error)]
pub enum BacktestsError {
    /// The strategy cannot be run as it is.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// An expression of the strategy is wrong.
    #[error(transparent)]
    Expression(#[from] ExprError),
    /// A parameter value is wrong.
    #[error(transparent)]
    Params(#[from] ParamValueError),
    /// Candles could not be read.
    #[error("cannot load {what} of {symbol}")]
    Load {
        /// Candles, marks, signals.
        what: &'static str,
        /// The instrument.
        symbol: Symbol,
        /// Why.
        #[source]
        source: Failure,
    },
    /// No candles were offered.
    #[error("{}: no candles were given", symbol)]
    NoSource {
        /// The instrument.
        symbol: Symbol,
        /// What was asked for.
        series: Series,
    },
    /// A range without candles.
    #[error("{symbol}: no candle inside the tested range; {what}")]
    EmptyRange {
        /// The instrument.
        symbol: Symbol,
        /// What there is instead.
        what: String,
    },
    /// A pair whose candles are all needed to warm up.
    #[error("{symbol}: its {rows} candles are fewer than the {needed} that warm up the indicators")]
    AllWarmUp {
        /// The instrument.
        symbol: Symbol,
        /// Candles there are.
        rows: usize,
        /// Candles that give no signal.
        needed: u32,
    },
    /// A pair that the account cannot pay for.
    #[error("{symbol} is not paid in {currency}, the currency of the account")]
    OtherCurrency {
        /// The instrument.
        symbol: Symbol,
        /// Stated, or that of the first pair.
        currency: String,
    },
    /// No signal file for a pair.
    #[error("{0}: no file of signals")]
    NoSignals(Symbol),
    /// Informative candles are missing.
    #[error(transparent)]
    Informative(#[from] InputError),
    /// Smaller candles that are not smaller.
    #[error("the detail timeframe {detail} is not shorter than {main} or does not divide it")]
    Detail {
        /// As asked for.
        detail: Timeframe,
        /// The strategy's.
        main: Timeframe,
    },
    /// A market without rules.
    #[error("{0}: no price and amount steps are known for this market")]
    NoRules(Symbol),
    /// No instrument was named and the source has none.
    #[error("no instrument to test: the source has no {timeframe} candles")]
    NoPairs {
        /// The strategy's candle length.
        timeframe: Timeframe,
    },
    /// It was told to stop.
    #[error("the backtest was stopped")]
    Stopped,
    /// The loop refused.
    #[error(transparent)]
    Engine(BacktestError),
    /// The equity could not be computed.
    #[error(transparent)]
    Marks(#[from] MarkError),
    /// Holding could not be computed.
    #[error(transparent)]
    Benchmark(#[from] PortfolioError),
    /// The threads were refused.
    #[error("cannot start the threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

impl BacktestsError {
    /// Whether only one pair is concerned, and the others can be run without.
    pub(super) fn leaves_pair_out(&self) -> bool {
        matches!(
            self,
            Self::EmptyRange { .. } | Self::AllWarmUp { .. } | Self::NoSignals(_)
        )
    }
}

impl From<BacktestError> for BacktestsError {
    fn from(error: BacktestError) -> Self {
        match error {
            BacktestError::Stopped => Self::Stopped,
            other => Self::Engine(other),
        }
    }
}

impl Hint for BacktestsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Strategy(error) => error.kind(),
            Self::Expression(error) => error.kind(),
            Self::Params(error) => error.kind(),
            Self::Load { source, .. } => source.kind(),
            Self::Informative(error) => error.kind(),
            Self::Engine(error) => error.kind(),
            Self::Marks(error) => error.kind(),
            Self::Benchmark(error) => error.kind(),
            Self::NoSource { .. }
            | Self::EmptyRange { .. }
            | Self::AllWarmUp { .. }
            | Self::NoPairs { .. } => ErrorKind::NoData,
            Self::NoSignals(_) => ErrorKind::NotFound,
            Self::Detail { .. } | Self::NoRules(_) | Self::OtherCurrency { .. } => {
                ErrorKind::Invalid
            }
            Self::Stopped => ErrorKind::Cancelled,
            Self::Threads(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Strategy(error) => error.hint(),
            Self::Expression(error) => error.hint(),
            Self::Params(error) => error.hint(),
            Self::Load { source, .. } => source.hint(),
            Self::Informative(error) => error.hint(),
            Self::Engine(error) => error.hint(),
            Self::Marks(error) => error.hint(),
            Self::Benchmark(error) => error.hint(),
            Self::NoSource { .. } => Some("name a folder of candles with --data".into()),
            Self::EmptyRange { .. } | Self::AllWarmUp { .. } => {
                Some("change --timerange, or import more candles".into())
            }
            Self::OtherCurrency { .. } => Some("name pairs of one currency with --pairs".into()),
            Self::NoSignals(_) => {
                Some("signals are read from <PAIR>.csv.gz in the folder of --signals".into())
            }
            Self::NoPairs { .. } => Some("name pairs with --pairs, or import candles".into()),
            Self::Detail { .. } => Some("use a shorter one, such as 1m".into()),
            Self::NoRules(_) => Some(
                "state them in a markets file (--markets); see docs/reference/markets.md".into(),
            ),
            Self::Threads(_) | Self::Stopped => None,
        }
    }
}
