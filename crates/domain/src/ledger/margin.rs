//! Margin calls: when equity no longer carries the shorts, or cash is owed,
//! and what is then done without asking.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount::{add, ceil_to, cut, money, share, sub, sum};
use super::value::value;
use super::{
    Action, Ledger, LedgerState, Order, Prices, Quote, Receipt, Refusal, Settlement, Valuation,
    Valued,
};
use crate::symbol::Symbol;

/// Prices of one moment, to trade at.
pub type Quotes = BTreeMap<Symbol, Quote>;

/// Whether an account carries its shorts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "margin", rename_all = "snake_case")]
pub enum MarginState {
    /// It does, and owes no cash.
    Sound {
        /// What the account is worth.
        equity: Decimal,
        /// What it has to be worth: maintenance ratio times the market value
        /// of all shorts.
        required: Decimal,
    },
    /// It does not.
    Call(MarginCall),
}

/// What is missing, and what has to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarginCall {
    /// What the account is worth.
    pub equity: Decimal,
    /// What it has to be worth.
    pub required: Decimal,
    /// Market value of all shorts.
    pub shorts: Decimal,
    /// Cash that is owed: after dividends of shorts, forced covers and
    /// delistings cash may be below 0. Otherwise 0.
    pub debt: Decimal,
    /// What would end the call at these prices, without costs: shorts are
    /// covered, the largest value first and then by name, no more than needed;
    /// what is held is sold in the same order until no cash is owed; shorts
    /// whose margin is more than they cost are covered for the rest.
    pub orders: Vec<Order>,
}

/// An order of a margin call, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forced {
    /// The order.
    pub order: Order,
    /// Why it could not be done: no price, a price limit, not settled.
    pub outcome: Result<Receipt, Refusal>,
}

/// As often as costs of the orders of a call make another one necessary.
const PASSES: usize = 8;

impl Ledger {
    /// Whether the account carries its shorts at these prices; what has none
    /// is valued at the last one seen.
    pub fn margin(&self, prices: &Prices) -> Result<MarginState, Refusal> {
        let worth = value(&self.state, prices)?;
        let shorts = sum(shorts(&worth).map(|short| -short.value))?;
        let required = money(shorts, self.maintenance())?;
        if worth.value >= required && self.state.cash >= Decimal::ZERO {
            return Ok(MarginState::Sound {
                equity: worth.value,
                required,
            });
        }
        let mut call = MarginCall {
            equity: worth.value,
            required,
            shorts,
            debt: (-self.state.cash).max(Decimal::ZERO).normalize(),
            orders: Vec::new(),
        };
        self.plan_call(&worth, &mut call)?;
        Ok(MarginState::Call(call))
    }

    /// Does what a margin call demands, until there is none or nothing more
    /// can be done; nothing where there is no call. Costs of the orders are
    /// paid like all others; cash may end below 0 where the account has
    /// nothing left.
    ///
    /// Each order is whole or not at all; one that is refused is told with its
    /// refusal and leaves the rest to be done.
    pub fn force(&mut self, quotes: &Quotes) -> Result<Vec<Forced>, Refusal> {
        let prices: Prices = quotes
            .iter()
            .map(|(symbol, quote)| (symbol.clone(), quote.price))
            .collect();
        let mut all: Vec<Forced> = Vec::new();
        for _ in 0..PASSES {
            let MarginState::Call(call) = self.margin(&prices)? else {
                break;
            };
            let pass: Vec<_> = call
                .orders
                .into_iter()
                .map(|order| self.forced(order, quotes))
                .collect();
            let stuck = pass.iter().all(|forced| forced.outcome.is_err());
            // What was refused before is refused again for the same reason.
            let known = |new: &Forced| new.outcome.is_err() && all.contains(new);
            let new: Vec<_> = pass.into_iter().filter(|it| !known(it)).collect();
            all.extend(new);
            if stuck {
                break;
            }
        }
        Ok(all)
    }

    /// Whether a short would be called as soon as it is there, at the last
    /// prices seen.
    pub(super) fn check_margin(&self, next: &LedgerState, symbol: &Symbol) -> Result<(), Refusal> {
        let worth = value(next, &Prices::new())?;
        let shorts = sum(shorts(&worth).map(|short| -short.value))?;
        let required = money(shorts, self.maintenance())?;
        if worth.value >= required {
            return Ok(());
        }
        Err(Refusal::InsufficientMargin {
            symbol: symbol.clone(),
            equity: worth.value,
            required,
        })
    }

    fn maintenance(&self) -> Decimal {
        self.account
            .margin()
            .map_or(super::MAINTENANCE_MARGIN, |(_, maintenance)| maintenance)
    }

    fn forced(&mut self, order: Order, quotes: &Quotes) -> Forced {
        let outcome = match quotes.get(&order.symbol) {
            Some(quote) => self.order_forced(&order, *quote),
            None => Err(Refusal::NoPrice {
                symbol: order.symbol.clone(),
            }),
        };
        Forced { order, outcome }
    }

    fn plan_call(&self, worth: &Valuation, call: &mut MarginCall) -> Result<(), Refusal> {
        let mut cash = self.state.cash;
        let mut covered: BTreeMap<&Symbol, Decimal> = BTreeMap::new();
        // Covering leaves equity as it is, so shorts may stay as large as it
        // carries: equity / maintenance.
        let carried = match call.equity.checked_div(self.maintenance()) {
            Some(carried) if call.equity > Decimal::ZERO => cut(carried).min(call.shorts),
            None if call.equity > Decimal::ZERO => call.shorts,
            _ => Decimal::ZERO,
        };
        let mut excess = sub(call.shorts, carried)?;
        for short in largest_first(shorts(worth)) {
            if excess <= Decimal::ZERO {
                break;
            }
            let quantity = self.enough(short, -short.quantity, excess)?;
            let cost = money(quantity, short.price)?;
            excess = sub(excess, cost)?;
            cash = sub(cash, sub(cost, self.margin_of(short, quantity)?)?)?;
            covered.insert(&short.symbol, quantity);
            call.orders.push(order(short, Action::Cover, quantity));
        }
        for long in largest_first(longs(worth)) {
            let sellable = self.sellable(long);
            if cash >= Decimal::ZERO || sellable.is_zero() {
                continue;
            }
            let quantity = self.enough(long, sellable, -cash)?;
            cash = add(cash, money(quantity, long.price)?)?;
            call.orders.push(order(long, Action::Sell, quantity));
        }
        for short in largest_first(shorts(worth)) {
            let done = covered.get(&short.symbol).copied().unwrap_or_default();
            let open = sub(-short.quantity, done)?;
            let gain = sub(self.margin_of(short, open)?, money(open, short.price)?)?;
            if cash < Decimal::ZERO && open > Decimal::ZERO && gain > Decimal::ZERO {
                cash = add(cash, gain)?;
                call.orders.push(order(short, Action::Cover, open));
            }
        }
        Ok(())
    }

    /// As much of a position as is worth an amount, in steps and lots, at most
    /// all that may be traded of it.
    fn enough(&self, of: &Valued, most: Decimal, amount: Decimal) -> Result<Decimal, Refusal> {
        let exact = amount.checked_div(of.price).ok_or(Refusal::Overflow)?;
        let steps = [self.account.quantity_step, self.account.lot];
        let finest = Decimal::from_parts(1, 0, 0, false, super::QUANTITY_DECIMALS);
        let step = steps.into_iter().flatten().max().unwrap_or(finest);
        Ok(ceil_to(exact, step)?.min(most))
    }

    fn margin_of(&self, short: &Valued, quantity: Decimal) -> Result<Decimal, Refusal> {
        let position = self.state.positions.get(&short.symbol);
        position.map_or(Ok(Decimal::ZERO), |position| {
            share(position.margin, quantity, position.quantity())
        })
    }

    fn sellable(&self, long: &Valued) -> Decimal {
        match self.account.settlement {
            Settlement::Immediate => long.quantity,
            Settlement::NextSession => {
                let position = self.state.positions.get(&long.symbol);
                let today = self.state.session.date();
                position.map_or(Decimal::ZERO, |position| position.settled(today))
            }
        }
    }
}

fn shorts(worth: &Valuation) -> impl Iterator<Item = &Valued> {
    let positions = worth.positions.iter();
    positions.filter(|position| position.quantity.is_sign_negative())
}

fn longs(worth: &Valuation) -> impl Iterator<Item = &Valued> {
    let positions = worth.positions.iter();
    positions.filter(|position| position.quantity.is_sign_positive())
}

/// The order of forced sales and covers.
fn largest_first<'a>(positions: impl Iterator<Item = &'a Valued>) -> Vec<&'a Valued> {
    let mut all: Vec<_> = positions.collect();
    // They come by name, and equal ones stay so.
    all.sort_by_key(|position| std::cmp::Reverse(position.value.abs()));
    all
}

fn order(of: &Valued, action: Action, quantity: Decimal) -> Order {
    Order {
        symbol: of.symbol.clone(),
        action,
        quantity,
    }
}
