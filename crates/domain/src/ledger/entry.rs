//! What happened, one thing after the other.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Session;
use crate::symbol::Symbol;

/// Prices by symbol, of one unit in the account's currency.
pub type Prices = BTreeMap<Symbol, Decimal>;

/// Something that happened to the account. Entries are only ever added; every
/// figure follows from them. What stands between two sessions belongs to the
/// first of them.
///
/// Money in the account's currency, quantities in units of the symbol, both
/// positive unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// A session began.
    Session {
        /// Which.
        session: Session,
    },
    /// Money came in.
    Deposit {
        /// How much.
        amount: Decimal,
    },
    /// One leg of an order was filled.
    Fill {
        /// Of what.
        symbol: Symbol,
        /// What it did to the position.
        leg: Leg,
        /// How much.
        quantity: Decimal,
        /// The price it was ordered at.
        quote: Decimal,
        /// The price it was filled at: the quote, made worse by slippage.
        price: Decimal,
        /// Price times quantity.
        value: Decimal,
    },
    /// An order cost something.
    Fee {
        /// Of what.
        symbol: Symbol,
        /// For what.
        fee: FeeKind,
        /// How much.
        amount: Decimal,
    },
    /// Cash became margin of a short; negative: margin became cash again.
    Margin {
        /// Of what.
        symbol: Symbol,
        /// How much.
        amount: Decimal,
    },
    /// Prices of what is held were seen. They value it until the next ones.
    Mark {
        /// Of positions only.
        prices: Prices,
    },
    /// Old shares became new ones.
    Split {
        /// Of what.
        symbol: Symbol,
        /// Old shares given.
        from: Decimal,
        /// New shares received for them.
        to: Decimal,
    },
    /// What is not a whole step after a split became cash; of a short, it was
    /// bought back.
    CashInLieu {
        /// Of what.
        symbol: Symbol,
        /// How much, in new shares.
        quantity: Decimal,
        /// Of a new share.
        price: Decimal,
        /// Price times quantity.
        value: Decimal,
    },
    /// A share went ex dividend: from now on the account is owed the amount.
    Dividend {
        /// Of what.
        symbol: Symbol,
        /// What was held; negative where it was short.
        quantity: Decimal,
        /// Cash for one share.
        per_share: Decimal,
        /// In all; negative where the account owes it.
        amount: Decimal,
        /// The first day traded without it.
        ex_date: Date,
        /// When it is paid.
        pay_date: Date,
    },
    /// What was owed was paid.
    DividendPaid {
        /// Of what.
        symbol: Symbol,
        /// Negative where the account paid it.
        amount: Decimal,
        /// Of which dividend.
        ex_date: Date,
    },
    /// A symbol got another name; its position joined the one of that name.
    Renamed {
        /// The old one.
        symbol: Symbol,
        /// The new one.
        to: Symbol,
    },
    /// A position ended because its symbol is no longer traded.
    Delisted {
        /// Of what.
        symbol: Symbol,
        /// How much, all there was.
        quantity: Decimal,
        /// Cash for one share; `None` where it became worthless.
        price: Option<Decimal>,
        /// In all; 0 without a price.
        value: Decimal,
    },
}

/// What a fill does to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// Buys for holding.
    Buy,
    /// Sells what is held.
    Sell,
    /// Sells what is not there.
    Short,
    /// Buys back what was sold short.
    Cover,
}

impl Leg {
    /// Whether cash is paid for it.
    pub fn is_buying(self) -> bool {
        matches!(self, Self::Buy | Self::Cover)
    }

    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
            Self::Short => "short",
            Self::Cover => "cover",
        }
    }
}

/// What a fee is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeeKind {
    /// The broker's.
    Commission,
    /// The state's.
    StampDuty,
    /// The register's.
    Transfer,
}
