//! What a replay came to: everything as it goes out.

use std::path::PathBuf;

use fondaco_domain::ledger::Refusal;
use rust_decimal::Decimal;
use serde::Serialize;

/// All logs of one command.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayReport {
    /// How figures are defined.
    pub definitions: Definitions,
    /// By log, in the order they were named.
    pub logs: Vec<LogReport>,
}

/// How figures are defined, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Definitions {
    /// Name of the convention.
    pub convention: &'static str,
    /// What a portfolio is worth.
    pub value: &'static str,
    /// First to last.
    pub return_pct: &'static str,
    /// How returns deviate.
    pub volatility_pct: &'static str,
    /// Return per deviation.
    pub sharpe: &'static str,
    /// Return per downside deviation.
    pub sortino: &'static str,
    /// The largest fall.
    pub max_drawdown_pct: &'static str,
    /// Yearly growth.
    pub annualised_pct: &'static str,
    /// Yearly growth per fall.
    pub calmar: &'static str,
    /// Returns above zero.
    pub win_rate_of_periods_pct: &'static str,
    /// Each row a value.
    pub rows: &'static str,
    /// Each stamp a value.
    pub last_per_timestamp: &'static str,
    /// Each day a value.
    pub per_day: &'static str,
    /// The account of the actions alone.
    pub own: &'static str,
}

impl Definitions {
    /// The ones there are.
    pub const NOW: Self = Self {
        convention: "ai-trader",
        value: "cash + sum(quantity * close at the row's stamp; the last earlier close where there is none)",
        return_pct: "100 * (last / first - 1)",
        volatility_pct: "100 * population std of simple returns * sqrt(periods_per_year)",
        sharpe: "mean(r) / population std(r) * sqrt(periods_per_year), no risk-free rate",
        sortino: "mean(r) / population std(r where r < 0) * sqrt(periods_per_year), no risk-free rate",
        max_drawdown_pct: "100 * min(cum / cummax - 1) over the compounded return series",
        annualised_pct: "100 * ((last / first)^(365 / calendar days, both ends counted) - 1)",
        calmar: "annualised / largest fall",
        win_rate_of_periods_pct: "100 * returns above zero / returns other than zero",
        rows: "every row is a value: a stamp with several actions counts several times",
        last_per_timestamp: "the last row of a stamp is its value",
        per_day: "the last row of a calendar day is its value; periods_per_year is then that of days",
        own: "the actions alone, filled at the open of the candle at their stamp by the rules of the market, without fees; nothing of what the log states is taken over",
    };
}

/// One log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogReport {
    /// The name of its file without the ending; of `position.jsonl` that of
    /// the folder that names the model.
    pub log: String,
    /// Its file.
    pub path: PathBuf,
    /// Whose rules hold.
    pub market: Market,
    /// Whether the market was detected.
    pub market_detected: bool,
    /// Money at the start.
    pub capital: Decimal,
    /// Rows in the window.
    pub rows: usize,
    /// The first of them.
    pub first: String,
    /// The last of them.
    pub last: String,
    /// How often it speaks.
    pub cadence: Cadence,
    /// Returns in a year, by row and by stamp.
    pub periods_per_year: f64,
    /// Returns in a year, by day.
    pub days_per_year: f64,
    /// Whether `periods_per_year` was detected.
    pub periods_detected: bool,
    /// What it was worth by its own words, at the last row; `None` where a
    /// price is missing.
    pub final_value: Option<f64>,
    /// Figures by its own words, each step of them held against our ledger.
    pub figures: Option<LogFigures>,
    /// What is without a price, where that is why there are no figures.
    pub unpriced: Vec<Unpriced>,
    /// How its words hold against its actions.
    pub audit: Audit,
    /// What its actions give when nothing else is taken from it.
    pub own: Own,
    /// What is odd about the file.
    pub findings: Vec<Finding>,
}

/// Whose rules a log is replayed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Market {
    /// New York: whole shares.
    Us,
    /// Shanghai and Shenzhen: lots, T+1, price limits.
    AShare,
    /// Coins: fractions, every day.
    Crypto,
}

impl Market {
    /// The name in options and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::AShare => "a-share",
            Self::Crypto => "crypto",
        }
    }

    /// Days of trade in a year.
    pub fn days_per_year(self) -> f64 {
        match self {
            Self::Us => 252.0,
            Self::AShare => 242.0,
            Self::Crypto => 365.0,
        }
    }

    /// Minutes of trade in a day.
    pub(super) fn minutes_per_day(self) -> f64 {
        match self {
            Self::Us => 390.0,
            Self::AShare => 240.0,
            Self::Crypto => 1_440.0,
        }
    }
}

/// How often a log speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cadence {
    /// Once a day.
    Daily,
    /// Several times a day, so many minutes apart.
    Minutes(u32),
}

/// Figures in three conventions of what a value is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LogFigures {
    /// Every row.
    pub rows: RowFigures,
    /// The last row of every stamp.
    pub last_per_timestamp: RowFigures,
    /// The last row of every day.
    pub per_day: RowFigures,
}

/// Figures of a series; `None` where one is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RowFigures {
    /// Values counted.
    pub values: usize,
    /// See [`Definitions`].
    pub return_pct: Option<f64>,
    /// See [`Definitions`].
    pub annualised_pct: Option<f64>,
    /// See [`Definitions`].
    pub volatility_pct: Option<f64>,
    /// See [`Definitions`].
    pub sharpe: Option<f64>,
    /// See [`Definitions`].
    pub sortino: Option<f64>,
    /// See [`Definitions`].
    pub calmar: Option<f64>,
    /// See [`Definitions`]; zero or below.
    pub max_drawdown_pct: Option<f64>,
    /// See [`Definitions`].
    pub win_rate_of_periods_pct: Option<f64>,
}

/// A name that was held without a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unpriced {
    /// The name.
    pub symbol: String,
    /// The first line it is held on without one.
    pub line: usize,
    /// Rows of it.
    pub rows: usize,
}

/// How the words of a log hold against its actions.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Audit {
    /// Rows whose positions and cash follow from the row before and the
    /// action, at the price the cash implies.
    pub follows: usize,
    /// Rows that follow from an earlier row than the one before.
    pub follows_earlier: usize,
    /// Rows that follow from none: taken as stated, and told below.
    pub taken_as_stated: usize,
    /// Rows that state nothing.
    pub states_nothing: usize,
    /// Where the prices lie that the cash implies.
    pub fills: Fills,
    /// What does not follow, and every fill at another price than an open.
    pub differences: Vec<Difference>,
}

/// Prices implied by the cash of a log, against the candle of the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Fills {
    /// At its open.
    pub at_open: usize,
    /// At the open of the day, where there are candles of days too.
    pub at_day_open: usize,
    /// At its close.
    pub at_close: usize,
    /// Between its low and its high.
    pub inside: usize,
    /// Neither.
    pub outside: usize,
    /// There is no such candle.
    pub no_candle: usize,
}

/// One place where a log does not follow from itself, or not at an open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The line of the row.
    pub line: usize,
    /// Its stamp.
    pub at: String,
    /// Its number.
    pub id: Option<i64>,
    /// What it is.
    #[serde(flatten)]
    pub what: What,
}

/// What does not follow.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum What {
    /// It goes on from an earlier row: those between are undone by the log
    /// itself.
    GoesBack {
        /// The line it goes on from.
        to_line: usize,
        /// How many rows it undoes.
        undone: usize,
    },
    /// A position is another than the action gives.
    Position {
        /// The name.
        symbol: String,
        /// What the row before and the action give.
        expected: Decimal,
        /// What the row says.
        stated: Decimal,
    },
    /// Cash changed without an action, or against it.
    Cash {
        /// What the row before and the action give.
        expected: Decimal,
        /// What the row says.
        stated: Decimal,
    },
    /// Our ledger cannot hold what is stated.
    NotBookable {
        /// Why.
        because: String,
    },
    /// The row states no cash.
    NoCash,
    /// The cash implies a price that is not an open.
    FillPrice {
        /// The name.
        symbol: String,
        /// The price implied.
        price: Decimal,
        /// Where it lies: `at_close`, `inside`, `outside` or `no_candle`.
        lies: Lies,
        /// Open of the candle.
        open: Option<f64>,
        /// Its low.
        low: Option<f64>,
        /// Its high.
        high: Option<f64>,
    },
}

/// Where a price lies against a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lies {
    /// At its open.
    AtOpen,
    /// At the open of its day.
    AtDayOpen,
    /// At its close.
    AtClose,
    /// Between its low and its high.
    Inside,
    /// Neither.
    Outside,
    /// There is no candle.
    NoCandle,
}

/// What the actions alone give.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Own {
    /// Worth at the last row.
    pub final_value: Option<f64>,
    /// Figures of it.
    pub figures: Option<LogFigures>,
    /// Actions filled.
    pub filled: usize,
    /// Actions refused, with the reason.
    pub refused: Vec<Refused>,
    /// Where it ends elsewhere than the log says, by name; cash is `CASH`.
    pub ends: Vec<Ends>,
}

/// An action our ledger did not do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused {
    /// Its line.
    pub line: usize,
    /// Its stamp.
    pub at: String,
    /// The word.
    pub action: String,
    /// The name.
    pub symbol: Option<String>,
    /// How much.
    pub amount: Option<Decimal>,
    /// Why.
    #[serde(flatten)]
    pub because: Because,
    /// Why, in words.
    pub text: String,
}

/// Why an action was not done.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Because {
    /// A word nobody knows.
    UnknownAction,
    /// No name, or none that can be one.
    NoSymbol,
    /// No amount.
    NoAmount,
    /// No candle at the stamp to fill it at.
    NoCandle,
    /// By the rules of the account.
    Ledger {
        /// Which.
        refusal: Refusal,
    },
}

/// A holding at the end.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ends {
    /// The name, or `CASH`.
    pub symbol: String,
    /// By the actions alone.
    pub own: Decimal,
    /// By the log.
    pub stated: Decimal,
}

/// Something odd about a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Lines left out, as asked.
    BrokenLines {
        /// How many.
        count: usize,
        /// The first ten.
        lines: Vec<usize>,
    },
    /// Numbers that several rows have.
    RepeatedIds {
        /// How many numbers.
        count: usize,
        /// The first ten.
        ids: Vec<i64>,
    },
    /// Rows before the row above them; they were sorted by stamp.
    OutOfOrder {
        /// How many.
        count: usize,
        /// Lines of the first ten.
        lines: Vec<usize>,
    },
    /// The first row states other money than `--capital`.
    OtherCapital {
        /// What it states.
        stated: Decimal,
    },
    /// The first row is an action already: the log does not say what it
    /// started with.
    NoOpening,
    /// Prices of a name that were days old when used.
    OldPrices {
        /// The name.
        symbol: String,
        /// The oldest, in days.
        days: i64,
        /// The last close there is.
        last: String,
    },
    /// Rows have times, and prices only days: a row is valued at the close of
    /// its day, which was not known yet.
    DailyPrices,
    /// A name whose prices go by another spelling.
    OtherSpelling {
        /// In the log.
        symbol: String,
        /// In the prices.
        prices: String,
    },
    /// Names held without a price count as said.
    UnpricedCounted {
        /// Which.
        symbols: Vec<String>,
        /// How.
        rule: Unpricedness,
    },
    /// Rows outside the window.
    OutsideWindow {
        /// How many.
        rows: usize,
    },
}

/// What a name without a price counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unpricedness {
    /// There are no figures.
    #[default]
    Refuse,
    /// The price of its last fill by the log.
    LastFill,
    /// Nothing.
    Zero,
}
