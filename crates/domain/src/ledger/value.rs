//! What an account is worth.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount::{add, money, ratio, sub, sum};
use super::{Ledger, LedgerState, Prices, Refusal, Session, price};
use crate::symbol::Symbol;

/// The worth of an account at given prices.
///
/// `value = cash + margin held + Σ (long − short) · price + dividends owed`:
/// seed 001's net asset value, with dividends between ex-date and payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valuation {
    /// When.
    pub session: Session,
    /// Money that can be spent.
    pub cash: Decimal,
    /// Money held for shorts.
    pub margin_held: Decimal,
    /// Dividends owed to the account, less those it owes.
    pub dividends_owed: Decimal,
    /// By symbol.
    pub positions: Vec<Valued>,
    /// All together: equity.
    pub value: Decimal,
}

/// The worth of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Valued {
    /// Of what.
    pub symbol: Symbol,
    /// How much; negative where it is short.
    pub quantity: Decimal,
    /// Of one unit.
    pub price: Decimal,
    /// The session the price is of, where it is an old one because there is
    /// no newer.
    pub stale_since: Option<Session>,
    /// Quantity times price; negative where it is short.
    pub value: Decimal,
    /// What it cost by averages; negative where it is short.
    pub basis: Decimal,
    /// `|value|` over the worth of the account, as seed 001 weighs; `None`
    /// where that is not above 0. A ratio, not per cent.
    pub weight: Option<Decimal>,
}

impl Valuation {
    /// Cash over the worth of the account; `None` where that is not above 0.
    pub fn cash_weight(&self) -> Option<Decimal> {
        weight(self.cash, self.value).ok().flatten()
    }

    /// Profit of what is still held: value less cost.
    pub fn unrealised(&self) -> Result<Decimal, Refusal> {
        let each = self.positions.iter().map(|it| sub(it.value, it.basis));
        each.into_iter()
            .try_fold(Decimal::ZERO, |all, one| add(all, one?))
    }

    /// Positions that are valued at an old price.
    pub fn stale(&self) -> impl Iterator<Item = &Valued> {
        self.positions.iter().filter(|it| it.stale_since.is_some())
    }
}

impl Ledger {
    /// What the account is worth at these prices. A position without one is
    /// valued at the last price seen, and says so where that is of an earlier
    /// session; refused are prices that are not above 0.
    pub fn value(&self, prices: &Prices) -> Result<Valuation, Refusal> {
        value(&self.state, prices)
    }
}

pub(super) fn value(state: &LedgerState, prices: &Prices) -> Result<Valuation, Refusal> {
    let mut positions = Vec::with_capacity(state.positions.len());
    for (symbol, position) in &state.positions {
        let mark = position.mark;
        let (at, stale_since) = match prices.get(symbol) {
            Some(at) => (price::valid(symbol, *at)?, None),
            None if mark.session == state.session => (mark.price, None),
            None => (mark.price, Some(mark.session)),
        };
        let quantity = position.signed();
        positions.push(Valued {
            symbol: symbol.clone(),
            quantity,
            price: at,
            stale_since,
            value: money(quantity, at)?,
            basis: if quantity.is_sign_negative() {
                (-position.basis).normalize()
            } else {
                position.basis
            },
            weight: None,
        });
    }
    let margin_held = state.margin_held()?;
    let dividends_owed = state.dividends_owed()?;
    let held = sum(positions.iter().map(|it| it.value))?;
    let value = sum([state.cash, margin_held, dividends_owed, held])?;
    for it in &mut positions {
        it.weight = weight(it.value.abs(), value)?;
    }
    Ok(Valuation {
        session: state.session,
        cash: state.cash,
        margin_held,
        dividends_owed,
        positions,
        value,
    })
}

fn weight(part: Decimal, whole: Decimal) -> Result<Option<Decimal>, Refusal> {
    if whole <= Decimal::ZERO {
        return Ok(None);
    }
    ratio(part, whole).map(Some)
}
