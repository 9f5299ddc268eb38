//! What can be wrong with watchlist, accounts and positions.

use fondaco_domain::symbol::SymbolError;
use fondaco_domain::{ErrorKind, Hint, Symbol};
use jiff::civil::Date;
use thiserror::Error;

use super::{LONGEST_NAME, LONGEST_NOTES};
use crate::ports::records::RecordKind;
use crate::ports::runs::RunStoreError;

/// Why a change was not made, or nothing could be shown.
#[derive(Debug, Error)]
pub enum PortfolioError {
    /// Not an instrument.
    #[error(transparent)]
    Symbol(#[from] SymbolError),
    /// Not a name.
    #[error("`{text}` cannot be a {field}")]
    Name {
        /// What it was to name.
        field: &'static str,
        /// As given, its beginning.
        text: String,
    },
    /// The instrument is watched already.
    #[error("{0} is in the watchlist already")]
    Watched(Symbol),
    /// The instrument is not watched.
    #[error("{0} is not in the watchlist")]
    NotWatched(Symbol),
    /// There is an account of that name.
    #[error("there is an account `{0}` already")]
    AccountTaken(String),
    /// There is no account of that name.
    #[error("there is no account `{0}`")]
    NoAccount(String),
    /// The account of those who name none stays.
    #[error("the account `{0}` is always there")]
    AccountStays(String),
    /// Positions are noted under the account.
    #[error("account `{account}` has positions: {positions}")]
    AccountInUse {
        /// The account.
        account: String,
        /// How many.
        positions: usize,
    },
    /// Not a number of shares.
    #[error("{0} shares cannot be held: a number above 0 is wanted")]
    Shares(f64),
    /// Not a price.
    #[error("{0} is no cost price: a number from 0 on is wanted")]
    CostPrice(f64),
    /// A purchase that has not happened.
    #[error("{date} is after today, {today}")]
    Future {
        /// As given.
        date: Date,
        /// The day now, in UTC.
        today: Date,
    },
    /// Notes that are too long.
    #[error("notes of {0} characters are too long")]
    Notes(usize),
    /// No such position.
    #[error("there is no position {wanted}")]
    NoPosition {
        /// As asked for.
        wanted: String,
    },
    /// Several positions where one was meant.
    #[error("{wanted} is not one position but {}: {}", .ids.len(), .ids.join(", "))]
    Several {
        /// As asked for.
        wanted: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A record that says nothing that can be understood.
    #[error("the record of {} `{name}` is damaged", kind.as_str())]
    Damaged {
        /// What it is about.
        kind: RecordKind,
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for PortfolioError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Symbol(_)
            | Self::Name { .. }
            | Self::Shares(_)
            | Self::CostPrice(_)
            | Self::Future { .. }
            | Self::Notes(_)
            | Self::AccountStays(_) => ErrorKind::Invalid,
            Self::Watched(_)
            | Self::AccountTaken(_)
            | Self::AccountInUse { .. }
            | Self::Several { .. } => ErrorKind::Conflict,
            Self::NotWatched(_) | Self::NoAccount(_) | Self::NoPosition { .. } => {
                ErrorKind::NotFound
            }
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name { .. } => format!("use 1 to {LONGEST_NAME} characters of one line"),
            Self::Watched(ticker) => {
                format!("to rename it, `fondaco watchlist remove {ticker}` first")
            }
            Self::NotWatched(_) => "see `fondaco watchlist list`".to_owned(),
            Self::NoAccount(_) => {
                "see `fondaco account list`, or add it with `fondaco account add NAME`".to_owned()
            }
            Self::AccountInUse { account, .. } => {
                format!("remove its positions first: `fondaco position list --account {account}`")
            }
            Self::Notes(_) => format!("use up to {LONGEST_NOTES} characters"),
            Self::NoPosition { .. } => "see `fondaco position list`".to_owned(),
            Self::Several { .. } => "name one of them with --id".to_owned(),
            Self::Damaged { .. } => "look at it with `fondaco trail list`".to_owned(),
            Self::Store(error) => return error.hint(),
            Self::Symbol(_)
            | Self::AccountTaken(_)
            | Self::AccountStays(_)
            | Self::Shares(_)
            | Self::CostPrice(_)
            | Self::Future { .. } => return None,
        })
    }
}
