//! Orders: what is asked for, at which price, and what came of it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount::{sub, sum};
use super::plan::{check_cash, plan};
use super::{Entry, Ledger, LedgerState, Leg, Refusal, Totals};
use crate::symbol::Symbol;

/// A wish to change a position by a quantity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Of what.
    pub symbol: Symbol,
    /// In which direction.
    pub action: Action,
    /// By how much, more than 0; without meaning for [`Action::Hold`].
    pub quantity: Decimal,
}

/// What is wished: the words of both seeds over the same positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Buys back what was sold short, then buys for holding. The same as
    /// `long`.
    Buy,
    /// Sells what is held; never more (seed 004).
    Sell,
    /// Buys back what was sold short, then buys for holding (seed 001).
    Long,
    /// Sells what is held, then sells short (seed 001).
    Short,
    /// Buys back what was sold short; never more.
    Cover,
    /// Does nothing.
    Hold,
}

/// The price an order is filled at, of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// Before slippage; more than 0.
    pub price: Decimal,
    /// The close of the day before, which price limits are measured from: in
    /// the shares of today, as exchanges publish it, where there was a split
    /// or a dividend in the night. An account without price limits does not
    /// look at it.
    #[serde(default)]
    pub previous_close: Option<Decimal>,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Of what.
    pub symbol: Symbol,
    /// What was wished.
    pub action: Action,
    /// What was filled, in order; two legs where the position changed sides,
    /// none of [`Action::Hold`].
    pub fills: Vec<Filled>,
    /// Commission, stamp duty and transfer fee of the whole order.
    pub fees: Decimal,
    /// What slippage took, which is in the prices of the fills.
    pub slippage: Decimal,
    /// Profit of what was sold or bought back, by first lots, before fees.
    pub realised: Decimal,
    /// Cash afterwards.
    pub cash_after: Decimal,
}

/// One leg of an order, done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// What it did to the position.
    pub leg: Leg,
    /// How much.
    pub quantity: Decimal,
    /// Of one unit, slippage included.
    pub price: Decimal,
    /// Price times quantity.
    pub value: Decimal,
}

impl Quote {
    /// A price without a limit.
    pub fn at(price: Decimal) -> Self {
        Self {
            price,
            previous_close: None,
        }
    }

    /// With the close that price limits are measured from.
    #[must_use]
    pub fn after(self, previous_close: Decimal) -> Self {
        Self {
            previous_close: Some(previous_close),
            ..self
        }
    }
}

impl Receipt {
    /// Fees and slippage.
    pub fn costs(&self) -> Decimal {
        self.fees.saturating_add(self.slippage)
    }
}

impl Ledger {
    /// Buys: back what was sold short, then for holding.
    pub fn buy(
        &mut self,
        symbol: &Symbol,
        quantity: Decimal,
        quote: Quote,
    ) -> Result<Receipt, Refusal> {
        self.act(Action::Buy, symbol, quantity, quote)
    }

    /// Sells what is held, never more.
    pub fn sell(
        &mut self,
        symbol: &Symbol,
        quantity: Decimal,
        quote: Quote,
    ) -> Result<Receipt, Refusal> {
        self.act(Action::Sell, symbol, quantity, quote)
    }

    /// Any order, whole or not at all: after a refusal the ledger is as it
    /// was, also where only the second leg could not be done.
    ///
    /// An order of [`Action::Hold`] leaves no entry.
    pub fn order(&mut self, order: &Order, quote: Quote) -> Result<Receipt, Refusal> {
        if order.action == Action::Hold {
            return Ok(Receipt {
                symbol: order.symbol.clone(),
                action: Action::Hold,
                fills: Vec::new(),
                fees: Decimal::ZERO,
                slippage: Decimal::ZERO,
                realised: Decimal::ZERO,
                cash_after: self.state.cash,
            });
        }
        let entries = plan(&self.account, &self.state, order, quote)?;
        check_cash(&self.state, &order.symbol, &entries)?;
        let next = self.followed(&entries)?;
        if entries.iter().any(|entry| is_leg(entry, Leg::Short)) {
            self.check_margin(&next, &order.symbol)?;
        }
        self.fill(order, entries, next)
    }

    /// An order that is done for the account: it may end in debt.
    pub(super) fn order_forced(&mut self, order: &Order, quote: Quote) -> Result<Receipt, Refusal> {
        let entries = plan(&self.account, &self.state, order, quote)?;
        let next = self.followed(&entries)?;
        self.fill(order, entries, next)
    }

    fn fill(
        &mut self,
        order: &Order,
        entries: Vec<Entry>,
        next: LedgerState,
    ) -> Result<Receipt, Refusal> {
        let receipt = receipt(order, &entries, &self.state.totals, &next)?;
        self.accept(next, entries);
        Ok(receipt)
    }

    fn act(
        &mut self,
        action: Action,
        symbol: &Symbol,
        quantity: Decimal,
        quote: Quote,
    ) -> Result<Receipt, Refusal> {
        let order = Order {
            symbol: symbol.clone(),
            action,
            quantity,
        };
        self.order(&order, quote)
    }
}

fn receipt(
    order: &Order,
    entries: &[Entry],
    before: &Totals,
    next: &LedgerState,
) -> Result<Receipt, Refusal> {
    let fills = entries.iter().filter_map(|entry| match entry {
        Entry::Fill {
            leg,
            quantity,
            price,
            value,
            ..
        } => Some(Filled {
            leg: *leg,
            quantity: *quantity,
            price: *price,
            value: *value,
        }),
        _ => None,
    });
    let fees = sum(entries.iter().filter_map(|entry| match entry {
        Entry::Fee { amount, .. } => Some(*amount),
        _ => None,
    }))?;
    Ok(Receipt {
        symbol: order.symbol.clone(),
        action: order.action,
        fills: fills.collect(),
        fees,
        slippage: sub(next.totals.slippage, before.slippage)?,
        realised: sub(next.totals.realised, before.realised)?,
        cash_after: next.cash,
    })
}

fn is_leg(entry: &Entry, wanted: Leg) -> bool {
    matches!(entry, Entry::Fill { leg, .. } if *leg == wanted)
}
