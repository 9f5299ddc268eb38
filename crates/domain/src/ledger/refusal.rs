//! Why the ledger did not do something. After a refusal it is as it was.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{MONEY_DECIMALS, Session};
use crate::symbol::Symbol;
use crate::{ErrorKind, Hint};

/// Why something was not done, with the numbers it was decided by: money in
/// the account's currency, quantities in units of the symbol.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "snake_case")]
pub enum Refusal {
    /// Not a finite number of at most 28 digits.
    #[error("`{text}` is not a number")]
    NotANumber {
        /// As it was given.
        text: String,
    },
    /// Zero or less of something.
    #[error("Quantity must be more than 0, not {quantity}")]
    QuantityNotPositive {
        /// What was asked for.
        quantity: Decimal,
    },
    /// Not a multiple of the step of quantities.
    #[error("Quantity {quantity} is not a multiple of {step}")]
    OffStep {
        /// What was asked for.
        quantity: Decimal,
        /// The step.
        step: Decimal,
    },
    /// Not in whole lots.
    #[error("Quantity {quantity} of {symbol} is not in lots of {lot}")]
    OffLot {
        /// Of what.
        symbol: Symbol,
        /// The part of the order that is not.
        quantity: Decimal,
        /// The lot.
        lot: Decimal,
    },
    /// An amount of money that is zero or less, or has too many decimals.
    #[error("Amount must be more than 0, of at most {MONEY_DECIMALS} decimals, not {amount}")]
    BadAmount {
        /// What was given.
        amount: Decimal,
    },
    /// A price that is zero or less.
    #[error("No valid price data for {symbol}: {price}")]
    PriceNotPositive {
        /// Of what.
        symbol: Symbol,
        /// What was given.
        price: Decimal,
    },
    /// There is no price to trade at.
    #[error("No valid price data for {symbol}")]
    NoPrice {
        /// Of what.
        symbol: Symbol,
    },
    /// A price limit applies, and the close it is measured from is not given.
    #[error("No valid price data for {symbol}: the previous close its limit depends on is missing")]
    NoPreviousClose {
        /// Of what.
        symbol: Symbol,
    },
    /// So little that it is worth nothing to the last decimal of money.
    #[error("Quantity {quantity} of {symbol} is worth nothing at {price}")]
    TooSmall {
        /// Of what.
        symbol: Symbol,
        /// What was asked for.
        quantity: Decimal,
        /// Of one unit.
        price: Decimal,
    },
    /// Not enough cash for an order.
    #[error("Insufficient cash (needed {required_cash}, available {cash_available})")]
    InsufficientCash {
        /// Of what.
        symbol: Symbol,
        /// What the order takes, fees and margin included.
        required_cash: Decimal,
        /// What there is, with what the order itself brings in first.
        cash_available: Decimal,
    },
    /// Nothing to sell, or nothing to buy back.
    #[error("No position for {symbol}")]
    NoPosition {
        /// Of what.
        symbol: Symbol,
    },
    /// Less there than to be sold, or bought back.
    #[error("Insufficient shares of {symbol} (have {have}, want to sell {want_to_sell})")]
    InsufficientShares {
        /// Of what.
        symbol: Symbol,
        /// What is held, or owed.
        have: Decimal,
        /// What was asked for.
        want_to_sell: Decimal,
    },
    /// What was bought today may not be sold today (T+1).
    #[error(
        "{symbol} was bought today and cannot be sold before the next session (sellable {sellable} of {have}, want to sell {want_to_sell})"
    )]
    NotSettled {
        /// Of what.
        symbol: Symbol,
        /// What is held.
        have: Decimal,
        /// The part of it that was bought on an earlier day.
        sellable: Decimal,
        /// What was asked for.
        want_to_sell: Decimal,
    },
    /// Nobody sells at the upper limit.
    #[error("{symbol} is at its upper limit {limit} (price {price}): it cannot be bought")]
    LimitUp {
        /// Of what.
        symbol: Symbol,
        /// The price given.
        price: Decimal,
        /// The highest price of the day.
        limit: Decimal,
    },
    /// Nobody buys at the lower limit.
    #[error("{symbol} is at its lower limit {limit} (price {price}): it cannot be sold")]
    LimitDown {
        /// Of what.
        symbol: Symbol,
        /// The price given.
        price: Decimal,
        /// The lowest price of the day.
        limit: Decimal,
    },
    /// The account does not sell what is not there.
    #[error("Short selling is not allowed (have {have} of {symbol}, want to sell {want_to_sell})")]
    ShortingForbidden {
        /// Of what.
        symbol: Symbol,
        /// What is held.
        have: Decimal,
        /// What was asked for.
        want_to_sell: Decimal,
    },
    /// A short that would be called at once.
    #[error("Insufficient margin for {symbol} (equity {equity}, required {required})")]
    InsufficientMargin {
        /// Of what.
        symbol: Symbol,
        /// Equity after the order.
        equity: Decimal,
        /// What the maintenance margin would then be.
        required: Decimal,
    },
    /// A session that is not after the current one.
    #[error("session {asked} does not come after {current}")]
    SessionNotLater {
        /// The current one.
        current: Session,
        /// The one asked for.
        asked: Session,
    },
    /// A split of nothing or into nothing.
    #[error("the split of {symbol} on {date} is of {from} into {to}: both must be more than 0")]
    BadSplit {
        /// Of what.
        symbol: Symbol,
        /// When.
        date: Date,
        /// Old shares.
        from: Decimal,
        /// New shares.
        to: Decimal,
    },
    /// A dividend of less than nothing.
    #[error("the dividend of {symbol} on {date} is {amount}: it must not be less than 0")]
    BadDividend {
        /// Of what.
        symbol: Symbol,
        /// The ex-date.
        date: Date,
        /// For one share.
        amount: Decimal,
    },
    /// Cash of another currency than the account's.
    #[error("the dividend of {symbol} on {date} is in {currency}, the account in {account}")]
    OtherCurrency {
        /// Of what.
        symbol: Symbol,
        /// The ex-date.
        date: Date,
        /// The dividend's currency.
        currency: String,
        /// The account's.
        account: String,
    },
    /// An entry that does not follow from those before it: a journal that was
    /// changed.
    #[error("an entry does not fit those before it: {what}")]
    Inconsistent {
        /// Which, in words.
        what: String,
    },
    /// More digits than there are.
    #[error("a number of this account has more digits than it can keep")]
    Overflow,
}

impl Refusal {
    /// The name in documents: that of the variant in snake case.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::NotANumber { .. } => "not_a_number",
            Self::QuantityNotPositive { .. } => "quantity_not_positive",
            Self::OffStep { .. } => "off_step",
            Self::OffLot { .. } => "off_lot",
            Self::BadAmount { .. } => "bad_amount",
            Self::TooSmall { .. } => "too_small",
            Self::PriceNotPositive { .. } => "price_not_positive",
            Self::NoPrice { .. } => "no_price",
            Self::NoPreviousClose { .. } => "no_previous_close",
            Self::InsufficientCash { .. } => "insufficient_cash",
            Self::NoPosition { .. } => "no_position",
            Self::InsufficientShares { .. } => "insufficient_shares",
            Self::NotSettled { .. } => "not_settled",
            Self::LimitUp { .. } => "limit_up",
            Self::LimitDown { .. } => "limit_down",
            Self::ShortingForbidden { .. } => "shorting_forbidden",
            Self::InsufficientMargin { .. } => "insufficient_margin",
            Self::SessionNotLater { .. } => "session_not_later",
            Self::BadSplit { .. } => "bad_split",
            Self::BadDividend { .. } => "bad_dividend",
            Self::OtherCurrency { .. } => "other_currency",
            Self::Inconsistent { .. } => "inconsistent",
            Self::Overflow => "overflow",
        }
    }

    /// The text without its numbers, as the tools of seed 004 say it beside
    /// fields of the numbers: `Insufficient cash`, `No position for X`,
    /// `Insufficient shares`. `None` where the seed has no such answer.
    pub fn seed_text(&self) -> Option<String> {
        match self {
            Self::InsufficientCash { .. } => Some("Insufficient cash".to_owned()),
            Self::NoPosition { .. } => Some(self.to_string()),
            Self::InsufficientShares { .. } => Some("Insufficient shares".to_owned()),
            _ => None,
        }
    }
}

impl Hint for Refusal {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotANumber { .. }
            | Self::QuantityNotPositive { .. }
            | Self::OffStep { .. }
            | Self::OffLot { .. }
            | Self::BadAmount { .. }
            | Self::TooSmall { .. }
            | Self::SessionNotLater { .. }
            | Self::Overflow => ErrorKind::Invalid,
            Self::PriceNotPositive { .. } | Self::NoPrice { .. } | Self::NoPreviousClose { .. } => {
                ErrorKind::NoData
            }
            Self::InsufficientCash { .. }
            | Self::NoPosition { .. }
            | Self::InsufficientShares { .. }
            | Self::NotSettled { .. }
            | Self::LimitUp { .. }
            | Self::LimitDown { .. }
            | Self::ShortingForbidden { .. }
            | Self::InsufficientMargin { .. } => ErrorKind::Conflict,
            Self::BadSplit { .. }
            | Self::BadDividend { .. }
            | Self::OtherCurrency { .. }
            | Self::Inconsistent { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::QuantityNotPositive { .. } => {
                "quantities are always positive: the action says whether it is bought or sold"
                    .to_owned()
            }
            Self::OffStep { step, .. } => format!("use a multiple of {step}"),
            Self::OffLot { lot, .. } => {
                format!("use a multiple of {lot}; what is left beside whole lots is sold at once")
            }
            Self::InsufficientCash { .. } => {
                "use a smaller quantity, or sell something first".to_owned()
            }
            Self::InsufficientShares { have, .. } => format!("at most {have}"),
            Self::NotSettled { sellable, .. } => format!("at most {sellable} today"),
            Self::LimitUp { .. } | Self::LimitDown { .. } => "wait for another day".to_owned(),
            Self::ShortingForbidden { .. } => "sell only what is held".to_owned(),
            Self::InsufficientMargin { .. } => "use a smaller quantity".to_owned(),
            Self::OtherCurrency { account, .. } => {
                format!("give the dividend in {account}")
            }
            _ => return None,
        };
        Some(hint)
    }
}
