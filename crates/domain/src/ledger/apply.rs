//! What an entry does to the account: the only place that changes it.

use rust_decimal::Decimal;

use super::Session;
use super::amount::{add, converted, money, share, sub, sum};
use super::entry::{Entry, FeeKind, Leg};
use super::refusal::Refusal;
use super::state::{LedgerState, Lot, Mark, Owed, Position, Side};
use crate::symbol::Symbol;

impl LedgerState {
    /// An account with nothing in it.
    pub(super) fn empty(session: Session) -> Self {
        Self {
            session,
            cash: Decimal::ZERO,
            positions: std::collections::BTreeMap::new(),
            owed: Vec::new(),
            totals: super::Totals::default(),
        }
    }

    /// Follows one entry. After a refusal the state is to be thrown away.
    pub(super) fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        match entry {
            Entry::Session { session } => self.session = *session,
            Entry::Deposit { amount } => {
                self.cash = add(self.cash, *amount)?;
                self.totals.deposits = add(self.totals.deposits, *amount)?;
            }
            Entry::Fill {
                symbol,
                leg,
                quantity,
                quote,
                price,
                value,
            } => {
                expect(*value == money(*quantity, *price)?, entry)?;
                self.fill(symbol, *leg, *quantity, *value, *quote)?;
                let worse = money(sub(*price, *quote)?.abs(), *quantity)?;
                let totals = &mut self.totals;
                totals.slippage = add(totals.slippage, worse)?;
                totals.turnover = add(totals.turnover, *value)?;
                totals.fills += 1;
            }
            Entry::Fee { fee, amount, .. } => self.fee(*fee, *amount)?,
            Entry::Margin { symbol, amount } => {
                self.cash = sub(self.cash, *amount)?;
                let position = self.positions.get_mut(symbol);
                let position = position.ok_or_else(|| misfit(entry))?;
                position.margin = add(position.margin, *amount)?;
                expect(position.side == Side::Short, entry)?;
                expect(position.margin >= Decimal::ZERO, entry)?;
            }
            Entry::Mark { prices } => {
                for (symbol, price) in prices {
                    let position = self.positions.get_mut(symbol);
                    let position = position.ok_or_else(|| misfit(entry))?;
                    position.mark = Mark {
                        price: *price,
                        session: self.session,
                    };
                }
            }
            Entry::Split { symbol, from, to } => {
                let position = self.positions.get_mut(symbol);
                position.ok_or_else(|| misfit(entry))?.split(*from, *to)?;
            }
            Entry::CashInLieu {
                symbol,
                quantity,
                price,
                value,
            } => {
                expect(*value == money(*quantity, *price)?, entry)?;
                self.close(symbol, *quantity, *value)?;
            }
            Entry::Dividend {
                symbol,
                amount,
                ex_date,
                pay_date,
                ..
            } => {
                self.totals.dividends = add(self.totals.dividends, *amount)?;
                self.owed.push(Owed {
                    symbol: symbol.clone(),
                    amount: *amount,
                    ex_date: *ex_date,
                    pay_date: *pay_date,
                });
            }
            Entry::DividendPaid {
                symbol,
                amount,
                ex_date,
            } => {
                let is_it = |owed: &Owed| {
                    (&owed.symbol, owed.amount, owed.ex_date) == (symbol, *amount, *ex_date)
                };
                let place = self.owed.iter().position(is_it);
                self.owed.remove(place.ok_or_else(|| misfit(entry))?);
                self.cash = add(self.cash, *amount)?;
            }
            Entry::Renamed { symbol, to } => self.rename(symbol, to, entry)?,
            Entry::Delisted {
                symbol,
                quantity,
                price,
                value,
            } => {
                let price = price.unwrap_or_default();
                expect(*value == money(*quantity, price)?, entry)?;
                self.close(symbol, *quantity, *value)?;
                expect(!self.positions.contains_key(symbol), entry)?;
            }
        }
        Ok(())
    }

    fn fill(
        &mut self,
        symbol: &Symbol,
        leg: Leg,
        quantity: Decimal,
        value: Decimal,
        quote: Decimal,
    ) -> Result<(), Refusal> {
        match leg {
            Leg::Buy => {
                self.open(symbol, Side::Long, quantity, value, quote)?;
                self.cash = sub(self.cash, value)?;
            }
            Leg::Short => {
                self.open(symbol, Side::Short, quantity, value, quote)?;
                self.cash = add(self.cash, value)?;
            }
            Leg::Sell | Leg::Cover => {
                self.close(symbol, quantity, value)?;
                if let Some(position) = self.positions.get_mut(symbol) {
                    position.mark = Mark {
                        price: quote,
                        session: self.session,
                    };
                }
            }
        }
        Ok(())
    }

    /// Adds a lot to a position, or begins one.
    fn open(
        &mut self,
        symbol: &Symbol,
        side: Side,
        quantity: Decimal,
        value: Decimal,
        quote: Decimal,
    ) -> Result<(), Refusal> {
        let session = self.session;
        let mark = Mark {
            price: quote,
            session,
        };
        let position = self
            .positions
            .entry(symbol.clone())
            .or_insert_with(|| Position {
                side,
                lots: Vec::new(),
                basis: Decimal::ZERO,
                margin: Decimal::ZERO,
                mark,
            });
        if position.side != side || quantity <= Decimal::ZERO {
            return Err(Refusal::Inconsistent {
                what: format!("a fill of {quantity} on the other side of {symbol}"),
            });
        }
        position.lots.push(Lot {
            quantity,
            cost: value,
            opened: session,
        });
        position.basis = add(position.basis, value)?;
        position.mark = mark;
        position.check_quantity()
    }

    /// Takes a quantity off a position for a value: lots that came first go
    /// first. Of a long, the value comes in; of a short, it goes out.
    fn close(&mut self, symbol: &Symbol, quantity: Decimal, value: Decimal) -> Result<(), Refusal> {
        let broken = || Refusal::Inconsistent {
            what: format!("less than {quantity} of {symbol} is there"),
        };
        let position = self.positions.get_mut(symbol).ok_or_else(broken)?;
        let held = position.quantity();
        if quantity <= Decimal::ZERO || quantity > held {
            return Err(broken());
        }
        let basis = share(position.basis, quantity, held)?;
        position.basis = sub(position.basis, basis)?;
        let cost = position.take(quantity)?;
        let (cash, profit) = match position.side {
            Side::Long => (value, sub(value, cost)?),
            Side::Short => (-value, sub(cost, value)?),
        };
        if position.lots.is_empty() {
            if !position.margin.is_zero() {
                return Err(Refusal::Inconsistent {
                    what: format!("{symbol} is closed, and margin is held for it"),
                });
            }
            self.positions.remove(symbol);
        }
        self.cash = add(self.cash, cash)?;
        self.totals.realised = add(self.totals.realised, profit)?;
        Ok(())
    }

    fn fee(&mut self, fee: FeeKind, amount: Decimal) -> Result<(), Refusal> {
        self.cash = sub(self.cash, amount)?;
        let total = match fee {
            FeeKind::Commission => &mut self.totals.commission,
            FeeKind::StampDuty => &mut self.totals.stamp_duty,
            FeeKind::Transfer => &mut self.totals.transfer,
        };
        *total = add(*total, amount)?;
        Ok(())
    }

    /// A position under a new name joins the one that is there already; its
    /// lots stay in the order of time. One held and one short cancel each
    /// other: what was paid for the one and received for the other is
    /// realised, whatever the price is.
    fn rename(&mut self, symbol: &Symbol, to: &Symbol, entry: &Entry) -> Result<(), Refusal> {
        let moved = self.positions.get(symbol).ok_or_else(|| misfit(entry))?;
        if let Some(there) = self.positions.get(to)
            && there.side != moved.side
        {
            let both = moved.quantity().min(there.quantity());
            self.close(symbol, both, Decimal::ZERO)?;
            self.close(to, both, Decimal::ZERO)?;
        }
        let Some(moved) = self.positions.remove(symbol) else {
            return Ok(());
        };
        let Some(there) = self.positions.get_mut(to) else {
            self.positions.insert(to.clone(), moved);
            return Ok(());
        };
        there.basis = add(there.basis, moved.basis)?;
        there.margin = add(there.margin, moved.margin)?;
        there.lots.extend(moved.lots);
        there.lots.sort_by_key(|lot| lot.opened);
        there.check_quantity()
    }
}

impl Position {
    /// Every lot in new shares. The end of each lot is converted, not its
    /// length, so that all of them together are what the whole converts to.
    fn split(&mut self, from: Decimal, to: Decimal) -> Result<(), Refusal> {
        let (mut old_end, mut new_end) = (Decimal::ZERO, Decimal::ZERO);
        for lot in &mut self.lots {
            old_end = add(old_end, lot.quantity)?;
            let end = converted(old_end, from, to)?;
            lot.quantity = sub(end, new_end)?;
            new_end = end;
        }
        self.drop_dust()?;
        self.mark.price = self
            .mark
            .price
            .checked_mul(from)
            .and_then(|price| price.checked_div(to))
            .ok_or(Refusal::Overflow)?
            .normalize();
        self.check_quantity()
    }

    /// Lots of which nothing is left leave their cost to a neighbour.
    fn drop_dust(&mut self) -> Result<(), Refusal> {
        let mut whole: Vec<Lot> = Vec::with_capacity(self.lots.len());
        let mut cost = Decimal::ZERO;
        for mut lot in self.lots.drain(..) {
            cost = add(cost, lot.cost)?;
            if lot.quantity.is_zero() {
                continue;
            }
            lot.cost = std::mem::take(&mut cost);
            whole.push(lot);
        }
        let last = whole.last_mut().ok_or_else(|| Refusal::Inconsistent {
            what: "a split leaves nothing".to_owned(),
        })?;
        last.cost = add(last.cost, cost)?;
        self.lots = whole;
        Ok(())
    }

    /// Takes a quantity that is there off the first lots; what it cost.
    fn take(&mut self, quantity: Decimal) -> Result<Decimal, Refusal> {
        let (mut left, mut cost, mut emptied) = (quantity, Decimal::ZERO, 0);
        for lot in &mut self.lots {
            let taken = left.min(lot.quantity);
            let part = share(lot.cost, taken, lot.quantity)?;
            cost = add(cost, part)?;
            left = sub(left, taken)?;
            lot.cost = sub(lot.cost, part)?;
            lot.quantity = sub(lot.quantity, taken)?;
            if !lot.quantity.is_zero() {
                break;
            }
            emptied += 1;
        }
        self.lots.drain(..emptied);
        Ok(cost)
    }

    /// Whether the lots can be added up; what reads them then need not ask.
    pub(super) fn check_quantity(&self) -> Result<(), Refusal> {
        sum(self.lots.iter().map(|lot| lot.quantity)).map(|_| ())
    }
}

fn expect(fits: bool, entry: &Entry) -> Result<(), Refusal> {
    if fits { Ok(()) } else { Err(misfit(entry)) }
}

fn misfit(entry: &Entry) -> Refusal {
    Refusal::Inconsistent {
        what: format!("{entry:?}"),
    }
}
