//! What a download needs from outside.

use std::collections::BTreeSet;
use std::time::Duration;

use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::data::{DataError, Version};
use crate::ports::{Cause, Failure};

/// How far back a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// The latest hundred candles.
    Compact,
    /// All there are.
    Full,
}

impl Reach {
    /// Candles of a compact answer.
    pub const COMPACT: usize = 100;

    /// The name in settings and of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Full => "full",
        }
    }
}

/// Who has prices of whole histories: one question for one symbol.
pub trait PriceSource: Send + Sync {
    /// Where the prices come from, for the record of a version: no secrets in
    /// it.
    fn name(&self) -> String;

    /// Whether it has candles of that length.
    fn serves(&self, timeframe: Timeframe) -> bool;

    /// Asks once and waits for all of the answer. Asks `stopped` at least ten
    /// times a second whether anybody still wants it.
    fn ask(
        &self,
        symbol: &Symbol,
        reach: Reach,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Prices, SourceError>;
}

/// A whole answer: candles in the order of time, none twice.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// The candles.
    pub bars: Bars,
}

/// Why a source gave no prices. None of the texts holds a key.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It has been asked enough.
    #[error("{source_name} has been asked often enough: {said}")]
    RateLimited {
        /// The source.
        source_name: String,
        /// Its words.
        said: String,
        /// When it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// It does not know the symbol.
    #[error("{source_name} does not know {symbol}: {said}")]
    UnknownSymbol {
        /// The source.
        source_name: String,
        /// The symbol.
        symbol: Symbol,
        /// Its words.
        said: String,
    },
    /// It does not accept the key, or there is none.
    #[error("{source_name} does not accept the key: {said}")]
    Key {
        /// The source.
        source_name: String,
        /// Its words.
        said: String,
    },
    /// The question is for customers who pay.
    #[error("{source_name} answers this for a fee only: {said}")]
    Premium {
        /// The source.
        source_name: String,
        /// Its words.
        said: String,
    },
    /// It failed.
    #[error("{source_name} answered {status}")]
    Server {
        /// The source.
        source_name: String,
        /// The HTTP status, from 500 on.
        status: u16,
        /// When it may be asked again, where it says so.
        retry_after: Option<Duration>,
    },
    /// It refuses the question.
    #[error("{source_name} refused the question with {status}")]
    Refused {
        /// The source.
        source_name: String,
        /// The HTTP status, from 300 to 499.
        status: u16,
    },
    /// It sends to somebody else, who would be given the key.
    #[error("{source_name} sends to {host}, which was not asked")]
    Redirected {
        /// The source.
        source_name: String,
        /// The host, where it can be read.
        host: String,
    },
    /// There is no connection, or it broke before the answer was whole.
    #[error("{source_name} gave no whole answer")]
    Broken {
        /// The source.
        source_name: String,
        /// Why.
        #[source]
        cause: Cause,
    },
    /// The answer was not whole in time.
    #[error("{source_name} gave no whole answer within {} s", deadline.as_secs_f64())]
    TimedOut {
        /// The source.
        source_name: String,
        /// The time it had.
        deadline: Duration,
    },
    /// The answer is something else than prices.
    #[error("{source_name} answered something else than prices: {problem}")]
    Malformed {
        /// The source.
        source_name: String,
        /// What is wrong.
        problem: String,
    },
    /// The answer is about another symbol.
    #[error("{source_name} was asked for {symbol} and answered for {found}")]
    WrongSymbol {
        /// The source.
        source_name: String,
        /// The symbol.
        symbol: Symbol,
        /// The symbol of the answer.
        found: String,
    },
    /// An answer without a candle.
    #[error("{source_name} has no prices of {symbol}")]
    Empty {
        /// The source.
        source_name: String,
        /// The symbol.
        symbol: Symbol,
    },
    /// A row of the answer cannot be a candle; none of it is taken.
    #[error("{source_name} answered a row that is no candle: {problem}")]
    Rows {
        /// The source.
        source_name: String,
        /// What is wrong.
        problem: String,
    },
    /// Nobody wants it any more.
    #[error("the download was stopped")]
    Stopped,
}

impl SourceError {
    /// Whether it was the moment's fault: the same question may be answered
    /// later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Server { .. } | Self::Broken { .. } | Self::TimedOut { .. }
        )
    }

    /// The name in documents.
    pub fn code(&self) -> &'static str {
        match self {
            Self::RateLimited { .. } => "rate_limited",
            Self::UnknownSymbol { .. } => "unknown_symbol",
            Self::Key { .. } => "key",
            Self::Premium { .. } => "premium",
            Self::Server { .. } => "server",
            Self::Refused { .. } => "refused",
            Self::Redirected { .. } => "redirected",
            Self::Broken { .. } => "broken",
            Self::TimedOut { .. } => "timed_out",
            Self::Malformed { .. } => "malformed",
            Self::WrongSymbol { .. } => "wrong_symbol",
            Self::Empty { .. } => "empty",
            Self::Rows { .. } => "rows",
            Self::Stopped => "stopped",
        }
    }
}

impl Hint for SourceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::RateLimited { .. }
            | Self::Server { .. }
            | Self::Broken { .. }
            | Self::TimedOut { .. } => ErrorKind::Unavailable,
            Self::UnknownSymbol { .. } => ErrorKind::NotFound,
            Self::Key { .. } | Self::Premium { .. } | Self::Refused { .. } => ErrorKind::Invalid,
            Self::Redirected { .. }
            | Self::Malformed { .. }
            | Self::WrongSymbol { .. }
            | Self::Rows { .. } => ErrorKind::Corrupt,
            Self::Empty { .. } => ErrorKind::NoData,
            Self::Stopped => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::RateLimited { .. } => "run it again later: what came is stored",
            Self::UnknownSymbol { .. } => "check the symbol as the source writes it",
            Self::Key { .. } => "set FONDACO_ALPHA_VANTAGE_KEY or ALPHAADVANTAGE_API_KEY",
            Self::Premium { .. } => {
                "ask for the latest hundred candles with --size compact, or use a key that pays"
            }
            Self::Server { .. } | Self::Broken { .. } | Self::TimedOut { .. } => {
                "try again later; what came before is stored"
            }
            Self::Refused { .. } | Self::Redirected { .. } => "check the address of the source",
            Self::Malformed { .. } | Self::WrongSymbol { .. } => {
                "check the address of the source: nothing of the answer was stored"
            }
            Self::Empty { .. } => "check the symbol: nothing was stored",
            Self::Rows { .. } => "nothing of the answer was stored",
            Self::Stopped => return None,
        };
        Some(text.to_owned())
    }
}

/// What is stored of a symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stored {
    /// The stamps of its candles.
    pub opens: BTreeSet<UnixMillis>,
    /// Its newest version.
    pub version: Option<Version>,
}

/// Where prices are kept: a symbol is stored whole, as a new version, or not
/// at all.
pub trait PriceShelf: Send + Sync {
    /// Its place, to tell shelves apart.
    fn place(&self) -> String;

    /// The length of its candles.
    fn timeframe(&self) -> Timeframe;

    /// What there is of a symbol now.
    fn stored(&self, symbol: &Symbol) -> Result<Stored, DataError>;

    /// Adds candles to those of a symbol; `source` says where they are from.
    /// What there is now, and how many are new.
    fn put(
        &self,
        symbol: &Symbol,
        bars: Bars,
        source: &str,
        now: UnixMillis,
    ) -> Result<(Option<Version>, usize), DataError>;
}

/// One question to a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: UnixMillis,
    /// For which symbol.
    pub symbol: Symbol,
    /// How far back.
    pub reach: Reach,
    /// For which shelf.
    pub place: String,
    /// What came of it.
    pub came: Came,
}

/// What came of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// Nothing yet, or nobody lived to say.
    Nothing,
    /// Prices, which are stored.
    Prices,
    /// That it does not know the symbol.
    Unknown,
    /// Something else.
    Failure,
}

/// The questions of everybody on this machine to one source: one asks at a
/// time, and all share what the source allows.
pub trait RequestBook: Send + Sync {
    /// The turn, unless somebody else has it. Who dies gives it back.
    fn turn(&self) -> Result<Option<Box<dyn Turn + '_>>, Failure>;
}

/// The right to ask, until it is dropped.
pub trait Turn {
    /// The questions of the last 24 hours at least, oldest first.
    fn asked(&self) -> &[Asked];

    /// Keeps word of a question that is about to be asked; it is on the disk
    /// when this returns.
    fn ask(&mut self, question: Asked) -> Result<(), Failure>;

    /// Says what came of the latest.
    fn came(&mut self, came: Came) -> Result<(), Failure>;
}
