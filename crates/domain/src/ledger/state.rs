//! What the entries came to, compact: what is carried from day to day.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Session;
use super::amount::sum;
use super::refusal::Refusal;
use crate::symbol::Symbol;

/// An account at one moment. Serialised, decimals are text and maps are in
/// order, so that the same account is the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LedgerState {
    pub(super) session: Session,
    pub(super) cash: Decimal,
    pub(super) positions: BTreeMap<Symbol, Position>,
    pub(super) owed: Vec<Owed>,
    pub(super) totals: Totals,
}

/// What is held of a symbol, or was sold short of it. Never nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    pub(super) side: Side,
    pub(super) lots: Vec<Lot>,
    pub(super) basis: Decimal,
    pub(super) margin: Decimal,
    pub(super) mark: Mark,
}

/// On which side of the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Held.
    Long,
    /// Sold without being there.
    Short,
}

/// What one fill added to a position, or what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// How much is left.
    pub quantity: Decimal,
    /// What was paid for it, or received for it when short, without fees.
    pub cost: Decimal,
    /// When.
    pub opened: Session,
}

/// The last price seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mark {
    /// Of one unit.
    pub price: Decimal,
    /// When.
    pub session: Session,
}

/// A dividend between its ex-date and its payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owed {
    /// Of what.
    pub symbol: Symbol,
    /// Negative where the account owes it.
    pub amount: Decimal,
    /// The first day traded without it.
    pub ex_date: Date,
    /// When it is paid.
    pub pay_date: Date,
}

/// Sums over all entries since the account was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Money that came in.
    pub deposits: Decimal,
    /// Commissions.
    pub commission: Decimal,
    /// Stamp duties.
    pub stamp_duty: Decimal,
    /// Transfer fees.
    pub transfer: Decimal,
    /// What slippage took: contained in the prices of fills.
    pub slippage: Decimal,
    /// Profit of what was sold, bought back or cashed out, by the lots that
    /// were there first, before fees.
    pub realised: Decimal,
    /// Dividends since their ex-dates, paid or not, less those of shorts.
    pub dividends: Decimal,
    /// Value of all fills.
    pub turnover: Decimal,
    /// Fills.
    pub fills: u64,
}

impl Lot {
    /// `cost / quantity`, rounded to 28 digits.
    pub fn unit_cost(&self) -> Decimal {
        self.cost
            .checked_div(self.quantity)
            .unwrap_or_default()
            .normalize()
    }
}

impl LedgerState {
    /// The session it is in.
    pub fn session(&self) -> Session {
        self.session
    }

    /// Money that can be spent. Negative only after dividends of shorts,
    /// forced covers or delistings; then there is a margin call.
    pub fn cash(&self) -> Decimal {
        self.cash
    }

    /// Money held for all shorts.
    pub fn margin_held(&self) -> Result<Decimal, Refusal> {
        sum(self.positions.values().map(|position| position.margin))
    }

    /// Dividends that are owed to the account, less those it owes.
    pub fn dividends_owed(&self) -> Result<Decimal, Refusal> {
        sum(self.owed.iter().map(|owed| owed.amount))
    }

    /// Every dividend that is not paid yet, by ex-date.
    pub fn owed(&self) -> &[Owed] {
        &self.owed
    }

    /// All positions, by symbol.
    pub fn positions(&self) -> &BTreeMap<Symbol, Position> {
        &self.positions
    }

    /// What is held of a symbol; negative where it is short, 0 without a
    /// position.
    pub fn quantity(&self, symbol: &Symbol) -> Decimal {
        self.positions
            .get(symbol)
            .map_or(Decimal::ZERO, Position::signed)
    }

    /// Sums since the account was opened.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }
}

impl Position {
    /// On which side.
    pub fn side(&self) -> Side {
        self.side
    }

    /// How much, on its side: more than 0.
    pub fn quantity(&self) -> Decimal {
        // The sum was checked when the last lot was added.
        self.lots.iter().map(|lot| lot.quantity).sum()
    }

    /// How much; negative where it is short.
    pub fn signed(&self) -> Decimal {
        match self.side {
            Side::Long => self.quantity(),
            Side::Short => -self.quantity(),
        }
    }

    /// What may be sold on a day under T+1: what was bought before it.
    pub fn settled(&self, today: Date) -> Decimal {
        let before = self.lots.iter().filter(|lot| lot.opened.date() < today);
        before.map(|lot| lot.quantity).sum()
    }

    /// The lots, the first one first.
    pub fn lots(&self) -> &[Lot] {
        &self.lots
    }

    /// What it cost (or brought, when short) by the method of averages:
    /// every reduction takes its part of the whole.
    pub fn basis(&self) -> Decimal {
        self.basis
    }

    /// `basis / quantity`: the seeds' cost basis, rounded to 28 digits.
    pub fn average_cost(&self) -> Decimal {
        self.basis
            .checked_div(self.quantity())
            .unwrap_or_default()
            .normalize()
    }

    /// Money held for it; 0 when long.
    pub fn margin(&self) -> Decimal {
        self.margin
    }

    /// The last price seen.
    pub fn mark(&self) -> Mark {
        self.mark
    }
}
