//! What a strategy file says, once it is read: rules, risk, sizing.
//!
//! Expressions stay text here (with the place they were read from); the engine
//! parses, type-checks and compiles them.

mod canonical;
pub mod error;
mod parse;
pub mod place;
mod suggest;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use self::error::{Problem, StrategyError};
pub use self::parse::{is_strategy_name, parse};
pub use self::place::Place;
pub use self::suggest::suggest;
use crate::timeframe::Timeframe;

/// A strategy as its file states it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Strategy {
    /// Name, unique in a folder of strategies.
    pub name: String,
    /// Semantic version of the rules.
    pub version: String,
    /// One line for people.
    pub description: String,
    /// Candle length the rules are written for.
    pub timeframe: Timeframe,
    /// Candles needed before the first signal, as stated; the engine derives
    /// its own figure and refuses a smaller one.
    pub startup_candles: Option<u32>,
    /// Which sides the strategy may take.
    pub direction: Direction,
    /// What a search may vary, in file order.
    pub params: IndexMap<String, Param>,
    /// Columns of other timeframes or instruments, in file order.
    pub informative: IndexMap<String, Informative>,
    /// Named columns in file order; a later one may use an earlier one.
    pub indicators: IndexMap<String, Expression>,
    /// Entry rules in file order; the first that holds gives the tag.
    pub entries: Vec<Rule>,
    /// Exit rules in file order; the first that holds gives the tag.
    pub exits: Vec<Rule>,
    /// Whether signals come from files of columns in place of the rules.
    pub signals_from_files: bool,
    /// Stop-loss, return targets, trailing.
    pub risk: Risk,
    /// Stake and slots.
    pub sizing: Sizing,
    /// Locks after losses.
    pub protections: Vec<Protection>,
    /// Further entries and partial exits.
    pub adjustment: Adjustment,
}

/// Sides a strategy may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Only buys first.
    Long,
    /// Only sells first.
    Short,
    /// Either.
    Both,
}

impl Direction {
    /// Whether a side may be entered.
    pub fn allows(self, side: Side) -> bool {
        match self {
            Self::Both => true,
            Self::Long => side == Side::Long,
            Self::Short => side == Side::Short,
        }
    }
}

/// The side of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Bought first; gains when the price rises.
    Long,
    /// Sold first; gains when the price falls.
    Short,
}

/// A tunable number.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// Value used unless another is given.
    pub default: f64,
    /// Smallest value a search tries.
    pub low: f64,
    /// Largest value a search tries.
    pub high: f64,
    /// Distance between tried values; `None` for any real number.
    pub step: Option<f64>,
}

impl Param {
    /// Whether a value is `low` plus a whole number of steps (always so where
    /// there is no step), within a millionth of a step.
    pub fn on_grid(&self, value: f64) -> bool {
        self.step.is_none_or(|step| {
            let steps = (value - self.low) / step;
            (steps - steps.round()).abs() < 1e-6
        })
    }
}

/// A source of columns beside the traded candles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Informative {
    /// The instrument; `None` for the traded one.
    pub symbol: Option<crate::Symbol>,
    /// Its candle length, not shorter than the strategy's.
    pub timeframe: Timeframe,
}

/// Source text of an expression and the line of the file it starts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expression {
    /// The text between the quotes.
    pub source: String,
    /// One-based line in the strategy file.
    #[serde(skip)]
    pub line: usize,
    /// One-based column of the first character of `source`.
    #[serde(skip)]
    pub column: usize,
}

/// One entry or exit rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rule {
    /// Side it opens or closes.
    pub side: Side,
    /// Condition: a boolean column.
    pub when: Expression,
    /// Tag written into the trade.
    pub tag: Option<String>,
}

/// When a position is closed without a signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Risk {
    /// Largest loss as a negative ratio of the margin: -0.1 is 10 %.
    pub stoploss: f64,
    /// Return targets by age of the trade.
    pub roi: RoiTable,
    /// A stop that follows the price.
    pub trailing: Option<Trailing>,
    /// Whether exit rules are looked at.
    pub use_exit_signal: bool,
    /// Whether an exit rule closes only above `exit_profit_offset`.
    pub exit_profit_only: bool,
    /// The profit ratio `exit_profit_only` asks for.
    pub exit_profit_offset: f64,
    /// Whether a set entry signal suspends the return targets.
    pub ignore_roi_if_entry_signal: bool,
    /// Leverage of every entry, 1 where there is none; bounded by the market.
    pub leverage: f64,
}

/// Return targets: from `minutes` on, a profit ratio above `ratio` closes the
/// trade; a ratio of -1 closes it at any price.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RoiTable {
    steps: Vec<(u32, f64)>,
}

impl RoiTable {
    /// Steps in any order; a later one with the same minute wins.
    pub fn new(steps: impl IntoIterator<Item = (u32, f64)>) -> Self {
        let ordered: std::collections::BTreeMap<u32, f64> = steps.into_iter().collect();
        let steps = ordered.into_iter().collect();
        Self { steps }
    }

    /// Steps by rising minute.
    pub fn steps(&self) -> &[(u32, f64)] {
        &self.steps
    }

    /// The step in force for a trade of that age.
    pub fn at(&self, minutes: i64) -> Option<(u32, f64)> {
        let after = self
            .steps
            .partition_point(|&(from, _)| i64::from(from) <= minutes);
        after.checked_sub(1).map(|index| self.steps[index])
    }
}

/// A stop that moves with the best price and never back.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Trailing {
    /// Distance once the profit has passed `offset`; the stop-loss distance
    /// where absent.
    pub positive: Option<f64>,
    /// Profit ratio from which `positive` applies.
    pub offset: f64,
    /// Whether the stop stays still until the offset is reached.
    pub only_after_offset: bool,
}

/// How much is staked and how often.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sizing {
    /// Stake of an entry.
    pub stake: Stake,
    /// Positions open at once; `None` for no limit.
    pub max_open_trades: Option<u32>,
}

/// Stake of an entry, in the quote currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stake {
    /// The same amount each time.
    Fixed(f64),
    /// An equal share of the balance for each slot, so that profits compound.
    Unlimited,
}

/// A rule that locks pairs after closes. Lengths are in candles of the
/// strategy's timeframe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum Protection {
    /// Every close locks its pair.
    Cooldown {
        /// How far back the close it waits after may lie.
        lookback: Span,
        /// When the lock ends.
        stop: LockEnd,
    },
    /// Several stops within the look-back lock the pair, or all pairs.
    StoplossGuard {
        /// How far back closes count.
        lookback: Span,
        /// Closes by a stop that trigger it.
        trade_limit: u32,
        /// When the lock ends.
        stop: LockEnd,
        /// Count and lock per pair only.
        only_per_pair: bool,
        /// Count and lock per side only.
        only_per_side: bool,
        /// Only closes with a profit ratio below this count.
        required_profit: f64,
    },
    /// A pair whose closes within the look-back sum to too little is locked.
    LowProfitPairs {
        /// How far back closes count.
        lookback: Span,
        /// Closes needed before it applies.
        trade_limit: u32,
        /// When the lock ends.
        stop: LockEnd,
        /// Sum of profit ratios below which the pair is locked.
        required_profit: f64,
        /// Count and lock per side only.
        only_per_side: bool,
    },
    /// A drawdown of the closes within the look-back locks all pairs.
    MaxDrawdown {
        /// How far back closes count.
        lookback: Span,
        /// Closes needed before it applies.
        trade_limit: u32,
        /// When the lock ends.
        stop: LockEnd,
        /// Largest tolerated drawdown as a ratio.
        max_allowed_drawdown: f64,
        /// What the drawdown is measured on.
        calculation: DrawdownBasis,
    },
}

/// What a drawdown protection measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DrawdownBasis {
    /// Sums of profit ratios.
    Ratios,
    /// The account's balance.
    Equity,
}

/// A length of time in a protection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// Candles of the strategy's timeframe.
    Candles(u32),
    /// Minutes.
    Minutes(u32),
}

impl Span {
    /// Length in milliseconds.
    pub fn millis(self, timeframe: Timeframe) -> i64 {
        match self {
            Self::Candles(count) => i64::from(count) * timeframe.millis(),
            Self::Minutes(count) => i64::from(count) * 60_000,
        }
    }
}

/// When a lock ends, counted from the last close that caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LockEnd {
    /// After a length of time.
    After(Span),
    /// At the next time of day, UTC.
    At {
        /// Hour, 0 to 23.
        hour: u8,
        /// Minute, 0 to 59.
        minute: u8,
    },
}

/// Further entries and partial exits at profit levels, each level once per
/// trade and in order. The profit is the ratio at the candle's open.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Adjustment {
    /// The k-th level gives the k-th further entry.
    pub entries: Vec<FurtherEntry>,
    /// The k-th level gives the k-th partial exit.
    pub exits: Vec<PartialExit>,
}

/// A further entry into an open position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FurtherEntry {
    /// Profit ratio the position must be below (or above, for pyramids).
    pub level: Level,
    /// Stake as a multiple of `of`.
    pub stake: f64,
    /// What the stake is a multiple of.
    pub of: StakeBasis,
    /// Tag of the order.
    pub tag: Option<String>,
}

/// The stake that a further entry is a multiple of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StakeBasis {
    /// The stake in the trade now: less after a partial exit, more after a
    /// further entry.
    #[default]
    Current,
    /// The stake of the trade's first entry.
    First,
}

/// A partial exit of an open position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartialExit {
    /// Profit ratio the position must be above (or below).
    pub level: Level,
    /// Part of the stake now in the trade that is taken off, in (0, 1).
    pub fraction: f64,
    /// Tag of the order.
    pub tag: Option<String>,
}

/// A threshold of the profit ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Reached when the profit ratio is above.
    Above(f64),
    /// Reached when the profit ratio is below.
    Below(f64),
}

impl Level {
    /// Whether a profit ratio reaches it.
    pub fn reached(self, profit: f64) -> bool {
        match self {
            Self::Above(level) => profit > level,
            Self::Below(level) => profit < level,
        }
    }
}
